#include "weights/huggingface_export.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "weights/huggingface_config.h"
#include "weights/huggingface_names.h"
#include "weights/layout.h"
#include "weights/safetensors.h"

namespace edgetran::weights {
namespace {

using base::AtomicFile;
using base::Json;
using base::Result;
using base::Status;
namespace fs = std::filesystem;

// The number of the line that is this word, or -1.
int64_t line_of(std::string_view text, std::string_view word) {
  for (int64_t line = 0; !text.empty(); ++line) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view entry = text.substr(0, end);
    if (entry.ends_with('\r')) entry.remove_suffix(1);
    if (entry == word) return line;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return -1;
}

// The id of this token in a tokenizer.json, among the model's entries or the added ones, or -1.
int64_t id_of(const Json& tokenizer, std::string_view word) {
  const auto member = [](const Json& json, const char* name) {
    return json.is_object() && json.contains(name) ? json.at(name) : Json();
  };
  const Json entry = member(member(member(tokenizer, "model"), "vocab"), std::string(word).c_str());
  if (entry.is_number_integer()) return entry.get<int64_t>();
  for (const Json& token : member(tokenizer, "added_tokens"))
    if (member(token, "content") == word && member(token, "id").is_number_integer())
      return token.at("id").get<int64_t>();
  return -1;
}

// What transformers has to know of the model's tokenizer.
struct TokenizerFiles {
  Json config;
  int64_t padding = 0;
};

TokenizerFiles tokenizer_files(const ModelInfo& info, std::string_view vocabulary) {
  TokenizerFiles files{.config = {{"model_max_length", info.spec.positions}}};
  bool roberta = false;
  if (info.tokenizer == kTokenizerFile) {
    const Json tokenizer = Json::parse(vocabulary, nullptr, /*allow_exceptions=*/false);
    roberta = id_of(tokenizer, "<s>") >= 0;
    files.config["tokenizer_class"] = "PreTrainedTokenizerFast";
    files.padding = id_of(tokenizer, roberta ? "<pad>" : "[PAD]");
  } else {
    files.config["tokenizer_class"] = "BertTokenizer";
    files.config["do_lower_case"] = true;
    files.config["tokenize_chinese_chars"] = true;
    files.config["strip_accents"] = nullptr;
    files.padding = line_of(vocabulary, "[PAD]");
  }
  files.padding = std::max<int64_t>(files.padding, 0);
  files.config["unk_token"] = roberta ? "<unk>" : "[UNK]";
  files.config["sep_token"] = roberta ? "</s>" : "[SEP]";
  files.config["pad_token"] = roberta ? "<pad>" : "[PAD]";
  files.config["cls_token"] = roberta ? "<s>" : "[CLS]";
  files.config["mask_token"] = roberta ? "<mask>" : "[MASK]";
  return files;
}

// The tensors under Hugging Face's names; `buffers` keeps what is not written in place.
std::vector<TensorSource> tensors_of(const ModelInfo& info, const graph::Graph& graph,
                                     const Weights& weights,
                                     std::vector<std::vector<float>>& buffers) {
  const bool bare = info.labels == 0 && !info.mlm;
  std::vector<TensorSource> sources;
  graph::ParameterId id = 0;
  for (const graph::Parameter& parameter : graph.parameters()) {
    const Tensor& tensor = weights.at(id++);
    for (const graph::FileTensor& file : parameter.file_tensors) {
      const std::string plain = huggingface_name(file.name);
      EDGETRAN_CHECK(!plain.empty(), file.name + " is no part of a BERT");
      buffers.push_back(gather(file, tensor));
      const bool prefixed = !bare && !is_huggingface_head(plain);
      sources.push_back({.name = (prefixed ? "bert." : "") + plain,
                         .shape = file.shape,
                         .data = std::span<const float>(buffers.back())});
    }
  }
  return sources;
}

Result<AtomicFile> stage(const fs::path& path, std::string_view bytes) {
  EDGETRAN_ASSIGN(AtomicFile file, AtomicFile::create(path));
  EDGETRAN_TRY(file.write(bytes));
  return file;
}

}  // namespace

Status export_huggingface(const fs::path& folder, const ModelInfo& info, const graph::Graph& graph,
                          const Weights& weights, std::string_view vocabulary) {
  if (const std::string reason = why_no_bert(info.spec); !reason.empty())
    return base::fail(base::ErrorCategory::kUsage,
                      fmt::format("the model is not a plain BERT: {}", reason),
                      "a Hugging Face BERT has sa_sdp heads that fill the width, and equal layers; "
                      "export this model to ONNX or OpenVINO");
  EDGETRAN_TRY(base::make_folder(folder));
  std::vector<AtomicFile> files;
  EDGETRAN_ASSIGN(AtomicFile numbers, AtomicFile::create(folder / "model.safetensors"));
  {
    std::vector<std::vector<float>> buffers;
    // Loaders of transformers ask for this word.
    EDGETRAN_TRY(
        stage_safetensors(numbers, tensors_of(info, graph, weights, buffers), {{"format", "pt"}}));
  }
  files.push_back(std::move(numbers));
  const auto add = [&](std::string_view name, std::string_view bytes) -> Status {
    EDGETRAN_ASSIGN(AtomicFile file, stage(folder / name, bytes));
    files.push_back(std::move(file));
    return {};
  };
  const TokenizerFiles tokenizer = tokenizer_files(info, vocabulary);
  if (!vocabulary.empty()) {
    EDGETRAN_TRY(
        add(info.tokenizer == kTokenizerFile ? kTokenizerFile : kVocabularyFile, vocabulary));
    EDGETRAN_TRY(add("tokenizer_config.json", tokenizer.config.dump(2) + "\n"));
  }
  const Json config = huggingface_config_json(info, tokenizer.padding);
  EDGETRAN_TRY(
      add("config.json", config.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"));
  for (AtomicFile& file : files) EDGETRAN_TRY(file.commit());
  return {};
}

}  // namespace edgetran::weights
