#include "store/artefacts.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/files.h"
#include "base/hash.h"

namespace edgetran::store {

namespace fs = std::filesystem;
using base::ErrorCategory;
using base::Result;

namespace {

constexpr size_t kFolderDigits = 2;
constexpr size_t kPieceBytes = size_t{1} << 20;

fs::path place(const fs::path& folder, std::string_view sha256) {
  return folder / sha256.substr(0, kFolderDigits) / sha256.substr(kFolderDigits);
}

Result<std::string> put(const fs::path& folder, std::string_view bytes) {
  std::string sha256 = base::sha256_hex(bytes);
  const fs::path target = place(folder, sha256);
  std::error_code ignored;
  if (fs::exists(target, ignored)) return sha256;
  EDGETRAN_TRY(base::make_folder(target.parent_path()));
  EDGETRAN_ASSIGN(base::AtomicFile file, base::AtomicFile::create(target));
  for (size_t at = 0; at < bytes.size(); at += kPieceBytes) {
    EDGETRAN_TRY(file.write(bytes.substr(at, kPieceBytes)));
  }
  EDGETRAN_TRY(file.commit());
  return sha256;
}

}  // namespace

bool is_sha256(std::string_view text) {
  constexpr size_t kDigits = 64;
  const auto hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() == kDigits && std::ranges::all_of(text, hex);
}

Result<std::string> Artefacts::put_bytes(std::string_view bytes) { return put(folder_, bytes); }

Result<std::string> Artefacts::put_file(const fs::path& file) {
  EDGETRAN_ASSIGN(const base::MappedFile content, base::MappedFile::open(file));
  return put(folder_, content.text());
}

Result<fs::path> Artefacts::path(std::string_view sha256) const {
  if (!is_sha256(sha256)) {
    return base::fail(ErrorCategory::kUsage, fmt::format("\"{}\" is not a SHA-256", sha256),
                      "it is 64 lower-case hex digits");
  }
  fs::path target = place(folder_, sha256);
  std::error_code ignored;
  if (!fs::is_regular_file(target, ignored)) {
    return base::fail(ErrorCategory::kNotFound, fmt::format("there is no artefact {}", sha256),
                      "it may have been collected as garbage");
  }
  return target;
}

Result<std::string> Artefacts::get(std::string_view sha256) const {
  EDGETRAN_ASSIGN(const fs::path file, path(sha256));
  EDGETRAN_ASSIGN(std::string bytes, base::read_file(file));
  if (base::sha256_hex(bytes) != sha256) {
    return base::fail(ErrorCategory::kCorrupt,
                      fmt::format("{} is not what its name says", file.string()),
                      "delete it and run the step that made it again");
  }
  return bytes;
}

base::Status Artefacts::verify(std::string_view sha256) const {
  EDGETRAN_ASSIGN(const fs::path file, path(sha256));
  EDGETRAN_ASSIGN(const std::string actual, base::sha256_file(file));
  if (actual != sha256) {
    return base::fail(ErrorCategory::kCorrupt,
                      fmt::format("{} is not what its name says", file.string()),
                      "delete it and run the step that made it again");
  }
  return {};
}

Result<std::vector<std::string>> Artefacts::list() const {
  std::vector<std::string> names;
  std::error_code error;
  if (!fs::exists(folder_, error)) return names;
  for (fs::recursive_directory_iterator it(folder_, error), end; !error && it != end;
       it.increment(error)) {
    std::string name =
        it->path().parent_path().filename().string() + it->path().filename().string();
    std::error_code ignored;
    if (it.depth() == 1 && is_sha256(name) && it->is_regular_file(ignored)) {
      names.push_back(std::move(name));
    }
  }
  if (error) {
    return base::fail(ErrorCategory::kPermission,
                      fmt::format("cannot list {}: {}", folder_.string(), error.message()));
  }
  std::ranges::sort(names);
  return names;
}

Result<Artefacts::Collected> Artefacts::collect_garbage(const std::set<std::string>& keep) {
  EDGETRAN_ASSIGN(const std::vector<std::string> names, list());
  Collected collected;
  for (const std::string& name : names) {
    if (keep.contains(name)) continue;
    const fs::path file = place(folder_, name);
    std::error_code error;
    const uint64_t bytes = fs::file_size(file, error);
    if (!fs::remove(file, error) || error) {
      return base::fail(ErrorCategory::kPermission,
                        fmt::format("cannot remove {}: {}", file.string(), error.message()));
    }
    ++collected.files;
    collected.bytes += bytes;
  }
  return collected;
}

}  // namespace edgetran::store
