// Gradients of every operator against central differences, in double precision (figure D).

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "graph/builder.h"
#include "train/torch/interpreter.h"
#include "train/torch/losses.h"
#include "train/torch/softmax_cross_entropy.h"

namespace edgetran::train::torch_engine {
namespace {

using graph::Builder;
using graph::ElementType;
using graph::Initializer;
using graph::ParameterRole;
using graph::Shape;
using graph::ValueId;

constexpr int64_t kBatch = 2;
constexpr int64_t kLength = 3;
constexpr double kStep = 1e-5;
constexpr double kTolerance = 1e-7;

at::Tensor random_values(at::IntArrayRef shape, uint64_t seed) {
  auto generator = at::detail::createCPUGenerator(seed);
  return at::randn(shape, generator, at::kDouble);
}

/// Builds a graph of one operator around `make`, which returns the output.
struct Case {
  std::string name;
  std::function<ValueId(Builder&)> make;
  double dropout = 0;
};

struct Program {
  graph::Graph graph;
  std::vector<at::Tensor> inputs, parameters;
};

/// Padding in the second row, so that a mask matters.
at::Tensor integer_input(const std::string& name) {
  if (name == "attention_mask") {
    return at::tensor({1, 1, 1, 1, 1, 0}, at::kLong).view({kBatch, kLength});
  }
  if (name == "selected_positions") return at::tensor({4, 0, 4}, at::kLong);
  return at::tensor({1, 4, 0, 2, 1, 1}, at::kLong).view({kBatch, kLength});
}

Program make_program(const Case& c) {
  Builder builder;
  builder.output("y", c.make(builder));
  Program program{.graph = builder.build(), .inputs = {}, .parameters = {}};
  const graph::Sizes sizes{.batch = kBatch, .length = kLength, .selected = 3};
  uint64_t seed = 1;
  for (const auto& input : program.graph.inputs()) {
    const auto& value = program.graph.value(input.value);
    program.inputs.push_back(
        value.type == ElementType::kInt64
            ? integer_input(input.name)
            : random_values(program.graph.dimensions(value.shape, sizes), ++seed)
                  .set_requires_grad(true));
  }
  for (const auto& parameter : program.graph.parameters()) {
    program.parameters.push_back(
        random_values(program.graph.dimensions(parameter), ++seed).set_requires_grad(true));
  }
  return program;
}

double gradient_error(const Case& c) {
  Program program = make_program(c);
  const Interpreter interpreter(program.graph, {"y"});
  PassOptions options;
  options.training = true;
  options.dropout = c.dropout;
  options.dropout_key = 7;
  const auto run = [&] { return interpreter.run(program.inputs, program.parameters, options)[0]; };
  const at::Tensor output = run();
  const at::Tensor direction = random_values(output.sizes(), 99);
  (output * direction).sum().backward();
  double worst = 0;
  std::vector<at::Tensor> leaves = program.parameters;
  for (const auto& input : program.inputs) {
    if (input.requires_grad()) leaves.push_back(input);
  }
  for (at::Tensor& leaf : leaves) {
    EXPECT_TRUE(leaf.grad().defined()) << c.name;
    const at::NoGradGuard no_gradients;
    auto* values = leaf.mutable_data_ptr<double>();
    const at::Tensor slopes = leaf.grad().contiguous();
    for (int64_t i = 0; i < leaf.numel(); ++i) {
      const double kept = values[i];
      values[i] = kept + kStep;
      const auto above = (run() * direction).sum().item<double>();
      values[i] = kept - kStep;
      const auto below = (run() * direction).sum().item<double>();
      values[i] = kept;
      worst = std::max(
          worst, std::abs((above - below) / (2 * kStep) - slopes.const_data_ptr<double>()[i]));
    }
  }
  return worst;
}

ValueId floats(Builder& b, const std::string& name, int64_t width) {
  return b.input(name, ElementType::kFloat32,
                 {b.batch(), b.length(), b.axis("width" + std::to_string(width), width)});
}

ValueId weight(Builder& b, const std::string& name, const Shape& shape) {
  return b.parameter(name, shape, Initializer::kNormal, ParameterRole::kWeight);
}

ValueId ids(Builder& b, const std::string& name) {
  return b.input(name, ElementType::kInt64, {b.batch(), b.length()});
}

ValueId make_attention(Builder& b, bool relative, bool mask) {
  const Shape shape = {b.batch(), b.axis("heads", 2), b.length(), b.axis("head_width", 4)};
  const ValueId q = b.input("q", ElementType::kFloat32, shape);
  const ValueId k = b.input("k", ElementType::kFloat32, shape);
  const ValueId v = b.input("v", ElementType::kFloat32, shape);
  const ValueId table =
      relative ? weight(b, "relative", {b.axis("offsets", 9), shape[3]}) : graph::kNone;
  return b.attention(q, k, v, table, mask ? ids(b, "attention_mask") : graph::kNone);
}

ValueId make_heads(Builder& b) {
  const graph::AxisPart part{b.axis("heads", 2), b.axis("head_width", 3)};
  const graph::AxisPart other{b.axis("other_heads", 1), b.axis("head_width", 3)};
  const auto features = b.composite_axis("features", {part, other});
  const ValueId x = b.input("x", ElementType::kFloat32, {b.batch(), b.length(), features});
  const ValueId first = b.split_heads(x, 0);
  const ValueId second = b.split_heads(x, 1);
  return b.merge_heads({b.tanh(first), second}, features);
}

/// [batch, 2 heads, length, width]
ValueId head_input(Builder& b, const std::string& name, int64_t width) {
  return b.input(name, ElementType::kFloat32,
                 {b.batch(), b.axis("heads", 2), b.length(),
                  b.axis("head_width" + std::to_string(width), width)});
}

ValueId optional_mask(Builder& b, bool mask) {
  return mask ? ids(b, "attention_mask") : graph::kNone;
}

ValueId make_head_linear(Builder& b, bool bias) {
  const ValueId x = head_input(b, "x", 4);
  const auto heads = b.axis("heads", 2);
  const auto out = b.axis("out", 3);
  return b.head_linear(x, weight(b, "w", {heads, out, b.last_axis(x)}),
                       bias ? weight(b, "b", {heads, out}) : graph::kNone);
}

ValueId make_depthwise(Builder& b, bool mask) {
  const ValueId x = head_input(b, "x", 4);
  return b.depthwise_convolution(
      x, weight(b, "w", {b.axis("heads", 2), b.last_axis(x), b.axis("taps", 5)}),
      optional_mask(b, mask));
}

ValueId make_dynamic(Builder& b, bool mask) {
  return b.dynamic_convolution(head_input(b, "scores", 5), head_input(b, "x", 4),
                               optional_mask(b, mask));
}

/// Every transform for an even and an odd width.
void add_spectral_cases(std::vector<Case>& cases) {
  for (const auto spectrum : {graph::Spectrum::kDft, graph::Spectrum::kDct})
    for (const int64_t width : {4, 5, 1})
      for (const bool mask : {false, true})
        cases.push_back({"spectral", [=](Builder& b) {
                           return b.spectral(spectrum, head_input(b, "x", width),
                                             optional_mask(b, mask));
                         }});
}

std::vector<Case> cases() {
  const auto embed = [](Builder& b) {
    return b.embedding(weight(b, "table", {b.axis("rows", 5), b.axis("width4", 4)}), ids(b, "ids"));
  };
  const auto rows = [](Builder& b) {
    const ValueId x = floats(b, "x", 4);
    const ValueId table = weight(b, "table", {b.axis("rows", 5), b.last_axis(x)});
    return b.add(x, b.position_rows(table));
  };
  const auto linear = [](Builder& b) {
    const ValueId x = floats(b, "x", 4);
    const auto out = b.axis("out", 3);
    return b.linear(x, weight(b, "w", {out, b.last_axis(x)}), weight(b, "b", {out}));
  };
  const auto norm = [](Builder& b) {
    const ValueId x = floats(b, "x", 4);
    return b.layer_norm(x, weight(b, "w", {b.last_axis(x)}), weight(b, "b", {b.last_axis(x)}),
                        1e-12);
  };
  const auto select = [](Builder& b) {
    return b.select_positions(floats(b, "x", 4),
                              b.input("selected_positions", ElementType::kInt64, {b.selected()}));
  };
  std::vector<Case> result{
      {"embedding", embed},
      {"position_rows and add", rows},
      {"linear", linear},
      {"layer_norm", norm},
      {"dropout", [](Builder& b) { return b.dropout(floats(b, "x", 4)); }, 0.4},
      {"gelu", [](Builder& b) { return b.gelu(floats(b, "x", 4)); }},
      {"tanh", [](Builder& b) { return b.tanh(floats(b, "x", 4)); }},
      {"split_heads and merge_heads", make_heads},
      {"attention", [](Builder& b) { return make_attention(b, false, false); }},
      {"attention, mask", [](Builder& b) { return make_attention(b, false, true); }},
      {"attention, relative", [](Builder& b) { return make_attention(b, true, false); }},
      {"attention, relative, mask", [](Builder& b) { return make_attention(b, true, true); }},
      {"attention, dropout", [](Builder& b) { return make_attention(b, true, true); }, 0.4},
      {"first_token", [](Builder& b) { return b.first_token(floats(b, "x", 4)); }},
      {"select_positions", select},
      {"head_linear", [](Builder& b) { return make_head_linear(b, false); }},
      {"head_linear, bias", [](Builder& b) { return make_head_linear(b, true); }},
      {"multiply",
       [](Builder& b) { return b.multiply(head_input(b, "a", 4), head_input(b, "b", 4)); }},
      {"depthwise_convolution", [](Builder& b) { return make_depthwise(b, false); }},
      {"depthwise_convolution, mask", [](Builder& b) { return make_depthwise(b, true); }},
      {"dynamic_convolution", [](Builder& b) { return make_dynamic(b, false); }},
      {"dynamic_convolution, mask", [](Builder& b) { return make_dynamic(b, true); }},
  };
  add_spectral_cases(result);
  return result;
}

TEST(Gradients, AgreeWithCentralDifferences) {
  for (const Case& c : cases()) EXPECT_LT(gradient_error(c), kTolerance) << c.name;
}

TEST(Gradients, CoverEveryOperator) {
  std::set<graph::Op> seen;
  for (const Case& c : cases()) {
    const Program program = make_program(c);
    for (const auto& node : program.graph.nodes()) seen.insert(node.op);
  }
  for (int op = 0; op <= static_cast<int>(graph::Op::kSelectPositions); ++op) {
    EXPECT_TRUE(seen.contains(static_cast<graph::Op>(op)))
        << graph::op_name(static_cast<graph::Op>(op));
  }
}

TEST(Gradients, OfTheFusedCrossEntropyAgreeWithDoublePrecision) {
  const at::Tensor exact = (random_values({5, 37}, 3) * 4).set_requires_grad(true);
  const at::Tensor targets = at::tensor({0, 36, 7, 16, 7}, at::kLong);
  const at::Tensor loss = at::cross_entropy_loss(exact, targets);
  (loss * 3).backward();
  const at::Tensor single = exact.detach().to(at::kFloat).set_requires_grad(true);
  // The function uses its argument's memory up, so it is given a copy that autograd knows.
  const at::Tensor fused = softmax_cross_entropy(single * 1.0, targets);
  (fused * 3).backward();
  EXPECT_NEAR(fused.item<double>(), loss.item<double>(), 1e-6);
  EXPECT_LT((single.grad().to(at::kDouble) - exact.grad()).abs().max().item<double>(), 1e-6);
}

TEST(Gradients, OfTheSquaredErrorAgreeWithTheFormula) {
  const at::Tensor predictions = at::tensor({1.0F, -2.0F}).view({2, 1}).set_requires_grad(true);
  const at::Tensor loss = squared_error(predictions, at::tensor({0.5F, 1.0F}));
  loss.backward();
  EXPECT_FLOAT_EQ(loss.item<float>(), (0.25F + 9) / 2);
  EXPECT_FLOAT_EQ(predictions.grad()[0][0].item<float>(), 0.5F);
  EXPECT_FLOAT_EQ(predictions.grad()[1][0].item<float>(), -3.0F);
}

}  // namespace
}  // namespace edgetran::train::torch_engine
