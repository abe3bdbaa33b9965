#include "profile/onnx_file.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "profile/model_files.h"

namespace edgetran::profile {

namespace {

using base::ErrorCategory;

// Numbers of fields in onnx.proto, by message.
namespace model_field {
constexpr uint32_t kGraph = 7, kTraining = 20, kFunction = 25;
}
namespace training_field {
constexpr uint32_t kInitialization = 1, kAlgorithm = 2;
}
namespace function_field {
constexpr uint32_t kNode = 7, kDefault = 11;
}
namespace graph_field {
constexpr uint32_t kNode = 1;
}
namespace node_field {
constexpr uint32_t kOutput = 2, kName = 3, kType = 4, kAttribute = 5, kDomain = 7;
}
namespace attribute_field {
constexpr uint32_t kGraph = 6, kGraphs = 11;
}

/// Control flow in control flow; exporters stay below five.
constexpr int kMaxDepth = 16;
/// Far more than a model has; a file of nothing but empty nodes may not fill the memory.
constexpr size_t kMaxNodes = 1'000'000;

/// The fields of a protobuf message, one after the other.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : bytes_(bytes) {}

  /// False at the end, and where the bytes are no protobuf: broken() tells the two apart.
  bool next() {
    if (bytes_.empty()) return false;
    const auto tag = varint();
    // Other readers keep 32 bits of a tag: a longer one would be another field to them.
    broken_ = !tag || *tag > UINT32_MAX || !take(*tag & 7);
    if (broken_) return false;
    number_ = static_cast<uint32_t>(*tag >> 3);
    return true;
  }
  bool broken() const { return broken_; }
  uint32_t number() const { return number_; }
  std::string_view payload() const { return payload_; }  ///< of a field with a length

 private:
  /// By wire type. Groups (3 and 4) are no part of ONNX.
  bool take(uint64_t wire_type) {
    payload_ = {};
    std::optional<uint64_t> number;
    switch (wire_type) {
      case 0:
        return varint().has_value();
      case 1:
        return skip(8);
      case 2:
        number = varint();
        if (!number || *number > bytes_.size()) return false;
        payload_ = bytes_.substr(0, *number);
        return skip(*number);
      case 5:
        return skip(4);
      default:
        return false;
    }
  }

  bool skip(size_t count) {
    if (count > bytes_.size()) return false;
    bytes_.remove_prefix(count);
    return true;
  }

  std::optional<uint64_t> varint() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !bytes_.empty(); shift += 7) {
      const auto byte = static_cast<uint8_t>(bytes_.front());
      bytes_.remove_prefix(1);
      value |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    return std::nullopt;
  }

  std::string_view bytes_;
  std::string_view payload_;
  uint32_t number_ = 0;
  bool broken_ = false;
};

tl::unexpected<base::Error> corrupt(const char* what) {
  return base::fail(ErrorCategory::kCorrupt, std::string("this is no ONNX file: ") + what,
                    "send the bytes of an .onnx file");
}

class Walk {
 public:
  base::Status model(std::string_view bytes) {
    bool has_graph = false;
    EDGETRAN_TRY(each(bytes, [&](const Fields& field) -> base::Status {
      has_graph = has_graph || field.number() == model_field::kGraph;
      if (field.number() == model_field::kGraph) return graph(field.payload());
      if (field.number() == model_field::kFunction) return function(field.payload());
      if (field.number() == model_field::kTraining) return training(field.payload());
      return {};
    }));
    if (!has_graph) return corrupt("it holds no graph");
    return {};
  }

  std::vector<OnnxNode> take_nodes() { return std::move(nodes_); }

 private:
  template <class Visit>
  base::Status each(std::string_view bytes, const Visit& visit) {
    Fields fields(bytes);
    while (fields.next()) EDGETRAN_TRY(visit(fields));
    if (fields.broken()) return corrupt("its bytes are no protobuf message");
    return {};
  }

  base::Status graph(std::string_view bytes) {
    if (depth_ >= kMaxDepth) return corrupt("its graphs are nested too deeply");
    ++depth_;
    EDGETRAN_TRY(each(bytes, [&](const Fields& field) -> base::Status {
      return field.number() == graph_field::kNode ? node(field.payload()) : base::Status();
    }));
    --depth_;
    return {};
  }

  base::Status function(std::string_view bytes) {
    return each(bytes, [&](const Fields& field) -> base::Status {
      if (field.number() == function_field::kNode) return node(field.payload());
      if (field.number() == function_field::kDefault) return attribute(field.payload());
      return {};
    });
  }

  base::Status training(std::string_view bytes) {
    return each(bytes, [&](const Fields& field) -> base::Status {
      const bool is_graph = field.number() == training_field::kInitialization ||
                            field.number() == training_field::kAlgorithm;
      return is_graph ? graph(field.payload()) : base::Status();
    });
  }

  base::Status node(std::string_view bytes) {
    if (nodes_.size() >= kMaxNodes) return corrupt("it has over a million nodes");
    const size_t index = nodes_.size();
    nodes_.emplace_back();
    return each(bytes, [&](const Fields& field) -> base::Status {
      OnnxNode& node = nodes_[index];  // attributes may add nodes
      const std::string_view text = field.payload();
      if (field.number() == node_field::kName) node.name = text;
      if (field.number() == node_field::kType) node.type = text;
      if (field.number() == node_field::kDomain) node.domain = text;
      if (field.number() == node_field::kOutput && node.output.empty()) node.output = text;
      return field.number() == node_field::kAttribute ? attribute(text) : base::Status();
    });
  }

  base::Status attribute(std::string_view bytes) {
    return each(bytes, [&](const Fields& field) -> base::Status {
      const bool is_graph =
          field.number() == attribute_field::kGraph || field.number() == attribute_field::kGraphs;
      return is_graph ? graph(field.payload()) : base::Status();
    });
  }

  std::vector<OnnxNode> nodes_;
  int depth_ = 0;
};

}  // namespace

base::Result<std::vector<OnnxNode>> read_onnx_nodes(std::string_view model) {
  Walk walk;
  EDGETRAN_TRY(walk.model(model));
  EDGETRAN_TRY(check_onnx_self_contained(model));
  return walk.take_nodes();
}

}  // namespace edgetran::profile
