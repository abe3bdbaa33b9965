// Any bytes as JSON, against another parser: both accept the same documents with the same values,
// but for what we refuse on purpose.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/config.h"

namespace {

using edgetran::base::canonical_json;
using edgetran::base::ConfigValue;
using edgetran::base::dump_json;
using edgetran::base::Json;

bool refused_on_purpose(std::string_view message) {
  for (std::string_view reason : {"duplicate key", "nested deeper", "more than 1000000 values"}) {
    if (message.find(reason) != message.npos) return true;
  }
  return false;
}

void compare_with_other_parser(std::string_view text, const edgetran::base::Result<Json>& ours) {
  if (text.find('\0') != text.npos) return;  // ends the text for the other parser
  const Json other = Json::parse(text.begin(), text.end(), nullptr, false);
  if (ours) {
    EDGETRAN_CHECK(!other.is_discarded(), "only we accept this");
    EDGETRAN_CHECK(other == *ours, "the values differ");
  } else if (!other.is_discarded()) {
    EDGETRAN_CHECK(refused_on_purpose(ours.error().message), ours.error().message);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto json = edgetran::base::parse_json(text, "fuzz");
  const auto value = ConfigValue::parse_json(text, "fuzz");
  compare_with_other_parser(text, json);
  EDGETRAN_CHECK(json.has_value() == value.has_value(), "the two readers disagree");
  if (!json) return 0;
  EDGETRAN_CHECK(value->to_json() == *json, "the two readers give different values");
  const auto again = edgetran::base::parse_json(dump_json(*json), "again");
  EDGETRAN_CHECK(again && *again == *json, "what was written reads back differently");
  const auto canonical = canonical_json(*json);
  const auto canonical_again = edgetran::base::parse_json(canonical, "canonical");
  EDGETRAN_CHECK(canonical_again && canonical_json(*canonical_again) == canonical,
                 "the canonical form is not its own canonical form");
  return 0;
}
