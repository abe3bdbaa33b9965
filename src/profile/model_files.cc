#include "profile/model_files.h"

#include <array>
#include <cstdint>
#include <optional>

namespace edgetran::profile {

namespace {

/// The messages of onnx.proto that lead to tensors.
enum class Kind : uint8_t {
  kModel,
  kTraining,
  kFunction,
  kGraph,
  kNode,
  kAttribute,
  kSparse,
  kTensor
};

/// A field of a message that is such a message itself.
struct Field {
  Kind in;
  uint64_t number;
  Kind kind;
};

constexpr std::array<Field, 19> kFields = {{
    {Kind::kModel, 7, Kind::kGraph},         {Kind::kModel, 20, Kind::kTraining},
    {Kind::kModel, 25, Kind::kFunction},     {Kind::kTraining, 1, Kind::kGraph},
    {Kind::kTraining, 2, Kind::kGraph},      {Kind::kFunction, 7, Kind::kNode},
    {Kind::kFunction, 11, Kind::kAttribute}, {Kind::kGraph, 1, Kind::kNode},
    {Kind::kGraph, 5, Kind::kTensor},        {Kind::kGraph, 15, Kind::kSparse},
    {Kind::kNode, 5, Kind::kAttribute},      {Kind::kAttribute, 5, Kind::kTensor},
    {Kind::kAttribute, 6, Kind::kGraph},     {Kind::kAttribute, 10, Kind::kTensor},
    {Kind::kAttribute, 11, Kind::kGraph},    {Kind::kAttribute, 22, Kind::kSparse},
    {Kind::kAttribute, 23, Kind::kSparse},   {Kind::kSparse, 1, Kind::kTensor},
    {Kind::kSparse, 2, Kind::kTensor},
}};
constexpr uint64_t kExternalData = 13;  // of a tensor
constexpr uint64_t kDataLocation = 14;  // of a tensor; 0: in the model

/// Protobuf's own readers refuse deeper messages.
constexpr int kDeepest = 100;

constexpr uint64_t kVarint = 0;
constexpr uint64_t kFixed64 = 1;
constexpr uint64_t kBytes = 2;
constexpr uint64_t kGroupBegin = 3;
constexpr uint64_t kGroupEnd = 4;
constexpr uint64_t kFixed32 = 5;

std::optional<uint64_t> take_varint(std::string_view& bytes) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7FU) << shift;
    if ((byte & 0x80U) == 0) return value;
  }
  return std::nullopt;
}

bool skip(std::string_view& bytes, uint64_t count) {
  if (count > bytes.size()) return false;
  bytes.remove_prefix(count);
  return true;
}

std::optional<Kind> inner_kind(Kind in, uint64_t number) {
  for (const Field& field : kFields) {
    if (field.in == in && field.number == number) return field.kind;
  }
  return std::nullopt;
}

enum class Found : uint8_t { kNothing, kBroken, kFile };

/// Whether what readers may differ about is looked at as any of them would, or is broken.
enum class Doubt : uint8_t { kLookedAt, kBroken };

Found walk(std::string_view bytes, Kind kind, Doubt doubt, int depth);

/// A field whose value is `inner`.
Found look_into(std::string_view inner, Kind in, uint64_t number, Doubt doubt, int depth) {
  if (in == Kind::kTensor && number == kExternalData) return Found::kFile;
  const auto kind = inner_kind(in, number);
  if (!kind) return Found::kNothing;
  return depth >= kDeepest ? Found::kBroken : walk(inner, *kind, doubt, depth + 1);
}

/// The fields of one message. A file that is found counts even where the rest is broken: what an
/// engine makes of the rest is not known here.
Found walk(std::string_view bytes, Kind kind, Doubt doubt, int depth) {
  while (!bytes.empty()) {
    const auto tag = take_varint(bytes);
    if (!tag || (*tag > UINT32_MAX && doubt == Doubt::kBroken)) return Found::kBroken;
    const uint64_t number = (*tag & UINT32_MAX) >> 3;  // as readers do that keep 32 bits
    switch (*tag & 7U) {
      case kVarint: {
        const auto value = take_varint(bytes);
        if (!value) return Found::kBroken;
        if (kind == Kind::kTensor && number == kDataLocation && *value != 0) return Found::kFile;
        break;
      }
      case kBytes: {
        const auto size = take_varint(bytes);
        if (!size || *size > bytes.size()) return Found::kBroken;
        const Found found = look_into(bytes.substr(0, *size), kind, number, doubt, depth);
        if (found != Found::kNothing) return found;
        bytes.remove_prefix(*size);
        break;
      }
      case kFixed64:
        if (!skip(bytes, 8)) return Found::kBroken;
        break;
      case kFixed32:
        if (!skip(bytes, 4)) return Found::kBroken;
        break;
      case kGroupBegin:  // brackets around fields that readers of ONNX skip; looked at all the same
      case kGroupEnd:
        if (doubt == Doubt::kBroken) return Found::kBroken;
        break;
      default:
        return Found::kBroken;
    }
  }
  return Found::kNothing;
}

}  // namespace

base::Status check_self_contained(std::string_view model) {
  if (walk(model, Kind::kModel, Doubt::kLookedAt, 0) != Found::kFile) return {};
  return base::fail(base::ErrorCategory::kUsage, "the model keeps tensors in files beside it",
                    "export it as one file, with its tensors in it");
}

base::Status check_onnx_self_contained(std::string_view model) {
  EDGETRAN_TRY(check_self_contained(model));
  if (walk(model, Kind::kModel, Doubt::kBroken, 0) == Found::kNothing) return {};
  return base::fail(base::ErrorCategory::kCorrupt,
                    "this is no ONNX file: a message in it is no protobuf message",
                    "send the bytes of an .onnx file");
}

}  // namespace edgetran::profile
