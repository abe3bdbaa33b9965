#include "report/synthetic_study.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/random.h"

namespace edgetran::report {

namespace {

using base::Json;
using base::RandomStream;

constexpr int64_t kRows = 1600;
constexpr int64_t kRungTokens[] = {250'000, 1'000'000, 4'000'000};

struct Law {
  const char* name;
  const char* kind;
  double flops_per_s;
  double overhead_s;
};
constexpr Law kDevices[] = {{"cpu-1t-fp32", "measured", 2.4e10, 2.5e-4},
                            {"cpu-2t-fp32", "measured", 4.2e10, 3.5e-4},
                            {"board-a53 <modelled>", "modelled", 5e9, 1e-3}};

Json layer_json(RandomStream& random, int64_t width) {
  static constexpr const char* kHeads[] = {"sa_sdp", "sa_wma", "l_dft", "l_dct",
                                           "c_5",    "c_9",    "c_13"};
  Json heads = Json::array();
  for (int64_t head = 0; head < width / 32; ++head) heads.push_back(kHeads[random.below(7)]);
  std::sort(heads.begin(), heads.end());
  Json stack = Json::array();
  for (uint64_t size = 0; size <= random.below(3); ++size)
    stack.push_back(width * static_cast<int64_t>(1 + random.below(4)));
  return {{"width", width}, {"head_width", 32}, {"heads", heads}, {"feed_forward", stack}};
}

Json spec_json(RandomStream& random) {
  const int64_t width = 64 * static_cast<int64_t>(1 + random.below(4));
  Json layers = Json::array();
  Json layer = layer_json(random, width);
  for (uint64_t depth = 0; depth <= random.below(6) + 1; ++depth) {
    if (random.bernoulli(0.4)) layer = layer_json(random, width);
    layers.push_back(layer);
  }
  return {{"vocabulary", 8000},     {"positions", 128}, {"position", "relative_key"},
          {"embedding", width / 2}, {"types", 1},       {"layers", layers}};
}

/// Parameters of the dense parts: near enough for a picture.
int64_t parameters_of(const Json& spec) {
  int64_t count = spec["vocabulary"].get<int64_t>() * spec["embedding"].get<int64_t>();
  for (const Json& layer : spec["layers"]) {
    const auto width = layer["width"].get<int64_t>();
    count += 4 * width * width;
    for (const Json& size : layer["feed_forward"]) count += 2 * width * size.get<int64_t>();
  }
  return count;
}

void train(store::TrialView& trial, RandomStream& random, size_t stages) {
  const double skill =
      0.30 + 0.055 * std::log(static_cast<double>(trial.parameters) / 2e5) + 0.03 * random.normal();
  for (size_t stage = 0; stage < stages; ++stage) {
    const double share = 0.55 + 0.15 * static_cast<double>(stage);
    const double accuracy = std::clamp(skill * share + 0.16, 0.12, 0.95);
    const auto right = std::round(accuracy * static_cast<double>(kRows));
    trial.rungs.push_back({.rung = static_cast<int64_t>(stage),
                           .tokens = kRungTokens[stage],
                           .metrics = {{"accuracy", right / static_cast<double>(kRows)},
                                       {"loss", 3.8 * (1 - accuracy)},
                                       {"rows", static_cast<double>(kRows)}},
                           .seconds = 2.0 + 9.5 * static_cast<double>(stage),
                           .model = "sha256:00"});
  }
}

Json record_json(const Law& law, int64_t flops, RandomStream& random) {
  const double median = law.overhead_s + static_cast<double>(flops) / law.flops_per_s *
                                             std::exp(0.12 * random.normal());
  const double spread = 0.01 + 0.03 * random.uniform();
  Json flags = Json::array();
  if (random.bernoulli(0.01)) flags.push_back("unsettled");
  return {{"kind", law.kind},
          {"profile", "quick"},
          {"latency",
           {{"median_s", median},
            {"low_s", median * (1 - spread)},
            {"high_s", median * (1 + spread)},
            {"n", 300}}},
          {"energy", nullptr},
          {"memory",
           {{"peak_rss_bytes", 9.4e7 + static_cast<double>(flops) / 40}, {"model_bytes", 4e6}}},
          {"flags", flags}};
}

store::TrialView make_trial(int64_t id, RandomStream random) {
  store::TrialView trial;
  trial.trial = id;
  trial.spec = spec_json(random);
  trial.spec_hash = std::string(64, "0123456789abcdef"[id % 16]);
  trial.parameters = parameters_of(trial.spec);
  trial.flops = 2 * 64 * (trial.parameters - 8000 * trial.spec["embedding"].get<int64_t>());
  if (id % 8 == 0) {
    trial.state = "failed";
    trial.reason = "worker killed: out of memory </script><b>&\"";
    return trial;
  }
  const bool complete = id % 3 == 1;
  trial.state = complete ? "complete" : "stopped";
  if (!complete) trial.reason = "not among the better half";
  train(trial, random, complete ? 3 : 1 + random.below(2));
  for (const Law& law : kDevices)
    trial.measurements.push_back({law.name, record_json(law, trial.flops, random)});
  return trial;
}

Json recommended_pair(const store::StudyView& study) {
  const store::TrialView* best = &study.trials.front();
  for (const store::TrialView& trial : study.trials)
    if (trial.state == "complete" &&
        trial.rungs.back().metrics.at("accuracy") > best->rungs.back().metrics.at("accuracy"))
      best = &trial;
  return {{"trial", best->trial},
          {"device", kDevices[1].name},
          {"reason", "The most accurate encoder that answers within 20 ms."}};
}

}  // namespace

store::StudyView synthetic_study(int64_t trials, uint64_t seed) {
  store::StudyView study;
  study.name = "glosses & <senses>";
  study.seed = seed;
  study.created_s = 1'760'000'000;
  study.updated_s = study.created_s + 254;
  study.objectives = {{"accuracy", "", true}, {"latency_s", "s", false}};
  study.constraints = {{"latency_s", std::nullopt, 0.02}};
  study.config = {{"data",
                   {{"text", "WordNet 3.0 glosses"},
                    {"labels", 45},
                    {"rows_train", 20000},
                    {"rows_dev", kRows}}},
                  {"training", {{"batch", 32}, {"length", 64}, {"precision", "fp32"}}}};
  for (const Law& law : kDevices)
    study.devices.push_back(
        {law.name, {{"name", law.name}, {"runtime", "openvino"}, {"precision", "fp32"}}});
  const RandomStream random(seed, "synthetic-study");
  for (int64_t id = 1; id <= trials; ++id)
    study.trials.push_back(make_trial(id, random.derive("trial", static_cast<uint64_t>(id))));
  study.baselines = {{"TF-IDF with logistic regression", {{"accuracy", 0.641}}, {{"test", kRows}}},
                     {"largest class", {{"accuracy", 0.123}}, {{"test", kRows}}}};
  study.finished = true;
  study.result = {
      {"recommended", recommended_pair(study)},
      {"machine", {{"processor", "made up for a test"}, {"cores", 2}}},
      {"versions", {{"edgetran", "0.1.0"}, {"torch", "2.13.0"}, {"openvino", "2026.4.1"}}}};
  const Json& pair = study.result["recommended"];
  study.deployed.push_back(
      {pair["trial"],
       pair["device"],
       {{"onnx", "deploy/model.onnx"}, {"onnx_bytes", 1'000'000}},
       {{"rows", 256}, {"agreement", 1.0}, {"max_abs_difference", 2.1e-6}, {"largest_logit", 7.5}},
       {{"test_accuracy", 0.702}, {"test_rows", kRows}}});
  return study;
}

store::StudyView scored_study(int64_t trials, uint64_t seed) {
  store::StudyView study = synthetic_study(trials, seed);
  const auto rename = [](store::Metrics& metrics, const char* from, const char* to) {
    if (auto entry = metrics.extract(from)) {
      entry.key() = to;
      metrics.insert(std::move(entry));
    }
  };
  study.objectives[0].name = "pearson";
  for (auto& trial : study.trials)
    for (auto& rung : trial.rungs) rename(rung.metrics, "accuracy", "pearson");
  study.baselines = {{"mean of the training scores", {{"pearson", 0}}, {{"test", kRows}}}};
  rename(study.deployed[0].metrics, "test_accuracy", "test_pearson");
  study.deployed[0].parity = {{"rows", 256},
                              {"agreement", 1.0},
                              {"score_range", 5.0},
                              {"tolerance", 0.05},
                              {"trained_pearson", 0.71},
                              {"deployed_pearson", 0.71},
                              {"max_abs_difference", 2.1e-6}};
  study.config["data"] = {{"metric", "pearson"},
                          {"scored_on", "dev"},
                          {"subsets", {"train", "dev"}},
                          {"note", "train and dev are only a <subset> of the data set"}};
  return study;
}

}  // namespace edgetran::report
