#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace edgetran::profile {

/// What an ONNX file calls one of its nodes.
struct OnnxNode {
  std::string name;    ///< may be empty
  std::string type;    ///< "MatMul"
  std::string domain;  ///< empty: ONNX's own
  std::string output;  ///< the first one
};

/// The nodes of an ONNX file, those of sub-graphs and functions too, in their order: engines name
/// the operator that they lack and not where in the model it stands.
///
/// Also the check of a model that came from a peer, before an engine sees it. kCorrupt: bytes that
/// are no ONNX file (another format that the engine might read as well included), or sub-graphs
/// nested too deeply. kUsage: tensors that are kept in other files - the engine would open whatever
/// path, or address, the model names.
base::Result<std::vector<OnnxNode>> read_onnx_nodes(std::string_view model);

}  // namespace edgetran::profile
