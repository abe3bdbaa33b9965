#include "onnx/export.h"

#include <fmt/format.h>

#include <exception>
#include <limits>
#include <new>
#include <vector>

#include "graph/limits.h"
#include "onnx/checker.h"
#include "onnx/translator.h"

namespace edgetran::onnx {
namespace {

using base::ErrorCategory;

// Protocol buffers measure a message in signed 32 bits.
constexpr int64_t kMaxFileBytes = std::numeric_limits<int32_t>::max();

std::vector<graph::NamedValue> choose_outputs(const graph::Graph& graph, bool hidden) {
  std::vector<graph::NamedValue> outputs;
  const auto add = [&](const char* name) {
    const graph::ValueId value = graph.find_output(name);
    if (value != graph::kNone) outputs.push_back({name, value});
  };
  add("logits");
  add("mlm_logits");
  const bool bare = outputs.empty();
  if (bare || hidden) add("last_hidden_state");
  if (bare) add("pooled");
  return outputs;
}

base::Status check_size(int64_t bytes) {
  if (bytes <= kMaxFileBytes) return {};
  return base::fail(ErrorCategory::kResource,
                    fmt::format("the ONNX file would have {} bytes; one file holds at most {}",
                                bytes, kMaxFileBytes),
                    "deploy a model with a smaller vocabulary or fewer parameters");
}

int64_t parameter_bytes(const graph::Graph& graph) {
  int64_t elements = 0;
  for (const graph::Parameter& parameter : graph.parameters())
    elements += graph.element_count(parameter);
  return elements * static_cast<int64_t>(sizeof(float));
}

base::Status check_options(const graph::Graph& graph, const ExportOptions& options) {
  // A dynamic model is bounded when it runs; its batch and length here are not used.
  if (options.dynamic) return {};
  return graph::check_sizes(graph, {.batch = options.batch, .length = options.length});
}

}  // namespace

base::Result<std::string> export_onnx(const graph::Graph& graph, const weights::Weights& weights,
                                      const ExportOptions& options) {
  EDGETRAN_TRY(check_options(graph, options));
  EDGETRAN_TRY(check_size(parameter_bytes(graph)));
  EDGETRAN_CHECK(weights.size() == graph.parameters().size(), "the weights are another graph's");
  try {
    Translator translator(graph, weights, options);
    translator.run(choose_outputs(graph, options.hidden));
    const ::onnx::ModelProto& model = translator.model();
    EDGETRAN_TRY(check_size(static_cast<int64_t>(model.ByteSizeLong())));
    ::onnx::checker::check_model(model);
    return model.SerializeAsString();
  } catch (const std::bad_alloc&) {
    return base::fail(ErrorCategory::kResource, "not enough memory to write the ONNX file",
                      "the export needs about three times the model's size");
  } catch (const std::exception& error) {
    return base::fail(ErrorCategory::kFailed,
                      fmt::format("ONNX's checker refuses the exported model: {}", error.what()),
                      "this is a defect of edgetran: please report it with the model.json");
  }
}

}  // namespace edgetran::onnx
