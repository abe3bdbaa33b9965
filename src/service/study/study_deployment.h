#pragma once

#include <cstdint>
#include <filesystem>

#include "base/json.h"
#include "base/result.h"
#include "report/quality.h"
#include "service/study/hardware.h"
#include "service/study/study_config.h"
#include "service/study/study_task.h"

namespace edgetran::service {

/// What is to be handed over.
struct DeployRequest {
  const StudyConfig& config;
  const PreparedTask& task;
  const StudyDevice& device;
  const report::Quality& quality;
  int64_t trial = 0;
  std::filesystem::path model;  ///< trained model folder
  std::filesystem::path study;  ///< deploy/ is written below it
  uint64_t seed = 0;
};

/// Writes deploy/ (model.onnx, the model folder's files, deploy.json), scores the model on the test
/// rows with the trainer, runs the written file on the device over some of the rows and compares
/// answers and quality (study_parity.h), and measures it with its trained weights. Returns the
/// payload of study.deployed: trial, device, files, parity, metrics, measurement. A simulated board
/// computes nothing: parity then says so.
base::Result<base::Json> deploy_pair(Context& context, const DeployRequest& request,
                                     Hardware& hardware);

}  // namespace edgetran::service
