#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/random.h"
#include "space/sampling.h"

// Any YAML is either a space or an error; a space's draw is a member of it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace space = edgetran::space;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = edgetran::base::ConfigValue::parse_yaml(text, "fuzz");
  if (!value) return 0;
  const auto read = space::read_design_space(*value);
  if (!read) return 0;
  const auto sampler = space::low_discrepancy_sampler(*read, {1, "fuzz"});
  EDGETRAN_CHECK(read->contains(sampler->next()), "a draw is a member");
  return 0;
}
