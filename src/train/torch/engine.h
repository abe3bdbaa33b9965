#pragma once

// Every torch header that this folder uses, in one place: precompiled (CMakeLists.txt).
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/variable.h>

#if !defined(_OPENMP) && !defined(__clang_analyzer__)
#error "without OpenMP every at::parallel_for would run on one thread"
#endif
