#include "profile/sensors/sensord_protocol.h"

#include <algorithm>
#include <array>
#include <utility>

namespace edgetran::profile::sensors {

namespace {

constexpr std::string_view kOpen = "open 1 ";  // 1: the version of this protocol
constexpr std::string_view kRead = "read";
constexpr std::string_view kOk = "ok";
constexpr std::string_view kFamily = "intel-rapl";
constexpr std::array<std::pair<SensordStatus, std::string_view>, 4> kRefusals = {
    {{SensordStatus::kNotListed, "no not-listed"},
     {SensordStatus::kBusy, "no busy"},
     {SensordStatus::kGone, "no gone"},
     {SensordStatus::kFailed, "no failed"}}};

// A package, a die or domain below it, and one level to spare; zone numbers are hexadecimal.
constexpr int kLevels = 3;
constexpr size_t kDigits = 4;

bool is_hexadecimal(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

bool is_sensord_zone(std::string_view entry) {
  if (!entry.starts_with(kFamily)) return false;
  entry.remove_prefix(kFamily.size());
  // The rest of the control type's name: "-mmio".
  entry.remove_prefix(std::min(entry.find_first_not_of("abcdefghijklmnopqrstuvwxyz-"),  //
                               entry.size()));
  int levels = 0;
  while (!entry.empty()) {
    if (entry.front() != ':' || ++levels > kLevels) return false;
    entry.remove_prefix(1);
    const std::string_view number = entry.substr(0, entry.find(':'));
    if (number.empty() || number.size() > kDigits || !is_hexadecimal(number)) return false;
    entry.remove_prefix(number.size());
  }
  return levels > 0;
}

bool is_sensord_name(std::string_view name) {
  const size_t slash = name.find('/');
  if (slash == std::string_view::npos || name.size() > kSensordPacketBytes - kOpen.size()) {
    return false;
  }
  return is_sensord_zone(name.substr(0, slash)) &&
         std::ranges::find(kSensordFiles, name.substr(slash + 1)) != kSensordFiles.end();
}

std::optional<SensordRequest> parse_sensord_request(std::string_view packet) {
  if (packet == kRead) return SensordRequest{SensordRequest::Verb::kRead, {}};
  if (!packet.starts_with(kOpen)) return std::nullopt;
  packet.remove_prefix(kOpen.size());
  if (!is_sensord_name(packet)) return std::nullopt;
  return SensordRequest{SensordRequest::Verb::kOpen, packet};
}

std::string sensord_open_request(std::string_view name) {
  return std::string(kOpen) + std::string(name);
}

std::string_view sensord_read_request() { return kRead; }

std::optional<SensordReply> parse_sensord_reply(std::string_view packet) {
  for (const auto& [status, text] : kRefusals) {
    if (packet == text) return SensordReply{status, {}};
  }
  if (packet == kOk) return SensordReply{SensordStatus::kOk, {}};
  if (!packet.starts_with(kOk) || packet[kOk.size()] != ' ') return std::nullopt;
  return SensordReply{SensordStatus::kOk, packet.substr(kOk.size() + 1)};
}

std::string sensord_reply(SensordStatus status, std::string_view text) {
  for (const auto& [refusal, words] : kRefusals) {
    if (refusal == status) return std::string(words);
  }
  std::string reply(kOk);
  if (!text.empty()) reply.append(" ").append(text);
  return reply;
}

}  // namespace edgetran::profile::sensors
