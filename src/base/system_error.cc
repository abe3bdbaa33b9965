#include "base/system_error.h"

#include <fmt/format.h>

#include <system_error>

namespace edgetran::base {
namespace {

struct Kind {
  ErrorCategory category;
  std::string_view hint;
};

Kind kind_of(int code) {
  switch (code) {
    case ENOENT:
    case ENOTDIR:
      return {ErrorCategory::kNotFound, "check the path"};
    case EACCES:
    case EPERM:
    case EROFS:
      return {ErrorCategory::kPermission, "check the permissions of the path and its folders"};
    case ENOSPC:
    case EDQUOT:
      return {ErrorCategory::kResource, "free some space or choose another folder"};
    case EFBIG:
    case EIO:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case EAGAIN:
      return {ErrorCategory::kResource, ""};
    default:
      return {ErrorCategory::kFailed, ""};
  }
}

}  // namespace

std::string system_message(int code) {
  return code == 0 ? "unknown error" : std::generic_category().message(code);
}

Error system_error(std::string_view action, const std::filesystem::path& path, int code) {
  const Kind kind = kind_of(code);
  return {kind.category, fmt::format("{} {}: {}", action, path.string(), system_message(code)),
          std::string(kind.hint)};
}

}  // namespace edgetran::base
