#include "weights/model_file.h"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "weights/layout.h"
#include "weights/misfit_text.h"
#include "weights/weights.h"

namespace edgetran::weights {
namespace {

using base::ErrorCategory;

// A file tensor and the parameter that it belongs to.
struct Slot {
  graph::ParameterId parameter = graph::kNone;
  const graph::FileTensor* tensor = nullptr;
};

std::vector<Slot> slots_of(const graph::Graph& graph) {
  std::vector<Slot> slots;
  graph::ParameterId id = 0;
  for (const graph::Parameter& parameter : graph.parameters()) {
    for (const graph::FileTensor& tensor : parameter.file_tensors) slots.push_back({id, &tensor});
    ++id;
  }
  return slots;
}

// How a file's tensors and a graph's compare by name and shape.
struct Comparison {
  LoadReport report;
  std::vector<std::string> wrong;  ///< "name is [2, 3], the model has [3, 3]"
};

Comparison compare(const SafetensorsFile& file, const std::vector<Slot>& slots) {
  Comparison comparison;
  std::set<std::string_view> known;
  for (const Slot& slot : slots) {
    known.insert(slot.tensor->name);
    const TensorView* found = file.find(slot.tensor->name);
    if (found == nullptr)
      comparison.report.missing.push_back(slot.tensor->name);
    else if (found->shape != slot.tensor->shape)
      comparison.wrong.push_back(fmt::format("{} is {}, the model has {}", slot.tensor->name,
                                             shape_text(found->shape),
                                             shape_text(slot.tensor->shape)));
  }
  for (const TensorView& tensor : file.tensors())
    if (!known.contains(tensor.name)) comparison.report.extra.push_back(tensor.name);
  return comparison;
}

base::Status misfit(const SafetensorsFile& file, const Comparison& comparison) {
  std::string text;
  append_tensors("missing", comparison.report.missing, text);
  append_tensors("not part of the model", comparison.report.extra, text);
  append_tensors("wrong shape", comparison.wrong, text);
  if (text.empty()) return {};
  return base::fail(ErrorCategory::kUsage,
                    fmt::format("{} does not fit the model: {}", file.name(), text),
                    "use the weights that were written with this model.json, with the same names "
                    "and shapes");
}

// Copies what the file holds; tensors that it lacks stay as they are.
base::Status copy_tensors(const SafetensorsFile& file, const std::vector<Slot>& slots,
                          Weights& weights) {
  for (const Slot& slot : slots) {
    const TensorView* found = file.find(slot.tensor->name);
    if (found == nullptr) continue;
    auto values = read_floats(*found);
    if (!values) return base::fail(values.error().within(file.name()));
    scatter(*slot.tensor, *values, weights.at(slot.parameter));
  }
  return {};
}

// A model's tensors as they stand in a file.
class FileTensors {
 public:
  FileTensors(const Weights& weights, const graph::Graph& graph) {
    const std::vector<Slot> slots = slots_of(graph);
    gathered_.reserve(slots.size());
    for (const Slot& slot : slots) {
      const Tensor& parameter = weights.at(slot.parameter);
      std::span<const float> values = parameter.data;
      const std::vector<Run> runs = runs_of(*slot.tensor, parameter.shape);
      const bool as_stored = runs.size() == 1 && runs[0].parameter_offset == 0 &&
                             runs[0].count == static_cast<int64_t>(values.size());
      if (!as_stored) values = gathered_.emplace_back(gather(*slot.tensor, parameter));
      sources_.push_back({slot.tensor->name, slot.tensor->shape, values});
    }
  }
  std::span<const TensorSource> sources() const { return sources_; }

 private:
  std::vector<TensorSource> sources_;
  std::vector<std::vector<float>> gathered_;  // permuted tensors; the others are written in place
};

}  // namespace

base::Result<Weights> read_weights(const SafetensorsFile& file, const graph::Graph& graph) {
  const std::vector<Slot> slots = slots_of(graph);
  EDGETRAN_TRY(misfit(file, compare(file, slots)));
  Weights weights(graph);
  EDGETRAN_TRY(copy_tensors(file, slots, weights));
  return weights;
}

base::Result<Weights> load_weights(const std::filesystem::path& path, const graph::Graph& graph) {
  EDGETRAN_ASSIGN(const SafetensorsFile file, SafetensorsFile::open(path));
  return read_weights(file, graph);
}

base::Result<LoadReport> load_matching(const std::filesystem::path& path, const graph::Graph& graph,
                                       Weights& weights) {
  EDGETRAN_ASSIGN(const SafetensorsFile file, SafetensorsFile::open(path));
  const std::vector<Slot> slots = slots_of(graph);
  Comparison comparison = compare(file, slots);
  EDGETRAN_TRY(misfit(file, {.report = {}, .wrong = comparison.wrong}));
  Weights loaded = weights;
  EDGETRAN_TRY(copy_tensors(file, slots, loaded));
  weights = std::move(loaded);
  return std::move(comparison.report);
}

base::Status stage_weights(base::AtomicFile& file, const Weights& weights,
                           const graph::Graph& graph) {
  return stage_safetensors(file, FileTensors(weights, graph).sources());
}

std::string encode_weights(const Weights& weights, const graph::Graph& graph,
                           const std::map<std::string, std::string>& metadata) {
  return encode_safetensors(FileTensors(weights, graph).sources(), metadata);
}

base::Status save_weights(const Weights& weights, const graph::Graph& graph,
                          const std::filesystem::path& path) {
  EDGETRAN_ASSIGN(auto file, base::AtomicFile::create(path));
  EDGETRAN_TRY(stage_weights(file, weights, graph));
  return file.commit();
}

}  // namespace edgetran::weights
