#include "weights/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "base/json.h"
#include "weights/tensor.h"

namespace edgetran::weights {
namespace {

using base::ErrorCategory;
using base::Json;

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

// The format's own limit: a header above it is refused by every reader.
constexpr uint64_t kMaxHeaderBytes = 100'000'000;
constexpr size_t kLengthBytes = 8;

struct TypeRow {
  std::string_view name;
  DataType type;
  uint64_t bytes;
};
constexpr std::array<TypeRow, 4> kTypes = {{{"F32", DataType::kF32, 4},
                                            {"F16", DataType::kF16, 2},
                                            {"BF16", DataType::kBF16, 2},
                                            {"I64", DataType::kI64, 8}}};

tl::unexpected<base::Error> corrupt(std::string message) {
  return base::fail(ErrorCategory::kCorrupt, std::move(message),
                    "the file is damaged, cut off or not a safetensors file: copy it again");
}

// A whole number from zero on; JSON readers differ in whether they keep such numbers unsigned.
std::optional<uint64_t> read_count(const Json& json) {
  if (json.is_number_unsigned()) return json.get<uint64_t>();
  if (!json.is_number_integer() || json.get<int64_t>() < 0) return std::nullopt;
  return static_cast<uint64_t>(json.get<int64_t>());
}

base::Result<std::vector<int64_t>> read_shape(const Json& json, const std::string& name,
                                              uint64_t element_bytes, uint64_t limit_bytes) {
  if (!json.is_array()) return corrupt(fmt::format("tensor '{}' has no list of sizes", name));
  std::vector<int64_t> shape;
  uint64_t elements = 1;
  for (const Json& size : json) {
    const auto count = read_count(size);
    if (!count)
      return corrupt(fmt::format("tensor '{}' has the size {}, which is not a count", name,
                                 base::dump_json(size)));
    const uint64_t value = *count;
    // Also refuses what would overflow: sizes are bounded by the bytes that are there.
    if (value > limit_bytes || (value != 0 && elements > limit_bytes / element_bytes / value))
      return corrupt(fmt::format("tensor '{}' claims the shape {}, more than the {} bytes of data",
                                 name, base::dump_json(json), limit_bytes));
    elements *= value;
    shape.push_back(static_cast<int64_t>(value));
  }
  return shape;
}

base::Result<std::pair<uint64_t, uint64_t>> read_offsets(const Json& json, const std::string& name,
                                                         uint64_t limit_bytes) {
  const bool pair = json.is_array() && json.size() == 2;
  const auto first = pair ? read_count(json[0]) : std::nullopt;
  const auto last = pair ? read_count(json[1]) : std::nullopt;
  if (!first || !last) return corrupt(fmt::format("tensor '{}' has no pair of data offsets", name));
  const auto [begin, end] = std::pair{*first, *last};
  if (begin > end || end > limit_bytes)
    return corrupt(fmt::format("tensor '{}' claims bytes {} to {} of {} bytes of data", name, begin,
                               end, limit_bytes));
  return std::pair{begin, end};
}

base::Result<TypeRow> read_type(const Json& json, const std::string& name) {
  if (!json.is_string()) return corrupt(fmt::format("tensor '{}' has no element type", name));
  const auto& text = json.get_ref<const std::string&>();
  const auto* row = std::find_if(kTypes.begin(), kTypes.end(),
                                 [&](const TypeRow& known) { return known.name == text; });
  if (row == kTypes.end())
    return base::fail(ErrorCategory::kUsage,
                      fmt::format("tensor '{}' has elements of type {}; F32, F16, BF16 and I64 are "
                                  "read",
                                  name, text),
                      "convert the file to float32");
  return *row;
}

base::Result<TensorView> read_entry(const std::string& name, const Json& entry,
                                    std::span<const std::byte> data) {
  if (!entry.is_object() || entry.size() != 3 || !entry.contains("dtype") ||
      !entry.contains("shape") || !entry.contains("data_offsets"))
    return corrupt(
        fmt::format("tensor '{}' is not described by dtype, shape and data_offsets", name));
  EDGETRAN_ASSIGN(const TypeRow type, read_type(entry["dtype"], name));
  EDGETRAN_ASSIGN(std::vector<int64_t> shape,
                  read_shape(entry["shape"], name, type.bytes, data.size()));
  EDGETRAN_ASSIGN(const auto range, read_offsets(entry["data_offsets"], name, data.size()));
  const auto [begin, end] = range;
  const uint64_t needed = static_cast<uint64_t>(element_count(shape)) * type.bytes;
  if (end - begin != needed)
    return corrupt(fmt::format("tensor '{}' of {} {} needs {} bytes, its data has {}", name,
                               type.name, shape_text(shape), needed, end - begin));
  return TensorView{.name = name,
                    .type = type.type,
                    .shape = std::move(shape),
                    .bytes = data.subspan(begin, end - begin)};
}

base::Result<std::map<std::string, std::string>> read_metadata(const Json& json) {
  std::map<std::string, std::string> metadata;
  if (!json.is_object()) return corrupt("__metadata__ is not a map of texts");
  for (const auto& [key, value] : json.items()) {
    if (!value.is_string()) return corrupt(fmt::format("__metadata__ '{}' is not a text", key));
    metadata.emplace(key, value.get<std::string>());
  }
  return metadata;
}

// Splits the file into header and data; every length is checked before it is used.
base::Result<std::pair<std::string_view, std::span<const std::byte>>> split(
    std::span<const std::byte> bytes) {
  if (bytes.size() < kLengthBytes)
    return corrupt(
        fmt::format("{} bytes are too few: a safetensors file begins with {} bytes of "
                    "header length",
                    bytes.size(), kLengthBytes));
  uint64_t claimed = 0;
  std::memcpy(&claimed, bytes.data(), kLengthBytes);
  const std::span<const std::byte> rest = bytes.subspan(kLengthBytes);
  if (claimed > rest.size())
    return corrupt(fmt::format("the header claims {} bytes, the file holds {} after the length",
                               claimed, rest.size()));
  if (claimed > kMaxHeaderBytes)
    return corrupt(fmt::format("the header claims {} bytes; at most {} are allowed", claimed,
                               kMaxHeaderBytes));
  const std::span<const std::byte> header = rest.first(claimed);
  return std::pair{std::string_view(reinterpret_cast<const char*>(header.data()), header.size()),
                   rest.subspan(claimed)};
}

}  // namespace

std::string_view data_type_name(DataType type) {
  const auto* row = std::find_if(kTypes.begin(), kTypes.end(),
                                 [&](const TypeRow& known) { return known.type == type; });
  EDGETRAN_CHECK(row != kTypes.end(), "unknown element type");
  return row->name;
}

base::Result<SafetensorsFile> SafetensorsFile::open(const std::filesystem::path& path) {
  SafetensorsFile file;
  file.name_ = path.string();
  EDGETRAN_ASSIGN(file.map_, base::MappedFile::open(path));
  if (auto status = file.read(file.map_->bytes()); !status)
    return base::fail(status.error().within(file.name_));
  return file;
}

base::Result<SafetensorsFile> SafetensorsFile::parse(std::string bytes, std::string name) {
  SafetensorsFile file;
  file.name_ = std::move(name);
  file.owned_ = std::make_unique<const std::string>(std::move(bytes));
  if (auto status = file.read(std::as_bytes(std::span(*file.owned_))); !status)
    return base::fail(status.error().within(file.name_));
  return file;
}

const TensorView* SafetensorsFile::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &tensors_[found->second];
}

base::Status SafetensorsFile::read(std::span<const std::byte> bytes) {
  EDGETRAN_ASSIGN(const auto parts, split(bytes));
  const auto [text, data] = parts;
  auto header = base::parse_json(text, "header");
  if (!header) return corrupt(header.error().message);
  if (!header->is_object()) return corrupt("the header is not a JSON object");
  for (const auto& [name, entry] : header->items()) {
    if (name == "__metadata__") {
      EDGETRAN_ASSIGN(metadata_, read_metadata(entry));
      continue;
    }
    EDGETRAN_ASSIGN(TensorView tensor, read_entry(name, entry, data));
    tensors_.push_back(std::move(tensor));
  }
  EDGETRAN_TRY(check_layout(data));
  for (size_t i = 0; i < tensors_.size(); ++i) index_.emplace(tensors_[i].name, i);
  return {};
}

// Sorts the tensors by their place and refuses overlaps, holes and bytes that belong to none.
base::Status SafetensorsFile::check_layout(std::span<const std::byte> data) {
  std::stable_sort(tensors_.begin(), tensors_.end(), [](const TensorView& a, const TensorView& b) {
    return std::pair(a.bytes.data(), a.bytes.size()) < std::pair(b.bytes.data(), b.bytes.size());
  });
  const std::byte* expected = data.data();
  for (const TensorView& tensor : tensors_) {
    if (tensor.bytes.data() != expected)
      return corrupt(fmt::format("tensor '{}' begins at byte {} of the data, {} was expected: {}",
                                 tensor.name, tensor.bytes.data() - data.data(),
                                 expected - data.data(),
                                 tensor.bytes.data() < expected ? "it overlaps the one before it"
                                                                : "bytes belong to no tensor"));
    expected += tensor.bytes.size();
  }
  if (const auto used = static_cast<size_t>(expected - data.data()); used != data.size())
    return corrupt(fmt::format("{} bytes of data belong to no tensor", data.size() - used));
  return {};
}

}  // namespace edgetran::weights
