#include "train/torch/objective.h"

#include <algorithm>

#include "base/result.h"
#include "train/torch/loss.h"

namespace edgetran::train::torch_engine {
namespace {

template <class T>
at::Tensor to_int64(std::span<const T> values, at::IntArrayRef shape) {
  at::Tensor tensor = at::empty(shape, at::kLong);
  EDGETRAN_CHECK(tensor.numel() == static_cast<int64_t>(values.size()), "values fill the shape");
  std::copy(values.begin(), values.end(), tensor.mutable_data_ptr<int64_t>());
  return tensor;
}

/// [rows, length], 1 at valid positions; undefined where all are.
at::Tensor attention_mask(const data::Batch& batch) {
  const bool full = std::all_of(batch.lengths.begin(), batch.lengths.end(),
                                [&](int32_t length) { return length == batch.length; });
  if (full) return {};
  at::Tensor mask = at::zeros({batch.rows, batch.length}, at::kLong);
  auto* data = mask.mutable_data_ptr<int64_t>();
  for (int64_t row = 0; row < batch.rows; ++row) {
    std::fill_n(data + row * batch.length, batch.lengths[static_cast<size_t>(row)], int64_t{1});
  }
  return mask;
}

class PretrainObjective final : public Objective {
 public:
  PretrainObjective(const TrainJob& job, const graph::Graph& graph, const data::TokenFile& file)
      : graph_(graph),
        file_(file),
        sampler_(file, {.rows = job.settings.batch, .length = job.settings.length, .shuffle = true},
                 job.seed),
        length_(job.settings.length),
        seed_(job.seed) {
    mask_.share = job.settings.mask_share;
  }

  std::string output() const override { return "mlm_logits"; }

  StepBatch next(int64_t step) override {
    data::Batch batch = sampler_.next();
    const auto masked = data::mask_tokens(batch, file_.info().special, file_.info().vocabulary_size,
                                          mask_, seed_, step);
    StepBatch result;
    result.inputs = graph_inputs(graph_, batch, masked.positions);
    result.targets = int64_tensor(masked.targets, {static_cast<int64_t>(masked.targets.size())});
    result.tokens = batch.rows * batch.length;
    result.examples = batch.rows;
    return result;
  }

  at::Tensor loss(const at::Tensor& output, const at::Tensor& targets) const override {
    return softmax_cross_entropy(output, targets);
  }

  int64_t tokens_in_epoch() const override { return sampler_.blocks_in_epoch() * length_; }
  data::BatchCursor cursor() const override { return sampler_.cursor(); }
  void seek(data::BatchCursor cursor) override { sampler_.seek(cursor); }

 private:
  const graph::Graph& graph_;
  const data::TokenFile& file_;
  data::BlockSampler sampler_;
  data::MaskSettings mask_;
  int64_t length_;
  uint64_t seed_;
};

class FinetuneObjective final : public Objective {
 public:
  FinetuneObjective(const TrainJob& job, const graph::Graph& graph, const data::TokenFile& file)
      : graph_(graph), file_(file), sampler_(file, batch_settings(job), job.seed) {}

  std::string output() const override { return "logits"; }

  StepBatch next(int64_t) override {
    const data::Batch batch = sampler_.next();
    StepBatch result;
    result.inputs = graph_inputs(graph_, batch);
    if (file_.info().kind == data::Kind::kRegression) {
      result.targets = at::empty({batch.rows}, at::kFloat);
      std::copy(batch.scores.begin(), batch.scores.end(), result.targets.mutable_data_ptr<float>());
    } else {
      result.targets = int64_tensor(batch.labels, {batch.rows});
    }
    result.tokens = batch.valid_tokens();
    result.examples = batch.rows;
    return result;
  }

  at::Tensor loss(const at::Tensor& output, const at::Tensor& targets) const override {
    return file_.info().kind == data::Kind::kRegression ? squared_error(output, targets)
                                                        : softmax_cross_entropy(output, targets);
  }

  int64_t tokens_in_epoch() const override { return file_.tokens(); }
  data::BatchCursor cursor() const override { return sampler_.cursor(); }
  void seek(data::BatchCursor cursor) override { sampler_.seek(cursor); }

 private:
  static data::BatchSettings batch_settings(const TrainJob& job) {
    data::BatchSettings settings;
    settings.rows = job.settings.batch;
    return settings;
  }
  const graph::Graph& graph_;
  const data::TokenFile& file_;
  data::BatchSampler sampler_;
};

}  // namespace

at::Tensor int64_tensor(std::span<const int32_t> values, at::IntArrayRef shape) {
  return to_int64(values, shape);
}

at::Tensor int64_tensor(std::span<const int64_t> values, at::IntArrayRef shape) {
  return to_int64(values, shape);
}

std::vector<at::Tensor> graph_inputs(const graph::Graph& graph, const data::Batch& batch,
                                     std::span<const int64_t> selected) {
  std::vector<at::Tensor> inputs;
  for (const graph::NamedValue& input : graph.inputs()) {
    if (input.name == "input_ids") {
      inputs.push_back(int64_tensor(batch.ids, {batch.rows, batch.length}));
    } else if (input.name == "token_type_ids") {
      inputs.push_back(int64_tensor(batch.types, {batch.rows, batch.length}));
    } else if (input.name == "attention_mask") {
      inputs.push_back(attention_mask(batch));
    } else if (input.name == "selected_positions") {
      inputs.push_back(int64_tensor(selected, {static_cast<int64_t>(selected.size())}));
    } else {
      EDGETRAN_CHECK(false, "an encoder has no input " + input.name);
    }
  }
  return inputs;
}

std::unique_ptr<Objective> make_pretrain_objective(const TrainJob& job, const graph::Graph& graph,
                                                   const data::TokenFile& file) {
  return std::make_unique<PretrainObjective>(job, graph, file);
}

std::unique_ptr<Objective> make_finetune_objective(const TrainJob& job, const graph::Graph& graph,
                                                   const data::TokenFile& file) {
  return std::make_unique<FinetuneObjective>(job, graph, file);
}

}  // namespace edgetran::train::torch_engine
