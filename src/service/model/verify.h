#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "service/request.h"

namespace edgetran::service {

/// One thing that was looked at.
struct Check {
  std::string name;
  bool passed = false;
  std::string detail;  ///< what was found, or what is wrong
};

/// Whether a model folder is sound: its files can be read, every tensor is there in its shape with
/// finite values, the vocabulary fits, and ONNX's checker accepts its export. A check that needs
/// one that failed is left out.
std::vector<Check> check_folder(const std::filesystem::path& folder);

struct CompareRequest {
  std::filesystem::path model;    ///< model folder; computed by the worker (libtorch)
  std::filesystem::path against;  ///< ONNX file, model folder or Hugging Face folder; by the agent
  int64_t batch = 2, length = 0;  ///< of what has no fixed sizes; 0: 64 or the model's positions
  uint64_t seed = 1;              ///< of the inputs
  double tolerance = 1e-4;        ///< largest difference over the largest value that passes
};

/// Runs both on the same random inputs, each in an engine of its own (OpenVINO in float32 for the
/// other), and compares every output that both have: a check an output with the largest difference,
/// absolute and relative. Padded where both take a mask; hidden states are compared at valid
/// positions. Errors: what keeps either from running.
base::Result<std::vector<Check>> compare_outputs(Context& context, const CompareRequest& request);

}  // namespace edgetran::service
