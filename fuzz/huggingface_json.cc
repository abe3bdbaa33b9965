// Any JSON as a config.json and as an index of shards of Hugging Face: a crash never, and a config
// that is read can be written and read again.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "weights/huggingface_config.h"
#include "weights/huggingface_tensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using edgetran::base::ConfigValue;
  namespace weights = edgetran::weights;
  const auto value =
      ConfigValue::parse_json(std::string_view(reinterpret_cast<const char*>(data), size), "fuzz");
  if (!value) return 0;
  if (const auto index = weights::read_shard_index(*value))
    for (const auto& [tensor, file] : *index)
      EDGETRAN_CHECK(file.find('/') == file.npos, "a shard outside its folder");
  const auto config = weights::read_huggingface_config(*value);
  if (!config || !weights::why_no_bert(config->spec).empty()) return 0;
  weights::ModelInfo info;
  info.spec = config->spec;
  info.labels = config->labels;
  info.label_names = config->label_names;
  const auto again = weights::read_huggingface_config(
      ConfigValue::from_json(weights::huggingface_config_json(info, 0), "again"));
  EDGETRAN_CHECK(again && again->spec == config->spec && again->label_names == config->label_names,
                 "a config reads back differently");
  return 0;
}
