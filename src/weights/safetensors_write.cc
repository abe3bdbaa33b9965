#include <cstring>
#include <set>
#include <type_traits>

#include "base/json.h"
#include "weights/safetensors.h"
#include "weights/tensor.h"

namespace edgetran::weights {
namespace {

using base::Json;

constexpr size_t kAlignment = 8;

std::string_view raw_bytes(const TensorSource& tensor) {
  return std::visit(
      [](auto values) {
        return std::string_view(reinterpret_cast<const char*>(values.data()), values.size_bytes());
      },
      tensor.data);
}

size_t value_count(const TensorSource& tensor) {
  return std::visit([](auto values) { return values.size(); }, tensor.data);
}

DataType type_of(const TensorSource& tensor) {
  return std::holds_alternative<std::span<const float>>(tensor.data) ? DataType::kF32
                                                                     : DataType::kI64;
}

Json header_json(std::span<const TensorSource> tensors,
                 const std::map<std::string, std::string>& metadata) {
  Json header = Json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  size_t offset = 0;
  for (const TensorSource& tensor : tensors) {
    EDGETRAN_CHECK(!header.contains(tensor.name), "two tensors are named " + tensor.name);
    EDGETRAN_CHECK(static_cast<size_t>(element_count(tensor.shape)) == value_count(tensor),
                   tensor.name + " does not fill its shape " + shape_text(tensor.shape));
    const size_t end = offset + raw_bytes(tensor).size();
    header[tensor.name] = Json{{"dtype", data_type_name(type_of(tensor))},
                               {"shape", tensor.shape},
                               {"data_offsets", {offset, end}}};
    offset = end;
  }
  return header;
}

// Length and header, padded with blanks so that the data begins at a multiple of kAlignment.
std::string preamble(std::span<const TensorSource> tensors,
                     const std::map<std::string, std::string>& metadata) {
  std::string header = base::dump_json(header_json(tensors, metadata));
  header.append((kAlignment - header.size() % kAlignment) % kAlignment, ' ');
  const uint64_t length = header.size();
  std::string bytes(sizeof(length), '\0');
  std::memcpy(bytes.data(), &length, sizeof(length));
  return bytes + header;
}

}  // namespace

std::string encode_safetensors(std::span<const TensorSource> tensors,
                               const std::map<std::string, std::string>& metadata) {
  std::string bytes = preamble(tensors, metadata);
  for (const TensorSource& tensor : tensors) bytes += raw_bytes(tensor);
  return bytes;
}

base::Status write_safetensors(const std::filesystem::path& path,
                               std::span<const TensorSource> tensors,
                               const std::map<std::string, std::string>& metadata) {
  EDGETRAN_ASSIGN(auto file, base::AtomicFile::create(path));
  EDGETRAN_TRY(stage_safetensors(file, tensors, metadata));
  return file.commit();
}

base::Status stage_safetensors(base::AtomicFile& file, std::span<const TensorSource> tensors,
                               const std::map<std::string, std::string>& metadata) {
  EDGETRAN_TRY(file.write(preamble(tensors, metadata)));
  for (const TensorSource& tensor : tensors) EDGETRAN_TRY(file.write(raw_bytes(tensor)));
  return {};
}

}  // namespace edgetran::weights
