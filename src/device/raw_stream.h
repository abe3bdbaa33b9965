#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "base/event.h"
#include "base/json.h"
#include "base/result.h"

namespace edgetran::device {

/// Takes raw samples as they arrive: whole JSON lines, in order, once each.
using RawSink = std::function<base::Status(std::string_view text)>;

/// The raw samples of one measurement, put together from the agent's "raw" events over as many
/// connections as it takes. Other events go on to `others`.
class RawStream final : public base::EventSink {
 public:
  /// `sink` may be empty. `stop` is called once, when the sink fails or a text is not whole lines.
  RawStream(base::EventSink& others, RawSink sink, std::function<void()> stop);

  void emit(const base::Event& event) override;

  /// What has arrived so far; the blob of a request that resumes.
  const std::string& text() const { return text_; }
  /// The sink's error (kResource for a full disk), or kCorrupt for a text that is cut.
  const base::Status& status() const { return status_; }
  /// kCorrupt where the text is not the one whose size and hash stand in the record.
  base::Status check(const base::Json& record) const;
  std::string take() { return std::move(text_); }
  /// Forgets what has arrived.
  void restart() { text_.clear(); }

 private:
  base::Status accept(const base::Json& fields);

  base::EventSink& others_;
  RawSink sink_;
  std::function<void()> stop_;
  std::string text_;
  base::Status status_;
};

}  // namespace edgetran::device
