#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "space/model_spec.h"
#include "weights/weights.h"

namespace edgetran::train::torch_engine {

/// The encoder of encoder.md, section 2, for sa_sdp heads, as plain loops over rows in double
/// precision: an oracle that shares no code with the graph or the interpreter.
class NaiveEncoder {
 public:
  using Row = std::vector<double>;
  using Rows = std::vector<Row>;

  /// A wrong formula on purpose, so that a test can show it would notice.
  enum class Mutation { kNone, kNoScale, kMirroredOffsets, kTanhGelu };

  NaiveEncoder(const space::ModelSpec& spec, const weights::Weights& weights,
               Mutation mutation = Mutation::kNone)
      : spec_(spec), weights_(weights), mutation_(mutation) {}

  /// ids and types of one sequence without padding -> last hidden state [length][width].
  Rows hidden(const std::vector<int64_t>& ids, const std::vector<int64_t>& types) const {
    Rows x(ids.size());
    for (size_t t = 0; t < ids.size(); ++t) {
      x[t] = sum(table_row("embeddings.word", ids[t]), table_row("embeddings.type", types[t]));
      if (spec_.position == space::PositionKind::kAbsolute) {
        x[t] = sum(x[t], table_row("embeddings.position", static_cast<int64_t>(t)));
      }
      x[t] = norm("embeddings.norm", x[t]);
      if (spec_.embedding != spec_.layers[0].width) x[t] = linear("embeddings.projection", x[t]);
    }
    for (size_t i = 0; i < spec_.layers.size(); ++i) x = layer(i, x);
    return x;
  }

  Row logits(const std::vector<int64_t>& ids, const std::vector<int64_t>& types) const {
    Row pooled = linear("pooler", hidden(ids, types)[0]);
    for (double& value : pooled) value = std::tanh(value);
    return linear("classifier", pooled);
  }

 private:
  const weights::Tensor& tensor(const std::string& name) const { return *weights_.find(name); }

  Row table_row(const std::string& name, int64_t row) const {
    const auto& table = tensor(name + ".weight");
    const float* begin = table.data.data() + row * table.shape[1];
    return {begin, begin + table.shape[1]};
  }

  static Row sum(Row a, const Row& b) {
    for (size_t i = 0; i < a.size(); ++i) a[i] += b[i];
    return a;
  }

  Row linear(const std::string& name, const Row& x) const {
    const auto& weight = tensor(name + ".weight").data;
    const auto& bias = tensor(name + ".bias").data;
    Row y(bias.begin(), bias.end());
    for (size_t i = 0; i < y.size(); ++i) {
      for (size_t j = 0; j < x.size(); ++j) y[i] += x[j] * weight[i * x.size() + j];
    }
    return y;
  }

  Row norm(const std::string& name, const Row& x) const {
    const auto n = static_cast<double>(x.size());
    double mean = 0;
    for (const double value : x) mean += value / n;
    double variance = 0;
    for (const double value : x) variance += (value - mean) * (value - mean) / n;
    Row y(x.size());
    for (size_t i = 0; i < x.size(); ++i) {
      y[i] = (x[i] - mean) / std::sqrt(variance + 1e-12) * tensor(name + ".weight").data[i] +
             tensor(name + ".bias").data[i];
    }
    return y;
  }

  double gelu(double x) const {
    if (mutation_ == Mutation::kTanhGelu) {
      return x / 2 * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    }
    return x / 2 * (1 + std::erf(x / std::sqrt(2.0)));
  }

  double score(const std::string& name, const Row& q, const Row& k, size_t head, size_t width,
               int64_t offset) const {
    double result = 0;
    for (size_t j = 0; j < width; ++j) {
      double key = k[head * width + j];
      if (spec_.position == space::PositionKind::kRelativeKey) {
        const int64_t signed_offset = mutation_ == Mutation::kMirroredOffsets ? -offset : offset;
        const auto row = static_cast<size_t>(signed_offset + spec_.positions - 1);
        key += tensor(name + ".relative.weight").data[row * width + j];
      }
      result += q[head * width + j] * key;
    }
    return mutation_ == Mutation::kNoScale ? result : result / std::sqrt(double(width));
  }

  Row attend(const std::string& name, size_t heads, size_t width, size_t t, const Rows& q,
             const Rows& k, const Rows& v) const {
    Row mixed(heads * width);
    for (size_t head = 0; head < heads; ++head) {
      Row scores;
      double total = 0;
      for (size_t r = 0; r < k.size(); ++r) {
        scores.push_back(std::exp(score(name, q[t], k[r], head, width,
                                        static_cast<int64_t>(t) - static_cast<int64_t>(r))));
        total += scores.back();
      }
      for (size_t r = 0; r < k.size(); ++r) {
        for (size_t j = head * width; j < (head + 1) * width; ++j) {
          mixed[j] += scores[r] / total * v[r][j];
        }
      }
    }
    return mixed;
  }

  Rows layer(size_t index, const Rows& x) const {
    const auto& spec = spec_.layers[index];
    const std::string name = "layers." + std::to_string(index);
    Rows q, k, v, y;
    for (const Row& row : x) {
      q.push_back(linear(name + ".query", row));
      k.push_back(linear(name + ".key", row));
      v.push_back(linear(name + ".value", row));
    }
    for (size_t t = 0; t < x.size(); ++t) {
      const Row mixed =
          attend(name, spec.heads.size(), static_cast<size_t>(spec.head_width), t, q, k, v);
      const Row attended =
          norm(name + ".attention_norm", sum(x[t], linear(name + ".output", mixed)));
      Row fed = attended;
      for (size_t j = 0; j < spec.feed_forward.size(); ++j) {
        fed = linear(name + ".feed_forward." + std::to_string(j), fed);
        for (double& value : fed) value = gelu(value);
      }
      fed = linear(name + ".feed_forward." + std::to_string(spec.feed_forward.size()), fed);
      y.push_back(norm(name + ".feed_forward_norm", sum(attended, fed)));
      const bool narrows =
          index + 1 < spec_.layers.size() && spec_.layers[index + 1].width != spec.width;
      if (narrows) y.back() = linear(name + ".projection", y.back());
    }
    return y;
  }

  const space::ModelSpec& spec_;
  const weights::Weights& weights_;
  Mutation mutation_;
};

}  // namespace edgetran::train::torch_engine
