#include "weights/huggingface_tensors.h"

#include <fmt/format.h>

#include <utility>

#include "weights/huggingface_names.h"

namespace edgetran::weights {
namespace {

using base::ConfigMap;
using base::ConfigValue;
using base::ErrorCategory;
using base::Result;
using base::Status;
namespace fs = std::filesystem;

constexpr std::string_view kWhole = "model.safetensors";
constexpr std::string_view kIndex = "model.safetensors.index.json";
constexpr std::string_view kPickled = "pytorch_model.bin";

Result<std::vector<SafetensorsFile>> open_shards(const fs::path& folder) {
  EDGETRAN_ASSIGN(const ConfigValue value, ConfigValue::read_file(folder / kIndex));
  EDGETRAN_ASSIGN(const auto index, read_shard_index(value));
  std::map<std::string, size_t> opened;
  std::vector<SafetensorsFile> files;
  for (const auto& [tensor, file] : index) {
    if (!opened.contains(file)) {
      EDGETRAN_ASSIGN(SafetensorsFile shard, SafetensorsFile::open(folder / file));
      opened.emplace(file, files.size());
      files.push_back(std::move(shard));
    }
    if (files[opened[file]].find(tensor) == nullptr)
      return base::fail(ErrorCategory::kCorrupt,
                        fmt::format("{} lacks the tensor '{}', which {} says it holds",
                                    (folder / file).string(), tensor, kIndex),
                        "copy all files of the model again");
  }
  for (const SafetensorsFile& file : files)
    for (const TensorView& tensor : file.tensors())
      if (!index.contains(tensor.name))
        return base::fail(ErrorCategory::kCorrupt,
                          fmt::format("{} holds the tensor '{}', which {} does not list",
                                      file.name(), tensor.name, kIndex),
                          "copy all files of the model again");
  return files;
}

Result<std::vector<SafetensorsFile>> open_files(const fs::path& folder) {
  std::error_code ignored;
  if (!fs::exists(folder / kWhole, ignored) && fs::exists(folder / kIndex, ignored))
    return open_shards(folder);
  if (!fs::exists(folder / kWhole, ignored)) {
    const bool pickled = fs::exists(folder / kPickled, ignored);
    return base::fail(
        ErrorCategory::kNotFound,
        fmt::format("{} holds neither {} nor {}", folder.string(), kWhole, kIndex),
        pickled ? fmt::format("it holds {}, which can run code when read and is not: load it in "
                              "transformers and save it with save_pretrained()",
                              kPickled)
                : "name the folder of a Hugging Face model");
  }
  EDGETRAN_ASSIGN(SafetensorsFile file, SafetensorsFile::open(folder / kWhole));
  std::vector<SafetensorsFile> files;
  files.push_back(std::move(file));
  return files;
}

}  // namespace

Result<std::map<std::string, std::string>> read_shard_index(const ConfigValue& value) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  EDGETRAN_ASSIGN(const ConfigValue entries, map.require("weight_map"));
  EDGETRAN_ASSIGN(ConfigMap names, ConfigMap::of(entries));
  std::map<std::string, std::string> index;
  for (const std::string& tensor : names.keys()) {
    EDGETRAN_ASSIGN(const ConfigValue file, names.require(tensor));
    EDGETRAN_ASSIGN(std::string name, file.as_string());
    const fs::path path(name);
    if (name.empty() || path.has_parent_path() || name == "." || name == "..")
      return base::fail(
          file.error(fmt::format("'{}' is not the name of a file in the folder", name)));
    index.emplace(tensor, std::move(name));
  }
  if (index.empty()) return base::fail(entries.error("weight_map is empty"));
  return index;
}

Result<HuggingFaceTensors> HuggingFaceTensors::open(const fs::path& folder) {
  HuggingFaceTensors tensors;
  EDGETRAN_ASSIGN(tensors.files_, open_files(folder));
  for (const SafetensorsFile& file : tensors.files_)
    for (const TensorView& tensor : file.tensors()) EDGETRAN_TRY(tensors.add(tensor));
  return tensors;
}

Status HuggingFaceTensors::add(const TensorView& tensor) {
  const auto [place, is_new] = tensors_.emplace(plain_huggingface_name(tensor.name), &tensor);
  if (is_new) return {};
  return base::fail(ErrorCategory::kUsage,
                    fmt::format("the tensors '{}' and '{}' are the same part of a BERT",
                                place->second->name, tensor.name),
                    "save the model again with a recent version of transformers");
}

const TensorView* HuggingFaceTensors::find(std::string_view plain_name) const {
  const auto found = tensors_.find(plain_name);
  return found == tensors_.end() ? nullptr : found->second;
}

bool HuggingFaceTensors::has_part(std::string_view prefix) const {
  const auto first = tensors_.lower_bound(prefix);
  return first != tensors_.end() && first->first.starts_with(prefix);
}

}  // namespace edgetran::weights
