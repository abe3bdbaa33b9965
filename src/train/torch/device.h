#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "train/torch/engine.h"

namespace edgetran::train::torch_engine {

/// The device of TrainJob::device: "cpu", "cuda" (the first one), or "auto": cuda where this engine
/// and machine have one. kDevice where "cuda" is asked for and there is none.
base::Result<at::Device> find_device(const std::string& name);

/// Whether the device multiplies bfloat16 faster than float32. A CPU without the instructions does
/// it in software, thirty times slower.
bool computes_bf16(at::Device device);
/// The processor multiplies bfloat16 in tiles (AMX).
bool has_bf16_tiles();

/// The tensor in memory from which `device` copies without the host's help: page-locked for another
/// device than the CPU, itself otherwise. An undefined tensor stays undefined.
at::Tensor pinned(const at::Tensor& host, at::Device device);

/// The tensors on `device`; copies from pinned memory do not hold up the host.
at::Tensor on_device(const at::Tensor& tensor, at::Device device);
std::vector<at::Tensor> on_device(const std::vector<at::Tensor>& tensors, at::Device device);

/// Leaf tensors with the same values on `device` that collect gradients.
std::vector<at::Tensor> trainable(const std::vector<at::Tensor>& tensors, at::Device device);

/// Dense float32 copies in the host's memory, or the tensors themselves where they are that.
std::vector<at::Tensor> on_host(const std::vector<at::Tensor>& tensors);

}  // namespace edgetran::train::torch_engine
