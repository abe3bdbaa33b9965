#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace edgetran::base {

/// The integer that the whole of `text` spells (an optional sign, decimal digits); nullopt where
/// it is anything else or does not fit.
std::optional<int64_t> parse_int64(std::string_view text);

/// The number that the whole of `text` spells, independent of the locale. Too small becomes zero;
/// too large, "inf" and "nan" are nullopt.
std::optional<double> parse_double(std::string_view text);

/// The shortest decimal that reads back as exactly `value` ("0.1", "1e-07", "3"); "nan", "inf".
std::string shortest_decimal(double value);

}  // namespace edgetran::base
