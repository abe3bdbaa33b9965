// space describe | sample | validate | neighbors | distance
#include <fmt/format.h>

#include <iterator>

#include "base/random.h"
#include "service/operations.h"
#include "space/design_space.h"
#include "space/neighbours.h"
#include "space/sampling.h"
#include "space/spec_text.h"
#include "weights/distance.h"
#include "weights/model_folder.h"

namespace edgetran::service {

namespace {

using base::Json;
using base::Result;

/// A spec as a row of JSON text: short facts first, the whole spec under `spec`.
std::string spec_row(const space::ModelSpec& spec) {
  std::string widths;
  size_t heads = 0;
  for (const auto& layer : spec.layers) {
    fmt::format_to(std::back_inserter(widths), "{}{}", widths.empty() ? "" : " ", layer.width);
    heads += layer.heads.size();
  }
  return fmt::format(R"({{"hash":"{}","layers":{},"widths":"{}","heads":{},"spec":{}}})",
                     space::canonical_hash(spec).substr(0, 12), spec.layers.size(), widths, heads,
                     space::model_spec_text(spec));
}

const std::vector<Column>& spec_columns() {
  static const std::vector<Column> columns = {{"hash", "design", Shown::kPlain},
                                              {"layers", "layers", Shown::kCount},
                                              {"widths", "widths", Shown::kPlain},
                                              {"heads", "heads", Shown::kCount}};
  return columns;
}

Reply specs_reply(const std::vector<space::ModelSpec>& specs) {
  Reply reply{.data = Json::array(), .columns = spec_columns(), .text = {}, .outcome = {}};
  reply.json_rows.reserve(specs.size());
  for (const auto& spec : specs) reply.json_rows.push_back(spec_row(spec));
  return reply;
}

// -- describe -------------------------------------------------------------------------------------

struct DescribeRequest {
  std::string space;
};

Result<Reply> describe(Context&, const DescribeRequest& request) {
  EDGETRAN_ASSIGN(const auto space, space::read_design_space_file(request.space));
  const auto size = space.size();
  Reply reply;
  reply.data = space::design_space_json(space);
  reply.data["designs"] = size.digits();
  reply.data["designs_log10"] = size.log10();
  reply.data["layer_choices"] = space.layer_choices().digits();
  reply.text = fmt::format(
      "{}\n"
      "layers          {}\n"
      "width           {}\n"
      "heads a layer   {} of {}\n"
      "feed-forward    stacks of {} from {}\n"
      "vocabulary      {}, positions {}\n"
      "one layer       {} choices\n"
      "encoders        10^{:.2f}\n",
      space.name, fmt::join(space.layers, " "), fmt::join(space.widths, " "),
      fmt::join(space.heads, " "), fmt::join(space.head_types, " "),
      fmt::join(space.feed_forward_depths, " "), fmt::join(space.feed_forward_sizes, " "),
      space.vocabulary, space.positions, space.layer_choices().digits(), size.log10());
  return reply;
}

// -- sample ---------------------------------------------------------------------------------------

struct SampleRequest {
  std::string space;
  int64_t count = 10;
  int64_t seed = 1;
  std::string method = "uniform";
  std::string measure = "decisions";
};

Result<Reply> sample(Context&, const SampleRequest& request) {
  EDGETRAN_ASSIGN(const auto space, space::read_design_space_file(request.space));
  const base::RandomStream random(static_cast<uint64_t>(request.seed), "space.sample");
  const auto measure =
      request.measure == "designs" ? space::Measure::kDesigns : space::Measure::kDecisions;
  auto sampler = request.method == "sobol" ? space::low_discrepancy_sampler(space, random, measure)
                                           : space::uniform_sampler(space, random, measure);
  return specs_reply(space::sample_distinct(*sampler, request.count));
}

// -- validate
// ---------------------------------------------------------------------------------------

struct ValidateRequest {
  std::string space;
  std::string model;
};

Result<Reply> validate(Context&, const ValidateRequest& request) {
  EDGETRAN_ASSIGN(const auto space, space::read_design_space_file(request.space));
  EDGETRAN_ASSIGN(const auto info, weights::read_model_info(request.model));
  const auto reasons = space.explain(info.spec);
  Reply reply;
  reply.data = {{"valid", reasons.empty()}, {"space", space.name}, {"reasons", Json::array()}};
  reply.text = reasons.empty() ? fmt::format("valid: a member of {}\n", space.name)
                               : fmt::format("not a member of {}\n", space.name);
  for (const auto& reason : reasons) {
    reply.data["reasons"].push_back(
        {{"path", reason.path}, {"value", reason.value}, {"allowed", reason.allowed}});
    reply.text += "  " + reason.message() + "\n";
  }
  if (!reasons.empty()) reply.outcome = base::ErrorCategory::kUsage;
  return reply;
}

// -- neighbors
// --------------------------------------------------------------------------------------

struct NeighborsRequest {
  std::string space;
  std::string model;
};

Result<Reply> neighbors(Context&, const NeighborsRequest& request) {
  EDGETRAN_ASSIGN(const auto space, space::read_design_space_file(request.space));
  EDGETRAN_ASSIGN(const auto info, weights::read_model_info(request.model));
  EDGETRAN_ASSIGN(const auto specs, space::one_edit_neighbours(space, info.spec));
  return specs_reply(specs);
}

// -- distance
// ---------------------------------------------------------------------------------------

struct DistanceRequest {
  std::string model;
  std::string other;
};

Result<Reply> distance(Context&, const DistanceRequest& request) {
  EDGETRAN_ASSIGN(const auto a, weights::read_model_info(request.model));
  EDGETRAN_ASSIGN(const auto b, weights::read_model_info(request.other));
  EDGETRAN_ASSIGN(const double value, weights::spec_distance(a.spec, b.spec));
  Reply reply;
  reply.data = {{"distance", value}};
  return reply;
}

}  // namespace

std::vector<Operation> space_operations() {
  const std::string space_text = "Space file (YAML)";
  const std::string model_text = "Spec file or model folder";

  base::Settings<DescribeRequest> describe_settings;
  describe_settings.string("space", &DescribeRequest::space, space_text);

  base::Settings<SampleRequest> sample_settings;
  sample_settings.string("space", &SampleRequest::space, space_text)
      .integer("count", &SampleRequest::count, 1, 10'000'000, "", "Different designs to draw")
      .integer("seed", &SampleRequest::seed, 0, INT64_MAX, "", "Seed of the draw")
      .choice("method", &SampleRequest::method, {"uniform", "sobol"},
              "Independent draws, or a scrambled Sobol sequence")
      .choice("measure", &SampleRequest::measure, {"decisions", "designs"},
              "Uniform over each decision, or over all designs");

  base::Settings<ValidateRequest> validate_settings;
  validate_settings.string("space", &ValidateRequest::space, space_text)
      .string("model", &ValidateRequest::model, model_text);

  base::Settings<NeighborsRequest> neighbors_settings;
  neighbors_settings.string("space", &NeighborsRequest::space, space_text)
      .string("model", &NeighborsRequest::model, model_text);

  base::Settings<DistanceRequest> distance_settings;
  distance_settings.string("model", &DistanceRequest::model, model_text)
      .string("other", &DistanceRequest::other, model_text);

  return {operation("space describe", "What a space holds and how much", describe_settings,
                    {"space"}, {}, describe),
          operation("space sample", "Draw encoders from a space", sample_settings, {"space"}, {},
                    sample),
          operation("space validate", "Is an encoder in a space, and if not, where",
                    validate_settings, {"space", "model"}, {}, validate),
          operation("space neighbors", "Encoders one edit away", neighbors_settings,
                    {"space", "model"}, {}, neighbors),
          operation("space distance", "Share of weights that a transfer would not cover",
                    distance_settings, {"model", "other"}, {}, distance)};
}

}  // namespace edgetran::service
