#pragma once

namespace edgetran::profile {

/// P(T <= t) of Student's distribution with `freedom` > 0 degrees of freedom, to 1e-12.
double student_t_probability(double t, double freedom);

/// The t with P(T <= t) = `probability`, in (0, 1), to 1e-10 relative.
double student_t_quantile(double probability, double freedom);

}  // namespace edgetran::profile
