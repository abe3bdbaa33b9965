#include "weights/packed_model.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "encoder/encoder.h"
#include "weights/model_file.h"
#include "weights/safetensors.h"

namespace edgetran::weights {
namespace {

using base::ErrorCategory;

constexpr const char* kName = "packed model";
constexpr const char* kFormatKey = "format";
constexpr const char* kModelKey = "model";
constexpr const char* kMaskKey = "mask";
constexpr const char* kMaskInput = "attention_mask";

base::Result<std::string> entry(const SafetensorsFile& file, const char* key) {
  const auto found = file.metadata().find(key);
  if (found != file.metadata().end()) return found->second;
  return base::fail(ErrorCategory::kCorrupt,
                    fmt::format("this is no {}: its header says no {}", kName, key),
                    "export the model for this runtime");
}

base::Status check_format(const SafetensorsFile& file) {
  EDGETRAN_ASSIGN(const std::string format, entry(file, kFormatKey));
  if (format == kPackedFormat) return {};
  return base::fail(ErrorCategory::kUsage,
                    fmt::format("the model is in the format {}; this program reads {}",
                                base::in_quotes(format), kPackedFormat),
                    "use the same version of edgetran on both sides");
}

}  // namespace

std::string pack_model(const ModelInfo& info, const graph::Graph& graph, const Weights& weights) {
  ModelInfo bare = info;
  bare.tokenizer.clear();
  return encode_weights(
      weights, graph,
      {{kFormatKey, std::string(kPackedFormat)},
       {kModelKey, base::dump_json(model_info_json(bare))},
       {kMaskKey, graph.find_input(kMaskInput) != graph::kNone ? "true" : "false"}});
}

base::Result<PackedModel> unpack_model(std::string bytes) {
  EDGETRAN_ASSIGN(const auto file, SafetensorsFile::parse(std::move(bytes), kName));
  EDGETRAN_TRY(check_format(file));
  EDGETRAN_ASSIGN(const std::string text, entry(file, kModelKey));
  EDGETRAN_ASSIGN(const std::string mask, entry(file, kMaskKey));
  PackedModel model;
  EDGETRAN_ASSIGN(model.info, parse_model_info(text, "model of the packed model"));
  encoder::BuildOptions options = build_options(model.info);
  options.mask = mask == "true";
  EDGETRAN_ASSIGN(model.graph, encoder::build_encoder(model.info.spec, options));
  EDGETRAN_ASSIGN(model.weights, read_weights(file, model.graph));
  return model;
}

}  // namespace edgetran::weights
