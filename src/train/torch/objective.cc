#include "train/torch/objective.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/result.h"
#include "train/class_weights.h"
#include "train/torch/device.h"
#include "train/torch/losses.h"

namespace edgetran::train::torch_engine {
namespace {

using base::ErrorCategory;

/// Pins what a piece holds and turns what it counts into shares of the step.
class StepBuilder {
 public:
  explicit StepBuilder(at::Device device) : device_(device) {}

  void add(const std::vector<at::Tensor>& inputs, const at::Tensor& targets, double weight,
           int64_t positions) {
    Piece piece;
    for (const at::Tensor& input : inputs) piece.inputs.push_back(pinned(input, device_));
    piece.targets = pinned(targets, device_);
    piece.task_share = weight;
    piece.output_share = static_cast<double>(targets.size(0));
    piece.position_share = static_cast<double>(positions);
    step_.pieces.push_back(std::move(piece));
  }

  StepBatch finish(int64_t tokens, int64_t examples, data::BatchCursor cursor) {
    normalize(&Piece::task_share);
    normalize(&Piece::output_share);
    normalize(&Piece::position_share);
    step_.tokens = tokens;
    step_.examples = examples;
    step_.cursor = cursor;
    return std::move(step_);
  }

 private:
  /// A step in one piece has exactly the share 1.
  void normalize(double Piece::*share) {
    double sum = 0;
    for (const Piece& piece : step_.pieces) sum += piece.*share;
    for (Piece& piece : step_.pieces) piece.*share = piece.*share / sum;
  }
  at::Device device_;
  StepBatch step_;
};

/// The loss times the piece's share.
PieceLoss shared(const at::Tensor& loss, double share) {
  const at::Tensor part = share == 1 ? loss : loss * share;
  return {part, part};
}

class PretrainObjective final : public Objective {
 public:
  PretrainObjective(const TrainJob& job, const graph::Graph& graph, const data::TokenFile& file,
                    at::Device device)
      : graph_(graph),
        file_(file),
        sampler_(file, {.rows = job.settings.batch, .length = job.settings.length, .shuffle = true},
                 job.seed),
        settings_(job.settings),
        seed_(job.seed),
        device_(device) {
    mask_.share = job.settings.mask_share;
    loss_.smoothing = job.settings.label_smoothing;
  }

  std::vector<std::string> outputs() const override { return {"mlm_logits"}; }

  // The rows are masked together, so that the pieces have the masks of the whole.
  StepBatch next(int64_t step) override {
    data::Batch batch = sampler_.next();
    const auto masked = data::mask_tokens(batch, file_.info().special, file_.info().vocabulary_size,
                                          mask_, seed_, step);
    StepBuilder builder(device_);
    const std::span<const int64_t> positions(masked.positions);
    int64_t begin = 0;  // flat position of the piece's first
    size_t used = 0;
    for (const data::Batch& piece : data::split_batch(batch, settings_.accumulation)) {
      const int64_t end = begin + piece.rows * piece.length;
      std::vector<int64_t> selected;
      const size_t first = used;
      for (; used < positions.size() && positions[used] < end; ++used) {
        selected.push_back(positions[used] - begin);
      }
      begin = end;
      if (selected.empty()) continue;  // nothing to predict in these rows
      const auto targets = std::span<const int32_t>(masked.targets).subspan(first, used - first);
      const auto count = static_cast<int64_t>(targets.size());
      builder.add(graph_inputs(graph_, piece, selected), int64_tensor(targets, {count}),
                  static_cast<double>(count), piece.rows * piece.length);
    }
    return builder.finish(batch.rows * batch.length, batch.rows, sampler_.cursor());
  }

  PieceLoss loss(std::span<const at::Tensor> outputs, const Piece& piece) const override {
    return shared(cross_entropy(outputs[0], piece.targets, loss_), piece.task_share);
  }

  double guess_loss() const override {
    return std::log(static_cast<double>(file_.info().vocabulary_size));
  }
  int64_t tokens_in_epoch() const override { return sampler_.blocks_in_epoch() * settings_.length; }
  void seek(data::BatchCursor cursor) override { sampler_.seek(cursor); }

 private:
  const graph::Graph& graph_;
  const data::TokenFile& file_;
  data::BlockSampler sampler_;
  data::MaskSettings mask_;
  CrossEntropyOptions loss_;
  TrainSettings settings_;
  uint64_t seed_;
  at::Device device_;
};

class FinetuneObjective final : public Objective {
 public:
  FinetuneObjective(const TrainJob& job, const graph::Graph& graph, const data::TokenFile& file,
                    std::vector<double> class_weights, at::Device device)
      : graph_(graph),
        file_(file),
        regression_(file.info().kind == data::Kind::kRegression),
        class_weights_(std::move(class_weights)),
        sampler_(file, {.rows = job.settings.batch}, job.seed),
        accumulation_(job.settings.accumulation),
        device_(device) {
    loss_.smoothing = job.settings.label_smoothing;
    if (class_weights_.empty()) return;
    loss_.class_weights = at::empty({static_cast<int64_t>(class_weights_.size())}, at::kFloat);
    std::copy(class_weights_.begin(), class_weights_.end(),
              loss_.class_weights.mutable_data_ptr<float>());
    loss_.class_weights = on_device(loss_.class_weights, device);
  }

  std::vector<std::string> outputs() const override { return {"logits"}; }

  StepBatch next(int64_t) override {
    const data::Batch batch = sampler_.next();
    StepBuilder builder(device_);
    for (const data::Batch& piece : data::split_batch(batch, accumulation_)) {
      builder.add(graph_inputs(graph_, piece), targets(piece), weight(piece), piece.valid_tokens());
    }
    return builder.finish(batch.valid_tokens(), batch.rows, sampler_.cursor());
  }

  PieceLoss loss(std::span<const at::Tensor> outputs, const Piece& piece) const override {
    return shared(regression_ ? squared_error(outputs[0], piece.targets)
                              : cross_entropy(outputs[0], piece.targets, loss_),
                  piece.task_share);
  }

  double guess_loss() const override {
    if (!regression_) return std::log(static_cast<double>(file_.info().label_names.size()));
    double sum = 0;
    for (int64_t row = 0; row < file_.rows(); ++row) {
      sum += static_cast<double>(file_.score(row)) * file_.score(row);
    }
    // Scores that are all 0 have no scale of their own.
    return sum > 0 ? sum / static_cast<double>(file_.rows()) : 1;
  }
  int64_t tokens_in_epoch() const override { return file_.tokens(); }
  void seek(data::BatchCursor cursor) override { sampler_.seek(cursor); }

 private:
  at::Tensor targets(const data::Batch& piece) const {
    if (!regression_) return int64_tensor(piece.labels, {piece.rows});
    at::Tensor scores = at::empty({piece.rows}, at::kFloat);
    std::copy(piece.scores.begin(), piece.scores.end(), scores.mutable_data_ptr<float>());
    return scores;
  }
  double weight(const data::Batch& piece) const {
    if (class_weights_.empty()) return static_cast<double>(piece.rows);
    double sum = 0;
    for (const int32_t label : piece.labels) sum += class_weights_[static_cast<size_t>(label)];
    return sum;
  }
  const graph::Graph& graph_;
  const data::TokenFile& file_;
  bool regression_;
  std::vector<double> class_weights_;  ///< empty: all 1
  CrossEntropyOptions loss_;
  data::BatchSampler sampler_;
  int64_t accumulation_;
  at::Device device_;
};

base::Result<std::vector<double>> weights_of(const TrainJob& job, const data::TokenFile& file) {
  const TrainSettings& settings = job.settings;
  if (file.info().kind == data::Kind::kRegression) {
    if (settings.class_weights == "none" && settings.label_smoothing == 0) {
      return std::vector<double>{};
    }
    return base::fail(
        ErrorCategory::kUsage,
        fmt::format("{} holds scores; class_weights ({}) and label_smoothing ({}) are "
                    "for classes",
                    job.train.string(), settings.class_weights, settings.label_smoothing),
        "leave both out for a regression");
  }
  std::vector<int64_t> rows(file.info().label_names.size(), 0);
  for (int64_t row = 0; row < file.rows(); ++row) ++rows[static_cast<size_t>(file.label(row))];
  return class_weights(settings.class_weights, rows, file.info().label_names);
}

}  // namespace

std::unique_ptr<Objective> make_pretrain_objective(const TrainJob& job, const graph::Graph& graph,
                                                   const data::TokenFile& file, at::Device device) {
  return std::make_unique<PretrainObjective>(job, graph, file, device);
}

base::Result<std::unique_ptr<Objective>> make_finetune_objective(const TrainJob& job,
                                                                 const graph::Graph& graph,
                                                                 const data::TokenFile& file,
                                                                 at::Device device) {
  EDGETRAN_ASSIGN(auto weights, weights_of(job, file));
  return std::make_unique<FinetuneObjective>(job, graph, file, std::move(weights), device);
}

}  // namespace edgetran::train::torch_engine
