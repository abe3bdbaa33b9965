#include "train/torch/linear.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "train/torch/composition.h"

namespace edgetran::train::torch_engine {
namespace {

/// Our own products wherever they take the type.
at::Tensor own_where_possible(const Tensors& t) {
  return t[0].scalar_type() == at::kDouble ? composed_linear(t[0], t[1], t[2])
                                           : own_linear(t[0], t[1], t[2]);
}

struct Sizes {
  int64_t rows, in, out;
};

TEST(Linear, AgreesWithItsComposition) {
  // Parts of tiles, panels, pairs and blocks on every side; a depth of several passes.
  for (const Sizes& sizes :
       {Sizes{1, 1, 1}, Sizes{5, 2, 3}, Sizes{6, 3, 16}, Sizes{7, 64, 15}, Sizes{97, 33, 17},
        Sizes{193, 129, 257}, Sizes{64, 700, 64}, Sizes{13, 1027, 130}, Sizes{300, 16, 520}})
    for (const bool bias : {true, false}) {
      const Tensors operands{random_values({1, sizes.rows, sizes.in}, 1),
                             random_values({sizes.out, sizes.in}, 2),
                             bias ? random_values({sizes.out}, 3) : at::Tensor()};
      expect_equal(own_where_possible, operands, {true, false, false},
                   std::to_string(sizes.rows) + " rows, " + std::to_string(sizes.in) + " to " +
                       std::to_string(sizes.out));
    }
}

TEST(Linear, TakesOperandsAsTheyLie) {
  // x and the gradient of y are transposed in memory, the weight is a part of another.
  const Function run = [](const Tensors& t) {
    return own_where_possible({t[0].transpose(0, 1), t[1].narrow(1, 2, 40), t[2]}).transpose(0, 1);
  };
  expect_equal(run, {random_values({9, 50, 40}, 1), random_values({30, 44}, 2), at::Tensor()},
               {true, false, false}, "transposed");
}

TEST(Linear, KeepsTheWeightsGradientInFloat32) {
  const at::Tensor x = random_values({400, 24}, 1).to(at::kBFloat16);
  const at::Tensor dy = random_values({400, 40}, 2).to(at::kBFloat16);
  const at::Tensor weight = random_values({40, 24}, 3).to(at::kFloat).set_requires_grad(true);
  own_linear(x, weight, {}).backward(dy);
  EXPECT_EQ(weight.grad().scalar_type(), at::kFloat);
  EXPECT_LT(difference(weight.grad(), dy.to(at::kDouble).t().mm(x.to(at::kDouble))), 1e-5);
}

TEST(Linear, ShowsThatSomethingDiverged) {
  at::Tensor x = at::ones({7, 20});
  x[3][19] = NAN;
  const at::Tensor y = own_linear(x, at::ones({18, 20}), {});
  EXPECT_TRUE(at::isnan(y[3]).all().item<bool>());
  EXPECT_FALSE(at::isnan(y.narrow(0, 0, 3)).any().item<bool>());
}

TEST(Linear, OfNoRowsIsEmpty) {
  const at::Tensor y = linear(at::ones({0, 20}), at::ones({18, 20}), {}, Precision::kFp32);
  EXPECT_EQ(y.sizes(), at::IntArrayRef({0, 18}));
}

}  // namespace
}  // namespace edgetran::train::torch_engine
