#pragma once

// Compiles a loop kernel once a common x86 vector width and picks one when the program starts. The
// arithmetic is element by element, so only fused multiply-adds can differ in the last bit.
// Not under ThreadSanitizer: GCC instruments the function that picks, and the loader calls it
// before the sanitizer's own symbols are bound.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_THREAD__)
#define EDGETRAN_VECTORIZE \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"), noinline))
#else
#define EDGETRAN_VECTORIZE
#endif
