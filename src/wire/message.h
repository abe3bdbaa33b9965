#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "wire/frame.h"

namespace edgetran::wire {

/// One message: a JSON object and, where it announces one ("blob_bytes"), the bytes that follow.
struct Message {
  base::Json json;
  std::string blob;
};

struct Limits {
  /// Largest blob of a message; a larger one is answered with kResource at once, and skipped.
  uint64_t blob_bytes = uint64_t{256} << 20;
};

/// What a receiver sees next.
struct Incoming {
  enum class Kind {
    kMessage,    ///< `message` is whole
    kMalformed,  ///< a good frame with a bad message: `error`; the session can go on
    kTimeout,    ///< nothing whole arrived in time
    kEnd,        ///< the peer closed its end between two messages
  };
  Kind kind = Kind::kTimeout;
  Message message;        ///< kMalformed: the JSON where it could be read, else null
  size_t json_bytes = 0;  ///< of the text that `message.json` was read from
  base::Error error;      ///< kMalformed
};

/// The JSON frame of a message whose blob has `blob_bytes` (0: none; the key is set or removed).
/// kResource: the JSON is longer than a frame.
base::Result<std::string> encode_json(const base::Json& json, uint64_t blob_bytes);

/// The bytes of a message: its JSON frame and the blob in chunks of at most kMaxPayloadBytes.
base::Result<std::string> encode_message(const base::Json& json, std::string_view blob = {});

/// Puts messages together from bytes in any portions; no input or output of its own.
class MessageReader {
 public:
  explicit MessageReader(Limits limits) : blob_limit_(limits.blob_bytes) {}

  /// Takes the next bytes. kProtocol: the stream is broken for good (bad header or checksum, a
  /// blob that nobody announced, or more or fewer blob bytes than announced).
  base::Status feed(std::string_view bytes);
  /// The next finished message (kMessage or kMalformed), or nullopt.
  std::optional<Incoming> next();
  /// Whether bytes of an unfinished message are held: an end of stream now is a cut message.
  bool in_message() const { return !buffer_.empty() || blob_left_ > 0; }
  /// Another limit for the blobs that are announced from now on; any thread.
  void limit_blobs(uint64_t bytes) { blob_limit_ = bytes; }

 private:
  base::Status take_frame(FrameKind kind, std::string_view payload);
  base::Status take_json(std::string_view payload);
  base::Status take_blob(std::string_view payload);
  void keep(std::string_view payload);
  void refuse_blob(std::string message);
  void finish();

  std::atomic<uint64_t> blob_limit_;
  std::string buffer_;      ///< the unfinished frame
  Incoming pending_;        ///< waits for its blob
  uint64_t blob_left_ = 0;  ///< blob bytes that are still due
  bool skipping_ = false;   ///< their message was refused already
  std::deque<Incoming> ready_;
};

/// A whole number from 0, however the parser stored it; nullopt for anything else.
std::optional<uint64_t> whole_number(const base::Json& json);

/// A request of docs/protocol.md: {"id": n, "verb": "...", ...}.
struct Request {
  int64_t id = 0;
  std::string verb;
  base::Json body;  ///< the other fields, without id, verb and blob_bytes
  std::string blob;
};

/// kUsage where `id` or `verb` is missing or of the wrong type.
base::Result<Request> parse_request(Message message);

/// {"category": ..., "message": ..., "hint": ...}
base::Json error_json(const base::Error& error);
/// Reads error_json; a damaged one gives kProtocol.
base::Error error_from_json(const base::Json& json);

/// {"id": id, "ok": true, ...fields}; `id` null where the request had none that could be read.
base::Json success_reply(const base::Json& id, const base::Json& fields);
/// {"id": id, "ok": false, "error": {...}}
base::Json failure_reply(const base::Json& id, const base::Error& error);
/// {"id": id, "event": name, ...fields}
base::Json event_message(int64_t id, const std::string& name, const base::Json& fields);

}  // namespace edgetran::wire
