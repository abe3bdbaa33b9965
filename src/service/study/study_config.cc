#include "service/study/study_config.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "data/glue_tasks.h"
#include "service/study/study_metrics.h"
#include "service/study/study_task.h"

namespace edgetran::service {

namespace {

using base::ConfigMap;
using base::ConfigValue;
using base::Json;
using base::Result;

constexpr const char* kFormat = "edgetran.study/1";
constexpr int64_t kMaxRows = 1'000'000'000;
constexpr int64_t kMaxTokens = 1'000'000'000'000;

std::string resolved(const std::filesystem::path& folder, const std::string& path) {
  if (path.empty()) return path;
  return (folder / path).lexically_normal().string();
}

/// Reads a section of plain settings; an absent section keeps its defaults.
template <class Section>
base::Status read_section(ConfigMap& map, const std::string& key,
                          const base::Settings<Section>& settings, Section& section) {
  const auto value = map.find(key);
  if (!value) return {};
  EDGETRAN_ASSIGN(auto section_map, ConfigMap::of(*value));
  EDGETRAN_TRY(settings.read(section_map, section));
  return section_map.finish();
}

/// Settles what the label column of own files holds; other tasks say it themselves.
base::Status settle_label_kind(const ConfigValue& at, TaskConfig& task) {
  if (task.task.empty() && task.source == "files") {
    EDGETRAN_ASSIGN(const auto kind, find_label_kind(task));
    task.label_kind = kind == data::Kind::kRegression ? "score" : "class";
  } else if (task.label_kind != "auto") {
    return base::fail(at.error(
        fmt::format("label_kind '{}' is only for 'source: files'", task.label_kind),
        "leave it out: " + (task.task.empty() ? task.source : task.task) + " has its own"));
  }
  return {};
}

base::Status check_task(const ConfigValue& at, TaskConfig& task,
                        const std::filesystem::path& folder) {
  if (task.source == "files" && (task.train.empty() || task.dev.empty()))
    return base::fail(at.error("a task with 'source: files' needs 'train' and 'dev'"));
  if (!task.task.empty()) {
    const auto glue = data::find_glue_task(task.task);
    if (!glue) return base::fail(at.error(glue.error().message, glue.error().hint));
    if (task.data.empty())
      return base::fail(at.error(fmt::format("the task {} needs 'data'", (*glue)->name),
                                 "the folder of its files, or of GLUE's task folders"));
  }
  for (std::string* path : {&task.train, &task.dev, &task.test, &task.vocabulary_file, &task.data})
    *path = resolved(folder, *path);
  return settle_label_kind(at, task);
}

/// The space in the file itself, or the file that is named.
Result<space::DesignSpace> read_space(const ConfigValue& value,
                                      const std::filesystem::path& folder) {
  if (value.kind() == ConfigValue::Kind::kMap) return space::read_design_space(value);
  EDGETRAN_ASSIGN(const std::string file, value.as_string());
  return space::read_design_space_file(resolved(folder, file));
}

/// Every item of a list of objectives or constraints names a figure that the study will have.
base::Status check_names(const ConfigValue& list, const TaskConfig& task) {
  EDGETRAN_ASSIGN(const auto items, list.as_list());
  for (const auto& item : items) {
    EDGETRAN_ASSIGN(auto map, ConfigMap::of(item));
    EDGETRAN_ASSIGN(const auto name, map.require("name"));
    EDGETRAN_TRY(check_study_metric(name, task));
  }
  return {};
}

base::Status read_preference(const ConfigValue& prefer, StudyConfig& config) {
  std::vector<std::string> objectives;
  objectives.reserve(config.problem.objectives.size());
  for (const auto& objective : config.problem.objectives) objectives.push_back(objective.name);
  if (prefer.kind() == ConfigValue::Kind::kString) {
    EDGETRAN_ASSIGN(config.preference.objective, prefer.as_choice(objectives));
    return {};
  }
  EDGETRAN_ASSIGN(auto weights, ConfigMap::of(prefer));
  for (const auto& key : weights.keys()) {
    EDGETRAN_ASSIGN(const auto weight, weights.require(key));
    if (std::ranges::find(objectives, key) == objectives.end())
      return base::fail(weight.error(fmt::format("'{}' is no objective here", key),
                                     "allowed: " + base::join_words(objectives, "or")));
    EDGETRAN_ASSIGN(config.preference.weights[key], weight.as_number(0));
  }
  return {};
}

base::Status read_problem(ConfigMap& map, StudyConfig& config) {
  if (const auto value = map.find("objectives")) {
    EDGETRAN_ASSIGN(config.problem.objectives, search::read_objectives(*value));
    EDGETRAN_TRY(check_names(*value, config.task));
  } else {
    config.problem.objectives = {{task_metric(config.task), "", search::Goal::kMaximize},
                                 {"latency_s", "s", search::Goal::kMinimize}};
  }
  if (const auto value = map.find("constraints")) {
    EDGETRAN_ASSIGN(config.problem.constraints, search::read_constraints(*value));
    EDGETRAN_TRY(check_names(*value, config.task));
  }
  const auto prefer = map.find("prefer");
  return prefer ? read_preference(*prefer, config) : base::Status();
}

base::Status read_devices(ConfigMap& map, const std::filesystem::path& folder,
                          StudyConfig& config) {
  EDGETRAN_ASSIGN(const auto devices, map.require("devices"));
  EDGETRAN_ASSIGN(config.devices, devices.as_strings());
  if (config.devices.empty())
    return base::fail(
        devices.error("a study needs at least one device", "name a card file, or this-machine"));
  for (auto& device : config.devices)
    if (device != "this-machine") device = resolved(folder, device);
  return {};
}

Json schema_of(const std::vector<base::SettingInfo>& infos) {
  return {{"type", "object"},
          {"properties", base::settings_schema(infos)},
          {"additionalProperties", false}};
}

}  // namespace

const base::Settings<TaskConfig>& task_settings() {
  static const auto settings = [] {
    base::Settings<TaskConfig> s;
    s.choice("source", &TaskConfig::source, {"wordnet", "files"},
             "wordnet: classify WordNet glosses by lexicographer file; files: your own rows")
        .string("wordnet", &TaskConfig::wordnet, "Folder of WordNet's data files")
        .string("task", &TaskConfig::task, "A GLUE task by name, in place of source")
        .string("data", &TaskConfig::data,
                "Folder of the GLUE task's files, or of GLUE's task folders")
        .string("train", &TaskConfig::train, "Training rows (CSV, TSV or JSONL)")
        .string("dev", &TaskConfig::dev, "Rows that the search compares encoders on")
        .string("test", &TaskConfig::test, "Rows that only the final model is scored on")
        .string("text_column", &TaskConfig::text_column, "Column of the text")
        .string("text_pair_column", &TaskConfig::text_pair_column, "Column of a second text")
        .string("label_column", &TaskConfig::label_column, "Column of the label or score")
        .choice("label_kind", &TaskConfig::label_kind, {"auto", "class", "score"},
                "What the label column of own files holds; auto: scores where all are numbers and "
                "one at least is not whole")
        .string("vocabulary_file", &TaskConfig::vocabulary_file,
                "WordPiece vocab.txt, tokenizer.json, or a folder with vocab.json and merges.txt; "
                "empty: one is trained on the training texts")
        .choice("tokenizer", &TaskConfig::tokenizer, {"wordpiece", "bpe"},
                "Kind of a trained vocabulary: BERT's, or RoBERTa's byte-level one")
        .integer("vocabulary_size", &TaskConfig::vocabulary_size, 64, 1'000'000, "",
                 "Entries of a trained vocabulary")
        .integer("max_length", &TaskConfig::max_length, 3, space::kMaxPositions, "tokens",
                 "Longer texts are cut")
        .integer("train_rows", &TaskConfig::train_rows, 0, kMaxRows, "rows", "At most; 0: all")
        .integer("dev_rows", &TaskConfig::dev_rows, 0, kMaxRows, "rows", "At most; 0: all")
        .integer("test_rows", &TaskConfig::test_rows, 0, kMaxRows, "rows", "At most; 0: all");
    return s;
  }();
  return settings;
}

const base::Settings<PretrainingConfig>& pretraining_settings() {
  static const auto settings = [] {
    base::Settings<PretrainingConfig> s;
    s.integer("tokens", &PretrainingConfig::tokens, 0, kMaxTokens, "tokens",
              "Masked-language-model training on the training texts before the task; 0: none")
        .integer("batch", &PretrainingConfig::batch, 1, 65536, "", "Blocks a step")
        .integer("length", &PretrainingConfig::length, 3, space::kMaxPositions, "tokens",
                 "Positions a block")
        .number("learning_rate", &PretrainingConfig::learning_rate, 0, 1, "", "Peak learning rate");
    return s;
  }();
  return settings;
}

const base::Settings<ExecutionConfig>& execution_settings() {
  static const auto settings = [] {
    base::Settings<ExecutionConfig> s;
    s.integer("workers", &ExecutionConfig::workers, 0, 1024, "",
              "Trials trained side by side; 0: one a core")
        .integer("threads", &ExecutionConfig::threads, 1, 1024, "",
                 "Threads of a worker; with one, results repeat bit for bit")
        .choice("precision", &ExecutionConfig::precision, {"fp32", "bf16"}, "Precision of training")
        .number("memory_limit_gib", &ExecutionConfig::memory_limit_gib, 0, 1e6, "GiB",
                "Address space of a worker; 0: no limit");
    return s;
  }();
  return settings;
}

const base::Settings<MeasurementConfig>& measurement_settings() {
  static const auto settings = [] {
    base::Settings<MeasurementConfig> s;
    s.string("profile", &MeasurementConfig::profile, "Measuring profile")
        .integer("batch", &MeasurementConfig::batch, 0, 65536, "",
                 "Batch of every deployment; 0: its own")
        .integer("length", &MeasurementConfig::length, 0, space::kMaxPositions, "tokens",
                 "Length of every deployment; 0: its own")
        .integer("deploy_rows", &MeasurementConfig::deploy_rows, 1, kMaxRows, "rows",
                 "Test rows that the deployed file is verified on");
    return s;
  }();
  return settings;
}

Result<StudyConfig> read_study_config(const ConfigValue& value,
                                      const std::filesystem::path& folder) {
  EDGETRAN_ASSIGN(auto map, ConfigMap::of(value));
  EDGETRAN_ASSIGN(const auto format, map.require("format"));
  EDGETRAN_TRY(format.as_choice({kFormat}));
  StudyConfig config;
  EDGETRAN_ASSIGN(const auto name, map.require("name"));
  EDGETRAN_ASSIGN(config.name, name.as_string());
  if (const auto seed = map.find("seed")) {
    EDGETRAN_ASSIGN(config.seed, seed->as_integer(0));
  }
  EDGETRAN_ASSIGN(const auto space, map.require("space"));
  EDGETRAN_ASSIGN(config.space, read_space(space, folder));
  EDGETRAN_TRY(read_devices(map, folder, config));
  EDGETRAN_TRY(read_section(map, "task", task_settings(), config.task));
  EDGETRAN_TRY(check_task(map.find("task").value_or(value), config.task, folder));
  EDGETRAN_TRY(read_section(map, "pretraining", pretraining_settings(), config.pretraining));
  EDGETRAN_TRY(read_section(map, "training", train::train_settings(), config.training));
  if (config.training.patience > 0)
    EDGETRAN_TRY(check_stop_metric(map.find("training").value_or(value),
                                   config.training.stop_metric, config.task));
  EDGETRAN_TRY(read_section(map, "execution", execution_settings(), config.execution));
  EDGETRAN_TRY(read_section(map, "measurement", measurement_settings(), config.measurement));
  EDGETRAN_ASSIGN(const auto search, map.require("search"));
  config.search = search.to_json();
  EDGETRAN_TRY(read_problem(map, config));
  if (const auto baseline = map.find("baseline")) {
    EDGETRAN_ASSIGN(config.baseline, baseline->as_string());
  }
  EDGETRAN_TRY(map.finish());
  return config;
}

Result<StudyConfig> read_study_config(const std::filesystem::path& file) {
  EDGETRAN_ASSIGN(const auto value, ConfigValue::read_file(file));
  return read_study_config(value, file.parent_path());
}

Json study_config_json(const StudyConfig& config) {
  Json preference = Json::object();
  if (!config.preference.objective.empty()) preference = config.preference.objective;
  if (!config.preference.weights.empty()) preference = config.preference.weights;
  return {{"format", kFormat},
          {"name", config.name},
          {"seed", config.seed},
          {"space", space::design_space_json(config.space)},
          {"devices", config.devices},
          {"task", task_settings().write(config.task)},
          {"pretraining", pretraining_settings().write(config.pretraining)},
          {"training", train::train_settings().write(config.training)},
          {"measurement", measurement_settings().write(config.measurement)},
          {"search", config.search},
          {"objectives", search::objectives_json(config.problem.objectives)},
          {"constraints", search::constraints_json(config.problem.constraints)},
          {"prefer", preference},
          {"baseline", config.baseline}};
}

Json study_schema() {
  const Json text = {{"type", "string"}};
  return {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
          {"title", "EdgeTran study"},
          {"type", "object"},
          {"required", {"format", "name", "space", "devices", "search"}},
          {"additionalProperties", false},
          {"properties",
           {{"format", {{"const", kFormat}}},
            {"name", text},
            {"seed", {{"type", "integer"}, {"minimum", 0}}},
            {"space", {{"type", {"string", "object"}}}},
            {"devices", {{"type", "array"}, {"items", text}, {"minItems", 1}}},
            {"task", schema_of(task_settings().infos())},
            {"pretraining", schema_of(pretraining_settings().infos())},
            {"training", schema_of(train::train_settings().infos())},
            {"execution", schema_of(execution_settings().infos())},
            {"measurement", schema_of(measurement_settings().infos())},
            {"search", {{"type", "object"}}},
            {"objectives", {{"type", "array"}}},
            {"constraints", {{"type", "array"}}},
            {"prefer", {{"type", {"string", "object"}}}},
            {"baseline", text}}}};
}

}  // namespace edgetran::service
