#pragma once

#include <cstdint>
#include <string>

namespace edgetran::base {

// Printers only: files and interfaces carry plain seconds, joules, watts and bytes.

/// "3.12 ms", "850 µs", "4.2 s", "3 min 05 s": three significant digits.
std::string format_seconds(double seconds);
/// "512 B", "1.50 MiB".
std::string format_bytes(double bytes);
/// "109 482 240": groups of three.
std::string format_count(int64_t count);
/// "72.4 %".
std::string format_percent(double share);

}  // namespace edgetran::base
