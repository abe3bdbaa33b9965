#include "weights/huggingface_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/config.h"
#include "base/files.h"
#include "weights/huggingface_config.h"
#include "weights/huggingface_names.h"
#include "weights/huggingface_tensors.h"
#include "weights/layout.h"
#include "weights/misfit_text.h"

namespace edgetran::weights {
namespace {

using base::ConfigMap;
using base::ConfigValue;
using base::ErrorCategory;
using base::Result;
using base::Status;
namespace fs = std::filesystem;

constexpr std::string_view kDecoderWeight = "cls.predictions.decoder.weight";
constexpr std::string_view kDecoderBias = "cls.predictions.decoder.bias";
constexpr std::string_view kOutputBias = "cls.predictions.bias";
constexpr std::string_view kWords = "embeddings.word_embeddings.weight";
constexpr std::string_view kPositions = "embeddings.position_embeddings.weight";
constexpr std::string_view kPooler = "pooler.";

void choose_head(const HuggingFaceTensors& tensors, const HuggingFaceConfig& config,
                 HuggingFaceHead head, ModelInfo& info) {
  const bool automatic = head == HuggingFaceHead::kAuto;
  const bool classifier =
      head == HuggingFaceHead::kClassifier || (automatic && tensors.has_part("classifier."));
  if (classifier) {
    info.labels = config.labels;
    info.label_names = config.label_names;
    // Without a count in config.json the weights say it; Hugging Face writes none for two labels.
    const TensorView* bias = tensors.find("classifier.bias");
    if (info.labels == 0)
      info.labels = bias != nullptr && bias->shape.size() == 1 ? bias->shape[0] : 2;
    return;
  }
  info.mlm = head == HuggingFaceHead::kMaskedLanguageModel ||
             (automatic && tensors.has_part("cls.predictions.transform."));
}

// Parts of other heads and buffers: no part of the model, and no surprise.
bool is_expected_beside(const std::string& plain, const ModelInfo& info) {
  if (plain == "embeddings.position_ids" || plain == "embeddings.token_type_ids") return true;
  if (plain.starts_with("cls.seq_relationship.") || is_huggingface_head(plain)) return true;
  if (plain.starts_with(kPooler)) return info.mlm;
  // Stored although relative positions leave it unread.
  return plain == kPositions && info.spec.position == space::PositionKind::kRelativeKey;
}

// How a folder's tensors compare with a model's.
struct Findings {
  std::vector<std::string> missing, wrong, unknown;
};

Status refuse(const fs::path& folder, const Findings& findings) {
  std::string text;
  append_tensors("missing", findings.missing, text);
  append_tensors("wrong shape", findings.wrong, text);
  append_tensors("not part of a BERT", findings.unknown, text);
  if (text.empty()) return {};
  return base::fail(
      ErrorCategory::kUsage,
      fmt::format("the weights in {} do not fit its config.json: {}", folder.string(), text),
      "copy config.json and the weights of the same model");
}

class Importer {
 public:
  Importer(const HuggingFaceTensors& tensors, ImportedModel& model)
      : tensors_(tensors), model_(model) {}

  Status run(const fs::path& folder) {
    for (size_t i = 0; i < model_.graph.parameters().size(); ++i)
      for (const graph::FileTensor& file : model_.graph.parameters()[i].file_tensors)
        EDGETRAN_TRY(take(file, static_cast<graph::ParameterId>(i)));
    for (const auto& [plain, tensor] : tensors_.tensors()) {
      if (used_.contains(plain)) continue;
      (is_expected_beside(plain, model_.info) ? model_.unused : findings_.unknown)
          .push_back(tensor->name);
    }
    EDGETRAN_TRY(refuse(folder, findings_));
    return check_tied();
  }

 private:
  const TensorView* find(const std::string& plain) const {
    const TensorView* found = tensors_.find(plain);
    // Newer checkpoints keep the bias of the masked-language-model head at its decoder.
    return found == nullptr && plain == kOutputBias ? tensors_.find(kDecoderBias) : found;
  }

  Status take(const graph::FileTensor& file, graph::ParameterId parameter) {
    const std::string plain = huggingface_name(file.name);
    EDGETRAN_CHECK(!plain.empty(), file.name + " is no part of a BERT");
    const TensorView* found = find(plain);
    if (found == nullptr) {
      const bool fresh = plain.starts_with(kPooler) && !tensors_.has_part(kPooler);
      (fresh ? model_.fresh : findings_.missing).push_back(fresh ? file.name : plain);
      return {};
    }
    used_.insert(plain);
    if (found->shape != file.shape) {
      findings_.wrong.push_back(fmt::format("{} is {}, config.json makes it {}", found->name,
                                            shape_text(found->shape), shape_text(file.shape)));
      return {};
    }
    EDGETRAN_ASSIGN(const std::vector<float> values, read_floats(*found));
    scatter(file, values, model_.weights.at(parameter));
    return {};
  }

  // The masked-language-model head multiplies with the word embedding; a decoder of its own would
  // be lost.
  Status check_tied() const {
    if (!model_.info.mlm) return {};
    EDGETRAN_TRY(check_same(kDecoderWeight, kWords));
    return check_same(kDecoderBias, kOutputBias);
  }
  Status check_same(std::string_view name, std::string_view other) const {
    const TensorView* a = tensors_.find(name);
    const TensorView* b = tensors_.find(other);
    if (a == nullptr || b == nullptr) return {};
    EDGETRAN_ASSIGN(const auto a_values, read_floats(*a));
    EDGETRAN_ASSIGN(const auto b_values, read_floats(*b));
    if (a_values == b_values) return {};
    return base::fail(
        ErrorCategory::kUsage,
        fmt::format("'{}' differs from '{}'; encoders of ours have them tied", a->name, b->name),
        "import the encoder alone: --head none");
  }

  const HuggingFaceTensors& tensors_;
  ImportedModel& model_;
  std::set<std::string> used_;
  Findings findings_;
};

// The text of vocab.txt, whose number of entries must suit config.json.
Result<std::string> read_word_list(const fs::path& path, ImportedModel& model) {
  EDGETRAN_ASSIGN(std::string text, base::read_file(path));
  auto lines = static_cast<int64_t>(std::ranges::count(text, '\n'));
  if (!text.empty() && text.back() != '\n') ++lines;
  if (lines > model.info.spec.vocabulary)
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("{} has {} entries, config.json has a vocab_size of {}",
                                  path.string(), lines, model.info.spec.vocabulary),
                      "copy vocab.txt and config.json of the same model");
  if (lines < model.info.spec.vocabulary)
    model.remarks.push_back(
        fmt::format("{} has {} entries for a vocab_size of {}: the last ids "
                    "are never used",
                    path.string(), lines, model.info.spec.vocabulary));
  return text;
}

// What tokenizer_config.json says of vocab.txt; without it, that of an uncased model.
Result<bool> is_uncased(const fs::path& folder) {
  const fs::path path = folder / "tokenizer_config.json";
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return true;
  EDGETRAN_ASSIGN(const ConfigValue value, ConfigValue::read_file(path));
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  const auto lower = map.find("do_lower_case");
  if (!lower) return true;
  return lower->as_boolean();
}

// vocab.txt says how an uncased BERT's texts are cut, tokenizer.json any tokenizer's.
Status read_tokenizer(const fs::path& folder, ImportedModel& model) {
  EDGETRAN_ASSIGN(const bool uncased, is_uncased(folder));
  std::error_code ignored;
  const bool words = fs::exists(folder / kVocabularyFile, ignored);
  if (fs::exists(folder / kTokenizerFile, ignored) && !(words && uncased)) {
    EDGETRAN_ASSIGN(model.vocabulary, base::read_file(folder / kTokenizerFile));
    model.info.tokenizer = kTokenizerFile;
  } else if (words) {
    EDGETRAN_ASSIGN(model.vocabulary, read_word_list(folder / kVocabularyFile, model));
    model.info.tokenizer = kVocabularyFile;
    if (!uncased)
      model.remarks.emplace_back(
          "its tokenizer keeps upper and lower case apart; edgetran reads a vocab.txt all in lower "
          "case, so texts get other ids than in transformers: save its tokenizer.json too");
  } else {
    model.remarks.push_back(
        fmt::format("{} holds no {} and no {}: give the vocabulary with each "
                    "command",
                    folder.string(), kVocabularyFile, kTokenizerFile));
  }
  return {};
}

}  // namespace

Result<ImportedModel> import_huggingface(const fs::path& folder,
                                         const HuggingFaceImportOptions& options) {
  const fs::path file = folder / "config.json";
  std::error_code ignored;
  if (!fs::exists(file, ignored))
    return base::fail(ErrorCategory::kNotFound,
                      fmt::format("{} holds no config.json", folder.string()),
                      "name the folder of a Hugging Face model");
  EDGETRAN_ASSIGN(const ConfigValue value, ConfigValue::read_file(file));
  EDGETRAN_ASSIGN(const HuggingFaceConfig config, read_huggingface_config(value));
  EDGETRAN_ASSIGN(const HuggingFaceTensors tensors, HuggingFaceTensors::open(folder));
  ImportedModel model;
  model.info.spec = config.spec;
  choose_head(tensors, config, options.head, model.info);
  EDGETRAN_ASSIGN(model.graph, encoder::build_encoder(model.info.spec, build_options(model.info)));
  model.weights = initialize(model.graph, base::RandomStream(options.seed, "initialize"),
                             Initialization::kTraining);
  EDGETRAN_TRY(Importer(tensors, model).run(folder));
  if (!model.fresh.empty())
    model.remarks.emplace_back("it has no pooler: the pooler is new, train before use");
  EDGETRAN_TRY(read_tokenizer(folder, model));
  return model;
}

}  // namespace edgetran::weights
