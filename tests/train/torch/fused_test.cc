// The fused kernels against the same functions composed of ATen in double precision: outputs and
// every gradient, with the same elements dropped.

#include "train/torch/fused.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "train/torch/adamw.h"
#include "train/torch/composition.h"
#include "train/torch/dropout.h"
#include "train/torch/kernels/dropout_bits.h"
#include "train/torch/softmax_cross_entropy.h"

namespace edgetran::train::torch_engine {
namespace {

TEST(ResidualNorm, AgreesWithItsComposition) {
  for (const int64_t width : {1, 7, 16, 50, 128})
    for (const bool bias : {true, false})
      for (const double share : {0.0, 0.3}) {
        // 600 rows: sums over columns in more than one block.
        const Tensors operands{random_values({3, 200, width}, 1), random_values({3, 200, width}, 2),
                               bias ? random_values({width}, 3) : at::Tensor(),
                               random_values({width}, 4), random_values({width}, 5)};
        const Function run = [&](const Tensors& t) {
          return residual_norm(t[0], t[1], t[2], t[3], t[4], 1e-3, {share, 11});
        };
        expect_equal(run, operands, {true, true, false, false, false},
                     "width " + std::to_string(width) + " share " + std::to_string(share));
      }
}

TEST(BiasGelu, AgreesWithItsComposition) {
  for (const int64_t width : {1, 7, 33, 128})
    for (const bool bias : {true, false}) {
      const Tensors operands{random_values({2, 300, width}, 1) * 3,
                             bias ? random_values({width}, 2) : at::Tensor()};
      const Function run = [&](const Tensors& t) { return bias_gelu(t[0], t[1]); };
      expect_equal(run, operands, {true, false}, "width " + std::to_string(width));
    }
}

TEST(BiasGelu, IsExactInTheTails) {
  const at::Tensor x = at::tensor({-40.0F, -9.0F, -5.0F, -1e-6F, 0.0F, 1e-6F, 5.0F, 40.0F});
  const at::Tensor expected = at::gelu(x.to(at::kDouble));
  const at::Tensor actual = bias_gelu(x.clone(), {}).to(at::kDouble);
  EXPECT_LT((actual - expected).abs().max().item<double>(), 2e-6);
}

/// attention() in any precision, at valid positions only.
at::Tensor valid_attention(const Tensors& t, const at::Tensor& mask, double share) {
  AttentionOperands operands{t[0], t[1], t[2], t[3], mask};
  const at::Tensor out = attention(operands, {share, 5});
  return mask.defined() ? out * mask.unsqueeze(1).unsqueeze(3).to(out.scalar_type()) : out;
}

TEST(Attention, AgreesWithItsComposition) {
  struct Case {
    int64_t length, width;
  };
  for (const auto& [length, width] : {Case{1, 5}, Case{2, 1}, Case{7, 3}, Case{16, 10},
                                      Case{33, 21}, Case{64, 64}, Case{130, 42}})
    for (const bool relative : {false, true})
      for (const bool padded : {false, true})
        for (const double share : {0.0, 0.3}) {
          const Tensors operands{
              random_values({2, 3, length, width}, 1), random_values({2, 3, length, width}, 2),
              random_values({2, 3, length, width}, 3),
              relative ? random_values({2 * length + 5, width}, 4) : at::Tensor()};
          at::Tensor mask;
          if (padded) {
            mask = at::ones({2, length}, at::kLong);
            mask.select(0, 1).narrow(0, (length + 1) / 2, length / 2).zero_();
          }
          const Function run = [&](const Tensors& t) { return valid_attention(t, mask, share); };
          expect_equal(run, operands, {true, true, true, true},
                       "length " + std::to_string(length) + " width " + std::to_string(width) +
                           (relative ? " relative" : "") + (padded ? " padded" : "") + " share " +
                           std::to_string(share));
        }
}

TEST(Attention, ReadsHeadsWhereTheyLie) {
  // As a projection leaves them: [batch, length, heads * width] seen as heads.
  const auto heads = [](uint64_t seed) {
    return random_values({2, 9, 12}, seed).to(at::kFloat).view({2, 9, 3, 4}).transpose(1, 2);
  };
  const AttentionOperands views{heads(1), heads(2), heads(3), {}, {}};
  const AttentionOperands copies{
      views.query.contiguous(), views.key.contiguous(), views.value.contiguous(), {}, {}};
  EXPECT_TRUE(at::equal(attention(views, {}), attention(copies, {})));
  // The result lies as the next projection reads it.
  EXPECT_TRUE(attention(views, {}).transpose(1, 2).is_contiguous());
}

TEST(AdamWStep, AgreesWithItsComposition) {
  const auto values = [](uint64_t seed) { return random_values({40003}, seed).to(at::kFloat); };
  const AdamWTensors fused{values(1), values(2), values(3).abs()};
  const AdamWTensors composed{fused.weight.clone(), fused.first.clone(), fused.second.clone()};
  fused_adamw(kAdamWStep, values(4), fused);
  composed_adamw(kAdamWStep, values(4), composed);
  EXPECT_LT(difference(fused.weight, composed.weight.to(at::kDouble)), 1e-6);
  EXPECT_LT(difference(fused.first, composed.first.to(at::kDouble)), 1e-6);
  EXPECT_LT(difference(fused.second, composed.second.to(at::kDouble)), 1e-6);
}

TEST(CrossEntropy, OfBfloat16LogitsAgreesWithDoublePrecision) {
  for (const int64_t classes : {2, 17, 1000}) {
    const at::Tensor logits = (random_values({9, classes}, 1) * 3).to(at::kBFloat16);
    const at::Tensor targets = at::arange(9, at::kLong).remainder(classes);
    const Function run = [&](const Tensors& t) { return softmax_cross_entropy(t[0], targets); };
    const Results expected = evaluate(run, {logits.to(at::kDouble)});
    const Results actual = evaluate(run, {logits});
    EXPECT_NEAR(actual.output.item<double>(), expected.output.item<double>(), 1e-5);
    EXPECT_LT(difference(actual.gradients[0], expected.gradients[0]), 1e-2);
  }
}

TEST(Kernels, ShowThatSomethingDiverged) {
  const double nan = std::nan("");
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16})
    for (const double bad : {nan, HUGE_VAL}) {
      at::Tensor x = random_values({1, 1, 20, 20}, 1).to(type);
      x[0][0][7][13] = bad;
      const at::Tensor good = random_values({1, 1, 20, 20}, 2).to(type);
      const at::Tensor ones = at::ones({20});
      EXPECT_TRUE(attention({x, good, good, {}, {}}, {}).isnan().any().item<bool>());
      EXPECT_TRUE(attention({good, x, good, {}, {}}, {}).isnan().any().item<bool>());
      EXPECT_FALSE(attention({good, good, x, {}, {}}, {}).isfinite().all().item<bool>());
      EXPECT_FALSE(bias_gelu(x.clone(), {}).isfinite().all().item<bool>());
      EXPECT_TRUE(
          residual_norm(good, x.clone(), {}, ones, ones, 1e-6, {}).isnan().any().item<bool>());
      const at::Tensor loss =
          softmax_cross_entropy(x.view({20, 20}).clone(), at::zeros({20}, at::kLong));
      EXPECT_FALSE(std::isfinite(loss.item<double>())) << type << " " << bad;
    }
}

TEST(DropoutBits, AreThoseOfTheElementWhereverARangeBegins) {
  constexpr int64_t kCount = 1000;
  std::vector<uint16_t> all(kCount);
  kernels::draw_bits(42, 0, kCount, all.data());
  for (const int64_t first : {0, 1, 2, 7, 8, 15, 63, 998, 999})
    for (const int64_t count : {0, 1, 2, 3, 16, 37}) {
      if (first + count > kCount) continue;
      std::vector<uint16_t> some(static_cast<size_t>(count) + 1, 7);
      kernels::draw_bits(42, static_cast<uint64_t>(first), count, some.data());
      for (int64_t i = 0; i < count; ++i)
        EXPECT_EQ(some[static_cast<size_t>(i)], all[static_cast<size_t>(first + i)]);
      EXPECT_EQ(some.back(), 7) << "wrote beyond the range";
    }
}

TEST(DropoutBits, AreUniformAndOfTheirKey) {
  constexpr int64_t kCount = 1 << 20;
  std::vector<uint16_t> draws(kCount);
  std::vector<uint16_t> others(kCount);
  kernels::draw_bits(1, 0, kCount, draws.data());
  kernels::draw_bits(2, 0, kCount, others.data());
  // By the upper four bits: chi-square of 16 cells beyond 45 has a chance of 1e-4.
  std::vector<double> cells(16);
  int64_t equal = 0;
  double product = 0;
  for (size_t i = 0; i < draws.size(); ++i) {
    ++cells[draws[i] >> 12];
    equal += draws[i] == others[i] ? 1 : 0;
    if (i > 0) product += (draws[i] / 65535.0 - 0.5) * (draws[i - 1] / 65535.0 - 0.5);
  }
  double chi_square = 0;
  for (const double cell : cells)
    chi_square += (cell - kCount / 16.0) * (cell - kCount / 16.0) / (kCount / 16.0);
  EXPECT_LT(chi_square, 45);
  EXPECT_NEAR(static_cast<double>(equal), kCount / 65536.0, 5 * std::sqrt(kCount / 65536.0));
  // Neighbours (one hash serves two) are not correlated: five standard deviations.
  EXPECT_NEAR(product / kCount, 0, 5 / (12 * std::sqrt(static_cast<double>(kCount))));
}

}  // namespace
}  // namespace edgetran::train::torch_engine
