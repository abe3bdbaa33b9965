#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/event.h"
#include "base/files.h"
#include "base/random.h"
#include "data/token_file.h"
#include "space/model_spec.h"
#include "train/torch/worker.h"

namespace edgetran::train::torch_engine {

inline constexpr int32_t kToyVocabulary = 24;
inline constexpr int32_t kToyFirstWord = 5;  // 0 [PAD], 1 [UNK], 2 [CLS], 3 [SEP], 4 [MASK]

inline data::TokenFileInfo toy_info(data::Kind kind) {
  data::TokenFileInfo info;
  info.kind = kind;
  if (kind == data::Kind::kClassification) info.label_names = {"absent", "present"};
  info.vocabulary_size = kToyVocabulary;
  info.special = {.pad = 0, .unknown = 1, .cls = 2, .separator = 3, .mask = 4};
  info.max_length = kind == data::Kind::kText ? 0 : 12;
  return info;
}

/// Rows of 2 to 10 words; the label says whether the vocabulary's last word occurs. One word,
/// because telling two apart has a long plateau from the usual initialisation of 0.02 at such
/// widths (the same model and data in plain PyTorch stall alike; weights of 1 / sqrt(width) do
/// not).
inline void write_toy_classes(const std::filesystem::path& path, int64_t rows, uint64_t seed) {
  base::RandomStream random(seed, "toy");
  auto writer = data::TokenFileWriter::create(path, toy_info(data::Kind::kClassification)).value();
  for (int64_t row = 0; row < rows; ++row) {
    data::Encoding encoding;
    const auto words = 2 + random.below(9);
    encoding.ids.push_back(2);
    for (size_t i = 0; i < words; ++i) {
      encoding.ids.push_back(
          static_cast<int32_t>(kToyFirstWord + random.below(kToyVocabulary - kToyFirstWord - 1)));
    }
    encoding.ids.push_back(3);
    const auto label = static_cast<int32_t>(random.below(2));
    if (label == 1) encoding.ids[1 + random.below(words)] = kToyVocabulary - 1;
    encoding.second_start = static_cast<int32_t>(encoding.ids.size());
    EDGETRAN_CHECK(writer.add_classified(encoding, label), "a row is written");
  }
  EDGETRAN_CHECK(writer.finish(toy_info(data::Kind::kClassification).label_names), "written");
}

/// Score: the share of the row's words that are the last of the vocabulary.
inline void write_toy_scores(const std::filesystem::path& path, int64_t rows, uint64_t seed) {
  base::RandomStream random(seed, "toy-scores");
  auto writer = data::TokenFileWriter::create(path, toy_info(data::Kind::kRegression)).value();
  for (int64_t row = 0; row < rows; ++row) {
    data::Encoding encoding{.ids = {2}, .second_start = 10};
    const double share = random.uniform();
    int hits = 0;
    for (int i = 0; i < 8; ++i) {
      const bool hit = random.bernoulli(share);
      hits += hit ? 1 : 0;
      encoding.ids.push_back(hit ? kToyVocabulary - 1 : kToyFirstWord);
    }
    encoding.ids.push_back(3);
    EDGETRAN_CHECK(writer.add_scored(encoding, static_cast<float>(hits) / 8), "a row is written");
  }
  EDGETRAN_CHECK(writer.finish(), "written");
}

/// Documents that count upwards from a random word: every word says its neighbours.
inline void write_toy_text(const std::filesystem::path& path, int64_t documents, uint64_t seed) {
  base::RandomStream random(seed, "toy-text");
  auto writer = data::TokenFileWriter::create(path, toy_info(data::Kind::kText)).value();
  constexpr int32_t kWords = kToyVocabulary - kToyFirstWord;
  for (int64_t row = 0; row < documents; ++row) {
    std::vector<int32_t> ids;
    const auto start = static_cast<int32_t>(random.below(kWords));
    for (int32_t i = 0; i < 20; ++i) ids.push_back(kToyFirstWord + (start + i) % kWords);
    EDGETRAN_CHECK(writer.add_text(ids), "a document is written");
  }
  EDGETRAN_CHECK(writer.finish(), "written");
}

inline space::ModelSpec toy_spec() {
  space::ModelSpec spec;
  spec.vocabulary = kToyVocabulary;
  spec.positions = 16;
  spec.position = space::PositionKind::kRelativeKey;
  spec.embedding = 16;
  spec.types = 2;
  spec.layers = {
      {.width = 16, .head_width = 8, .heads = {"sa_sdp", "sa_sdp"}, .feed_forward = {32}},
      {.width = 24, .head_width = 8, .heads = {"sa_sdp"}, .feed_forward = {16, 24}}};
  return spec;
}

/// Keeps every event; asks for a cancel once `cancel_step` has finished.
class ToySink final : public base::EventSink {
 public:
  explicit ToySink(int64_t cancel_step = -1) : cancel_step_(cancel_step) {}
  void emit(const base::Event& event) override {
    events.push_back(event);
    if (event.name != "progress") return;
    losses.push_back(event.fields["loss"].get<double>());
    if (event.fields["step"] == cancel_step_) cancel.request();
  }
  std::vector<base::Event> events;
  std::vector<double> losses;
  base::CancelToken cancel;

 private:
  int64_t cancel_step_;
};

/// A folder with the toy data and spec, and jobs on them.
struct ToyWorld {
  base::TemporaryFolder folder = base::TemporaryFolder::create("toy").value();
  std::filesystem::path root = folder.path();

  ToyWorld() {
    EDGETRAN_CHECK(base::write_file_atomic(root / "spec.json",
                                           base::dump_json(space::model_spec_json(toy_spec()))),
                   "the spec is written");
    write_toy_classes(root / "train.tokens", 600, 1);
    write_toy_classes(root / "dev.tokens", 200, 2);
    write_toy_text(root / "text.tokens", 64, 3);
  }

  TrainJob finetune(const std::string& out = "out") const {
    TrainJob job;
    job.kind = JobKind::kFinetune;
    job.model = root / "spec.json";
    job.out = root / out;
    job.train = root / "train.tokens";
    job.tokens = 2000;
    job.seed = 5;
    job.settings.batch = 16;
    job.settings.learning_rate = 3e-3;
    job.settings.log_interval_s = 0;
    return job;
  }

  TrainJob pretrain(const std::string& out = "body") const {
    TrainJob job = finetune(out);
    job.kind = JobKind::kPretrain;
    job.train = root / "text.tokens";
    job.settings.length = 16;
    return job;
  }

  base::Result<TrainResult> run(const TrainJob& job, ToySink& sink) const {
    base::SystemClock clock;
    return run_job_here(job, sink, sink.cancel, clock);
  }

  std::string model_bytes(const std::string& out) const {
    return base::read_file(root / out / "model.safetensors").value();
  }
};

}  // namespace edgetran::train::torch_engine
