#include "profile/sensors/sensord_catalogue.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "base/numbers.h"
#include "base/system_error.h"
#include "base/text.h"

namespace edgetran::profile::sensors {

namespace {

constexpr std::string_view kEnergy = "/energy_uj";
constexpr int kTries = 4;             // of a read that is interrupted or finds the device busy
constexpr size_t kTextBytes = 64;     // a number has 20 digits, a zone's name 15 letters
constexpr size_t kZonesAtMost = 256;  // more than any machine has; a folder is not read for ever

/// Opens `path`, which is relative, below `root`; links are followed, but never out of it.
base::Descriptor open_below(int root, const std::string& path, uint64_t flags) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  return base::Descriptor(
      static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof(how))));
}

std::string relative(std::string_view path) { return std::string(path.substr(1)); }

/// Of the kernel's files, what may be given out: a number, or a name in plain letters. Anything
/// else is not what such a file shows, wherever it came from.
bool may_be_shown(std::string_view text, bool counts) {
  if (counts) return base::parse_int64(text).has_value();
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

}  // namespace

base::Result<SensordCatalogue> SensordCatalogue::open(const std::filesystem::path& root) {
  SensordCatalogue catalogue;
  catalogue.root_ = base::Descriptor(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!catalogue.root_.valid()) {
    return base::fail(base::system_error("cannot open the root", root, errno));
  }
  catalogue.sysfs_ = root == "/";
  return catalogue;
}

std::vector<std::string> SensordCatalogue::names() const {
  std::vector<std::string> names;
  auto folder = open_below(root_.get(), relative(kSensordClass), O_RDONLY | O_DIRECTORY);
  if (!folder.valid()) return names;
  const std::unique_ptr<DIR, int (*)(DIR*)> list(::fdopendir(folder.get()), ::closedir);
  if (!list) return names;
  static_cast<void>(folder.release());  // closedir closes it
  size_t zones = 0;
  while (const dirent* entry = ::readdir(list.get())) {  // NOLINT(concurrency-mt-unsafe)
    const std::string zone = entry->d_name;
    if (!is_sensord_zone(zone) || ++zones > kZonesAtMost) continue;
    for (const std::string_view file : kSensordFiles)
      names.push_back(fmt::format("{}/{}", zone, file));
  }
  std::sort(names.begin(), names.end());
  return names;
}

base::Descriptor SensordCatalogue::open_file(const std::string& name) const {
  auto file =
      open_below(root_.get(), relative(kSensordClass) + name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
  struct stat status {};
  if (!file.valid() || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  struct statfs system {};
  if (sysfs_ && (::fstatfs(file.get(), &system) != 0 || system.f_type != SYSFS_MAGIC)) return {};
  return file;
}

SensordFile* SensordCatalogue::find(const std::string& name) {
  const auto known = files_.find(name);
  if (known != files_.end()) return &known->second;
  const std::vector<std::string> listed = names();
  const auto own = std::find(listed.begin(), listed.end(), name);
  if (own == listed.end()) return nullptr;
  SensordFile file;
  file.descriptor = open_file(*own);
  if (!file.descriptor.valid()) return nullptr;
  file.counts = own->ends_with(kEnergy);
  file.read_s = -1;
  return &files_.emplace(*own, std::move(file)).first->second;
}

void SensordCatalogue::read(SensordFile& file) {
  std::array<char, kTextBytes> buffer;
  ssize_t count = -1;
  for (int attempt = 0; attempt < kTries; ++attempt) {
    count = ::pread(file.descriptor.get(), buffer.data(), buffer.size(), 0);
    if (count >= 0 || (errno != EINTR && errno != EAGAIN)) break;
  }
  if (count < 0) {
    const bool gone = errno == ENODEV || errno == ENXIO || errno == ENOENT;
    file.status = gone ? SensordStatus::kGone : SensordStatus::kFailed;
    return;
  }
  const std::string_view text =
      base::trim(std::string_view(buffer.data(), static_cast<size_t>(count)));
  const bool whole = static_cast<size_t>(count) < buffer.size();
  file.status =
      whole && may_be_shown(text, file.counts) ? SensordStatus::kOk : SensordStatus::kFailed;
  file.text = file.status == SensordStatus::kOk ? text : "";
}

}  // namespace edgetran::profile::sensors
