#include "train/torch/dropout.h"

#include <bit>
#include <cmath>

#include "base/result.h"
#include "train/torch/vectorize.h"

namespace edgetran::train::torch_engine {
namespace {

// Elements a key serves: the counter of a block is 32 bits, as that is what vectorises.
constexpr int64_t kBlock = int64_t{1} << 20;

/// Mixes 32 bits ("lowbias32" constants of C. Wellons' search, bias 0.17): good enough for
/// dropout, two multiplications an element.
constexpr uint32_t mix32(uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352dU;
  x ^= x >> 15;
  x *= 0x846ca68bU;
  x ^= x >> 16;
  return x;
}

constexpr uint64_t mix64(uint64_t x) {  // the finaliser of splitmix64
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

struct BlockMask {
  uint32_t first, second;  ///< halves of the block's key
  uint32_t threshold;      ///< a draw below it falls
  bool keeps(uint32_t index) const { return mix32(mix32(index ^ first) + second) >= threshold; }
};

EDGETRAN_VECTORIZE void drop_float(const float* in, float* out, uint32_t count, BlockMask mask,
                                   float scale) {
  for (uint32_t i = 0; i < count; ++i) out[i] = mask.keeps(i) ? in[i] * scale : 0.0F;
}

EDGETRAN_VECTORIZE void drop_double(const double* in, double* out, uint32_t count, BlockMask mask,
                                    double scale) {
  for (uint32_t i = 0; i < count; ++i) out[i] = mask.keeps(i) ? in[i] * scale : 0.0;
}

/// On the bits, because a loop over c10::BFloat16 does not vectorise. Rounds to nearest even.
EDGETRAN_VECTORIZE void drop_bfloat16(const uint16_t* in, uint16_t* out, uint32_t count,
                                      BlockMask mask, float scale) {
  for (uint32_t i = 0; i < count; ++i) {
    const float value = std::bit_cast<float>(static_cast<uint32_t>(in[i]) << 16) * scale;
    const auto bits = std::bit_cast<uint32_t>(value);
    const uint32_t rounded = (bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16;
    out[i] = static_cast<uint16_t>(mask.keeps(i) ? rounded : 0U);
  }
}

void drop_block(const at::Tensor& in, at::Tensor& out, int64_t begin, int64_t count, double share,
                uint64_t key) {
  const uint64_t block_key = derive_key(key, begin / kBlock);
  const BlockMask mask{.first = static_cast<uint32_t>(block_key),
                       .second = static_cast<uint32_t>(block_key >> 32),
                       .threshold = static_cast<uint32_t>(std::lround(share * 4294967295.0))};
  const double scale = 1 / (1 - share);
  const auto size = static_cast<uint32_t>(count);
  switch (in.scalar_type()) {
    case at::kFloat:
      return drop_float(in.const_data_ptr<float>() + begin, out.mutable_data_ptr<float>() + begin,
                        size, mask, static_cast<float>(scale));
    case at::kDouble:
      return drop_double(in.const_data_ptr<double>() + begin,
                         out.mutable_data_ptr<double>() + begin, size, mask, scale);
    case at::kBFloat16:
      return drop_bfloat16(static_cast<const uint16_t*>(in.const_data_ptr()) + begin,
                           static_cast<uint16_t*>(out.mutable_data_ptr()) + begin, size, mask,
                           static_cast<float>(scale));
    default:
      base::check_failed("type", __FILE__, __LINE__, "dropout of float32, float64 or bfloat16");
  }
}

at::Tensor drop(const at::Tensor& x, double share, uint64_t key) {
  const at::Tensor in = x.contiguous();
  at::Tensor out = at::empty_like(in);
  const int64_t elements = in.numel();
  const int64_t blocks = (elements + kBlock - 1) / kBlock;
  at::parallel_for(0, blocks, 1, [&](int64_t first, int64_t last) {
    for (int64_t block = first; block < last; ++block) {
      const int64_t begin = block * kBlock;
      drop_block(in, out, begin, std::min(kBlock, elements - begin), share, key);
    }
  });
  return out;
}

class DropoutFunction : public torch::autograd::Function<DropoutFunction> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            double share, int64_t key) {
    context->saved_data["share"] = share;
    context->saved_data["key"] = key;
    return drop(x, share, static_cast<uint64_t>(key));
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const double share = context->saved_data["share"].toDouble();
    const auto key = static_cast<uint64_t>(context->saved_data["key"].toInt());
    return {drop(gradients[0], share, key), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

uint64_t derive_key(uint64_t key, int64_t index) {
  return mix64(key + 0x9e3779b97f4a7c15ULL * (static_cast<uint64_t>(index) + 1));
}

at::Tensor keyed_dropout(const at::Tensor& x, double share, uint64_t key) {
  EDGETRAN_CHECK(share >= 0 && share < 1, "a share");
  if (share == 0) return x;
  return DropoutFunction::apply(x, share, static_cast<int64_t>(key));
}

}  // namespace edgetran::train::torch_engine
