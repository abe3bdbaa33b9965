#pragma once

#include <string>

#include "space/model_spec.h"

namespace edgetran::space {

/// The JSON of model_spec_json() as one line of text, byte for byte as base::dump_json writes it,
/// some twenty times faster: for sampling many specs.
std::string model_spec_text(const ModelSpec& spec);

/// base::canonical_json of model_spec_json(), likewise: what canonical_hash() hashes once the
/// heads are sorted.
std::string canonical_spec_text(const ModelSpec& spec);

}  // namespace edgetran::space
