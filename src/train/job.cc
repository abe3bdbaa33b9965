#include "train/job.h"

#include <fmt/format.h>

#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace edgetran::train {
namespace {

constexpr int64_t kMaxTokens = int64_t{1} << 50;
constexpr double kMaxEpochs = 1e6;
constexpr int64_t kMaxThreads = 1024;
// Seeds travel as JSON integers, which every reader holds exactly up to here.
constexpr int64_t kMaxSeed = std::numeric_limits<int64_t>::max();

struct PathField {
  const char* key;
  std::filesystem::path TrainJob::*member;
};

constexpr PathField kPaths[] = {
    {"model", &TrainJob::model},           {"out", &TrainJob::out},
    {"train", &TrainJob::train},           {"dev", &TrainJob::dev},
    {"checkpoint", &TrainJob::checkpoint}, {"predictions", &TrainJob::predictions},
    {"inputs", &TrainJob::inputs},         {"outputs", &TrainJob::outputs},
    {"vocabulary", &TrainJob::vocabulary}, {"teacher", &TrainJob::teacher},
};

std::vector<std::string> required_paths(JobKind kind) {
  switch (kind) {
    case JobKind::kPretrain:
    case JobKind::kFinetune:
      return {"model", "out", "train"};
    case JobKind::kEvaluate:
      return {"model", "dev"};
    case JobKind::kInfer:
      return {"model", "inputs", "outputs"};
  }
  return {};
}

bool trains(JobKind kind) { return kind == JobKind::kPretrain || kind == JobKind::kFinetune; }

base::Result<JobKind> read_kind(base::ConfigMap& map) {
  EDGETRAN_ASSIGN(const auto value, map.require("kind"));
  EDGETRAN_ASSIGN(const auto name, value.as_choice({"pretrain", "finetune", "evaluate", "infer"}));
  for (const JobKind kind :
       {JobKind::kPretrain, JobKind::kFinetune, JobKind::kEvaluate, JobKind::kInfer}) {
    if (job_kind_name(kind) == name) return kind;
  }
  return base::fail(value.error("unknown kind"));
}

base::Status read_paths(base::ConfigMap& map, TrainJob& job) {
  for (const auto& [key, member] : kPaths) {
    const auto value = map.find(key);
    if (!value) continue;
    EDGETRAN_ASSIGN(job.*member, value->as_string());
  }
  for (const auto& key : required_paths(job.kind)) {
    EDGETRAN_ASSIGN(const auto value, map.require(key));
    EDGETRAN_ASSIGN(const auto path, value.as_string());
    if (path.empty()) {
      return base::fail(value.error(
          fmt::format("a {} job needs a path here, not an empty one", job_kind_name(job.kind))));
    }
  }
  return {};
}

base::Status read_integer(base::ConfigMap& map, const std::string& key, int64_t low, int64_t high,
                          int64_t& target) {
  const auto value = map.find(key);
  if (!value) return {};
  EDGETRAN_ASSIGN(target, value->as_integer(low, high));
  return {};
}

base::Status read_budget(base::ConfigMap& map, TrainJob& job) {
  EDGETRAN_TRY(read_integer(map, "tokens", 0, kMaxTokens, job.tokens));
  EDGETRAN_TRY(read_integer(map, "until_tokens", 0, kMaxTokens, job.until_tokens));
  if (const auto value = map.find("epochs")) {
    EDGETRAN_ASSIGN(job.epochs, value->as_number(0, kMaxEpochs));
  }
  if (!trains(job.kind)) return {};
  if ((job.tokens > 0) == (job.epochs > 0)) {
    return base::fail(map.value().error(
        fmt::format("a {} job needs a budget: either tokens or epochs above zero (seen: tokens {}, "
                    "epochs {})",
                    job_kind_name(job.kind), job.tokens, job.epochs)));
  }
  return {};
}

base::Status read_machine(base::ConfigMap& map, TrainJob& job) {
  auto seed = static_cast<int64_t>(job.seed);
  EDGETRAN_TRY(read_integer(map, "seed", 0, kMaxSeed, seed));
  job.seed = static_cast<uint64_t>(seed);
  EDGETRAN_TRY(read_integer(map, "threads", 1, kMaxThreads, job.threads));
  if (const auto value = map.find("precision")) {
    EDGETRAN_ASSIGN(const auto name, value->as_choice({"fp32", "bf16"}));
    const bool narrow = name == precision_name(Precision::kBf16);
    job.precision = narrow ? Precision::kBf16 : Precision::kFp32;
  }
  if (const auto value = map.find("device")) {
    EDGETRAN_ASSIGN(job.device, value->as_choice({"auto", "cpu", "cuda"}));
  }
  return {};
}

base::Status read_settings(base::ConfigMap& map, TrainJob& job) {
  const auto value = map.find("settings");
  if (!value) return {};
  EDGETRAN_ASSIGN(auto settings, base::ConfigMap::of(*value));
  EDGETRAN_TRY(train_settings().read(settings, job.settings));
  return settings.finish();
}

}  // namespace

std::string_view job_kind_name(JobKind kind) {
  switch (kind) {
    case JobKind::kPretrain:
      return "pretrain";
    case JobKind::kFinetune:
      return "finetune";
    case JobKind::kEvaluate:
      return "evaluate";
    case JobKind::kInfer:
      return "infer";
  }
  return "?";
}

base::Result<TrainJob> read_job(const base::ConfigValue& value) {
  EDGETRAN_ASSIGN(auto map, base::ConfigMap::of(value));
  TrainJob job;
  EDGETRAN_ASSIGN(job.kind, read_kind(map));
  EDGETRAN_TRY(read_paths(map, job));
  EDGETRAN_TRY(read_settings(map, job));
  EDGETRAN_TRY(read_budget(map, job));
  EDGETRAN_TRY(read_machine(map, job));
  EDGETRAN_TRY(map.finish());
  EDGETRAN_TRY(check_job(job));
  return job;
}

base::Json job_json(const TrainJob& job) {
  base::Json json = {{"kind", job_kind_name(job.kind)}};
  for (const auto& [key, member] : kPaths) {
    if (!(job.*member).empty()) json[key] = (job.*member).string();
  }
  json["settings"] = train_settings().write(job.settings);
  json["seed"] = job.seed;
  if (job.tokens > 0) json["tokens"] = job.tokens;
  if (job.epochs > 0) json["epochs"] = job.epochs;
  if (job.until_tokens > 0) json["until_tokens"] = job.until_tokens;
  json["threads"] = job.threads;
  json["precision"] = precision_name(job.precision);
  json["device"] = job.device;
  return json;
}

}  // namespace edgetran::train
