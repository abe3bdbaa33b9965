#include "profile/tensor_blob.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/json.h"
#include "wire/message.h"

namespace edgetran::profile {

namespace {

using base::Json;

constexpr uint64_t kMaxHeaderBytes = uint64_t{1} << 20;
constexpr size_t kLengthBytes = 8;

tl::unexpected<base::Error> corrupt(std::string message) {
  return base::fail(base::ErrorCategory::kCorrupt, "tensor blob: " + std::move(message));
}

const char* type_name(TensorType type) { return type == TensorType::kFloat32 ? "F32" : "I64"; }

base::Result<std::vector<int64_t>> read_shape(const std::string& name, const Json& json) {
  constexpr size_t kMaxRank = 8;
  if (!json.is_array() || json.size() > kMaxRank) {
    return corrupt(
        fmt::format("the shape of \"{}\" must be a list of at most {} sizes", name, kMaxRank));
  }
  std::vector<int64_t> shape;
  int64_t elements = 1;
  for (const Json& size : json) {
    // 2^40 elements are far over any blob limit and their bytes still fit 64 bits.
    constexpr int64_t kMaxElements = int64_t{1} << 40;
    const auto number = wire::whole_number(size);
    if (!number || *number > uint64_t{kMaxElements}) {
      return corrupt(
          fmt::format("\"{}\" has the size {} in its shape", name, base::dump_json(size)));
    }
    shape.push_back(static_cast<int64_t>(*number));
    if (shape.back() != 0 && elements > kMaxElements / shape.back()) {
      return corrupt(fmt::format("the shape of \"{}\" is too large", name));
    }
    elements *= shape.back();
  }
  return shape;
}

base::Result<TensorInfo> read_info(const std::string& name, const Json& json) {
  if (!json.is_object() || !json.contains("dtype") || !json.contains("shape") ||
      !json.contains("data_offsets")) {
    return corrupt(fmt::format("\"{}\" needs dtype, shape and data_offsets", name));
  }
  TensorInfo info;
  info.name = name;
  if (json["dtype"] == "I64") {
    info.type = TensorType::kInt64;
  } else if (json["dtype"] != "F32") {
    return corrupt(fmt::format("\"{}\" has the type {}, allowed are F32 and I64", name,
                               base::dump_json(json["dtype"])));
  }
  EDGETRAN_ASSIGN(info.shape, read_shape(name, json["shape"]));
  return info;
}

/// A tensor of the header and where it says its bytes are.
struct Entry {
  TensorInfo info;
  uint64_t begin = 0;
  uint64_t end = 0;
};

base::Result<Entry> read_entry(const std::string& name, const Json& json) {
  EDGETRAN_ASSIGN(TensorInfo info, read_info(name, json));
  const Json& offsets = json["data_offsets"];
  const bool is_pair = offsets.is_array() && offsets.size() == 2;
  const auto begin = is_pair ? wire::whole_number(offsets[0]) : std::nullopt;
  const auto end = is_pair ? wire::whole_number(offsets[1]) : std::nullopt;
  if (!begin || !end) {
    return corrupt(fmt::format("data_offsets of \"{}\" must be two byte positions", name));
  }
  return Entry{std::move(info), *begin, *end};
}

/// The entries of the header in the order of their bytes.
base::Result<std::vector<Entry>> read_entries(const Json& header) {
  std::vector<Entry> entries;
  for (const auto& [name, json] : header.items()) {
    if (name == "__metadata__") continue;
    EDGETRAN_ASSIGN(Entry entry, read_entry(name, json));
    entries.push_back(std::move(entry));
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.begin < b.begin; });
  return entries;
}

}  // namespace

size_t element_bytes(TensorType type) { return type == TensorType::kFloat32 ? 4 : 8; }

int64_t TensorInfo::elements() const {
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  return count;
}

std::string encode_tensors(const std::vector<Tensor>& tensors) {
  Json header = Json::object();
  size_t at = 0;
  for (const Tensor& tensor : tensors) {
    EDGETRAN_CHECK(tensor.data.size() == tensor.info.bytes(), "tensor bytes do not fit its shape");
    header[tensor.info.name] = {{"dtype", type_name(tensor.info.type)},
                                {"shape", tensor.info.shape},
                                {"data_offsets", {at, at + tensor.data.size()}}};
    at += tensor.data.size();
  }
  std::string text = base::dump_json(header);
  text.resize((text.size() + 7) / 8 * 8, ' ');  // data begins aligned, as safetensors advises
  std::string blob;
  blob.reserve(kLengthBytes + text.size() + at);
  for (size_t i = 0; i < kLengthBytes; ++i) {
    blob.push_back(static_cast<char>((text.size() >> (8 * i)) & 0xFFU));
  }
  blob += text;
  for (const Tensor& tensor : tensors) blob += tensor.data;
  return blob;
}

base::Result<std::vector<Tensor>> decode_tensors(std::string_view blob) {
  if (blob.size() < kLengthBytes) return corrupt("it is shorter than its header length");
  uint64_t length = 0;
  for (size_t i = 0; i < kLengthBytes; ++i) {
    length |= static_cast<uint64_t>(static_cast<uint8_t>(blob[i])) << (8 * i);
  }
  if (length > kMaxHeaderBytes || length > blob.size() - kLengthBytes) {
    return corrupt(fmt::format("its header claims {} bytes, the blob has {} and {} are allowed",
                               length, blob.size(), kMaxHeaderBytes));
  }
  auto header = base::parse_json(blob.substr(kLengthBytes, length), "tensor blob header");
  if (!header) return corrupt(header.error().message);
  if (!header->is_object()) return corrupt("its header is not an object");
  const std::string_view data = blob.substr(kLengthBytes + length);
  EDGETRAN_ASSIGN(auto entries, read_entries(*header));
  std::vector<Tensor> tensors;
  size_t at = 0;
  for (Entry& entry : entries) {
    const uint64_t bytes = entry.info.bytes();
    if (entry.begin != at || entry.end < at || entry.end - at != bytes || entry.end > data.size()) {
      return corrupt(fmt::format(
          "\"{}\" claims bytes {} to {}; its shape takes {} bytes from {} and the data has {}",
          entry.info.name, entry.begin, entry.end, bytes, at, data.size()));
    }
    tensors.push_back({std::move(entry.info), std::string(data.substr(at, bytes))});
    at += bytes;
  }
  if (at != data.size()) {
    return corrupt(fmt::format("{} bytes belong to no tensor", data.size() - at));
  }
  return tensors;
}

const Tensor* find_tensor(const std::vector<Tensor>& tensors, std::string_view name) {
  const auto found = std::find_if(tensors.begin(), tensors.end(),
                                  [name](const Tensor& t) { return t.info.name == name; });
  return found == tensors.end() ? nullptr : &*found;
}

}  // namespace edgetran::profile
