#include "train/torch/kernels/matmul.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "train/torch/kernels/matmul.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "train/torch/kernels/products-inl.h"

HWY_BEFORE_NAMESPACE();
namespace edgetran::train::kernels {
namespace HWY_NAMESPACE {

// The right operand is packed in blocks of at most kBlockUnits x kBlockColumns, which the second
// cache holds; rows of the left one as high as a tile stay in the first while they meet all of its
// panels.
constexpr int64_t kBlockRows = 96;
constexpr int64_t kBlockUnits = 256;
constexpr int64_t kBlockColumns = 256;

/// Depth of one pass over the sums: as few passes as there can be, of about the same depth.
template <class Element>
int64_t pass_depth(int64_t depth) {
  const int64_t units = units_of<Element>(depth);
  const int64_t passes = (units + kBlockUnits - 1) / kBlockUnits;
  return (units + passes - 1) / passes * kUnitElements<Element>;
}

HWY_INLINE int64_t panel_width() { return kTileVectors * vector_lanes(); }

/// Room for `count` values that begins where a line of the cache does: no load of a tile's columns
/// then touches two of them.
template <class Value>
Value* aligned(std::vector<Value>& memory, int64_t count) {
  constexpr size_t kLine = 64;
  memory.resize(std::max(memory.size(), static_cast<size_t>(count) + kLine / sizeof(Value)));
  const auto address = reinterpret_cast<uintptr_t>(memory.data());
  return memory.data() + (kLine - address % kLine) % kLine / sizeof(Value);
}

HWY_INLINE void copy_panel(const float* from, bool, int64_t, float* to) {
  const hn::ScalableTag<float> d;
  HWY_UNROLL(8)
  for (int j = 0; j < kTileVectors; ++j)
    hn::StoreU(hn::LoadU(d, from + j * vector_lanes()), d, to + j * vector_lanes());
}
HWY_INLINE void copy_panel(const Bf16* from, bool has_second, int64_t stride, uint32_t* to) {
  const hn::ScalableTag<uint32_t> d32;
  const hn::Rebind<uint16_t, decltype(d32)> d16;
  const auto widened = [&](const Bf16* at) {
    return hn::PromoteTo(d32, hn::LoadU(d16, reinterpret_cast<const uint16_t*>(at)));
  };
  HWY_UNROLL(8)
  for (int j = 0; j < kTileVectors; ++j) {
    const int64_t i = j * vector_lanes();
    auto pair = widened(from + i);
    if (has_second) pair = hn::Or(pair, hn::ShiftLeft<16>(widened(from + stride + i)));
    hn::StoreU(pair, d32, to + i);
  }
}

/// A block of the right operand in panels as wide as a tile, the last one padded with zeros.
template <class Element>
void pack_right(const Operand<Element>& b, Range depth, Range columns, Unit<Element>* packed) {
  constexpr int64_t kPair = kUnitElements<Element>;
  const int64_t width = panel_width();
  const int64_t panel_units = units_of<Element>(depth.size()) * width;
  const Element* from = b.data + depth.begin * b.row_stride + columns.begin * b.column_stride;
  const auto panel = [&](int64_t column) { return packed + column / width * panel_units; };
  if (b.column_stride != 1) {
    for (int64_t column = 0; column < columns.size(); column += width)
      pack_transposed(from + column * b.column_stride, b.column_stride,
                      std::min(width, columns.size() - column), depth.size(), panel(column), width);
    return;
  }
  const int64_t whole = columns.size() / width * width;
  for (int64_t k = 0; k < depth.size(); k += kPair)
    for (int64_t column = 0; column < whole; column += width)
      copy_panel(from + k * b.row_stride + column, k + kPair <= depth.size(), b.row_stride,
                 panel(column) + k / kPair * width);
  if (whole < columns.size())
    pack_rows(from + whole, b.row_stride, depth.size(), columns.size() - whole, panel(whole),
              width);
}

/// The units of one step of all rows of a block whose rows lie side by side.
HWY_INLINE const float* step_units(const float* from, int64_t, bool, int64_t, float*) {
  return from;
}
HWY_INLINE const uint32_t* step_units(const Bf16* from, int64_t stride, bool has_second,
                                      int64_t rows, uint32_t* line) {
  pack_rows(from, stride, has_second ? 2 : 1, rows, line, rows);
  return line;
}

/// A group of rows, each dense in memory: `packed` has the units of a step side by side.
template <class Element>
void pack_dense_rows(const Element* from, int64_t row_stride, int64_t rows, int64_t depth,
                     Unit<Element>* packed) {
  constexpr int64_t kPair = kUnitElements<Element>;
  const int64_t whole = depth / kPair;
  for (int64_t step = 0; step < whole; ++step) {
    Unit<Element>* to = packed + step * kTileRows;
    const Element* at = from + step * kPair;
    if (rows == kTileRows) {
      HWY_UNROLL(8)
      for (int i = 0; i < kTileRows; ++i) to[i] = unit_at(at + i * row_stride);
    } else {
      for (int64_t i = 0; i < rows; ++i) to[i] = unit_at(at + i * row_stride);
    }
  }
  if (whole * kPair == depth) return;
  for (int64_t i = 0; i < rows; ++i) {
    const Element last[kPair] = {from[i * row_stride + whole * kPair]};
    packed[whole * kTileRows + i] = unit_at(last);
  }
}

template <class D>
HWY_INLINE Vec<D> sum_of_unit(D, Vec<D> unit) {
  return unit;
}
template <class D>
HWY_INLINE Vec<D> sum_of_unit(D d, Vec<hn::RebindToUnsigned<D>> pair) {
  const hn::RebindToUnsigned<D> d32;
  return hn::Add(hn::BitCast(d, hn::ShiftLeft<16>(pair)),
                 hn::BitCast(d, hn::And(pair, hn::Set(d32, 0xffff0000U))));
}

/// Rows of the left operand in groups as high as a tile, the units of a step side by side; `sums`
/// [rows], or nullptr, are added to.
template <class Element>
void pack_left(const Operand<Element>& a, Range rows, Range depth, Unit<Element>* packed,
               float* sums) {
  constexpr int64_t kPair = kUnitElements<Element>;
  const int64_t steps = units_of<Element>(depth.size());
  const Element* from = a.data + rows.begin * a.row_stride + depth.begin * a.column_stride;
  if (a.row_stride != 1) {
    for (int64_t i = 0; i < rows.size(); i += kTileRows)
      pack_dense_rows(from + i * a.row_stride, a.row_stride,
                      std::min<int64_t>(kTileRows, rows.size() - i), depth.size(),
                      packed + i * steps);
    return;
  }
  Unit<Element> line[kBlockRows];
  for (int64_t step = 0; step < steps; ++step) {
    const int64_t k = step * kPair;
    const Unit<Element>* units = step_units(from + k * a.column_stride, a.column_stride,
                                            k + kPair <= depth.size(), rows.size(), line);
    if (sums != nullptr)
      for_lanes(rows.size(), [&](auto d, int64_t i) {
        const hn::Rebind<Unit<Element>, decltype(d)> du;
        store(d, hn::Add(load(d, sums + i), sum_of_unit(d, hn::LoadU(du, units + i))), sums + i);
      });
    int64_t i = 0;
    for (; i + kTileRows <= rows.size(); i += kTileRows)
      std::memcpy(packed + i * steps + step * kTileRows, units + i, kTileRows * sizeof(line[0]));
    for (int64_t rest = i; rest < rows.size(); ++rest)
      packed[i * steps + step * kTileRows + rest - i] = units[rest];
  }
}

/// A block of the left operand: as it lies, where its units can be read there.
template <class Element>
class LeftBlock {
 public:
  /// `sums`: of pack_left().
  LeftBlock(const Operand<Element>& a, Range rows, Range depth, std::vector<Unit<Element>>& scratch,
            float* sums)
      : rows_(rows.size()), steps_(units_of<Element>(depth.size())) {
    if (a.column_stride == 1 && depth.size() % kPair == 0 && sums == nullptr) {
      first_ = {a.data + rows.begin * a.row_stride + depth.begin, a.row_stride, kPair};
      group_stride_ = kTileRows * a.row_stride;
      return;
    }
    Unit<Element>* packed = aligned(scratch, kBlockRows * kBlockUnits);
    pack_left(a, rows, depth, packed, sums);
    first_ = {reinterpret_cast<const Element*>(packed), kPair, kTileRows * kPair};
    group_stride_ = steps_ * kTileRows * kPair;
  }

  /// sums [rows, columns] = or += the block times a block in panels.
  template <bool kNative, bool kAdd>
  HWY_NOINLINE void multiply(const Unit<Element>* panels, int64_t columns, float* sums,
                             int64_t stride) const {
    Left<Element> left = first_;
    for (int64_t row = 0; row < rows_; row += kTileRows) {
      const int64_t rows = std::min<int64_t>(kTileRows, rows_ - row);
      Right<Element> right{panels, panel_width()};
      for (int64_t column = 0; column < columns; column += panel_width()) {
        product_columns<kNative, kAdd, kTileVectors>(left, right, rows, steps_,
                                                     sums + row * stride + column, stride);
        right.data += panel_units();
      }
      left.data += group_stride_;
    }
  }
  int64_t panel_units() const { return steps_ * panel_width(); }

 private:
  static constexpr int64_t kPair = kUnitElements<Element>;
  int64_t rows_, steps_;
  Left<Element> first_;
  int64_t group_stride_ = 0;  ///< elements from a tile's rows to the next's
};

/// Where the sums of a block's columns are: in c itself where they can be, else in `scratch`.
struct Sums {
  float* data = nullptr;
  int64_t stride = 0;
};

/// Columns [columns) of the rows, from the sums.
template <class Element, class Out>
void finish(const MatrixProduct<Element, Out>& p, Range rows, Range columns, Sums sums) {
  for (int64_t row = rows.begin; row < rows.end; ++row) {
    const float* from = sums.data + (row - rows.begin) * sums.stride;
    Out* to = p.c + row * p.columns + columns.begin;
    for_lanes(columns.size(), [&](auto d, int64_t j) {
      auto value = load(d, from + j);
      if (p.bias != nullptr) value = hn::Add(value, load(d, p.bias + columns.begin + j));
      store(d, value, to + j);
    });
  }
}

template <bool kNative, class Element, class Out>
void multiply_columns(const MatrixProduct<Element, Out>& p, Range rows, Range columns,
                      ProductScratch<Element>& scratch) {
  const int64_t step = pass_depth<Element>(p.depth);
  const bool one_pass = p.depth <= step;
  Sums all{nullptr, kBlockColumns};
  bool direct = false;
  if constexpr (std::is_same_v<Out, float>) {
    direct = p.bias == nullptr && columns.size() % panel_width() == 0;
    if (direct) all = {p.c + rows.begin * p.columns + columns.begin, p.columns};
  }
  if (!direct) {
    const int64_t kept = one_pass ? kBlockRows : rows.size();
    scratch.sums.resize(std::max(scratch.sums.size(), static_cast<size_t>(kept * kBlockColumns)));
    all.data = scratch.sums.data();
  }
  Unit<Element>* right = aligned(scratch.right, kBlockUnits * kBlockColumns);
  for (int64_t k = 0; k < p.depth; k += step) {
    const Range depth{k, std::min(k + step, p.depth)};
    pack_right(p.b, depth, columns, right);
    for (int64_t row = rows.begin; row < rows.end; row += kBlockRows) {
      const Range block{row, std::min(row + kBlockRows, rows.end)};
      Sums sums = all;
      if (direct || !one_pass) sums.data += (row - rows.begin) * sums.stride;
      // Summed a pass at a time, which rounds less than one long sum.
      float row_sums[kBlockRows] = {};
      const bool sums_rows = p.row_sums != nullptr && columns.begin == 0;
      const LeftBlock<Element> left(p.a, block, depth, scratch.left,
                                    sums_rows ? row_sums : nullptr);
      if (sums_rows)
        for (int64_t i = 0; i < block.size(); ++i)
          p.row_sums[row + i] = row_sums[i] + (k == 0 ? 0 : p.row_sums[row + i]);
      if (k == 0)
        left.template multiply<kNative, false>(right, columns.size(), sums.data, sums.stride);
      else
        left.template multiply<kNative, true>(right, columns.size(), sums.data, sums.stride);
      if (!direct && depth.end == p.depth) finish(p, block, columns, sums);
    }
  }
}

template <class Element, class Out>
void run(const MatrixProduct<Element, Out>& p, Range rows, Range columns,
         ProductScratch<Element>& scratch) {
  for (int64_t column = columns.begin; column < columns.end; column += kBlockColumns) {
    const Range block{column, std::min(column + kBlockColumns, columns.end)};
    if (dots_bf16())
      multiply_columns<true>(p, rows, block, scratch);
    else
      multiply_columns<false>(p, rows, block, scratch);
  }
}

void run_float(const MatrixProduct<float, float>& p, Range rows, Range columns,
               ProductScratch<float>& scratch) {
  run(p, rows, columns, scratch);
}
void run_bf16(const MatrixProduct<Bf16, Bf16>& p, Range rows, Range columns,
              ProductScratch<Bf16>& scratch) {
  run(p, rows, columns, scratch);
}
void run_bf16_to_float(const MatrixProduct<Bf16, float>& p, Range rows, Range columns,
                       ProductScratch<Bf16>& scratch) {
  run(p, rows, columns, scratch);
}

}  // namespace HWY_NAMESPACE
}  // namespace edgetran::train::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace edgetran::train::kernels {

HWY_EXPORT(run_float);
HWY_EXPORT(run_bf16);
HWY_EXPORT(run_bf16_to_float);

void multiply(const MatrixProduct<float, float>& product, Range rows, Range columns,
              ProductScratch<float>& scratch) {
  HWY_DYNAMIC_DISPATCH(run_float)(product, rows, columns, scratch);
}
void multiply(const MatrixProduct<Bf16, Bf16>& product, Range rows, Range columns,
              ProductScratch<Bf16>& scratch) {
  HWY_DYNAMIC_DISPATCH(run_bf16)(product, rows, columns, scratch);
}
void multiply(const MatrixProduct<Bf16, float>& product, Range rows, Range columns,
              ProductScratch<Bf16>& scratch) {
  HWY_DYNAMIC_DISPATCH(run_bf16_to_float)(product, rows, columns, scratch);
}

}  // namespace edgetran::train::kernels
#endif  // HWY_ONCE
