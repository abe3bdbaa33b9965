#include "device/raw_stream.h"

#include <fmt/format.h>

#include <utility>

#include "base/hash.h"

namespace edgetran::device {

using base::ErrorCategory;

RawStream::RawStream(base::EventSink& others, RawSink sink, std::function<void()> stop)
    : others_(others), sink_(std::move(sink)), stop_(std::move(stop)) {}

void RawStream::emit(const base::Event& event) {
  if (event.name != "raw") {
    others_.emit(event);
    return;
  }
  if (!status_) return;  // what still comes before the end
  status_ = accept(event.fields);
  if (!status_) stop_();
}

base::Status RawStream::accept(const base::Json& fields) {
  const auto text = fields.find("text");
  if (text == fields.end() || !text->is_string()) {
    return base::fail(ErrorCategory::kCorrupt, "the agent sent raw samples without their text");
  }
  const auto& lines = text->get_ref<const std::string&>();
  if (lines.empty()) return {};
  // Resuming relies on it: what was received is always a whole number of lines.
  if (lines.back() != '\n') {
    return base::fail(ErrorCategory::kCorrupt, "the agent cut a line of the raw samples");
  }
  if (sink_) EDGETRAN_TRY(sink_(lines));
  text_ += lines;
  return {};
}

base::Status RawStream::check(const base::Json& record) const {
  const auto sha256 = record.value("/raw/sha256"_json_pointer, std::string());
  const auto bytes = record.value("/raw/bytes"_json_pointer, uint64_t{0});
  const std::string found = base::sha256_hex(text_);
  if (sha256 == found && bytes == text_.size()) return {};
  return base::fail(
      ErrorCategory::kCorrupt,
      fmt::format("the raw samples that arrived ({} bytes, SHA-256 {}) are not those of the record "
                  "({} bytes, {})",
                  text_.size(), found, bytes, sha256),
      "measure again; if it happens again, the agent on the board is another version or broken");
}

}  // namespace edgetran::device
