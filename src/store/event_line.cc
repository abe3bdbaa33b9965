#include "store/event_line.h"

#include <fmt/format.h>

#include <utility>

#include "base/hash.h"

namespace edgetran::store {
namespace {

using base::ErrorCategory;
using base::Json;
using base::Result;

constexpr std::string_view kSealStart = R"(,"crc":")";
constexpr std::string_view kSealEnd = R"("})";
constexpr size_t kCrcDigits = 8;
constexpr size_t kSealLength = kSealStart.size() + kCrcDigits + kSealEnd.size();

std::string crc_digits(std::string_view bytes) { return fmt::format("{:08x}", base::crc32(bytes)); }

/// What stands after "edgetran.events/"; 0 where it is something else.
int64_t format_version(std::string_view format) {
  constexpr std::string_view kPrefix = "edgetran.events/";
  if (!format.starts_with(kPrefix)) return 0;
  const std::string_view digits = format.substr(kPrefix.size());
  int64_t version = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9' || version > 1'000'000) return 0;
    version = version * 10 + (c - '0');
  }
  return version;
}

base::Status check_header(std::string_view line, std::string_view name) {
  const auto parsed = base::parse_json(line, name);
  std::string format;
  if (parsed && parsed->is_object() && parsed->contains("format") &&
      (*parsed)["format"].is_string()) {
    format = (*parsed)["format"].get<std::string>();
  }
  if (format_version(format) > format_version(kLogFormat)) {
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("{}: written by a newer version of EdgeTran (format {}, this "
                                  "program reads up to {})",
                                  name, format, kLogFormat),
                      "use the program that wrote it, or a newer one");
  }
  if (format != kLogFormat || !is_sealed(line)) {
    return base::fail(ErrorCategory::kCorrupt,
                      fmt::format("{}: line 1 is not the header of an event log", name),
                      "restore the file from a copy, or start the study in another folder");
  }
  return {};
}

base::Error damaged(std::string_view name, int64_t line, std::string_view what) {
  return {ErrorCategory::kCorrupt, fmt::format("{}: line {} is damaged: {}", name, line, what),
          "restore the file from a copy; later events cannot be trusted without this one"};
}

}  // namespace

std::string seal_line(const Json& object) {
  EDGETRAN_CHECK(object.is_object() && !object.empty(), "a line is an object with members");
  std::string line = base::dump_json(object);
  line.pop_back();  // the closing brace; the seal has its own
  const std::string crc = crc_digits(line);
  line.append(kSealStart).append(crc).append(kSealEnd).push_back('\n');
  return line;
}

bool is_sealed(std::string_view line) {
  if (line.size() <= kSealLength) return false;
  const std::string_view body = line.substr(0, line.size() - kSealLength);
  const std::string_view seal = line.substr(body.size());
  return seal.starts_with(kSealStart) && seal.ends_with(kSealEnd) &&
         seal.substr(kSealStart.size(), kCrcDigits) == crc_digits(body);
}

Json event_json(const StoredEvent& event) {
  Json json;
  json["id"] = event.id;
  json["time_s"] = event.time_s;
  json["type"] = event.type;
  json["payload"] = event.payload;
  return json;
}

Result<StoredEvent> read_event_line(std::string_view line, int64_t number, std::string_view name) {
  auto parsed = base::parse_json(line, name);
  if (!parsed) return base::fail(damaged(name, number, parsed.error().message));
  Json& json = *parsed;
  const auto has = [&](const char* key, auto kind) {
    return json.contains(key) && (json[key].*kind)();
  };
  const bool complete = json.is_object() && has("id", &Json::is_string) &&
                        has("time_s", &Json::is_number) && has("type", &Json::is_string) &&
                        has("payload", &Json::is_object);
  if (!complete) return base::fail(damaged(name, number, "it is not an event"));
  return StoredEvent{.id = json["id"].get<std::string>(),
                     .time_s = json["time_s"].get<double>(),
                     .type = json["type"].get<std::string>(),
                     .payload = std::move(json["payload"]),
                     .line = number};
}

Result<LogContents> parse_event_log(std::string_view text, std::string_view name) {
  LogContents contents;
  size_t begin = 0;
  for (int64_t number = 1; begin < text.size(); ++number) {
    const size_t end = text.find('\n', begin);
    const std::string_view line = text.substr(begin, end - begin);
    const bool last = end == std::string_view::npos || end + 1 == text.size();
    if (number == 1) {
      EDGETRAN_TRY(check_header(line, name));
    } else if (end == std::string_view::npos || !is_sealed(line)) {
      // Every append is synced before the next, so only the last line can be a torn one.
      if (!last) return base::fail(damaged(name, number, "its checksum does not match"));
      contents.torn = text.substr(begin);
      return contents;
    } else {
      EDGETRAN_ASSIGN(StoredEvent event, read_event_line(line, number, name));
      contents.events.push_back(std::move(event));
    }
    if (end == std::string_view::npos) {
      return base::fail(damaged(name, number, "the header has no line end"));
    }
    begin = end + 1;
    contents.whole_bytes = begin;
  }
  if (text.empty()) return base::fail(damaged(name, 1, "the file is empty"));
  return contents;
}

}  // namespace edgetran::store
