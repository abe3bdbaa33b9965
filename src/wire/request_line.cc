#include "wire/request_line.h"

#include <utility>

namespace edgetran::wire {

RequestLine::RequestLine(LineLimits limits, std::function<void(uint64_t)> on_room)
    : limits_(limits), on_room_(std::move(on_room)) {
  tell_room();
}

base::Status RequestLine::push(Request request, size_t json_bytes) {
  const std::scoped_lock lock(mutex_);
  const bool room = line_.size() < limits_.requests &&
                    (line_.empty() || json_bytes_ + json_bytes <= limits_.json_bytes);
  if (!room && request.verb != "bye") {
    return base::fail(base::ErrorCategory::kResource, "too many requests are waiting",
                      "wait for replies");
  }
  json_bytes_ += json_bytes;
  blob_bytes_ += request.blob.size();
  line_.push_back({std::move(request), json_bytes, {}});
  tell_room();
  changed_.notify_one();
  return {};
}

std::optional<Waiting> RequestLine::take() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return ended_ || !line_.empty(); });
  if (ended_) return std::nullopt;
  Waiting first = std::move(line_.front());
  line_.pop_front();
  json_bytes_ -= first.json_bytes;
  running_blob_bytes_ = first.request.blob.size();
  running_ = first.cancel;
  running_id_ = first.request.id;
  return first;
}

void RequestLine::done() {
  const std::scoped_lock lock(mutex_);
  running_.reset();
  blob_bytes_ -= std::exchange(running_blob_bytes_, 0);
  tell_room();
}

bool RequestLine::cancel(int64_t id) {
  const std::scoped_lock lock(mutex_);
  if (running_ && running_id_ == id) {
    running_->request();
    return true;
  }
  for (const Waiting& waiting : line_) {
    if (waiting.request.id != id) continue;
    waiting.cancel.request();
    return true;
  }
  return false;
}

void RequestLine::end() {
  const std::scoped_lock lock(mutex_);
  ended_ = true;
  line_.clear();
  json_bytes_ = 0;
  blob_bytes_ = running_blob_bytes_;
  if (running_) {
    running_->request();
    running_->request();
  }
  changed_.notify_one();
}

bool RequestLine::empty() const {
  const std::scoped_lock lock(mutex_);
  return line_.empty() && !running_;
}

void RequestLine::tell_room() {
  on_room_(limits_.blob_bytes > blob_bytes_ ? limits_.blob_bytes - blob_bytes_ : 0);
}

}  // namespace edgetran::wire
