#include "train/torch/kernels/attention.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "train/torch/kernels/dropout_bits.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "train/torch/kernels/attention.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "train/torch/kernels/products-inl.h"

HWY_BEFORE_NAMESPACE();
namespace edgetran::train::kernels {
namespace HWY_NAMESPACE {

// Query rows at a time: their scores (24 x 128 x 4 bytes) stay in the first-level cache; a multiple
// of the rows of a tile, and even, so that blocks hold whole pairs.
constexpr int64_t kBlock = 4 * kTileRows;

/// A row-major matrix whose rows are a multiple of the lanes (or of the step) wide.
template <class T>
struct Matrix {
  std::vector<T> data;
  int64_t stride = 0;
  Matrix() = default;
  Matrix(int64_t rows, int64_t columns)
      : data(static_cast<size_t>(rows * columns)), stride(columns) {}
  T* row(int64_t index) { return data.data() + index * stride; }
  const T* row(int64_t index) const { return data.data() + index * stride; }
};

template <class Element>
using Packed = Matrix<Unit<Element>>;

template <class Element>
Right<Element> right(const Packed<Element>& packed, int64_t column = 0) {
  return {packed.data.data() + column, packed.stride};
}

/// Rows as the right operand of a product with their transpose, or as they are.
template <class Element>
Packed<Element> transposed(const HeadRows<const Element>& rows, int64_t count, int64_t width) {
  Packed<Element> packed(units_of<Element>(width), round_up(count, vector_lanes()));
  pack_transposed(rows.data, rows.stride, count, width, packed.data.data(), packed.stride);
  return packed;
}
template <class Element>
Packed<Element> as_rows(const HeadRows<const Element>& rows, int64_t count, int64_t width) {
  Packed<Element> packed(units_of<Element>(count), round_up(width, vector_lanes()));
  pack_rows(rows.data, rows.stride, count, width, packed.data.data(), packed.stride);
  return packed;
}

/// Rows first ... first + count − 1 with their features padded to whole steps.
template <class Element>
void copy_block(const HeadRows<const Element>& rows, int64_t first, int64_t count, int64_t width,
                Matrix<Element>& block) {
  for (int64_t i = 0; i < count; ++i)
    std::copy_n(rows.data + (first + i) * rows.stride, width, block.row(i));
}

template <class Element>
void store_block(const Matrix<float>& block, int64_t first, int64_t count, int64_t width,
                 const HeadRows<Element>& rows) {
  for (int64_t i = 0; i < count; ++i) {
    Element* to = rows.data + (first + i) * rows.stride;
    for_lanes(width, [&](auto d, int64_t j) { store(d, load(d, block.row(i) + j), to + j); });
  }
}

template <class Element>
void clear_rows(int64_t first, int64_t last, int64_t width, const HeadRows<Element>& rows) {
  for (int64_t t = first; t < last; ++t) std::fill_n(rows.data + t * rows.stride, width, Element{});
}

/// The table's rows in reach in descending order of offset, n − 1 ... −(n − 1): row c serves the
/// score (t, r) with c = n − 1 − t + r, so a query's scores read neighbours.
template <class Element>
Matrix<Element> relative_rows(const AttentionHead<Element>& p) {
  const int64_t n = p.valid;
  Matrix<Element> rows(2 * n - 1, p.width);
  for (int64_t c = 0; c < 2 * n - 1; ++c)
    std::copy_n(p.relative.data + (n - 1 - c + p.positions - 1) * p.relative.stride, p.width,
                rows.row(c));
  return rows;
}

/// What the passes share: packed keys and offsets, and the scores of a block of queries.
template <class Element>
class Scores {
 public:
  explicit Scores(const AttentionHead<Element>& p)
      : p_(p),
        keys_(transposed(p.k, p.valid, p.width)),
        queries_(kBlock, units_of<Element>(p.width) * kUnitElements<Element>),
        scores_(kBlock, keys_.stride) {
    if (p.relative.data == nullptr) return;
    const Matrix<Element> rows = relative_rows(p);
    // Blocks read a window of n + kBlock columns that may begin anywhere.
    offsets_ = Packed<Element>(units_of<Element>(p.width),
                               round_up(2 * p.valid + kBlock, vector_lanes()) + vector_lanes());
    pack_transposed(rows.data.data(), rows.stride, 2 * p.valid - 1, p.width, offsets_.data.data(),
                    offsets_.stride);
    window_ = Matrix<float>(kBlock, round_up(p.valid + kBlock, vector_lanes()));
  }

  /// scale (q · k + P) of queries first ... first + count − 1: [count, valid].
  Matrix<float>& compute(int64_t first, int64_t count) {
    copy_block(p_.q, first, count, p_.width, queries_);
    const Left<Element> left{queries_.data.data(), queries_.stride, kUnitElements<Element>};
    product<false>(left, right<Element>(keys_), count, keys_.stride, queries_steps(),
                   scores_.data.data(), scores_.stride);
    if (p_.relative.data != nullptr)
      product<false>(left, right<Element>(offsets_, window_begin(first, count)), count,
                     window_.stride, queries_steps(), window_.data.data(), window_.stride);
    const auto scale = p_.scale;
    for (int64_t i = 0; i < count; ++i) {
      float* scores = scores_.row(i);
      const float* offsets = p_.relative.data == nullptr ? nullptr : window_.row(i) + count - 1 - i;
      for_lanes(p_.valid, [&](auto d, int64_t r) {
        auto score = load(d, scores + r);
        if (offsets != nullptr) score = hn::Add(score, load(d, offsets + r));
        store(d, hn::Mul(score, hn::Set(d, scale)), scores + r);
      });
    }
    return scores_;
  }

  /// First row of relative_rows that the block reads: that of its last query and first key.
  int64_t window_begin(int64_t first, int64_t count) const {
    return p_.valid - 1 - (first + count - 1);
  }
  const Matrix<Element>& queries() const { return queries_; }

 private:
  int64_t queries_steps() const { return units_of<Element>(p_.width); }
  const AttentionHead<Element>& p_;
  Packed<Element> keys_, offsets_;
  Matrix<Element> queries_;
  Matrix<float> scores_, window_;
};

/// row = exp(row − shift); returns the sum.
HWY_INLINE float exponentials(float* HWY_RESTRICT row, int64_t count, float shift) {
  return sum_of(count, [&](auto d, int64_t i) {
    const auto value = exp_of_nonpositive(d, hn::Sub(load(d, row + i), hn::Set(d, shift)));
    store(d, value, row + i);
    return value;
  });
}

template <class Element>
void forward(const AttentionForward<Element>& p) {
  if (p.valid > 0) {
    Scores<Element> scores(p);
    const Packed<Element> values = as_rows(p.v, p.valid, p.width);
    Matrix<Element> shares(kBlock, round_up(p.valid, vector_lanes()));
    Matrix<float> out(kBlock, values.stride);
    std::vector<uint16_t> draws(static_cast<size_t>(p.valid));
    const uint32_t threshold = drop_threshold(p.dropout.share);
    for (int64_t first = 0; first < p.valid; first += kBlock) {
      const int64_t count = std::min(kBlock, p.valid - first);
      Matrix<float>& block = scores.compute(first, count);
      for (int64_t i = 0; i < count; ++i) {
        float* row = block.row(i);
        const float most = largest_of(row, p.valid);
        const float sum = exponentials(row, p.valid, most);
        p.logsum[first + i] = most + std::log(sum);
        const auto factor = static_cast<float>(1 / ((1 - p.dropout.share) * sum));
        if (threshold > 0)
          draw_bits(p.dropout.key, p.first_element + static_cast<uint64_t>((first + i) * p.length),
                    p.valid, draws.data());
        Element* share = shares.row(i);
        for_lanes(p.valid, [&](auto d, int64_t r) {
          auto value = load(d, row + r);
          value = threshold > 0 ? drop(d, value, draws.data() + r, threshold, hn::Set(d, factor))
                                : hn::Mul(value, hn::Set(d, factor));
          store(d, value, share + r);
        });
      }
      product<false>(Left<Element>{shares.data.data(), shares.stride, kUnitElements<Element>},
                     right<Element>(values), count, values.stride, units_of<Element>(p.valid),
                     out.data.data(), out.stride);
      store_block(out, first, count, p.width, p.out);
    }
  }
  clear_rows(p.valid, p.length, p.width, p.out);
  std::fill_n(p.logsum + p.valid, p.length - p.valid, 0.0F);
}

/// Sums over queries: keys' and values' gradients need the transposes of what a block of queries
/// makes, as left operands whose units hold queries: unit (key, step) at data[step][key].
template <class Element>
class Transposes {
 public:
  Transposes(int64_t queries, int64_t keys)
      : units_(units_of<Element>(queries), round_up(keys, vector_lanes())) {}

  /// Takes `row` of `count` values as query `index`.
  void put(int64_t index, const float* row, int64_t count) {
    if constexpr (kUnitElements<Element> == 1) {
      std::copy_n(row, count, units_.row(index));
    } else {
      auto* halves = reinterpret_cast<Bf16*>(units_.row(index / 2)) + index % 2;
      for (int64_t r = 0; r < count; ++r) {
        Bf16 rounded;
        const hn::CappedTag<float, 1> one;
        store(one, hn::Set(one, row[r]), &rounded);
        halves[2 * r] = rounded;
      }
    }
  }

  Left<Element> left() const {
    constexpr int64_t kStep = kUnitElements<Element>;
    return {reinterpret_cast<const Element*>(units_.data.data()), kStep, kStep * units_.stride};
  }

 private:
  Packed<Element> units_;
};

/// One head's backward pass, block by block of queries.
template <class Element>
class Backward {
 public:
  explicit Backward(const AttentionBackward<Element>& p)
      : p_(p),
        scores_(p),
        values_(transposed(p.v, p.valid, p.width)),
        keys_(as_rows(p.k, p.valid, p.width)),
        dout_(kBlock, units_of<Element>(p.width) * kUnitElements<Element>),
        dshares_(kBlock, values_.stride),
        dscores_(kBlock, round_up(p.valid, vector_lanes())),
        dq_(kBlock, keys_.stride),
        shares_by_key_(p.valid, p.valid),
        dscores_by_key_(p.valid, p.valid),
        draws_(static_cast<size_t>(p.valid)) {
    if (p.relative.data == nullptr) return;
    const Matrix<Element> rows = relative_rows(p);
    const HeadRows<const Element> view{rows.data.data(), rows.stride};
    offsets_ = as_rows(view, 2 * p.valid - 1, p.width);
    doffsets_ = Matrix<float>(2 * p.valid, offsets_.stride);
  }

  void run() {
    for (int64_t first = 0; first < p_.valid; first += kBlock)
      run_block(first, std::min(kBlock, p_.valid - first));
    finish(shares_by_key_, p_.dout, p_.dv);
    finish(dscores_by_key_, p_.q, p_.dk);
    if (p_.relative.data == nullptr) return;
    for (int64_t c = 0; c < 2 * p_.valid - 1; ++c) {
      float* to = p_.drelative + (p_.valid - 1 - c + p_.positions - 1) * p_.width;
      for (int64_t j = 0; j < p_.width; ++j) to[j] += doffsets_.row(c)[j];
    }
  }

 private:
  /// [keys, width] = transposes of what the queries made, times rows [queries, width].
  void finish(const Transposes<Element>& by_key, const HeadRows<const Element>& rows,
              const HeadRows<Element>& result) {
    const Packed<Element> packed = as_rows(rows, p_.valid, p_.width);
    Matrix<float> sums(p_.valid, packed.stride);
    product<false>(by_key.left(), right<Element>(packed), p_.valid, packed.stride,
                   units_of<Element>(p_.valid), sums.data.data(), sums.stride);
    store_block(sums, 0, p_.valid, p_.width, result);
  }

  void run_block(int64_t first, int64_t count) {
    Matrix<float>& scores = scores_.compute(first, count);
    copy_block(p_.dout, first, count, p_.width, dout_);
    product<false>(Left<Element>{dout_.data.data(), dout_.stride, kUnitElements<Element>},
                   right<Element>(values_), count, values_.stride, units_of<Element>(p_.width),
                   dshares_.data.data(), dshares_.stride);
    for (int64_t i = 0; i < count; ++i) run_row(first + i, scores.row(i), dshares_.row(i), i);
    product<false>(Left<Element>{dscores_.data.data(), dscores_.stride, kUnitElements<Element>},
                   right<Element>(keys_), count, keys_.stride, units_of<Element>(p_.valid),
                   dq_.data.data(), dq_.stride);
    if (p_.relative.data != nullptr) add_relative(first, count);
    store_block(dq_, first, count, p_.width, p_.dq);
  }

  /// scores -> dropped shares, dshares -> gradient of the scores before the scale, both of query t.
  void run_row(int64_t t, float* HWY_RESTRICT scores, float* HWY_RESTRICT dshares, int64_t i) {
    exponentials(scores, p_.valid, p_.logsum[t]);  // the probabilities
    const uint32_t threshold = drop_threshold(p_.dropout.share);
    const auto keep = static_cast<float>(1 / (1 - p_.dropout.share));
    if (threshold > 0) {
      draw_bits(p_.dropout.key, p_.first_element + static_cast<uint64_t>(t * p_.length), p_.valid,
                draws_.data());
      for_lanes(p_.valid, [&](auto d, int64_t r) {
        store(d, drop(d, load(d, dshares + r), draws_.data() + r, threshold, hn::Set(d, keep)),
              dshares + r);
      });
    }
    const float dot = sum_of(p_.valid, [&](auto d, int64_t r) {
      return hn::Mul(load(d, scores + r), load(d, dshares + r));
    });
    Element* dscores = dscores_.row(i);
    for_lanes(p_.valid, [&](auto d, int64_t r) {
      const auto share = load(d, scores + r);
      const auto slope = hn::Mul(hn::Mul(share, hn::Sub(load(d, dshares + r), hn::Set(d, dot))),
                                 hn::Set(d, p_.scale));
      store(d, slope, dshares + r);
      store(d, slope, dscores + r);
      const auto kept =
          threshold > 0 ? drop(d, share, draws_.data() + r, threshold, hn::Set(d, keep)) : share;
      store(d, kept, scores + r);
    });
    shares_by_key_.put(t, scores, p_.valid);
    dscores_by_key_.put(t, dshares, p_.valid);
  }

  /// The offsets' share of dq, and the block's of the table's gradient. Query i of the block reads
  /// the window from count − 1 − i on; the window begins at an even row, so that pairs are whole.
  void add_relative(int64_t first, int64_t count) {
    constexpr int64_t kStep = kUnitElements<Element>;
    const int64_t begin = scores_.window_begin(first, count);
    const int64_t even = begin / kStep * kStep;
    const int64_t reach = p_.valid + count - 1 + begin - even;  // columns of the window
    Matrix<Element> window(count, round_up(reach, kStep));
    Transposes<Element> by_offset(count, reach);
    std::vector<float> wide(static_cast<size_t>(reach));
    for (int64_t i = 0; i < count; ++i) {
      const int64_t shift = begin - even + count - 1 - i;
      std::fill(wide.begin(), wide.end(), 0.0F);
      std::copy_n(dshares_.row(i), p_.valid, wide.data() + shift);
      by_offset.put(i, wide.data(), reach);
      std::copy_n(dscores_.row(i), p_.valid, window.row(i) + shift);
    }
    const Right<Element> rows{offsets_.row(even / kStep), offsets_.stride};
    product<true>(Left<Element>{window.data.data(), window.stride, kStep}, rows, count,
                  offsets_.stride, units_of<Element>(reach), dq_.data.data(), dq_.stride);
    const HeadRows<const Element> queries{scores_.queries().data.data(), scores_.queries().stride};
    const Packed<Element> packed = as_rows(queries, count, p_.width);
    product<true>(by_offset.left(), right<Element>(packed), reach, packed.stride,
                  units_of<Element>(count), doffsets_.row(even), doffsets_.stride);
  }

  const AttentionBackward<Element>& p_;
  Scores<Element> scores_;
  Packed<Element> values_, keys_, offsets_;
  Matrix<Element> dout_;
  Matrix<float> dshares_;
  Matrix<Element> dscores_;
  Matrix<float> dq_, doffsets_;
  Transposes<Element> shares_by_key_, dscores_by_key_;
  std::vector<uint16_t> draws_;
};

template <class Element>
void backward(const AttentionBackward<Element>& p) {
  if (p.valid > 0) Backward<Element>(p).run();
  for (const HeadRows<Element>& rows : {p.dq, p.dk, p.dv})
    clear_rows(p.valid, p.length, p.width, rows);
}

void forward_float(const AttentionForward<float>& p) { forward(p); }
void forward_bf16(const AttentionForward<Bf16>& p) { forward(p); }
void backward_float(const AttentionBackward<float>& p) { backward(p); }
void backward_bf16(const AttentionBackward<Bf16>& p) { backward(p); }

}  // namespace HWY_NAMESPACE
}  // namespace edgetran::train::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace edgetran::train::kernels {

HWY_EXPORT(forward_float);
HWY_EXPORT(forward_bf16);
HWY_EXPORT(backward_float);
HWY_EXPORT(backward_bf16);

void attention(const AttentionForward<float>& pass) { HWY_DYNAMIC_DISPATCH(forward_float)(pass); }
void attention(const AttentionForward<Bf16>& pass) { HWY_DYNAMIC_DISPATCH(forward_bf16)(pass); }
void attention(const AttentionBackward<float>& pass) { HWY_DYNAMIC_DISPATCH(backward_float)(pass); }
void attention(const AttentionBackward<Bf16>& pass) { HWY_DYNAMIC_DISPATCH(backward_bf16)(pass); }

}  // namespace edgetran::train::kernels
#endif  // HWY_ONCE
