// model diff | verify
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "encoder/encoder.h"
#include "service/model/spec_text.h"
#include "service/model/verify.h"
#include "service/operations.h"
#include "weights/distance.h"
#include "weights/model_folder.h"

namespace edgetran::service {
namespace {

using base::Json;
using base::Result;

// -- diff -----------------------------------------------------------------------------------------

struct DiffRequest {
  std::string model;
  std::string other;
};

/// What two models have in a block: a layer, or what is outside the layers.
struct Block {
  std::string text, other_text;  ///< empty where a model lacks the block
  int64_t parameters = 0, other_parameters = 0, shared = 0;
};

Json block_row(const std::string& name, const Block& block) {
  const int64_t larger = std::max(block.parameters, block.other_parameters);
  return {{"block", name},
          {"same", block.text == block.other_text},
          {"a", block.text},
          {"b", block.other_text},
          {"parameters_a", block.parameters},
          {"parameters_b", block.other_parameters},
          {"shared", block.shared},
          {"distance",
           larger == 0 ? 0.0
                       : static_cast<double>(larger - block.shared) / static_cast<double>(larger)}};
}

/// The layer of a parameter, or -1.
int64_t layer_of(const std::string& name) {
  constexpr std::string_view kLayers = "layers.";
  return name.starts_with(kLayers) ? std::stoll(name.substr(kLayers.size())) : -1;
}

std::map<int64_t, Block> blocks_of(const space::ModelSpec& a, const space::ModelSpec& b,
                                   const std::vector<weights::ParameterCoverage>& rows) {
  std::map<int64_t, Block> blocks;
  blocks[-1].text = embeddings_text(a);
  blocks[-1].other_text = embeddings_text(b);
  for (size_t i = 0; i < a.layers.size(); ++i)
    blocks[static_cast<int64_t>(i)].text = layer_text(a.layers[i]);
  for (size_t i = 0; i < b.layers.size(); ++i)
    blocks[static_cast<int64_t>(i)].other_text = layer_text(b.layers[i]);
  for (const auto& row : rows) {
    Block& block = blocks[layer_of(row.name)];
    block.parameters += row.source;
    block.other_parameters += row.target;
    block.shared += row.matched;
  }
  return blocks;
}

Result<Reply> diff(Context&, const DiffRequest& request) {
  EDGETRAN_ASSIGN(const auto a, weights::read_model_info(request.model));
  EDGETRAN_ASSIGN(const auto b, weights::read_model_info(request.other));
  EDGETRAN_ASSIGN(const auto graph_a, encoder::build_encoder(a.spec, {}));
  EDGETRAN_ASSIGN(const auto graph_b, encoder::build_encoder(b.spec, {}));
  Reply reply;
  reply.data = Json::array();
  Block whole{.text = fmt::format("{} layers", a.spec.layers.size()),
              .other_text = fmt::format("{} layers", b.spec.layers.size())};
  for (const auto& [layer, block] :
       blocks_of(a.spec, b.spec, weights::coverage(graph_a, graph_b))) {
    reply.data.push_back(
        block_row(layer < 0 ? "embeddings, pooler" : fmt::format("layer {}", layer), block));
    whole.parameters += block.parameters;
    whole.other_parameters += block.other_parameters;
    whole.shared += block.shared;
  }
  reply.data.push_back(block_row("model", whole));
  reply.data.back()["same"] = space::canonical_hash(a.spec) == space::canonical_hash(b.spec);
  reply.columns = {{"block", "block", Shown::kPlain},
                   {"same", "same", Shown::kPlain},
                   {"a", "a", Shown::kPlain},
                   {"b", "b", Shown::kPlain},
                   {"parameters_a", "parameters a", Shown::kCount},
                   {"parameters_b", "parameters b", Shown::kCount},
                   {"distance", "distance", Shown::kPercent}};
  return reply;
}

// -- verify ---------------------------------------------------------------------------------------

struct VerifyRequest {
  std::string model;
  std::string against;
  int64_t batch = 2;
  int64_t length = 0;
  double tolerance = 1e-4;
  int64_t seed = 1;
};

Result<Reply> verify(Context& context, const VerifyRequest& request) {
  std::vector<Check> checks = check_folder(request.model);
  const auto all_passed = [&] { return std::ranges::all_of(checks, &Check::passed); };
  if (!request.against.empty() && all_passed()) {
    EDGETRAN_ASSIGN(const auto outputs,
                    compare_outputs(context, {.model = request.model,
                                              .against = request.against,
                                              .batch = request.batch,
                                              .length = request.length,
                                              .seed = static_cast<uint64_t>(request.seed),
                                              .tolerance = request.tolerance}));
    checks.insert(checks.end(), outputs.begin(), outputs.end());
  }
  Reply reply;
  reply.data = Json::array();
  for (const Check& check : checks)
    reply.data.push_back(
        {{"check", check.name}, {"passed", check.passed}, {"detail", check.detail}});
  reply.columns = {{"check", "check", Shown::kPlain},
                   {"passed", "passed", Shown::kPlain},
                   {"detail", "detail", Shown::kPlain}};
  if (!all_passed()) reply.outcome = base::ErrorCategory::kFailed;
  return reply;
}

}  // namespace

std::vector<Operation> model_comparison_operations() {
  const std::string model_text = "Spec file (our JSON or the published dictionary) or model folder";
  base::Settings<DiffRequest> diff_settings;
  diff_settings.string("model", &DiffRequest::model, model_text)
      .string("other", &DiffRequest::other, "The one to compare it with");

  base::Settings<VerifyRequest> verify_settings;
  verify_settings.string("model", &VerifyRequest::model, "Model folder")
      .string("against", &VerifyRequest::against,
              "ONNX file, model folder or Hugging Face folder whose outputs must be the same")
      .integer("batch", &VerifyRequest::batch, 1, 4096, "", "Random rows to compare")
      .integer("length", &VerifyRequest::length, 0, space::kMaxPositions, "tokens",
               "Length of the rows; 0: 64, or the model's positions where they are fewer")
      .number("tolerance", &VerifyRequest::tolerance, 0, 1, "",
              "Largest difference over the largest value that passes")
      .integer("seed", &VerifyRequest::seed, 0, INT64_MAX, "", "Seed of the rows");
  return {operation("model diff", "Where two encoders differ, block by block", diff_settings,
                    {"model", "other"}, {}, diff),
          operation("model verify", "Check a model folder, or compare its outputs with another's",
                    verify_settings, {"model"}, {}, verify)};
}

}  // namespace edgetran::service
