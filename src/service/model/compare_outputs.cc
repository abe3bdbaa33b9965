#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <span>

#include "base/files.h"
#include "base/random.h"
#include "device/board.h"
#include "encoder/encoder.h"
#include "onnx/export.h"
#include "onnx/signature.h"
#include "profile/tensor_blob.h"
#include "service/model/loaded_model.h"
#include "service/model/verify.h"
#include "service/study/hardware.h"
#include "train/job_client.h"
#include "weights/huggingface_import.h"
#include "weights/transfer.h"

namespace edgetran::service {
namespace {

using base::ErrorCategory;
using base::Result;
using profile::Tensor;
using profile::TensorType;
namespace fs = std::filesystem;

constexpr int64_t kDefaultLength = 64;

/// The other side as an ONNX file, and the sizes that it is run with.
struct OtherSide {
  std::string onnx;
  int64_t batch = 0, length = 0;
  bool mask = false;
};

/// A model's encoder without the masked-language-model head, whose inputs no deployment has.
Result<std::string> deployable_onnx(const weights::ModelInfo& info, const graph::Graph& graph,
                                    const weights::Weights& weights, const OtherSide& sizes) {
  encoder::BuildOptions options = weights::build_options(info);
  options.mask = true;
  if (info.mlm) {
    options.head = encoder::TaskHead::kNone;
    options.pooler = false;
  }
  EDGETRAN_ASSIGN(const auto wanted, encoder::build_encoder(info.spec, options));
  const auto taken = weights::transfer(graph, weights, wanted, {});
  return onnx::export_onnx(wanted, taken.weights,
                           {.batch = sizes.batch, .length = sizes.length, .hidden = true});
}

Result<OtherSide> other_folder(const CompareRequest& request, OtherSide other) {
  std::error_code ignored;
  if (fs::exists(request.against / weights::kModelFile, ignored)) {
    EDGETRAN_ASSIGN(const auto model, load_model_folder(request.against, false));
    EDGETRAN_ASSIGN(other.onnx, deployable_onnx(model.info, model.graph, model.weights, other));
  } else {
    EDGETRAN_ASSIGN(const auto model, weights::import_huggingface(request.against));
    EDGETRAN_ASSIGN(other.onnx, deployable_onnx(model.info, model.graph, model.weights, other));
  }
  other.mask = true;
  return other;
}

Result<OtherSide> other_file(const CompareRequest& request, OtherSide other) {
  EDGETRAN_ASSIGN(other.onnx, base::read_file(request.against));
  auto signature = onnx::read_signature(other.onnx);
  if (!signature) return base::fail(signature.error().within(request.against.string()));
  for (const onnx::Port& input : signature->inputs) {
    const bool known = input.name == "input_ids" || input.name == "token_type_ids" ||
                       input.name == "attention_mask";
    if (!known || input.shape.size() != 2)
      return base::fail(ErrorCategory::kUsage,
                        fmt::format("{} has an input '{}', which a deployed encoder has not",
                                    request.against.string(), input.name),
                        "compare model folders, or an ONNX file of a model without a "
                        "masked-language-model head");
    if (input.shape[0] > 0) other.batch = input.shape[0];
    if (input.shape[1] > 0) other.length = input.shape[1];
    other.mask = other.mask || input.name == "attention_mask";
  }
  return other;
}

/// Random rows, padded to different lengths where there is a mask.
struct Inputs {
  std::vector<Tensor> tensors;
  std::vector<int64_t> valid;  ///< positions of each row
};

Tensor integers(const char* name, const std::vector<int64_t>& shape,
                const std::vector<int64_t>& values) {
  return {.info = {.name = name, .type = TensorType::kInt64, .shape = shape},
          .data = std::string(reinterpret_cast<const char*>(values.data()),
                              values.size() * sizeof(int64_t))};
}

Inputs random_inputs(const space::ModelSpec& spec, const OtherSide& sizes, uint64_t seed) {
  base::RandomStream random(seed, "verify");
  const std::vector<int64_t> shape{sizes.batch, sizes.length};
  std::vector<int64_t> ids, types, mask;
  Inputs inputs;
  for (int64_t row = 0; row < sizes.batch; ++row) {
    // The first row is full, the others end where they like.
    const auto length = static_cast<uint64_t>(sizes.length);
    const auto valid =
        static_cast<int64_t>(sizes.mask && row > 0 ? 1 + random.below(length) : length);
    inputs.valid.push_back(valid);
    for (int64_t t = 0; t < sizes.length; ++t) {
      ids.push_back(static_cast<int64_t>(random.below(static_cast<uint64_t>(spec.vocabulary))));
      types.push_back(static_cast<int64_t>(random.below(static_cast<uint64_t>(spec.types))));
      mask.push_back(t < valid ? 1 : 0);
    }
  }
  inputs.tensors = {integers("input_ids", shape, ids), integers("token_type_ids", shape, types)};
  if (sizes.mask) inputs.tensors.push_back(integers("attention_mask", shape, mask));
  return inputs;
}

Result<std::vector<Tensor>> run_in_worker(Context& context, const fs::path& model,
                                          const Inputs& inputs) {
  EDGETRAN_ASSIGN(const auto scratch, base::TemporaryFolder::create("edgetran-verify"));
  train::TrainJob job;
  job.kind = train::JobKind::kInfer;
  job.model = fs::absolute(model);
  job.inputs = scratch.path() / "inputs.safetensors";
  job.outputs = scratch.path() / "outputs.safetensors";
  EDGETRAN_TRY(base::write_file_atomic(job.inputs, profile::encode_tensors(inputs.tensors)));
  EDGETRAN_TRY(train::run_job(job, {.program = context.programs / "edgetran-worker"},
                              context.events, context.cancel));
  EDGETRAN_ASSIGN(const std::string outputs, base::read_file(job.outputs));
  return profile::decode_tensors(outputs);
}

Result<std::vector<Tensor>> run_in_agent(Context& context, const OtherSide& other,
                                         const Inputs& inputs) {
  EDGETRAN_ASSIGN(auto cards,
                  read_cards({"this-machine"}, other.batch, other.length, context.events));
  const auto single = std::ranges::find_if(
      cards.front().deployments, [](const auto& known) { return known.precision == "fp32"; });
  if (single == cards.front().deployments.end())
    return base::fail(ErrorCategory::kDevice, "this machine has no deployment in fp32");
  device::MeasureRequest asked;
  asked.model_bytes = other.onnx;
  asked.deployment = single->name;
  const auto board =
      device::make_board(std::move(cards.front()), {.agent = context.programs / "edgetran-agent"});
  EDGETRAN_ASSIGN(
      const std::string outputs,
      board->run_outputs(asked, profile::encode_tensors(inputs.tensors), context.cancel));
  return profile::decode_tensors(outputs);
}

std::vector<float> floats(const Tensor& tensor) {
  std::vector<float> values(static_cast<size_t>(tensor.info.elements()));
  std::memcpy(values.data(), tensor.data.data(), tensor.data.size());
  return values;
}

Check compare(const Tensor& ours, const Tensor& theirs, const Inputs& inputs, double tolerance) {
  Check check{.name = ours.info.name, .passed = false, .detail = {}};
  if (ours.info.shape != theirs.info.shape || theirs.info.type != TensorType::kFloat32) {
    check.detail = fmt::format("[{}] here, [{}] there", fmt::join(ours.info.shape, ", "),
                               fmt::join(theirs.info.shape, ", "));
    return check;
  }
  const std::vector<float> a = floats(ours), b = floats(theirs);
  const bool by_position = ours.info.shape.size() == 3;  // [batch, length, width]
  double largest = 0, difference = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    if (by_position) {
      const int64_t place = static_cast<int64_t>(i) / ours.info.shape[2];
      const auto row = static_cast<size_t>(place / ours.info.shape[1]);
      if (place % ours.info.shape[1] >= inputs.valid[row]) continue;
    }
    largest = std::max(largest, std::abs(static_cast<double>(a[i])));
    difference = std::max(difference, std::abs(static_cast<double>(a[i]) - b[i]));
    if (!std::isfinite(a[i]) || !std::isfinite(b[i])) difference = HUGE_VAL;
  }
  const double relative = largest > 0 ? difference / largest : difference;
  check.passed = relative <= tolerance;
  check.detail = fmt::format("largest difference {:.3g}, {:.3g} of the largest value {:.4g}",
                             difference, relative, largest);
  return check;
}

}  // namespace

Result<std::vector<Check>> compare_outputs(Context& context, const CompareRequest& request) {
  EDGETRAN_ASSIGN(const auto info, weights::read_model_info(request.model));
  std::error_code ignored;
  if (!fs::exists(request.against, ignored))
    return base::fail(ErrorCategory::kNotFound,
                      fmt::format("there is no {}", request.against.string()),
                      "give an ONNX file, a model folder or a Hugging Face folder");
  const int64_t length =
      std::min(request.length > 0 ? request.length : kDefaultLength, info.spec.positions);
  const OtherSide sizes{.onnx = {}, .batch = request.batch, .length = length};
  EDGETRAN_ASSIGN(const OtherSide other, fs::is_directory(request.against)
                                             ? other_folder(request, sizes)
                                             : other_file(request, sizes));
  const Inputs inputs = random_inputs(info.spec, other, request.seed);
  EDGETRAN_ASSIGN(const auto ours, run_in_worker(context, request.model, inputs));
  EDGETRAN_ASSIGN(const auto theirs, run_in_agent(context, other, inputs));
  std::vector<Check> checks;
  for (const Tensor& output : theirs)
    if (const Tensor* mine = profile::find_tensor(ours, output.info.name))
      checks.push_back(compare(*mine, output, inputs, request.tolerance));
  if (checks.empty())
    return base::fail(ErrorCategory::kUsage, "the two have no output in common",
                      "compare models with the same task head");
  return checks;
}

}  // namespace edgetran::service
