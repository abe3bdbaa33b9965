#pragma once

namespace edgetran::profile {

/// P(X <= x) of the chi-square distribution with `freedom` > 0 degrees of freedom, to 1e-12.
double chi_square_probability(double x, double freedom);

/// The x with P(X <= x) = `probability`, in (0, 1), to 1e-10 relative.
double chi_square_quantile(double probability, double freedom);

}  // namespace edgetran::profile
