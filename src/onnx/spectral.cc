// DFT and DCT as products with matrices: constants in a static model without mask, else computed
// from the number of valid positions. What depends on lengths only is made once for all layers.
#include <fmt/format.h>

#include <numbers>

#include "base/result.h"
#include "graph/spectrum.h"
#include "onnx/translator.h"

namespace edgetran::onnx {

using graph::Node;
using graph::ValueId;

namespace {

std::vector<float> narrowed(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

}  // namespace

// Of the formula (graph/spectrum.h) only the positions remain where the feature maps are folded
// into the projections: two products, or one, on the rows of all heads at once.
void Translator::spectral(const Node& node) {
  const ValueId x = node.inputs[0];
  const ValueId mask = node.attributes.has_mask ? node.inputs.back() : graph::kNone;
  const bool dct = node.attributes.spectrum == graph::Spectrum::kDct;
  const int64_t width = width_of(x);
  const int64_t kept = graph::cosine_features(node.attributes.spectrum, width);
  const bool folded = folding_.folded[static_cast<size_t>(graph_.value(node.output).index)];
  const int64_t cosines = folded ? kept * heads_of(x) : kept;
  const int64_t all = folded ? width * heads_of(x) : width;
  const int64_t axis = folded ? 2 : 3;

  std::string features = in_layout(x, folded ? Layout::kRows : Layout::kHeads);
  if (!folded) {
    const std::string map = once(fmt::format("{}/features_{}", dct ? "dct" : "dft", width), [&] {
      return writer_.floats(fmt::format("{}.features_{}", dct ? "dct" : "dft", width),
                            {width, width},
                            narrowed(graph::feature_map(node.attributes.spectrum, width)));
    });
    features = writer_.node("MatMul", {features, map}, "frequencies");
  }
  const auto product = [&](Wave wave, int64_t begin, int64_t end, std::string_view label) {
    std::string part = features;
    if (begin > 0 || end < all)
      part = writer_.node(
          "Slice",
          {features, writer_.integers({begin}), writer_.integers({end}), writer_.integers({axis})},
          label);
    if (mask == graph::kNone && halves_positions(wave))
      return dct ? halved_dct(part, axis - 1) : halved_dft(wave, part, axis - 1);
    std::string matrix = position_matrix(wave, mask);
    if (!folded && mask != graph::kNone)  // [batch, 1, length, length]
      matrix = writer_.node("Unsqueeze", {matrix, writer_.integers({1})}, "matrix");
    return writer_.node("MatMul", {matrix, part}, "positions");
  };
  std::string mixed = product(dct ? Wave::kDct : Wave::kCosine, 0, cosines, "cosines");
  if (cosines < all)
    mixed = writer_.node("Concat", {mixed, product(Wave::kSine, cosines, all, "sines")}, "waves",
                         {{"axis", axis}});
  if (folded) return set_layout(node.output, Layout::kRows, std::move(mixed));
  if (!dct) {
    const std::string map = once(fmt::format("dft/expansion_{}", width), [&] {
      return writer_.floats(fmt::format("dft.expansion_{}", width), {width, width},
                            narrowed(graph::expansion_map(node.attributes.spectrum, width)));
    });
    mixed = writer_.node("MatMul", {mixed, map}, "expanded");
  }
  names_[static_cast<size_t>(node.output)] = mixed;
}

const std::string& Translator::position_matrix(Wave wave, ValueId mask) {
  constexpr std::array kNames{"cosine", "sine", "dct"};
  const char* name = kNames.at(static_cast<size_t>(wave));
  if (mask == graph::kNone && !options_.dynamic)
    return once(fmt::format("positions/{}", name), [&] { return folded_matrix(wave); });
  return once(fmt::format("positions/{}{}", name, mask == graph::kNone ? "" : "/" + name_of(mask)),
              [&] { return computed_matrix(wave, mask); });
}

std::string Translator::folded_matrix(Wave wave) {
  const int64_t length = options_.length;
  switch (wave) {
    case Wave::kCosine:
      return writer_.floats(fmt::format("positions.cosine_{}", length), {length, length},
                            narrowed(graph::cosine_matrix(length)));
    case Wave::kSine:
      return writer_.floats(fmt::format("positions.sine_{}", length), {length, length},
                            narrowed(graph::sine_matrix(length)));
    case Wave::kDct:
      return writer_.floats(fmt::format("positions.dct_{}", length), {length, length},
                            narrowed(graph::dct_matrix(length)));
  }
  EDGETRAN_CHECK(false, "a wave without a matrix");
}

// 0, 1, ... length-1 as int64.
const std::string& Translator::position_numbers() {
  return once("positions/numbers", [&]() -> std::string {
    if (!options_.dynamic) {
      std::vector<int64_t> numbers(static_cast<size_t>(options_.length));
      for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<int64_t>(i);
      return writer_.integers(numbers);
    }
    const std::string end =
        writer_.node("Squeeze", {length_value(0, 1, 0), writer_.integers({0})}, "end");
    return writer_.node("Range", {writer_.integer(0), end, writer_.integer(1)}, "range");
  });
}

// Valid positions as int64: [batch, 1, 1], or [1] where all are valid. A row without any counts as
// one, so that nothing divides by zero.
const std::string& Translator::valid_length(ValueId mask) {
  if (mask == graph::kNone) return once("positions/length", [&] { return length_value(0, 1, 0); });
  return once(name_of(mask) + "/length", [&] {
    const std::string sum = writer_.node("ReduceSum", {name_of(mask), writer_.integers({1})}, "sum",
                                         {{"keepdims", int64_t{1}}});
    const std::string positive = writer_.node("Max", {sum, writer_.integer(1)}, "positive");
    return writer_.node("Unsqueeze", {positive, writer_.integers({2})}, "rows");
  });
}

// mask [batch, length] -> [batch, length, length]: 1 where row and column are valid.
const std::string& Translator::valid_square(ValueId mask) {
  return once(name_of(mask) + "/square", [&] {
    const std::string valid = writer_.node("Cast", {name_of(mask)}, "valid",
                                           {{"to", int64_t{::onnx::TensorProto::FLOAT}}});
    const std::string rows = writer_.node("Unsqueeze", {valid, writer_.integers({2})}, "rows");
    const std::string columns =
        writer_.node("Unsqueeze", {valid, writer_.integers({1})}, "columns");
    return writer_.node("Mul", {rows, columns}, "both");
  });
}

// The argument is reduced in integers: as float32, angles of 512 positions would be off by 2e-4.
std::string Translator::computed_matrix(Wave wave, ValueId mask) {
  const bool dct = wave == Wave::kDct;
  const auto cast = [&](const std::string& x, std::string_view label) {
    return writer_.node("Cast", {x}, label, {{"to", int64_t{::onnx::TensorProto::FLOAT}}});
  };
  const std::string& length = valid_length(mask);
  const std::string& numbers = position_numbers();
  const std::string rows = writer_.node("Unsqueeze", {numbers, writer_.integers({1})}, "rows");
  std::string columns = writer_.node("Unsqueeze", {numbers, writer_.integers({0})}, "columns");
  if (dct)  // 2j + 1
    columns = writer_.node(
        "Add", {writer_.node("Mul", {columns, writer_.integer(2)}, "doubled"), writer_.integer(1)},
        "odd");
  const std::string products = writer_.node("Mul", {rows, columns}, "products");
  const std::string period =
      dct ? writer_.node("Mul", {length, writer_.integer(4)}, "period") : length;
  const std::string reduced = cast(writer_.node("Mod", {products, period}, "mod"), "reduced");
  const std::string share = writer_.node("Div", {reduced, cast(period, "period_float")}, "share");
  const std::string angle = writer_.node(
      "Mul", {share, writer_.scalar(static_cast<float>(2 * std::numbers::pi))}, "angle");
  std::string values = writer_.node(wave == Wave::kSine ? "Sin" : "Cos", {angle}, "wave");
  const std::string root = writer_.node("Sqrt", {cast(length, "length_float")}, "root");
  values = writer_.node("Div", {values, root}, "scaled");
  if (dct) {  // sqrt(2) but for row 0
    const std::string first =
        cast(writer_.node("Equal", {rows, writer_.integer(0)}, "first"), "at");
    const std::string less =
        writer_.node("Mul", {first, writer_.scalar(1 - std::numbers::sqrt2_v<float>)}, "less");
    values = writer_.node(
        "Mul",
        {values,
         writer_.node("Add", {less, writer_.scalar(std::numbers::sqrt2_v<float>)}, "row_scale")},
        "orthonormal");
  }
  if (mask == graph::kNone) return values;
  return writer_.node("Mul", {values, valid_square(mask)}, "valid");
}

}  // namespace edgetran::onnx
