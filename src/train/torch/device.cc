#include "train/torch/device.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace edgetran::train::torch_engine {

base::Result<at::Device> find_device(const std::string& name) {
  if (name == "cpu" || (name == "auto" && !at::hasCUDA())) return at::Device(at::kCPU);
  if (at::hasCUDA()) return at::Device(at::kCUDA, 0);
  return base::fail(base::ErrorCategory::kDevice,
                    "the device cuda was asked for; this engine finds none",
                    "use device auto or cpu, or set up a build of torch for CUDA with a driver "
                    "that it can use");
}

bool computes_bf16(at::Device device) {
#if defined(__x86_64__)
  if (device.is_cpu()) return __builtin_cpu_supports("avx512bf16") != 0;
#endif
  return true;
}

bool has_bf16_tiles() {
#if defined(__x86_64__)
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  constexpr unsigned kAmxBf16 = 1U << 22;  // of leaf 7's EDX
  return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (edx & kAmxBf16) != 0;
#else
  return false;
#endif
}

at::Tensor pinned(const at::Tensor& host, at::Device device) {
  return host.defined() && !device.is_cpu() ? host.pin_memory() : host;
}

at::Tensor on_device(const at::Tensor& tensor, at::Device device) {
  return tensor.defined() ? tensor.to(device, tensor.scalar_type(), /*non_blocking=*/true) : tensor;
}

std::vector<at::Tensor> on_device(const std::vector<at::Tensor>& tensors, at::Device device) {
  std::vector<at::Tensor> moved;
  moved.reserve(tensors.size());
  for (const at::Tensor& tensor : tensors) moved.push_back(on_device(tensor, device));
  return moved;
}

std::vector<at::Tensor> trainable(const std::vector<at::Tensor>& tensors, at::Device device) {
  std::vector<at::Tensor> leaves;
  leaves.reserve(tensors.size());
  for (const at::Tensor& tensor : tensors) {
    leaves.push_back(tensor.detach().to(device).set_requires_grad(true));
  }
  return leaves;
}

std::vector<at::Tensor> on_host(const std::vector<at::Tensor>& tensors) {
  std::vector<at::Tensor> copies;
  copies.reserve(tensors.size());
  for (const at::Tensor& tensor : tensors) {
    copies.push_back(tensor.detach().to(at::kCPU, at::kFloat).contiguous());
  }
  return copies;
}

}  // namespace edgetran::train::torch_engine
