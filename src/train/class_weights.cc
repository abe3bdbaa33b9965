#include "train/class_weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <cmath>
#include <numeric>
#include <string_view>

#include "base/text.h"

namespace edgetran::train {
namespace {

using base::ErrorCategory;

constexpr const char* kHint = "give none, balanced, or one number above zero a label: 1,2.5,1";

base::Result<std::vector<double>> parse_numbers(const std::string& text) {
  std::vector<double> numbers;
  for (const std::string_view part : base::split(text, ',')) {
    double value = 0;
    const auto [end, code] = std::from_chars(part.data(), part.data() + part.size(), value);
    const bool whole = code == std::errc() && end == part.data() + part.size();
    if (!whole || !std::isfinite(value) || value <= 0) {
      return base::fail(
          ErrorCategory::kUsage,
          fmt::format("class_weights is '{}': '{}' is not a number above zero", text, part), kHint);
    }
    numbers.push_back(value);
  }
  return numbers;
}

base::Result<std::vector<double>> balanced(std::span<const int64_t> rows,
                                           std::span<const std::string> label_names) {
  const auto all = static_cast<double>(std::accumulate(rows.begin(), rows.end(), int64_t{0}));
  std::vector<double> weights;
  for (size_t label = 0; label < rows.size(); ++label) {
    if (rows[label] == 0) {
      return base::fail(ErrorCategory::kUsage,
                        fmt::format("class_weights cannot be balanced: the label '{}' has no "
                                    "training rows",
                                    label_names[label]),
                        "give numbers instead, or rows of every label");
    }
    weights.push_back(all / (static_cast<double>(rows.size()) * static_cast<double>(rows[label])));
  }
  return weights;
}

}  // namespace

base::Status check_class_weights(const std::string& text) {
  if (text == "none" || text == "balanced") return {};
  EDGETRAN_TRY(parse_numbers(text));
  return {};
}

base::Result<std::vector<double>> class_weights(const std::string& text,
                                                std::span<const int64_t> rows,
                                                std::span<const std::string> label_names) {
  EDGETRAN_CHECK(rows.size() == label_names.size(), "a count for each label");
  if (text == "none") return std::vector<double>{};
  if (text == "balanced") return balanced(rows, label_names);
  EDGETRAN_ASSIGN(auto numbers, parse_numbers(text));
  if (numbers.size() != label_names.size()) {
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("class_weights has {} numbers for {} labels ({})", numbers.size(),
                                  label_names.size(), fmt::join(label_names, ", ")),
                      "give one number a label, in this order");
  }
  return numbers;
}

}  // namespace edgetran::train
