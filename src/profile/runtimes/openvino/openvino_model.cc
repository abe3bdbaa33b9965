#include "profile/runtimes/openvino/openvino_model.h"

#include <fmt/core.h>

#include <cstring>
#include <openvino/openvino.hpp>
#include <utility>

#include "profile/runtimes/openvino/openvino_errors.h"

namespace edgetran::profile::openvino {

namespace {

tl::unexpected<base::Error> usage(std::string message) {
  return base::fail(base::ErrorCategory::kUsage, std::move(message));
}

base::Result<TensorType> type_of(const std::string& name, const ov::element::Type& type) {
  if (type == ov::element::i64) return TensorType::kInt64;
  if (type == ov::element::f32) return TensorType::kFloat32;
  return usage(fmt::format("\"{}\" of the model is of type {}; known are i64 and f32", name,
                           type.get_type_name()));
}

base::Result<TensorInfo> info_of(const std::string& name, const ov::element::Type& type,
                                 const ov::Shape& shape) {
  TensorInfo info;
  info.name = name;
  EDGETRAN_ASSIGN(info.type, type_of(name, type));
  for (const size_t size : shape) info.shape.push_back(static_cast<int64_t>(size));
  return info;
}

class OpenVinoModel final : public CompiledModel {
 public:
  OpenVinoModel(ov::CompiledModel compiled, ov::InferRequest request, base::Json settings)
      : compiled_(std::move(compiled)),
        request_(std::move(request)),
        settings_(std::move(settings)) {}

  /// Reads the names and types of the inputs; an error where one has a type that we do not know.
  base::Status describe() {
    for (const auto& port : compiled_.inputs()) {
      EDGETRAN_ASSIGN(TensorInfo info,
                      info_of(port.get_any_name(), port.get_element_type(), port.get_shape()));
      inputs_.push_back(std::move(info));
    }
    return {};
  }

  std::vector<TensorInfo> inputs() const override { return inputs_; }

  base::Status set_inputs(const std::vector<Tensor>& tensors) override {
    for (const Tensor& tensor : tensors) {
      bool known = false;
      for (const TensorInfo& info : inputs_) known = known || info.name == tensor.info.name;
      if (!known) return usage(fmt::format("the model has no input \"{}\"", tensor.info.name));
    }
    for (const TensorInfo& info : inputs_) {
      const Tensor* tensor = find_tensor(tensors, info.name);
      if (tensor == nullptr) return usage(fmt::format("the input \"{}\" is missing", info.name));
      if (tensor->info.type != info.type || tensor->info.shape != info.shape) {
        return usage(fmt::format("the input \"{}\" has the wrong type or shape", info.name));
      }
      EDGETRAN_TRY(copy_in(*tensor));
    }
    return {};
  }

  /// The host's tensors are the edges: infer() copies from and to a device's memory itself and
  /// waits for it.
  base::Status run() override {
    try {
      request_.infer();
      return {};
    } catch (const std::exception& error) {
      return failed("run", error);
    }
  }

  base::Json settings_in_effect() const override { return settings_; }

  base::Result<std::vector<Tensor>> outputs() const override {
    try {
      std::vector<Tensor> tensors;
      for (const auto& port : compiled_.outputs()) {
        const ov::Tensor tensor = request_.get_tensor(port);
        EDGETRAN_ASSIGN(TensorInfo info, info_of(port.get_any_name(), tensor.get_element_type(),
                                                 tensor.get_shape()));
        const auto* bytes = static_cast<const char*>(tensor.data());
        tensors.push_back({std::move(info), std::string(bytes, tensor.get_byte_size())});
      }
      return tensors;
    } catch (const std::exception& error) {
      return base::fail(failed("read the outputs of", error).error());
    }
  }

 private:
  base::Status copy_in(const Tensor& tensor) {
    try {
      ov::Tensor target = request_.get_tensor(tensor.info.name);
      std::memcpy(target.data(), tensor.data.data(), tensor.data.size());
      return {};
    } catch (const std::exception& error) {
      return failed("set the inputs of", error);
    }
  }

  static base::Status failed(const char* action, const std::exception& error) {
    return base::fail(error_from_openvino(error, action, {}, base::ErrorCategory::kFailed));
  }

  ov::CompiledModel compiled_;
  mutable ov::InferRequest request_;  // get_tensor() is not const
  std::vector<TensorInfo> inputs_;
  base::Json settings_;
};

}  // namespace

base::Result<std::unique_ptr<CompiledModel>> make_model(ov::CompiledModel compiled,
                                                        base::Json settings) {
  ov::InferRequest request = compiled.create_infer_request();
  auto model =
      std::make_unique<OpenVinoModel>(std::move(compiled), std::move(request), std::move(settings));
  EDGETRAN_TRY(model->describe());
  return model;
}

}  // namespace edgetran::profile::openvino
