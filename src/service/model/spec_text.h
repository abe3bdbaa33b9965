#pragma once

#include <string>

#include "space/model_spec.h"

namespace edgetran::service {

/// "width 256   heads sa_sdp x3 + c_5 (64 wide)  feed-forward 1024 > 512".
std::string layer_text(const space::LayerSpec& layer);

/// A line for each run of equal layers: "layers 0-3   width 256 ...".
std::string layers_text(const space::ModelSpec& spec);

/// "vocabulary 30522, 512 positions (absolute), 2 types, embedding 256".
std::string embeddings_text(const space::ModelSpec& spec);

}  // namespace edgetran::service
