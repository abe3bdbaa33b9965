#include "train/torch/distillation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "base/random.h"
#include "graph/builder.h"
#include "train/torch/device.h"
#include "train/torch/interpreter.h"
#include "train/torch/losses.h"

namespace edgetran::train::torch_engine {
namespace {

using LayerPairs = std::vector<std::pair<int64_t, int64_t>>;

std::string state_name(int64_t layer) { return fmt::format("hidden_states.{}", layer); }

/// Features of hidden state `layer`.
int64_t state_width(const graph::Graph& graph, int64_t layer) {
  return graph.axis(graph.value(graph.find_output(state_name(layer))).shape.back()).size;
}

bool any_width_differs(const graph::Graph& student, const graph::Graph& teacher,
                       const LayerPairs& pairs) {
  return std::any_of(pairs.begin(), pairs.end(), [&](const auto& pair) {
    return state_width(student, pair.first) != state_width(teacher, pair.second);
  });
}

/// One linear layer for each pair of different widths, of which there are some: input and output
/// are named after the student's state.
graph::Graph build_projections(const graph::Graph& student, const graph::Graph& teacher,
                               const LayerPairs& pairs) {
  graph::Builder builder;
  for (const auto& [own, taught] : pairs) {
    const int64_t from = state_width(student, own);
    const int64_t to = state_width(teacher, taught);
    if (from == to) continue;
    const std::string name = fmt::format("{}.projection", state_name(own));
    const auto in = builder.axis(name + ".in", from);
    const auto out = builder.axis(name + ".out", to);
    const auto x = builder.input(state_name(own), graph::ElementType::kFloat32,
                                 {builder.batch(), builder.length(), in});
    const auto weight = builder.parameter(name + ".weight", {out, in}, graph::Initializer::kNormal,
                                          graph::ParameterRole::kWeight);
    const auto bias = builder.parameter(name + ".bias", {out}, graph::Initializer::kZeros,
                                        graph::ParameterRole::kBias);
    builder.output(state_name(own), builder.linear(x, weight, bias));
  }
  return builder.build();
}

std::vector<std::string> names_of(std::span<const graph::NamedValue> values) {
  std::vector<std::string> names;
  for (const graph::NamedValue& value : values) names.push_back(value.name);
  return names;
}

class DistilledObjective final : public Objective {
 public:
  DistilledObjective(const TrainJob& job, std::unique_ptr<Objective> task, const Model& student,
                     Model teacher, at::Device device)
      : task_(std::move(task)),
        student_(student.graph),
        settings_(job.settings),
        regression_(student.info.labels == 1),
        precision_(job.precision),
        teacher_(std::move(teacher)),
        teacher_parameters_(on_device(to_tensors(teacher_.weights, false), device)) {
    teacher_.weights = {};  // the tensors hold them now
    if (settings_.hidden_weight > 0) {
      pairs_ = uniform_layer_mapping(static_cast<int64_t>(student.info.spec.layers.size()),
                                     static_cast<int64_t>(teacher_.info.spec.layers.size()));
      add_companion(job, device);
    }
    for (const auto& [own, taught] : pairs_) taught_outputs_.push_back(state_name(taught));
    if (settings_.distillation_weight > 0) taught_outputs_.push_back(task_->outputs()[0]);
    interpreter_ = std::make_unique<Interpreter>(teacher_.graph, taught_outputs_);
  }

  std::vector<std::string> outputs() const override {
    std::vector<std::string> names = task_->outputs();
    for (const auto& [own, taught] : pairs_) names.push_back(state_name(own));
    return names;
  }
  StepBatch next(int64_t step) override { return task_->next(step); }
  void seek(data::BatchCursor cursor) override { task_->seek(cursor); }
  double guess_loss() const override { return task_->guess_loss(); }
  int64_t tokens_in_epoch() const override { return task_->tokens_in_epoch(); }
  Companion* companion() override { return companion_.get(); }

  PieceLoss loss(std::span<const at::Tensor> outputs, const Piece& piece) const override {
    const std::vector<at::Tensor> taught = ask_teacher(piece);
    const double weight = settings_.distillation_weight;
    at::Tensor total;
    const auto add = [&](const at::Tensor& term) { total = total.defined() ? total + term : term; };
    // Before the task's loss, which may use the logits' memory up.
    if (weight > 0) add(from_logits(outputs[0], taught.back()) * (weight * piece.output_share));
    if (!pairs_.empty()) {
      add(from_states(outputs.subspan(1), taught, piece) *
          (settings_.hidden_weight * piece.position_share));
    }
    const PieceLoss task = task_->loss(outputs.first(1), piece);
    add(task.total * (1 - weight));
    return {total, task.task.detach()};
  }

 private:
  void add_companion(const TrainJob& job, at::Device device) {
    if (!any_width_differs(student_, teacher_.graph, pairs_)) return;
    companion_ = std::make_unique<Companion>();
    companion_->prefix = "distillation/";
    companion_->graph = build_projections(student_, teacher_.graph, pairs_);
    companion_->start =
        weights::initialize(companion_->graph, base::RandomStream(job.seed, "distillation"),
                            weights::Initialization::kTraining);
    companion_->optimizer = std::make_unique<AdamW>(
        companion_->graph, trainable(to_tensors(companion_->start, false), device), job.settings);
    projector_ =
        std::make_unique<Interpreter>(companion_->graph, names_of(companion_->graph.outputs()));
  }

  /// In the order of taught_outputs_.
  std::vector<at::Tensor> ask_teacher(const Piece& piece) const {
    const at::NoGradGuard no_gradients;
    return interpreter_->run(inputs_for(teacher_.graph, student_, piece.inputs),
                             teacher_parameters_, {.precision = precision_});
  }

  at::Tensor from_logits(const at::Tensor& own, const at::Tensor& taught) const {
    if (regression_) return squared_error(own.to(at::kFloat), taught.flatten().to(at::kFloat));
    return distillation_loss(own, taught, settings_.distillation_temperature);
  }

  at::Tensor from_states(std::span<const at::Tensor> own, std::span<const at::Tensor> taught,
                         const Piece& piece) const {
    const std::vector<at::Tensor> states = project(own);
    const graph::ValueId mask = student_.find_input("attention_mask");
    at::Tensor valid;
    for (size_t i = 0; i < piece.inputs.size() && mask != graph::kNone; ++i) {
      if (student_.inputs()[i].value == mask) valid = piece.inputs[i];
    }
    at::Tensor sum;
    for (size_t i = 0; i < pairs_.size(); ++i) {
      const at::Tensor distance = hidden_distance(states[i], taught[i], valid);
      sum = sum.defined() ? sum + distance : distance;
    }
    return sum / static_cast<double>(pairs_.size());
  }

  /// The states in the teacher's widths.
  std::vector<at::Tensor> project(std::span<const at::Tensor> own) const {
    std::vector<at::Tensor> states(own.begin(), own.end());
    if (companion_ == nullptr) return states;
    std::vector<size_t> projected;  // in the order of the graph's inputs
    std::vector<at::Tensor> inputs;
    for (size_t i = 0; i < pairs_.size(); ++i) {
      if (companion_->graph.find_input(state_name(pairs_[i].first)) == graph::kNone) continue;
      projected.push_back(i);
      inputs.push_back(states[i].to(at::kFloat));
    }
    const auto outputs =
        projector_->run(inputs, companion_->optimizer->parameters(), {.precision = precision_});
    for (size_t i = 0; i < projected.size(); ++i) states[projected[i]] = outputs[i];
    return states;
  }

  std::unique_ptr<Objective> task_;
  const graph::Graph& student_;
  TrainSettings settings_;
  bool regression_;
  Precision precision_;
  Model teacher_;
  std::vector<at::Tensor> teacher_parameters_;
  LayerPairs pairs_;  ///< empty without hidden_weight
  std::vector<std::string> taught_outputs_;
  std::unique_ptr<Interpreter> interpreter_, projector_;
  std::unique_ptr<Companion> companion_;
};

}  // namespace

LayerPairs uniform_layer_mapping(int64_t student, int64_t teacher) {
  LayerPairs pairs;
  for (int64_t i = 0; i <= student; ++i) {
    const double at = static_cast<double>(i * teacher) / static_cast<double>(student);
    pairs.emplace_back(i, std::llround(at));
  }
  return pairs;
}

std::unique_ptr<Objective> make_distilled_objective(const TrainJob& job,
                                                    std::unique_ptr<Objective> task,
                                                    const Model& student, Model teacher,
                                                    at::Device device) {
  return std::make_unique<DistilledObjective>(job, std::move(task), student, std::move(teacher),
                                              device);
}

}  // namespace edgetran::train::torch_engine
