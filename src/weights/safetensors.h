#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/files.h"
#include "base/result.h"

namespace edgetran::weights {

/// Element types of the safetensors format that EdgeTran reads; F32 and I64 are also written.
enum class DataType : uint8_t { kF32, kF16, kBF16, kI64 };

/// "F32", "F16", "BF16", "I64": the names of the format.
std::string_view data_type_name(DataType type);

/// One tensor of a file that is open: its bytes (little-endian, row-major) are the file's own and
/// may be unaligned; valid as long as the SafetensorsFile lives.
struct TensorView {
  std::string name;
  DataType type = DataType::kF32;
  std::vector<int64_t> shape;
  std::span<const std::byte> bytes;
};

/// A safetensors file (8 bytes of header length, JSON header, data), read strictly: every length,
/// offset and shape is checked against the size of the file before it is used, names are unique,
/// and the tensors cover the data without gap or overlap. Thread-safe once open.
class SafetensorsFile {
 public:
  /// Maps the file. Errors: kNotFound, kPermission; kCorrupt with what the header claims and what
  /// is there; kUsage for element types that are not read.
  static base::Result<SafetensorsFile> open(const std::filesystem::path& path);
  /// The same for bytes in memory (a blob of the wire protocol), which are kept; `name` is shown in
  /// messages.
  static base::Result<SafetensorsFile> parse(std::string bytes, std::string name);

  /// In the order of their data.
  std::span<const TensorView> tensors() const { return tensors_; }
  /// nullptr where absent.
  const TensorView* find(std::string_view name) const;
  /// The free text entries of the header ("__metadata__").
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  /// The path or name given.
  const std::string& name() const { return name_; }

 private:
  SafetensorsFile() = default;
  base::Status read(std::span<const std::byte> bytes);
  base::Status check_layout(std::span<const std::byte> data);

  std::optional<base::MappedFile> map_;
  std::unique_ptr<const std::string> owned_;  ///< on the heap: views stay valid when this moves
  std::string name_;
  std::vector<TensorView> tensors_;
  std::map<std::string, size_t, std::less<>> index_;
  std::map<std::string, std::string> metadata_;
};

/// The elements as float32; F16 and BF16 are widened exactly. kUsage for integer tensors, kCorrupt
/// for NaN and infinity (the tensor, index and value are named).
base::Result<std::vector<float>> read_floats(const TensorView& tensor);
/// The elements of an I64 tensor; kUsage for other types.
base::Result<std::vector<int64_t>> read_integers(const TensorView& tensor);

/// A tensor to be written; the data stays the caller's.
struct TensorSource {
  std::string name;
  std::vector<int64_t> shape;
  std::variant<std::span<const float>, std::span<const int64_t>> data;
};

/// The bytes of a safetensors file with the tensors in the order given; the data begins at a
/// multiple of eight. Equal input gives equal bytes. Names are unique, shapes fit their data
/// (programmer errors otherwise).
std::string encode_safetensors(std::span<const TensorSource> tensors,
                               const std::map<std::string, std::string>& metadata = {});

/// The same into a file that the caller commits, streamed without a copy of the data.
base::Status stage_safetensors(base::AtomicFile& file, std::span<const TensorSource> tensors,
                               const std::map<std::string, std::string>& metadata = {});

/// The same into a file that appears whole or not at all.
base::Status write_safetensors(const std::filesystem::path& path,
                               std::span<const TensorSource> tensors,
                               const std::map<std::string, std::string>& metadata = {});

}  // namespace edgetran::weights
