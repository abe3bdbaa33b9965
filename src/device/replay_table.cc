#include "device/replay_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <set>

#include "base/files.h"
#include "base/hash.h"
#include "device/replay_rows.h"

namespace edgetran::device {

namespace {

using base::ErrorCategory;

/// A hundred thousand measurements of ours have some 300 MB.
constexpr uint64_t kMaxTableBytes = uint64_t{1} << 30;
/// The published sets were measured so (energy_profiler of JHA-Lab/protran).
constexpr int64_t kPublishedLength = 128;

bool is_measurements(std::string_view text) {
  const auto header = base::parse_json(text.substr(0, text.find('\n')), "header");
  return header && header->is_object() && header->contains("format") &&
         header->at("format") == std::string(kMeasurementsFormat);
}

/// The number after "_b" or "_r" in <processor>_<device>_b<batch>_r<runs>.json.
std::optional<int64_t> number_in_name(const std::string& stem, char letter) {
  const size_t place = stem.rfind(std::string("_") + letter);
  if (place == std::string::npos) return std::nullopt;
  const char* begin = stem.data() + place + 2;
  const char* end = stem.data() + stem.size();
  int64_t number = 0;
  const auto parsed = std::from_chars(begin, end, number);
  const bool whole = parsed.ptr == end || *parsed.ptr == '_';
  if (parsed.ec != std::errc{} || !whole || number < 1) return std::nullopt;
  return number;
}

std::string setting_text(const Deployment& setting) {
  return fmt::format("{} {}, {} threads, batch {}, length {}", setting.runtime, setting.precision,
                     setting.threads, setting.batch, setting.length);
}

bool same_setting(const Deployment& a, const Deployment& b) {
  return a.runtime == b.runtime && a.precision == b.precision && a.threads == b.threads &&
         a.batch == b.batch && a.length == b.length;
}

int64_t layer_distance(const space::LayerSpec& a, const space::LayerSpec& b) {
  int64_t distance = (a.width != b.width) + (a.head_width != b.head_width);
  std::multiset<std::string> left(a.heads.begin(), a.heads.end());
  int64_t unmatched = 0;
  for (const std::string& head : b.heads) {
    const auto found = left.find(head);
    if (found == left.end()) {
      ++unmatched;
    } else {
      left.erase(found);
    }
  }
  distance += std::max(unmatched, static_cast<int64_t>(left.size()));
  const size_t common = std::min(a.feed_forward.size(), b.feed_forward.size());
  for (size_t i = 0; i < common; ++i) distance += a.feed_forward[i] != b.feed_forward[i];
  return distance +
         static_cast<int64_t>(std::max(a.feed_forward.size(), b.feed_forward.size()) - common);
}

}  // namespace

int64_t spec_distance(const space::ModelSpec& a, const space::ModelSpec& b) {
  int64_t distance = (a.vocabulary != b.vocabulary) + (a.positions != b.positions) +
                     (a.position != b.position) + (a.embedding != b.embedding) +
                     (a.types != b.types);
  const size_t common = std::min(a.layers.size(), b.layers.size());
  for (size_t i = 0; i < common; ++i) distance += layer_distance(a.layers[i], b.layers[i]);
  const space::LayerSpec none;
  const auto& longer = a.layers.size() > b.layers.size() ? a.layers : b.layers;
  for (size_t i = common; i < longer.size(); ++i) distance += layer_distance(longer[i], none);
  return distance;
}

base::Result<ReplayTable> ReplayTable::read(const std::filesystem::path& path) {
  auto text = base::read_file(path, kMaxTableBytes);
  if (!text) return base::fail(std::move(text).error().within("the table of a replay board"));
  return parse(*text, path);
}

base::Result<ReplayTable> ReplayTable::parse(std::string_view text,
                                             const std::filesystem::path& path) {
  ReplayTable table;
  table.file_ = path.filename().string();
  table.sha256_ = base::sha256_hex(text);
  const std::string name = path.string();
  if (is_measurements(text)) {
    table.format_ = Format::kMeasurements;
    EDGETRAN_ASSIGN(table.rows_, read_measurement_rows(text, name));
  } else {
    EDGETRAN_ASSIGN(table.rows_, read_published_rows(text, name));
    table.batch_ = number_in_name(path.stem().string(), 'b');
    table.runs_ = number_in_name(path.stem().string(), 'r');
  }
  if (table.rows_.empty()) {
    return base::fail(ErrorCategory::kCorrupt, fmt::format("{} has no rows", name),
                      "a replay board answers from measurements");
  }
  for (size_t i = 0; i < table.rows_.size(); ++i) {
    table.by_hash_[table.rows_[i].hash].push_back(i);
  }
  return table;
}

base::Result<std::vector<const ReplayRow*>> ReplayTable::find(const space::ModelSpec& spec,
                                                              const Deployment& deployment,
                                                              const std::string& device) const {
  EDGETRAN_TRY(check_setting(deployment));
  EDGETRAN_TRY(check_device(device));
  const auto known = by_hash_.find(space::canonical_hash(spec));
  if (known == by_hash_.end()) return base::fail(no_row(spec));
  if (format_ == Format::kPublished) return std::vector{&rows_[known->second.front()]};
  std::vector<const ReplayRow*> found;
  std::set<std::string> others;
  int64_t invalid = 0;
  for (const size_t index : known->second) {
    const ReplayRow& row = rows_[index];
    if (!device.empty() && row.device != device) continue;
    if (!same_setting(row.setting, deployment)) {
      others.insert(setting_text(row.setting));
    } else if (row.invalid) {
      ++invalid;
    } else {
      found.push_back(&row);
    }
  }
  if (!found.empty()) return found;
  if (invalid > 0) {
    return base::fail(ErrorCategory::kNotFound,
                      fmt::format("{}: the {} rows of this model with {} are INVALID", file_,
                                  invalid, setting_text(deployment)),
                      "measure it again");
  }
  if (others.empty()) return base::fail(no_row(spec));
  return base::fail(
      ErrorCategory::kNotFound,
      fmt::format("{} has no row of this model with {}", file_, setting_text(deployment)),
      fmt::format("it was measured with {}", fmt::join(others, "; ")));
}

base::Result<int64_t> ReplayTable::count(const Deployment& deployment,
                                         const std::string& device) const {
  EDGETRAN_TRY(check_setting(deployment));
  EDGETRAN_TRY(check_device(device));
  if (format_ == Format::kPublished) return static_cast<int64_t>(rows_.size());
  return std::count_if(rows_.begin(), rows_.end(), [&](const ReplayRow& row) {
    return !row.invalid && (device.empty() || row.device == device) &&
           same_setting(row.setting, deployment);
  });
}

base::Status ReplayTable::check_setting(const Deployment& deployment) const {
  if (format_ != Format::kPublished) return {};
  if (batch_ && *batch_ != deployment.batch) {
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("{} was measured at batch {}; the deployment \"{}\" has batch {}",
                                  file_, *batch_, deployment.name, deployment.batch),
                      fmt::format("write batch: {} in the card", *batch_));
  }
  if (deployment.length != kPublishedLength) {
    return base::fail(
        ErrorCategory::kUsage,
        fmt::format("{} was measured at length {}; the deployment \"{}\" has length {}", file_,
                    kPublishedLength, deployment.name, deployment.length),
        fmt::format("write length: {} in the card", kPublishedLength));
  }
  return {};
}

base::Status ReplayTable::check_device(const std::string& device) const {
  if (format_ == Format::kPublished) return {};
  std::set<std::string> names;
  for (const ReplayRow& row : rows_) names.insert(row.device);
  if (device.empty() ? names.size() == 1 : names.contains(device)) return {};
  const std::vector<std::string> list(names.begin(), names.end());
  if (device.empty()) {
    return base::fail(
        ErrorCategory::kUsage,
        fmt::format("{} has rows of several boards: {}", file_, fmt::join(list, ", ")),
        "choose one in the card: device: NAME");
  }
  const auto near = base::nearest_name(device, list);
  return base::fail(
      ErrorCategory::kNotFound,
      fmt::format("{} has no rows of \"{}\"; it has {}", file_, device, fmt::join(list, ", ")),
      near ? fmt::format("did you mean \"{}\"?", *near) : "");
}

base::Error ReplayTable::no_row(const space::ModelSpec& spec) const {
  const ReplayRow* nearest = &rows_.front();
  int64_t least = INT64_MAX;
  for (const ReplayRow& row : rows_) {
    const int64_t distance = spec_distance(spec, row.spec);
    if (distance >= least) continue;
    least = distance;
    nearest = &row;
  }
  return {ErrorCategory::kNotFound,
          fmt::format("{} has no row of this model among its {}; the nearest, {}, differs in {} "
                      "{}",
                      file_, rows_.size(), nearest->name, least, least == 1 ? "place" : "places"),
          "measure the model, or choose one that the table has"};
}

}  // namespace edgetran::device
