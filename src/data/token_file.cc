#include "data/token_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <utility>

#include "data/token_layout.h"

namespace edgetran::data {
namespace {

using base::ErrorCategory;
using base::Json;
using base::Result;
using base::Status;

auto corrupt(std::string_view name, std::string_view what) {
  return base::fail(ErrorCategory::kCorrupt,
                    fmt::format("{}: not a whole token file: {}", name, what),
                    "delete the file; it is made again from its data when it is next needed");
}

// A whole number in [low, high] under `key`; nullopt otherwise.
std::optional<int64_t> integer(const Json& json, const char* key, int64_t low, int64_t high) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_number_integer()) return std::nullopt;
  if (found->is_number_unsigned() && found->get<uint64_t>() > static_cast<uint64_t>(high))
    return std::nullopt;
  const auto value = found->get<int64_t>();
  return value >= low && value <= high ? std::optional(value) : std::nullopt;
}

std::string text(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<Kind> kind_from_name(std::string_view name) {
  for (const Kind kind : {Kind::kClassification, Kind::kRegression, Kind::kText})
    if (kind_name(kind) == name) return kind;
  return std::nullopt;
}

constexpr int64_t kMostEntries = int64_t{1} << 40;

struct Description {
  TokenFileInfo info;
  int64_t rows = 0, tokens = 0;
};

Status read_special(const Json& json, TokenFileInfo& info, std::string_view name) {
  const auto found = json.find("special");
  if (found == json.end() || !found->is_object()) return corrupt(name, "no special tokens");
  SpecialIds& special = info.special;
  const std::pair<const char*, int32_t*> fields[] = {{"pad", &special.pad},
                                                     {"unknown", &special.unknown},
                                                     {"cls", &special.cls},
                                                     {"separator", &special.separator},
                                                     {"mask", &special.mask}};
  for (const auto& [key, id] : fields) {
    const auto value = integer(*found, key, 0, info.vocabulary_size - 1);
    if (!value) return corrupt(name, fmt::format("special token '{}' is no id", key));
    *id = static_cast<int32_t>(*value);
  }
  return {};
}

Status read_label_names(const Json& json, TokenFileInfo& info, std::string_view name) {
  const auto found = json.find("label_names");
  if (found == json.end() || !found->is_array()) return corrupt(name, "no label names");
  for (const Json& label : *found) {
    if (!label.is_string()) return corrupt(name, "a label name is not a string");
    info.label_names.push_back(label.get<std::string>());
  }
  return {};
}

Result<Description> read_description(std::string_view bytes, std::string_view name) {
  const auto parsed = base::parse_json(bytes, name);
  if (!parsed || !parsed->is_object()) return corrupt(name, "its description is not JSON");
  const Json& json = *parsed;
  if (const std::string format = text(json, "format"); format != kTokenFormat)
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("{}: format '{}' is not known; this program reads '{}'", name,
                                  format, kTokenFormat),
                      "delete the file; it is made again from its data when it is next needed");
  Description description;
  TokenFileInfo& info = description.info;
  const auto kind = kind_from_name(text(json, "kind"));
  const auto rows = integer(json, "rows", 0, kMostEntries);
  const auto tokens = integer(json, "tokens", 0, kMostEntries);
  const auto vocabulary = integer(json, "vocabulary_size", 1, INT32_MAX);
  const auto max_length = integer(json, "max_length", 0, INT32_MAX);
  if (!kind || !rows || !tokens || !vocabulary || !max_length)
    return corrupt(name, "its description lacks a field or has one out of range");
  info.kind = *kind;
  info.vocabulary_size = *vocabulary;
  info.max_length = *max_length;
  description.rows = *rows;
  description.tokens = *tokens;
  EDGETRAN_TRY(read_special(json, info, name));
  if (info.kind == Kind::kClassification) EDGETRAN_TRY(read_label_names(json, info, name));
  if (const auto origin = json.find("origin"); origin != json.end()) info.origin = *origin;
  return description;
}

template <class T>
std::span<const T> array_at(std::span<const std::byte> bytes, uint64_t position, int64_t count) {
  return {reinterpret_cast<const T*>(bytes.data() + position), static_cast<size_t>(count)};
}

bool all_below(std::span<const int32_t> values, int64_t bound) {
  const auto limit = static_cast<uint32_t>(std::min<int64_t>(bound, INT32_MAX));
  bool good = true;  // no early exit: this loop is vectorised and the file is nearly always good
  for (const int32_t value : values) good &= static_cast<uint32_t>(value) < limit;
  return good;
}

// The description that the end of `bytes` points to.
Result<std::string_view> find_description(std::span<const std::byte> bytes, std::string_view name) {
  const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (all.size() < kTokenMagic.size() + kTokenFooterBytes || !all.starts_with(kTokenMagic))
    return corrupt(name, "it does not begin as one");
  if (!all.ends_with(kTokenEndMagic)) return corrupt(name, "its end is missing");
  const uint64_t footer = all.size() - kTokenFooterBytes;
  uint64_t length = 0;
  std::memcpy(&length, all.data() + footer, sizeof length);
  if (length > footer - kTokenMagic.size())
    return corrupt(name, fmt::format("a description of {} bytes does not fit", length));
  return all.substr(footer - length, length);
}

}  // namespace

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::kClassification:
      return "classification";
    case Kind::kRegression:
      return "regression";
    case Kind::kText:
      return "text";
  }
  return "";
}

Result<TokenFile> TokenFile::open(const std::filesystem::path& path) {
  EDGETRAN_ASSIGN(base::MappedFile map, base::MappedFile::open(path));
  EDGETRAN_ASSIGN(TokenFile file, parse(map.bytes(), path.string()));
  file.map_ = std::make_unique<base::MappedFile>(std::move(map));
  return file;
}

Result<TokenFile> TokenFile::parse(std::span<const std::byte> bytes, std::string_view name) {
  EDGETRAN_ASSIGN(const std::string_view json, find_description(bytes, name));
  EDGETRAN_ASSIGN(Description description, read_description(json, name));
  const auto rows = static_cast<uint64_t>(description.rows);
  const auto layout =
      TokenLayout::of(description.info.kind, rows, static_cast<uint64_t>(description.tokens));
  if (layout.description != bytes.size() - kTokenFooterBytes - json.size())
    return corrupt(
        name, fmt::format("{} rows and {} tokens need {} bytes, not {}", rows, description.tokens,
                          layout.description + json.size() + kTokenFooterBytes, bytes.size()));
  TokenFile file;
  file.info_ = std::move(description.info);
  file.ids_ = array_at<int32_t>(bytes, layout.ids, description.tokens);
  file.offsets_ = array_at<int64_t>(bytes, layout.offsets, description.rows + 1);
  if (file.info_.kind != Kind::kText)
    file.second_starts_ = array_at<int32_t>(bytes, layout.second_starts, description.rows);
  if (file.info_.kind == Kind::kClassification)
    file.labels_ = array_at<int32_t>(bytes, layout.targets, description.rows);
  if (file.info_.kind == Kind::kRegression)
    file.scores_ = array_at<float>(bytes, layout.targets, description.rows);
  EDGETRAN_TRY(file.check_rows(name));
  EDGETRAN_TRY(file.check_values(name));
  return file;
}

Status TokenFile::check_rows(std::string_view name) {
  const bool labelled = info_.kind != Kind::kText;
  const int64_t shortest = labelled ? 2 : 1;
  const int64_t longest = labelled ? info_.max_length : INT32_MAX;
  if (offsets_.front() != 0 || offsets_.back() != tokens())
    return corrupt(name, "its rows do not cover its tokens");
  for (size_t row = 0; row + 1 < offsets_.size(); ++row) {
    // Both ends lie in [0, tokens] by induction, so the difference cannot overflow.
    if (offsets_[row + 1] < offsets_[row] || offsets_[row + 1] > tokens())
      return corrupt(name, fmt::format("row {} ends before it starts", row));
    const int64_t size = offsets_[row + 1] - offsets_[row];
    if (size < shortest || size > longest)
      return corrupt(name, fmt::format("row {} has {} ids; {} to {} are allowed", row, size,
                                       shortest, longest));
    if (labelled && (second_starts_[row] < 0 || second_starts_[row] > size))
      return corrupt(name, fmt::format("row {} has its second text outside of it", row));
    longest_row_ = std::max(longest_row_, size);
  }
  return {};
}

Status TokenFile::check_values(std::string_view name) const {
  if (!all_below(ids_, info_.vocabulary_size))
    return corrupt(
        name, fmt::format("an id is not in the vocabulary of {} entries", info_.vocabulary_size));
  if (!all_below(labels_, static_cast<int64_t>(info_.label_names.size())))
    return corrupt(name, fmt::format("a label is not one of {}", info_.label_names.size()));
  if (!std::all_of(scores_.begin(), scores_.end(), [](float s) { return std::isfinite(s); }))
    return corrupt(name, "a score is not finite");
  return {};
}

int64_t TokenFile::length(int64_t row) const {
  EDGETRAN_CHECK(row >= 0 && row < rows(), "row out of range");
  const auto at = static_cast<size_t>(row);
  return offsets_[at + 1] - offsets_[at];
}

std::span<const int32_t> TokenFile::ids(int64_t row) const {
  const int64_t size = length(row);
  return ids_.subspan(static_cast<size_t>(offsets_[static_cast<size_t>(row)]),
                      static_cast<size_t>(size));
}

int32_t TokenFile::second_start(int64_t row) const {
  const int64_t size = length(row);
  return second_starts_.empty() ? static_cast<int32_t>(size)
                                : second_starts_[static_cast<size_t>(row)];
}

int32_t TokenFile::label(int64_t row) const {
  EDGETRAN_CHECK(row >= 0 && static_cast<size_t>(row) < labels_.size(), "no label in this row");
  return labels_[static_cast<size_t>(row)];
}

float TokenFile::score(int64_t row) const {
  EDGETRAN_CHECK(row >= 0 && static_cast<size_t>(row) < scores_.size(), "no score in this row");
  return scores_[static_cast<size_t>(row)];
}

}  // namespace edgetran::data
