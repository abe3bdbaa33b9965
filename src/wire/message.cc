#include "wire/message.h"

#include <fmt/core.h>

#include <new>
#include <utility>

namespace edgetran::wire {

namespace {

constexpr const char* kBlobBytes = "blob_bytes";

tl::unexpected<base::Error> broken(std::string message) {
  return base::fail(base::ErrorCategory::kProtocol, std::move(message));
}

base::Error usage(std::string message, std::string hint = {}) {
  return {base::ErrorCategory::kUsage, std::move(message), std::move(hint)};
}

/// The announced blob size, 0 where there is none.
base::Result<uint64_t> announced_blob(const base::Json& json) {
  const auto found = json.find(kBlobBytes);
  if (found == json.end()) return 0;
  const auto bytes = whole_number(*found);
  if (!bytes) {
    return base::fail(
        usage("blob_bytes must be a whole number of bytes, not " + base::dump_json(*found)));
  }
  return *bytes;
}

std::string string_field(const base::Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

std::optional<uint64_t> whole_number(const base::Json& json) {
  if (json.is_number_unsigned()) return json.get<uint64_t>();
  if (!json.is_number_integer() || json.get<int64_t>() < 0) return std::nullopt;
  return static_cast<uint64_t>(json.get<int64_t>());
}

base::Result<std::string> encode_json(const base::Json& json, uint64_t blob_bytes) {
  base::Json announced = json;
  announced.erase(kBlobBytes);
  if (blob_bytes > 0) announced[kBlobBytes] = blob_bytes;
  const std::string text = base::dump_json(announced);
  if (text.size() > kMaxPayloadBytes) {
    return base::fail(base::ErrorCategory::kResource,
                      fmt::format("a message of {} bytes of JSON does not fit a frame of {}",
                                  text.size(), kMaxPayloadBytes),
                      "send what is large as a blob");
  }
  return encode_frame(FrameKind::kJson, text);
}

base::Result<std::string> encode_message(const base::Json& json, std::string_view blob) {
  EDGETRAN_ASSIGN(std::string bytes, encode_json(json, blob.size()));
  for (size_t at = 0; at < blob.size(); at += kMaxPayloadBytes) {
    bytes += encode_frame(FrameKind::kBlob, blob.substr(at, kMaxPayloadBytes));
  }
  return bytes;
}

base::Status MessageReader::feed(std::string_view bytes) {
  buffer_ += bytes;
  size_t at = 0;
  while (buffer_.size() - at >= kHeaderBytes) {
    const auto header_bytes = std::string_view(buffer_).substr(at, kHeaderBytes);
    EDGETRAN_ASSIGN(const FrameHeader header, decode_header(header_bytes));
    if (buffer_.size() - at - kHeaderBytes < header.payload_bytes) break;
    const auto payload = std::string_view(buffer_).substr(at + kHeaderBytes, header.payload_bytes);
    if (!checksum_fits(header, header_bytes, payload)) {
      return broken("broken frame: its checksum does not fit its bytes");
    }
    EDGETRAN_TRY(take_frame(header.kind, payload));
    at += kHeaderBytes + header.payload_bytes;
  }
  buffer_.erase(0, at);
  return {};
}

base::Status MessageReader::take_frame(FrameKind kind, std::string_view payload) {
  if (kind == FrameKind::kBlob) return take_blob(payload);
  if (blob_left_ > 0) {
    return broken(fmt::format("a JSON frame came while {} blob bytes were due", blob_left_));
  }
  return take_json(payload);
}

base::Status MessageReader::take_json(std::string_view payload) {
  pending_ = Incoming{};
  pending_.json_bytes = payload.size();
  auto json = base::parse_json(payload, "message");
  if (!json) {
    pending_.kind = Incoming::Kind::kMalformed;
    pending_.error = usage(json.error().message, json.error().hint);
    finish();
    return {};
  }
  pending_.message.json = std::move(*json);
  if (!pending_.message.json.is_object()) {
    pending_.kind = Incoming::Kind::kMalformed;
    pending_.error = usage("a message must be a JSON object");
    finish();
    return {};
  }
  const auto blob_bytes = announced_blob(pending_.message.json);
  pending_.kind = Incoming::Kind::kMessage;
  if (!blob_bytes) {
    pending_.kind = Incoming::Kind::kMalformed;
    pending_.error = blob_bytes.error();
  } else if (const uint64_t limit = blob_limit_; *blob_bytes > limit) {
    refuse_blob(fmt::format("a blob of {} bytes is over the limit of {}", *blob_bytes, limit));
  }
  blob_left_ = blob_bytes.value_or(0);
  if (blob_left_ == 0 && !skipping_) finish();
  return {};
}

base::Status MessageReader::take_blob(std::string_view payload) {
  if (blob_left_ == 0) return broken("a blob frame came that no message announced");
  if (payload.empty()) return broken("an empty blob frame came");
  if (payload.size() > blob_left_) {
    return broken(
        fmt::format("a blob frame of {} bytes came where {} were due", payload.size(), blob_left_));
  }
  blob_left_ -= payload.size();
  if (!skipping_) keep(payload);
  if (blob_left_ > 0) return {};
  if (!skipping_) finish();
  skipping_ = false;
  return {};
}

void MessageReader::keep(std::string_view payload) {
  try {
    pending_.message.blob += payload;
  } catch (const std::bad_alloc&) {
    std::string().swap(pending_.message.blob);
    refuse_blob("there is no memory for this blob");
  }
}

/// Refused at once, and its frames skipped rather than the session ended: they are sound.
void MessageReader::refuse_blob(std::string message) {
  skipping_ = true;
  pending_.kind = Incoming::Kind::kMalformed;
  pending_.error = {base::ErrorCategory::kResource, std::move(message),
                    "send less, or raise the service's limit"};
  finish();
}

void MessageReader::finish() {
  ready_.push_back(std::move(pending_));
  pending_ = Incoming{};
}

std::optional<Incoming> MessageReader::next() {
  if (ready_.empty()) return std::nullopt;
  Incoming first = std::move(ready_.front());
  ready_.pop_front();
  return first;
}

base::Result<Request> parse_request(Message message) {
  const base::Json& json = message.json;
  const auto id = json.find("id");
  if (id == json.end() || !id->is_number_integer() ||
      (id->is_number_unsigned() && id->get<uint64_t>() > uint64_t{INT64_MAX})) {
    return base::fail(usage("a request needs \"id\", a whole number", "docs/protocol.md"));
  }
  const std::string verb = string_field(json, "verb");
  if (verb.empty()) {
    return base::fail(usage("a request needs \"verb\", a name", "docs/protocol.md"));
  }
  Request request{id->get<int64_t>(), verb, std::move(message.json), std::move(message.blob)};
  for (const char* key : {"id", "verb", kBlobBytes}) request.body.erase(key);
  return request;
}

base::Json error_json(const base::Error& error) {
  return {{"category", base::category_name(error.category)},
          {"message", error.message},
          {"hint", error.hint}};
}

base::Error error_from_json(const base::Json& json) {
  const std::string category = json.is_object() ? string_field(json, "category") : "";
  const std::string message = json.is_object() ? string_field(json, "message") : "";
  if (category.empty() || message.empty()) {
    return {base::ErrorCategory::kProtocol, "the peer reported an error that cannot be read", {}};
  }
  return {base::category_from_name(category), message, string_field(json, "hint")};
}

base::Json success_reply(const base::Json& id, const base::Json& fields) {
  base::Json reply = {{"id", id}, {"ok", true}};
  for (const auto& [key, value] : fields.items()) {
    if (key != "id" && key != "ok") reply[key] = value;
  }
  return reply;
}

base::Json failure_reply(const base::Json& id, const base::Error& error) {
  return {{"id", id}, {"ok", false}, {"error", error_json(error)}};
}

base::Json event_message(int64_t id, const std::string& name, const base::Json& fields) {
  base::Json message = {{"id", id}, {"event", name}};
  if (!fields.is_object()) return message;
  for (const auto& [key, value] : fields.items()) {
    if (key != "id" && key != "event") message[key] = value;
  }
  return message;
}

}  // namespace edgetran::wire
