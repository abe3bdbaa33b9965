#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "encoder/head_type.h"

// One line a head type, in order of execution: the constant that its file defines.
#define EDGETRAN_HEAD_TYPES(TYPE) \
  TYPE(kSaSdp)                    \
  TYPE(kSaWma)                    \
  TYPE(kC5)                       \
  TYPE(kC9)                       \
  TYPE(kC13)                      \
  TYPE(kLDft)                     \
  TYPE(kLDct)

namespace edgetran::encoder {

#define EDGETRAN_DECLARE_HEAD_TYPE(constant) extern const HeadType constant;
EDGETRAN_HEAD_TYPES(EDGETRAN_DECLARE_HEAD_TYPE)
#undef EDGETRAN_DECLARE_HEAD_TYPE

/// The head types that this version builds.
HeadRegistry builtin_head_types();

/// Their names, in order of execution.
std::vector<std::string> head_type_names(HeadRegistry registry);

/// Place of the type with this name in the registry. A usage error otherwise, which names the
/// nearest known one and all of them.
base::Result<size_t> find_head_type(HeadRegistry registry, std::string_view name);

}  // namespace edgetran::encoder
