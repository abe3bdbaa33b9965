#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/settings.h"
#include "device/card.h"
#include "service/request.h"
#include "service/study/hardware.h"

namespace edgetran::service {

/// Where and how encoders are measured: what `measure` and `compare` have in common.
struct MeasuringRequest {
  std::string device = "this-machine";
  std::string deployment;
  int64_t batch = 0;
  int64_t length = 0;
  std::string profile = "quick";
  bool mask = false;
  int64_t seed = 1;
};

/// Its declaration, once.
const base::Settings<MeasuringRequest>& measuring_settings();

/// The device that a request names, ready to measure.
struct OpenedDevice {
  device::BoardInfo board;
  Hardware hardware;
  StudyDevice device;
};

/// Reads the card and finds the deployment; an agent starts with the first measurement. The errors
/// of read_cards(), kUsage for an unknown profile, kNotFound for an unknown deployment.
base::Result<OpenedDevice> open_device(Context& context, const MeasuringRequest& request);

}  // namespace edgetran::service
