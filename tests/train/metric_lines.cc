// metric_lines: a JSON object a line, {"labels", "truth", "predicted"} of a classifier or
// {"x", "y"} of a regression (predictions, targets); its metrics as JSON a line on standard output.
// The other side of metrics_oracle_test.py.

#include <iostream>
#include <string>
#include <vector>

#include "base/json.h"
#include "train/metrics.h"

namespace {

using namespace edgetran;

base::Json classes(const base::Json& input) {
  const auto labels = input.at("labels").get<int64_t>();
  train::ClassificationMetrics metrics(labels);
  for (size_t i = 0; i < input.at("truth").size(); ++i) {
    std::vector<float> logits(static_cast<size_t>(labels), 0);
    logits[input.at("predicted")[i].get<size_t>()] = 1;
    metrics.add(logits, input.at("truth")[i].get<int64_t>());
  }
  return metrics.to_json();
}

base::Json scores(const base::Json& input) {
  train::RegressionMetrics metrics;
  for (size_t i = 0; i < input.at("x").size(); ++i)
    metrics.add(input.at("x")[i].get<double>(), input.at("y")[i].get<double>());
  return metrics.to_json();
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    const auto input = base::parse_json(line, "standard input").value();
    std::cout << base::dump_json(input.contains("labels") ? classes(input) : scores(input)) << '\n';
  }
}
