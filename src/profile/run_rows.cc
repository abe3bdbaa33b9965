#include "profile/run_rows.h"

#include <fmt/core.h>

namespace edgetran::profile {

namespace {

tl::unexpected<base::Error> usage(std::string message) {
  return base::fail(base::ErrorCategory::kUsage, std::move(message));
}

base::Result<int64_t> common_rows(const std::vector<Tensor>& inputs, int64_t batch) {
  if (inputs.empty() || inputs[0].info.shape.empty()) return usage("the inputs have no rows");
  const int64_t rows = inputs[0].info.shape[0];
  for (const Tensor& input : inputs) {
    if (input.info.shape.empty() || input.info.shape[0] != rows) {
      return usage(fmt::format("input \"{}\" does not have {} rows like \"{}\"", input.info.name,
                               rows, inputs[0].info.name));
    }
  }
  if (rows < 1 || rows % batch != 0) {
    return usage(fmt::format("{} rows are not a multiple of the batch of {}", rows, batch));
  }
  return rows;
}

Tensor slice(const Tensor& whole, int64_t begin, int64_t rows) {
  Tensor part;
  part.info = whole.info;
  part.info.shape[0] = rows;
  const size_t row_bytes = whole.data.size() / static_cast<size_t>(whole.info.shape[0]);
  part.data = whole.data.substr(static_cast<size_t>(begin) * row_bytes,
                                static_cast<size_t>(rows) * row_bytes);
  return part;
}

base::Status append(std::vector<Tensor>& whole, std::vector<Tensor> part, int64_t batch) {
  for (const Tensor& output : part) {
    if (output.info.shape.empty() || output.info.shape[0] != batch) {
      return usage(fmt::format("output \"{}\" does not begin with the batch", output.info.name));
    }
  }
  if (whole.empty()) {
    whole = std::move(part);
    return {};
  }
  for (size_t i = 0; i < whole.size(); ++i) {
    whole[i].info.shape[0] += batch;
    whole[i].data += part[i].data;
  }
  return {};
}

}  // namespace

base::Result<std::vector<Tensor>> run_rows(CompiledModel& model, const std::vector<Tensor>& inputs,
                                           int64_t batch, const base::CancelToken& cancel) {
  EDGETRAN_ASSIGN(const int64_t rows, common_rows(inputs, batch));
  std::vector<Tensor> outputs;
  for (int64_t begin = 0; begin < rows; begin += batch) {
    if (cancel.requested()) {
      return base::fail(base::ErrorCategory::kInterrupted, "running was cancelled");
    }
    std::vector<Tensor> part;
    part.reserve(inputs.size());
    for (const Tensor& input : inputs) part.push_back(slice(input, begin, batch));
    EDGETRAN_TRY(model.set_inputs(part));
    EDGETRAN_TRY(model.run());
    EDGETRAN_ASSIGN(auto produced, model.outputs());
    EDGETRAN_TRY(append(outputs, std::move(produced), batch));
  }
  return outputs;
}

}  // namespace edgetran::profile
