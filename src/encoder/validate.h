#pragma once

#include "base/result.h"
#include "encoder/encoder.h"
#include "space/model_spec.h"

namespace edgetran::encoder {

/// A usage error that names the first size out of its bounds (space/model_spec.h): afterwards no
/// product of sizes overflows and no size breaks a promise to graph::Builder. Head types are
/// looked up later (arrange_heads).
base::Status validate_sizes(const space::ModelSpec& spec, const BuildOptions& options);

}  // namespace edgetran::encoder
