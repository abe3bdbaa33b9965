#pragma once

#include "train/torch/engine.h"

namespace edgetran::train::torch_engine {

/// How a cross-entropy is taken.
struct CrossEntropyOptions {
  at::Tensor class_weights;  ///< [classes] float32 on the logits' device; undefined: all 1
  double smoothing = 0;      ///< share of a target's probability spread over all classes
};

/// Cross-entropy of logits [rows, classes] against targets [rows] int64, as PyTorch defines it with
/// class weights w and smoothing e: sum over rows of (1 - e) w[y] (-log p[y]) + e / classes * sum_c
/// w[c] (-log p[c]), over the sum of w[y]. A scalar of float32; may use up the logits' memory.
/// Plain ones on the CPU take the fused kernel (softmax_cross_entropy.h).
at::Tensor cross_entropy(const at::Tensor& logits, const at::Tensor& targets,
                         const CrossEntropyOptions& options);

/// Distillation of logits (Hinton, Vinyals and Dean, 2015): T^2 times the mean over rows of
/// KL(softmax(teacher / T) || softmax(student / T)); both [rows, classes]. A scalar of float32 with
/// gradients for the student.
at::Tensor distillation_loss(const at::Tensor& student, const at::Tensor& teacher,
                             double temperature);

/// Mean over valid positions and features of the squared difference of hidden states
/// [batch, length, width]; `mask` [batch, length], 1 where valid, undefined: everywhere.
at::Tensor hidden_distance(const at::Tensor& student, const at::Tensor& teacher,
                           const at::Tensor& mask);

/// Mean squared error of predictions [rows, 1] against targets [rows] float32; a scalar.
at::Tensor squared_error(const at::Tensor& predictions, const at::Tensor& targets);

}  // namespace edgetran::train::torch_engine
