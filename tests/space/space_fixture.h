#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "base/config.h"
#include "places.h"
#include "space/design_space.h"
#include "space/model_spec.h"

namespace edgetran::space {

/// The value of a result that must be there; the error fails the test.
template <class T>
T value_of(base::Result<T> result) {
  if (!result) {
    ADD_FAILURE() << result.error().message << "\n" << result.error().hint;
    return T{};
  }
  return std::move(*result);
}

/// Message and hint of a result that must be an error.
template <class T>
std::string error_of(const base::Result<T>& result) {
  if (result) {
    ADD_FAILURE() << "no error";
    return {};
  }
  return result.error().message + "\n" + result.error().hint;
}

inline base::Result<ModelSpec> try_spec(std::string_view json) {
  EDGETRAN_ASSIGN(base::ConfigValue value, base::ConfigValue::parse_json(json, "spec.json"));
  return read_model_spec(value);
}

inline base::Result<DesignSpace> try_space(std::string_view yaml) {
  EDGETRAN_ASSIGN(base::ConfigValue value, base::ConfigValue::parse_yaml(yaml, "space.yaml"));
  return read_design_space(value);
}

inline DesignSpace shipped_space(const std::string& name) {
  return value_of(read_design_space_file(places::source().string() + "/spaces/" + name));
}

/// Small enough to be listed whole: 2 depths, 2 widths, 2 head numbers of 2 types, stacks 1 and 2.
inline constexpr std::string_view kTinySpace = R"(format: edgetran.space/1
name: tiny
layers: [1, 2]
width: [4, 8]
heads: [1, 2]
head_types: [sa_sdp, l_dft]
feed_forward:
  depth: [1, 2]
  sizes: [16, 32]
vocabulary: 100
positions: 16
)";

}  // namespace edgetran::space
