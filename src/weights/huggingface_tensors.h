#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "base/result.h"
#include "weights/safetensors.h"

namespace edgetran::weights {

/// "weight_map" of a model.safetensors.index.json: tensor name to file name. Usage errors: no such
/// map, or a name that leads out of the folder.
base::Result<std::map<std::string, std::string>> read_shard_index(const base::ConfigValue& value);

/// The tensors of a Hugging Face folder, from model.safetensors or from the shards that
/// model.safetensors.index.json lists, under plain names (plain_huggingface_name). Views stay valid
/// while this lives.
class HuggingFaceTensors {
 public:
  /// Errors: kNotFound where the folder has neither file (a pytorch_model.bin is named: it is not
  /// read), kCorrupt for a file that is cut off or a shard that lacks a tensor of the index, kUsage
  /// for two tensors of one plain name.
  static base::Result<HuggingFaceTensors> open(const std::filesystem::path& folder);

  /// nullptr where absent.
  const TensorView* find(std::string_view plain_name) const;
  /// Whether some tensor's plain name begins so.
  bool has_part(std::string_view prefix) const;
  const std::map<std::string, const TensorView*, std::less<>>& tensors() const { return tensors_; }

 private:
  base::Status add(const TensorView& tensor);

  std::vector<SafetensorsFile> files_;
  std::map<std::string, const TensorView*, std::less<>> tensors_;
};

}  // namespace edgetran::weights
