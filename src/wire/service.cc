#include "wire/service.h"

#include <fmt/core.h>

#include <exception>
#include <new>
#include <utility>

#include "base/config.h"

namespace edgetran::wire {

void Service::add(std::string verb, Handler handler, Mode mode) {
  EDGETRAN_CHECK(find(verb) == nullptr, "verb added twice: " + verb);
  entries_.push_back({std::move(verb), std::move(handler), mode});
}

std::vector<std::string> Service::verbs() const {
  std::vector<std::string> names = {"hello", "cancel", "bye"};
  for (const Entry& entry : entries_) names.push_back(entry.verb);
  return names;
}

const Service::Entry* Service::find(const std::string& verb) const {
  for (const Entry& entry : entries_) {
    if (entry.verb == verb) return &entry;
  }
  return nullptr;
}

Mode Service::mode(const std::string& verb) const {
  const Entry* entry = find(verb);
  return entry == nullptr ? Mode::kQueued : entry->mode;
}

base::Result<Answer> Service::run(const std::string& verb, Call& call) const {
  const Entry* entry = find(verb);
  if (entry == nullptr) {
    std::string hint;
    if (const auto near = base::nearest_name(verb, verbs()))
      hint = fmt::format("did you mean \"{}\"?", *near);
    return base::fail(base::ErrorCategory::kUsage,
                      fmt::format("the service \"{}\" has no verb \"{}\"", self_.service, verb),
                      hint);
  }
  try {
    return entry->handler(call);
  } catch (const std::bad_alloc&) {
    return base::fail(base::ErrorCategory::kResource, fmt::format("out of memory in \"{}\"", verb));
  } catch (const std::exception& exception) {
    return base::fail(base::ErrorCategory::kFailed,
                      fmt::format("internal error in \"{}\": {}", verb, exception.what()));
  }
}

base::Result<Answer> Session::hello(const base::Json& body) {
  EDGETRAN_ASSIGN(const Hello theirs, read_hello(body));
  EDGETRAN_ASSIGN(const int protocol, negotiate(service_.self(), theirs));
  protocol_ = protocol;
  Answer answer;
  answer.fields = hello_json(service_.self());
  answer.fields["negotiated"] = protocol;
  return answer;
}

Message Session::answer(Request request, base::EventSink& events, const base::CancelToken& cancel) {
  const auto run = [&]() -> base::Result<Answer> {
    if (request.verb == "hello") return hello(request.body);
    if (request.verb == "bye") return Answer{};
    if (protocol_ == 0) {
      return base::fail(
          base::ErrorCategory::kUsage,
          fmt::format("the first request must be \"hello\", not \"{}\"", request.verb));
    }
    // Without a line of requests nothing else can be at work.
    if (request.verb == "cancel") return Answer{{{"cancelled", false}}, {}};
    Call call{std::move(request.body), std::move(request.blob), events, cancel};
    return service_.run(request.verb, call);
  };
  auto answer = run();
  if (!answer) return {failure_reply(request.id, answer.error()), {}};
  return {success_reply(request.id, answer->fields), std::move(answer->blob)};
}

}  // namespace edgetran::wire
