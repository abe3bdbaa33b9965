#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.h"

namespace edgetran::graph {

/// The matrices that Op::kSpectral stands for (encoder.md, section 2), row-major in double
/// precision; arguments are reduced modulo the period in integers, so that no angle is large.
///
/// Both transforms are y = E(positions(x F)) with matrices F and E of the features alone:
///  - DCT: F = D_widthᵀ, positions(z) = D_n z, E the identity.
///  - DFT: the columns k and width − k of C_width are equal, those of S_width are opposite, so
///    F [width, width] keeps one of each: cosines of frequency 0 ... width/2, then sines of
///    frequency 1 ... (width−1)/2. With z = [z_cos | z_sin], positions(z) = [C_n z_cos | S_n
///    z_sin], and E takes column k to P_k − Q_k and width − k to P_k + Q_k.
/// Half the products of the formula as it is written, and F and E can go into the linear maps
/// before and after.

/// [n, n]: cos(2πjk/n) / sqrt(n).
std::vector<double> cosine_matrix(int64_t n);
/// [n, n]: sin(2πjk/n) / sqrt(n).
std::vector<double> sine_matrix(int64_t n);
/// [n, n], the orthonormal DCT-II: row k is sqrt(2/n) cos(π(2j+1)k / 2n), row 0 over sqrt(2).
std::vector<double> dct_matrix(int64_t n);

/// How many of the features of z are multiplied by the first position matrix (C_n or D_n); the rest
/// by S_n: width/2 + 1, or width for the DCT.
int64_t cosine_features(Spectrum spectrum, int64_t width);

/// F [width, width].
std::vector<double> feature_map(Spectrum spectrum, int64_t width);
/// E [width, width], of 0, 1 and −1.
std::vector<double> expansion_map(Spectrum spectrum, int64_t width);

}  // namespace edgetran::graph
