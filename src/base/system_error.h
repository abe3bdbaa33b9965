#pragma once

#include <cerrno>
#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace edgetran::base {

/// The system's words for an errno value ("No space left on device"); thread-safe.
std::string system_message(int code);

/// An error of a system call on a file: "<action> <path>: <the system's words>". The category
/// follows the code: missing is kNotFound, refused kPermission, full or exhausted kResource.
Error system_error(std::string_view action, const std::filesystem::path& path, int code);

}  // namespace edgetran::base
