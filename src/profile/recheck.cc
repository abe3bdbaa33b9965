#include "profile/recheck.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/hash.h"
#include "profile/record.h"
#include "profile/recording_text.h"

namespace edgetran::profile {

namespace {

using base::Json;

std::string shown(const Json& value) {
  constexpr size_t kLongest = 60;
  std::string text = base::dump_json(value);
  return text.size() <= kLongest ? text : text.substr(0, kLongest) + "...";
}

bool is_directors(const std::string& pointer) {
  constexpr std::array kKnown = {"/raw/path", "/provenance/clock", "/provenance/connection",
                                 "/provenance/campaign"};
  return std::ranges::find(kKnown, pointer) != kKnown.end();
}

/// Collects differences of two values, deepest first.
class Differences {
 public:
  void compare(const Json& recorded, const Json& computed, const std::string& pointer) {
    if (is_directors(pointer)) return;
    if (recorded.is_object() && computed.is_object()) {
      for (const auto& [key, value] : computed.items()) {
        const auto found = recorded.find(key);
        const std::string child = fmt::format("{}/{}", pointer, key);
        if (found == recorded.end()) {
          if (!is_directors(child)) add(child, "is missing in the record");
        } else {
          compare(*found, value, child);
        }
      }
      for (const auto& [key, value] : recorded.items()) {
        const std::string child = fmt::format("{}/{}", pointer, key);
        if (!computed.contains(key) && !is_directors(child)) {
          add(child, "is not computed from the samples");
        }
      }
    } else if (base::dump_json(recorded) != base::dump_json(computed)) {
      add(pointer,
          fmt::format("the record says {}, the samples {}", shown(recorded), shown(computed)));
    }
  }

  void add(const std::string& pointer, const std::string& text) {
    list.push_back(pointer + ": " + text);
  }

  std::vector<std::string> list;
};

std::string text_at(const Json& record, const char* key) {
  const auto found = record.find(key);
  return found != record.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

bool has_samples(const Json& record) {
  if (!record.is_object() || text_at(record, "kind") == "replayed") return false;
  const auto provenance = record.find("provenance");
  return provenance == record.end() || !provenance->is_object() || !provenance->contains("table");
}

base::Result<std::vector<std::string>> recheck(const Json& record, std::string_view raw) {
  if (!record.is_object() || text_at(record, "format") != "edgetran.measurement/2") {
    return base::fail(base::ErrorCategory::kUsage,
                      fmt::format("the record is of the format \"{}\"; \"edgetran.measurement/2\" "
                                  "can be computed anew",
                                  record.is_object() ? text_at(record, "format") : ""),
                      "measure again with this version");
  }
  if (!has_samples(record)) {
    return base::fail(base::ErrorCategory::kUsage,
                      "a replayed record comes from a table and has no samples");
  }
  Differences differences;
  const std::string sha256 = base::sha256_hex(raw);
  const Json& recorded = record.contains("raw") ? record["raw"] : Json();
  const std::string named = recorded.is_object() ? text_at(recorded, "sha256") : "";
  if (sha256 != named) {
    differences.add("/raw/sha256", fmt::format("the samples have {}, the record says {}: one of "
                                               "them was changed",
                                               sha256, named));
  }
  const auto recording = decode_recording(raw);
  if (!recording) {
    if (!differences.list.empty()) return differences.list;
    return base::fail(recording.error());
  }
  if (recording->segments.empty() || recording->measured().empty()) {
    return base::fail(base::ErrorCategory::kCorrupt, "the raw samples hold no measured run");
  }
  Json computed = make_record(*recording, named, raw.size());
  differences.compare(record, computed, "");
  return differences.list;
}

}  // namespace edgetran::profile
