#include "weights/model_folder.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <utility>

#include "base/config.h"
#include "base/files.h"
#include "weights/model_file.h"

namespace edgetran::weights {
namespace {

using base::ConfigMap;
using base::ConfigValue;
using base::ErrorCategory;
using base::Json;
namespace fs = std::filesystem;

constexpr std::string_view kFormatPrefix = "edgetran.model/";
constexpr int64_t kMaxLabels = 1'000'000;

base::Status check_format(const ConfigValue& value) {
  EDGETRAN_ASSIGN(const std::string format, value.as_string());
  if (format == kModelFormat) return {};
  int version = 0;
  if (format.starts_with(kFormatPrefix)) {
    const std::string number = format.substr(kFormatPrefix.size());
    const auto read = std::from_chars(number.data(), number.data() + number.size(), version);
    if (read.ec != std::errc() || read.ptr != number.data() + number.size()) version = 0;
  }
  if (version > 1)
    return base::fail(value.error(
        fmt::format("the model was written by a newer program: format {}, this one reads {}",
                    format, kModelFormat),
        "update edgetran"));
  return base::fail(
      value.error(fmt::format("'{}' is not a model format; {} is read", format, kModelFormat)));
}

// A name of a file in the folder itself: never a way out of it.
base::Result<std::string> read_file_name(const ConfigValue& value) {
  EDGETRAN_ASSIGN(std::string name, value.as_string());
  const fs::path path(name);
  if (!name.empty() && (path.has_parent_path() || name == "." || name == ".."))
    return base::fail(
        value.error(fmt::format("'{}' is not the name of a file in the model folder", name)));
  return name;
}

base::Status read_labels(ConfigMap& map, ModelInfo& info) {
  if (const auto labels = map.find("labels")) {
    EDGETRAN_ASSIGN(info.labels, labels->as_integer(0, kMaxLabels));
  }
  const auto names = map.find("label_names");
  if (!names) return {};
  EDGETRAN_ASSIGN(info.label_names, names->as_strings());
  if (!info.label_names.empty() && static_cast<int64_t>(info.label_names.size()) != info.labels)
    return base::fail(
        names->error(fmt::format("{} names for {} labels: give one name a label or "
                                 "none",
                                 info.label_names.size(), info.labels)));
  return {};
}

base::Result<ModelInfo> read_model_map(ConfigMap map) {
  ModelInfo info;
  EDGETRAN_ASSIGN(const ConfigValue format, map.require("format"));
  EDGETRAN_TRY(check_format(format));
  EDGETRAN_ASSIGN(const ConfigValue spec, map.require("spec"));
  EDGETRAN_ASSIGN(info.spec, space::read_model_spec(spec));
  EDGETRAN_TRY(read_labels(map, info));
  if (const auto tokenizer = map.find("tokenizer")) {
    EDGETRAN_ASSIGN(info.tokenizer, read_file_name(*tokenizer));
  }
  if (const auto mlm = map.find("mlm")) {
    EDGETRAN_ASSIGN(info.mlm, mlm->as_boolean());
    if (info.mlm && info.labels > 0)
      return base::fail(
          mlm->error("a model has a classifier or a masked-language-model head, not "
                     "both"));
  }
  EDGETRAN_TRY(map.finish());
  return info;
}

base::Result<ModelInfo> read_info(const ConfigValue& value) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  if (map.find("format")) return read_model_map(std::move(map));
  ModelInfo info;
  EDGETRAN_ASSIGN(info.spec, space::read_model_spec(value));
  return info;
}

base::Result<ModelInfo> read_info_file(const fs::path& path) {
  EDGETRAN_ASSIGN(const ConfigValue value, ConfigValue::read_file(path));
  return read_info(value);
}

base::Result<Json> read_history(const fs::path& path) {
  EDGETRAN_ASSIGN(const std::string text, base::read_file(path));
  auto history = base::parse_json(text, path.string());
  if (history && history->is_object()) return history;
  return base::fail(ErrorCategory::kCorrupt,
                    history ? path.string() + " is not a JSON object" : history.error().message,
                    "the history is for reading only: remove the file to go on without it");
}

base::Result<base::AtomicFile> stage(const fs::path& path, std::string_view bytes) {
  EDGETRAN_ASSIGN(auto file, base::AtomicFile::create(path));
  EDGETRAN_TRY(file.write(bytes));
  return file;
}

base::Status check_vocabulary(const fs::path& folder, const ModelInfo& info,
                              std::string_view vocabulary) {
  EDGETRAN_CHECK(vocabulary.empty() || !info.tokenizer.empty(), "a vocabulary without a tokenizer");
  std::error_code ignored;
  if (info.tokenizer.empty() || !vocabulary.empty() || fs::exists(folder / info.tokenizer, ignored))
    return {};
  return base::fail(
      ErrorCategory::kUsage,
      fmt::format("the model needs {}, which {} does not hold", info.tokenizer, folder.string()),
      "give the vocabulary that the model was trained with");
}

std::string pretty(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string_view tokenizer_file_name(const fs::path& file) {
  return file.extension() == ".json" ? kTokenizerFile : kVocabularyFile;
}

encoder::BuildOptions build_options(const ModelInfo& info) {
  encoder::BuildOptions options;
  if (info.labels > 0) {
    options.head = encoder::TaskHead::kClassifier;
    options.labels = info.labels;
  } else if (info.mlm) {
    options.head = encoder::TaskHead::kMaskedLanguageModel;
  }
  return options;
}

base::Result<ModelInfo> read_model_info(const fs::path& folder_or_spec) {
  std::error_code ignored;
  if (!fs::is_directory(folder_or_spec, ignored)) return read_info_file(folder_or_spec);
  const fs::path file = folder_or_spec / kModelFile;
  if (!fs::exists(file, ignored))
    return base::fail(ErrorCategory::kNotFound,
                      fmt::format("{} holds no {}: it is not a model folder",
                                  folder_or_spec.string(), kModelFile),
                      "`edgetran model init SPEC --out DIR` makes a model folder");
  EDGETRAN_ASSIGN(ModelInfo info, read_info_file(file));
  const fs::path history = folder_or_spec / kHistoryFile;
  if (fs::exists(history, ignored)) {
    EDGETRAN_ASSIGN(info.history, read_history(history));
  }
  return info;
}

base::Result<ModelInfo> parse_model_info(std::string_view text, std::string name) {
  EDGETRAN_ASSIGN(const ConfigValue value, ConfigValue::parse_json(text, std::move(name)));
  return read_info(value);
}

Json model_info_json(const ModelInfo& info) {
  Json json{{"format", kModelFormat}, {"spec", space::model_spec_json(info.spec)}};
  if (info.labels > 0) json["labels"] = info.labels;
  if (!info.label_names.empty()) json["label_names"] = info.label_names;
  if (info.mlm) json["mlm"] = true;
  if (!info.tokenizer.empty()) json["tokenizer"] = info.tokenizer;
  return json;
}

base::Status write_model_folder(const fs::path& folder, const ModelInfo& info,
                                const graph::Graph& graph, const Weights& weights,
                                std::string_view vocabulary) {
  EDGETRAN_TRY(check_vocabulary(folder, info, vocabulary));
  EDGETRAN_TRY(base::make_folder(folder));
  EDGETRAN_ASSIGN(auto numbers, base::AtomicFile::create(folder / kWeightsFile));
  EDGETRAN_TRY(stage_weights(numbers, weights, graph));
  std::optional<base::AtomicFile> words;
  if (!vocabulary.empty()) {
    EDGETRAN_ASSIGN(words, stage(folder / info.tokenizer, vocabulary));
  }
  EDGETRAN_ASSIGN(auto history, stage(folder / kHistoryFile, pretty(info.history)));
  EDGETRAN_ASSIGN(auto model, stage(folder / kModelFile, pretty(model_info_json(info))));
  EDGETRAN_TRY(numbers.commit());
  if (words) EDGETRAN_TRY(words->commit());
  EDGETRAN_TRY(history.commit());
  return model.commit();
}

}  // namespace edgetran::weights
