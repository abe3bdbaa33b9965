#include "train/torch/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/files.h"
#include "data/batching.h"
#include "data/masking.h"
#include "train/metrics.h"
#include "train/torch/device.h"
#include "train/torch/inputs.h"
#include "train/torch/interpreter.h"
#include "train/torch/losses.h"

namespace edgetran::train::torch_engine {
namespace {

using base::ErrorCategory;

// Enough positions to keep matrix products busy, few enough to stay in a level-2 cache.
constexpr int64_t kRows = 256;
constexpr int64_t kTokens = 4096;

base::Status check_running(const base::CancelToken& cancel) {
  if (!cancel.urgent()) return {};
  return base::fail(ErrorCategory::kInterrupted, "interrupted while evaluating");
}

/// One line a row of the file, collected in any order.
class PredictionTable {
 public:
  PredictionTable(const data::TokenFile& file, bool wanted) : file_(file) {
    if (wanted) lines_.resize(static_cast<size_t>(file.rows()));
  }

  void add(int64_t row, std::span<const float> logits) {
    if (lines_.empty()) return;
    lines_[static_cast<size_t>(row)] =
        file_.info().kind == data::Kind::kRegression
            ? fmt::format("{}\t{}\t{}", row, file_.score(row), logits[0])
            : class_line(row, logits);
  }

  base::Status write(const std::filesystem::path& path) const {
    std::string text = file_.info().kind == data::Kind::kRegression
                           ? "row\tscore\tprediction\n"
                           : "row\tlabel\tprediction\tprobability\n";
    for (const std::string& line : lines_) text += line + '\n';
    return base::write_file_atomic(path, text);
  }

 private:
  std::string class_line(int64_t row, std::span<const float> logits) const {
    const auto& names = file_.info().label_names;
    const auto best = static_cast<size_t>(argmax(logits));
    double sum = 0;
    for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - logits[best]);
    return fmt::format("{}\t{}\t{}\t{:.6f}", row, names[static_cast<size_t>(file_.label(row))],
                       names[best], 1 / sum);
  }

  const data::TokenFile& file_;
  std::vector<std::string> lines_;
};

/// Calls visit(row of the file, its logits) for every row.
template <class Visit>
base::Status for_logits(const Model& model, std::span<const at::Tensor> parameters,
                        const data::TokenFile& file, const EvaluateOptions& options,
                        const base::CancelToken& cancel, const Visit& visit) {
  const Interpreter interpreter(model.graph, {"logits"});
  data::BatchSettings settings;
  settings.rows = kRows;
  settings.tokens = kTokens;
  settings.shuffle = false;
  data::BatchSampler sampler(file, settings, 0);
  const int64_t batches = sampler.batches_in_epoch();
  for (int64_t i = 0; i < batches; ++i) {
    EDGETRAN_TRY(check_running(cancel));
    const data::Batch batch = sampler.next();
    const auto inputs = on_device(graph_inputs(model.graph, batch), parameters[0].device());
    const at::Tensor logits =
        on_host(interpreter.run(inputs, parameters, {.precision = options.precision}))[0];
    if (!at::isfinite(logits).all().item<bool>()) {
      return base::fail(ErrorCategory::kFailed,
                        fmt::format("the model's output for row {} or its neighbours is not finite",
                                    batch.sources[0]),
                        "the weights are damaged or far too large");
    }
    const auto width = static_cast<size_t>(logits.size(1));
    const auto* data = logits.const_data_ptr<float>();
    for (size_t row = 0; row < batch.sources.size(); ++row) {
      visit(batch.sources[row], std::span(data + row * width, width));
    }
  }
  return {};
}

base::Result<base::Json> evaluate_classes(const Model& model,
                                          std::span<const at::Tensor> parameters,
                                          const data::TokenFile& file,
                                          const EvaluateOptions& options,
                                          const base::CancelToken& cancel) {
  const bool regression = file.info().kind == data::Kind::kRegression;
  ClassificationMetrics classes(std::max<int64_t>(model.info.labels, 2));
  RegressionMetrics scores;
  PredictionTable table(file, !options.predictions.empty());
  EDGETRAN_TRY(for_logits(model, parameters, file, options, cancel,
                          [&](int64_t row, std::span<const float> logits) {
                            table.add(row, logits);
                            if (regression) {
                              scores.add(logits[0], file.score(row));
                            } else {
                              classes.add(logits, file.label(row));
                            }
                          }));
  if (!options.predictions.empty()) EDGETRAN_TRY(table.write(options.predictions));
  return regression ? scores.to_json() : classes.to_json();
}

base::Result<base::Json> evaluate_text(const Model& model, std::span<const at::Tensor> parameters,
                                       const data::TokenFile& file, const EvaluateOptions& options,
                                       const base::CancelToken& cancel) {
  const Interpreter interpreter(model.graph, {"mlm_logits"});
  const int64_t rows = std::max<int64_t>(kTokens / options.length, 1);
  data::BlockSampler sampler(file, {.rows = rows, .length = options.length, .shuffle = false}, 0);
  data::MaskSettings mask;
  mask.share = options.mask_share;
  double sum = 0;
  int64_t positions = 0;
  const int64_t batches = sampler.batches_in_epoch();
  for (int64_t i = 0; i < batches; ++i) {
    EDGETRAN_TRY(check_running(cancel));
    data::Batch batch = sampler.next();
    const auto masked = data::mask_tokens(batch, file.info().special, file.info().vocabulary_size,
                                          mask, options.seed, i);
    const auto count = static_cast<int64_t>(masked.positions.size());
    if (count == 0) continue;
    const at::Device device = parameters[0].device();
    const at::Tensor logits =
        interpreter.run(on_device(graph_inputs(model.graph, batch, masked.positions), device),
                        parameters, {.precision = options.precision})[0];
    const auto loss =
        cross_entropy(logits, on_device(int64_tensor(masked.targets, {count}), device), {});
    sum += loss.item<double>() * static_cast<double>(count);
    positions += count;
  }
  const double loss = positions == 0 ? 0 : sum / static_cast<double>(positions);
  if (!std::isfinite(loss)) {
    return base::fail(ErrorCategory::kFailed, "the validation loss is not finite",
                      "the weights are damaged or far too large");
  }
  return base::Json{{"valid_loss", loss}, {"positions", positions}};
}

}  // namespace

base::Result<base::Json> evaluate(const Model& model, std::span<const at::Tensor> parameters,
                                  const data::TokenFile& file, const EvaluateOptions& options,
                                  const base::CancelToken& cancel) {
  const at::NoGradGuard no_gradients;
  return file.info().kind == data::Kind::kText
             ? evaluate_text(model, parameters, file, options, cancel)
             : evaluate_classes(model, parameters, file, options, cancel);
}

}  // namespace edgetran::train::torch_engine
