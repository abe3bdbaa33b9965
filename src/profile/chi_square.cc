#include "profile/chi_square.h"

#include <cmath>

#include "base/result.h"

namespace edgetran::profile {

namespace {

constexpr int kTerms = 100000;
constexpr double kEnough = 1e-16;

/// e^-x x^a / Gamma(a).
double front(double a, double x) { return std::exp(a * std::log(x) - x - std::lgamma(a)); }

/// The lower regularised incomplete gamma function by its series (Abramowitz and Stegun 6.5.29);
/// converges fast for x < a + 1.
double gamma_series(double a, double x) {
  double term = 1 / a;
  double sum = term;
  for (int n = 1; n < kTerms && term > sum * kEnough; ++n) {
    term *= x / (a + n);
    sum += term;
  }
  return front(a, x) * sum;
}

/// The upper one by its continued fraction (Abramowitz and Stegun 6.5.31), by Lentz's method;
/// converges fast for x > a + 1.
double gamma_fraction(double a, double x) {
  constexpr double kTiny = 1e-300;
  double b = x + 1 - a;
  double numerator = 1 / kTiny;
  double denominator = 1 / b;
  double fraction = denominator;
  for (int n = 1; n < kTerms; ++n) {
    const double term = -n * (n - a);
    b += 2;
    denominator = 1 / (std::abs(term * denominator + b) < kTiny ? kTiny : term * denominator + b);
    numerator = std::abs(b + term / numerator) < kTiny ? kTiny : b + term / numerator;
    const double change = numerator * denominator;
    fraction *= change;
    if (std::abs(change - 1) < kEnough) break;
  }
  return front(a, x) * fraction;
}

}  // namespace

double chi_square_probability(double x, double freedom) {
  EDGETRAN_CHECK(freedom > 0, "degrees of freedom are positive");
  if (x <= 0) return 0;
  const double a = freedom / 2;
  return x / 2 < a + 1 ? gamma_series(a, x / 2) : 1 - gamma_fraction(a, x / 2);
}

double chi_square_quantile(double probability, double freedom) {
  EDGETRAN_CHECK(probability > 0 && probability < 1 && freedom > 0, "a probability and a freedom");
  double low = 0;
  double high = freedom;
  while (chi_square_probability(high, freedom) < probability) high *= 2;
  while (high - low > 1e-12 * high) {
    const double middle = (low + high) / 2;
    if (middle == low || middle == high) break;
    (chi_square_probability(middle, freedom) < probability ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace edgetran::profile
