#include "profile/sensors/sensord_privileges.h"

#include <fmt/format.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/system_error.h"
#include "base/text.h"

namespace edgetran::profile::sensors {

namespace {

using base::ErrorCategory;
using base::Status;

constexpr uint64_t kKept = uint64_t{1} << CAP_DAC_READ_SEARCH;
/// Clients (sensord_server.h), files of the list, and a handful of its own.
constexpr rlim_t kOpenFiles = 256;

Status failed(std::string_view action) {
  return base::fail(ErrorCategory::kPermission,
                    fmt::format("cannot {}: {}", action, base::system_message(errno)),
                    "it does not go on with more rights than it needs");
}

/// Capability sets are two words of 32 bits (version 3 of the interface).
using Sets = std::array<__user_cap_data_struct, 2>;

__user_cap_header_struct header() { return {_LINUX_CAPABILITY_VERSION_3, 0}; }

Status drop_bounding_set(bool may_drop) {
  for (int capability = 0;; ++capability) {
    const int held = ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0);
    if (held < 0) return {};  // beyond the kernel's last
    if (held == 0 || capability == CAP_DAC_READ_SEARCH) continue;
    // Without CAP_SETPCAP the set cannot shrink; with no_new_privs it gives nothing either.
    if (!may_drop) return {};
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) return failed("drop the bounding set");
  }
}

/// Root's files are its own to write, with or without capabilities: another user's are not.
Status become(const SensordUser& user) {
  if (user.uid == 0) {
    return base::fail(ErrorCategory::kUsage, "it cannot run as root",
                      "name a user without rights with --user");
  }
  if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return failed("keep a capability");
  if (::setgroups(0, nullptr) != 0) return failed("leave the groups");
  if (::setresgid(user.gid, user.gid, user.gid) != 0) return failed("change the group");
  if (::setresuid(user.uid, user.uid, user.uid) != 0) return failed("change the user");
  if (::prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) != 0) return failed("change the user");
  return {};
}

Status keep_one_capability() {
  EDGETRAN_ASSIGN(const Capabilities before, read_capabilities());
  const uint64_t kept = before.permitted & kKept;
  Sets sets{};
  sets[0].permitted = sets[0].effective = static_cast<uint32_t>(kept);
  auto head = header();
  if (::syscall(SYS_capset, &head, sets.data()) != 0) return failed("drop capabilities");
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) {
    return failed("drop the ambient capabilities");
  }
  return {};
}

void limit(__rlimit_resource resource, rlim_t value) {
  rlimit now{};
  if (::getrlimit(resource, &now) != 0 || now.rlim_max < value) return;
  const rlimit wanted{value, value};
  ::setrlimit(resource, &wanted);
}

/// By the kernel's word, not by what was asked of it.
Status verify() {
  EDGETRAN_ASSIGN(const Capabilities now, read_capabilities());
  const bool more = ((now.permitted | now.effective | now.inheritable) & ~kKept) != 0;
  uid_t real = 0;
  uid_t effective = 0;
  uid_t saved = 0;
  const bool root =
      ::getresuid(&real, &effective, &saved) != 0 || real == 0 || effective == 0 || saved == 0;
  if (more || root || ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) {
    return base::fail(ErrorCategory::kPermission,
                      "the kernel still gives it more rights than it needs",
                      "start it by its unit file (edgetran-sensord.service)");
  }
  return {};
}

}  // namespace

base::Result<SensordUser> find_user(const std::string& name) {
  const passwd* entry = ::getpwnam(name.c_str());  // NOLINT(concurrency-mt-unsafe)
  if (entry == nullptr) {
    return base::fail(ErrorCategory::kNotFound,
                      fmt::format("there is no user {}", base::in_quotes(name)),
                      "name another with --user");
  }
  return SensordUser{entry->pw_uid, entry->pw_gid};
}

base::Result<gid_t> find_group(const std::string& name) {
  const group* entry = ::getgrnam(name.c_str());  // NOLINT(concurrency-mt-unsafe)
  if (entry == nullptr) {
    return base::fail(ErrorCategory::kNotFound,
                      fmt::format("there is no group {}", base::in_quotes(name)),
                      fmt::format("sudo groupadd --system {}", name));
  }
  return entry->gr_gid;
}

base::Result<Capabilities> read_capabilities() {
  Sets sets{};
  auto head = header();
  if (::syscall(SYS_capget, &head, sets.data()) != 0) {
    return base::fail(ErrorCategory::kPermission,
                      fmt::format("cannot read capabilities: {}", base::system_message(errno)));
  }
  constexpr int kWord = 32;
  const auto both = [](uint32_t low, uint32_t high) { return uint64_t{high} << kWord | low; };
  return Capabilities{both(sets[0].permitted, sets[1].permitted),
                      both(sets[0].effective, sets[1].effective),
                      both(sets[0].inheritable, sets[1].inheritable)};
}

Status drop_privileges(const SensordUser& user) {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("forgo new privileges");
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_NOFILE, kOpenFiles);
  EDGETRAN_ASSIGN(const Capabilities start, read_capabilities());
  EDGETRAN_TRY(drop_bounding_set((start.effective >> CAP_SETPCAP & 1) != 0));
  if (::geteuid() == 0 || ::getuid() == 0) EDGETRAN_TRY(become(user));
  EDGETRAN_TRY(keep_one_capability());
  return verify();
}

bool may_read_all() {
  const auto now = read_capabilities();
  return now && (now->effective & kKept) != 0;
}

}  // namespace edgetran::profile::sensors
