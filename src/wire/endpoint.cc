#include "wire/endpoint.h"

#include <fmt/core.h>

#include <charconv>

namespace edgetran::wire {

namespace {

constexpr std::string_view kUnix = "unix:";
/// sockaddr_un::sun_path with its final zero.
constexpr size_t kLongestPath = 107;

tl::unexpected<base::Error> wrong(std::string_view text, std::string_view what) {
  return base::fail(base::ErrorCategory::kUsage,
                    fmt::format("\"{}\" is no address: {}", text, what),
                    "write HOST:PORT, [IPV6]:PORT or unix:PATH");
}

base::Result<Endpoint> read_unix(std::string_view text) {
  const std::string_view path = text.substr(kUnix.size());
  if (path.empty()) return wrong(text, "the path is missing");
  if (path.size() > kLongestPath) {
    return wrong(text, fmt::format("a socket's path has at most {} bytes", kLongestPath));
  }
  Endpoint endpoint;
  endpoint.path = path;
  return endpoint;
}

}  // namespace

std::string Endpoint::text() const {
  if (is_unix()) return fmt::format("{}{}", kUnix, path.string());
  const bool brackets = host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", brackets ? "[" : "", host, brackets ? "]" : "", port);
}

base::Result<Endpoint> read_endpoint(std::string_view text) {
  if (text.starts_with(kUnix)) return read_unix(text);
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong(text, "the port is missing");
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return wrong(text, "an IPv6 address needs brackets");
  }
  if (host.empty()) return wrong(text, "the host is missing");
  const std::string_view digits = text.substr(colon + 1);
  Endpoint endpoint;
  endpoint.host = host;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), endpoint.port);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) {
    return wrong(text, "a port is a number from 0 to 65535");
  }
  return endpoint;
}

}  // namespace edgetran::wire
