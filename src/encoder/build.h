#pragma once

#include "base/result.h"
#include "encoder/encoder.h"
#include "encoder/head_type.h"
#include "graph/graph.h"
#include "space/model_spec.h"

namespace edgetran::encoder {

/// build_encoder (encoder.h) with these head types instead of the ones that this version has.
base::Result<graph::Graph> build_encoder(const space::ModelSpec& spec, const BuildOptions& options,
                                         HeadRegistry registry);

}  // namespace edgetran::encoder
