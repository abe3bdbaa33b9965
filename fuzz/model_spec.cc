#include "space/model_spec.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

// Any JSON is either a spec or an error; a spec reads back from its own JSON and, where it has
// one, from its published dictionary.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using edgetran::base::ConfigValue;
  namespace space = edgetran::space;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = ConfigValue::parse_json(text, "fuzz");
  if (!value) return 0;
  const auto spec = space::read_model_spec(*value);
  if (!spec) return 0;
  const auto again =
      space::read_model_spec(ConfigValue::from_json(space::model_spec_json(*spec), "again"));
  EDGETRAN_CHECK(again && *again == *spec, "a spec reads back from its JSON");
  if (const auto dictionary = space::published_dictionary(*spec)) {
    const auto back = space::read_model_spec(ConfigValue::from_json(*dictionary, "dictionary"));
    // Types without an underscore ("x") have no published form that could be read.
    EDGETRAN_CHECK(!back || *back == *spec, "a dictionary reads back to its spec");
  }
  return 0;
}
