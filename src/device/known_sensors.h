#pragma once

#include <string>
#include <vector>

namespace edgetran::device {

/// A driver of profile/sensors as a card sees it. The drivers themselves are linked only where
/// sensors are read; tests/device holds this list against their registry.
struct KnownSensor {
  std::string name;
  /// What a card may say of one; empty where the agent finds such sensors itself and nothing is to
  /// be said.
  std::vector<std::string> keys;
};

const std::vector<KnownSensor>& known_sensors();

}  // namespace edgetran::device
