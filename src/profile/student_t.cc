#include "profile/student_t.h"

#include <cmath>

#include "base/result.h"

namespace edgetran::profile {

namespace {

/// The continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8), by
/// Lentz's method; converges fast for x < (a + 1) / (a + b + 2).
double beta_fraction(double a, double b, double x) {
  constexpr int kTerms = 10000;
  constexpr double kTiny = 1e-300;
  const auto guarded = [](double value) { return std::abs(value) < kTiny ? kTiny : value; };
  double numerator = 1;
  double denominator = 1 / guarded(1 - (a + b) * x / (a + 1));
  double fraction = denominator;
  for (int m = 1; m < kTerms; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    double change = 1;
    for (const double term : {even, odd}) {
      denominator = 1 / guarded(1 + term * denominator);
      numerator = guarded(1 + term / numerator);
      change = numerator * denominator;
      fraction *= change;
    }
    if (std::abs(change - 1) < 1e-16) break;
  }
  return fraction;
}

/// The regularised incomplete beta function.
double incomplete_beta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) +
                                a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

}  // namespace

double student_t_probability(double t, double freedom) {
  const double tail = incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t * t)) / 2;
  return t > 0 ? 1 - tail : tail;
}

double student_t_quantile(double probability, double freedom) {
  EDGETRAN_CHECK(probability > 0 && probability < 1 && freedom > 0, "a probability and a freedom");
  if (probability < 0.5) return -student_t_quantile(1 - probability, freedom);
  double low = 0;
  double high = 1;
  while (student_t_probability(high, freedom) < probability) high *= 2;
  while (high - low > 1e-12 * high) {
    const double middle = (low + high) / 2;
    (student_t_probability(middle, freedom) < probability ? low : high) = middle;
    if (middle == low && middle == high) break;
  }
  return (low + high) / 2;
}

}  // namespace edgetran::profile
