#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "graph/graph.h"
#include "weights/safetensors.h"
#include "weights/tensor.h"

namespace edgetran::weights {

/// The values of a graph's parameters: one Tensor a parameter, in ParameterId order and in the
/// stored (execution) order of its axes. Plain data; knows nothing of how it came to be.
class Weights {
 public:
  Weights() = default;
  /// Zeros in the shapes of the graph's parameters.
  explicit Weights(const graph::Graph& graph);

  size_t size() const { return tensors_.size(); }
  Tensor& at(graph::ParameterId id);
  const Tensor& at(graph::ParameterId id) const;
  const std::string& name(graph::ParameterId id) const;
  /// The tensor of the parameter with this name, or nullptr.
  Tensor* find(std::string_view name);
  const Tensor* find(std::string_view name) const;
  /// Elements of all tensors together.
  int64_t element_count() const;

 private:
  std::vector<std::string> names_;
  std::vector<Tensor> tensors_;
};

/// How fresh weights are drawn (encoder.md, section 3).
enum class Initialization : uint8_t {
  kTraining,  ///< normal 0.02, zeros, ones, identity + normal 0.02, as each parameter says
  kOrderOne,  ///< of order 1, so that a wrong formula shows: for numerical tests
};

/// Fresh weights. Each tensor of the model file is drawn from a stream of its own, named after it
/// under `random`: values depend on (stream, file tensor, shape) only, not on what else the graph
/// holds or in which order heads are stored.
Weights initialize(const graph::Graph& graph, const base::RandomStream& random,
                   Initialization initialization);

/// Reads the weights of `graph` from a model file through the parameters' FileTensor views. The
/// file holds exactly the graph's tensors: missing, extra and wrongly shaped ones are named in one
/// kUsage error (both shapes); values that are not finite are kCorrupt. F16 and BF16 are widened.
base::Result<Weights> load_weights(const std::filesystem::path& path, const graph::Graph& graph);

/// What a partial load did.
struct LoadReport {
  std::vector<std::string> missing;  ///< file tensors of the graph that the file lacks
  std::vector<std::string> extra;    ///< tensors of the file that the graph does not use
};

/// Overwrites those tensors of `weights` that the file holds and leaves the rest as it is: a
/// pre-trained encoder under a fresh classifier. A wrong shape is an error as in load_weights, and
/// then `weights` is unchanged.
base::Result<LoadReport> load_matching(const std::filesystem::path& path, const graph::Graph& graph,
                                       Weights& weights);

/// Writes a model file of float32 tensors with the names, shapes and listed order of heads of
/// encoder.md, section 3. The file appears whole or not at all.
base::Status save_weights(const Weights& weights, const graph::Graph& graph,
                          const std::filesystem::path& path);

}  // namespace edgetran::weights
