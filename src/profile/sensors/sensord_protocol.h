#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

// What edgetran-sensord and its clients say to each other: one packet of text a message, over a
// Unix socket of the type SOCK_SEQPACKET, so that a message is whole or is not there.
//
//   client                                     helper
//   open 1 intel-rapl:0:1/energy_uj       ->   ok
//   read                                  ->   ok 262143328850
//
// or, in place of "ok": no not-listed | busy | gone | failed. A connection reads one file. What is
// none of these messages ends the connection without an answer.

namespace edgetran::profile::sensors {

/// Where the helper listens (below the root, as every path of the drivers).
inline constexpr std::string_view kSensordSocket = "/run/edgetran/sensord.sock";
/// Who may ask: members of this group (sensord.sysusers makes it).
inline constexpr std::string_view kSensordGroup = "edgetran";
/// The folder of the files on the helper's list.
inline constexpr std::string_view kSensordClass = "/sys/class/powercap/";
/// What is read of a zone.
inline constexpr std::array<std::string_view, 3> kSensordFiles = {"name", "energy_uj",
                                                                  "max_energy_range_uj"};

/// Longest message either way; a name is the longest part of it.
inline constexpr size_t kSensordPacketBytes = 128;

/// Whether `name` has the form of a file on the list: a zone of powercap's intel-rapl control
/// types, a slash, and one of kSensordFiles.
bool is_sensord_name(std::string_view name);
/// Whether a folder of the class is such a zone: "intel-rapl:0", "intel-rapl-mmio:0:1".
bool is_sensord_zone(std::string_view entry);

struct SensordRequest {
  enum class Verb { kOpen, kRead };
  Verb verb = Verb::kRead;
  std::string_view name;  ///< kOpen: of the form of is_sensord_name; points into the packet
};
/// nullopt: not a request of this protocol.
std::optional<SensordRequest> parse_sensord_request(std::string_view packet);
std::string sensord_open_request(std::string_view name);
std::string_view sensord_read_request();

enum class SensordStatus {
  kOk,
  kNotListed,  ///< no such file on this machine, or none that is given out
  kBusy,       ///< too many clients
  kGone,       ///< the device went away while its file was open
  kFailed,     ///< the file cannot be read, or shows what it never should
};

struct SensordReply {
  SensordStatus status = SensordStatus::kFailed;
  std::string_view text;  ///< kOk after `read`: the file's; points into the packet
};
/// nullopt: not a reply of this protocol.
std::optional<SensordReply> parse_sensord_reply(std::string_view packet);
std::string sensord_reply(SensordStatus status, std::string_view text = {});

}  // namespace edgetran::profile::sensors
