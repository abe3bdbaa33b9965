#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace edgetran::base {

/// What kind of thing went wrong. Decides the exit code (cli) and the name on the wire.
enum class ErrorCategory {
  kUsage,        ///< a wrong command, flag, configuration, spec or data file: exit 2
  kNotFound,     ///< a file, device or trial that does not exist: exit 2
  kFailed,       ///< the work itself failed: exit 1
  kCorrupt,      ///< bytes that are not what they claim to be: exit 1
  kResource,     ///< out of memory, disk full, limit reached: exit 1
  kProtocol,     ///< a peer broke the wire protocol or vanished: exit 1
  kInfeasible,   ///< finished, nothing satisfies the limits: exit 3
  kDevice,       ///< no device, or the device refused: exit 4
  kPermission,   ///< the system refused access: exit 4
  kBudget,       ///< a budget ended with a partial result: exit 5
  kInterrupted,  ///< cancelled by the user: exit 130
};

/// Stable lower-case name ("usage", "not_found", ...), used on the wire and in stores.
std::string_view category_name(ErrorCategory category);

/// The category with this name; kFailed for a name that is not known.
ErrorCategory category_from_name(std::string_view name);

/// Process exit code of an error of this category (`edgetran help exit-codes`).
int exit_code(ErrorCategory category);

/// A user-caused or environmental error. `message` says what is wrong, the value seen and what is
/// allowed; `hint` what to do about it (may be empty).
struct Error {
  ErrorCategory category = ErrorCategory::kFailed;
  std::string message;
  std::string hint;

  /// The same error with `context` in front of its message: "context: message".
  Error within(std::string_view context) const;
};

template <class T>
using Result = tl::expected<T, Error>;

/// Success or an error.
using Status = Result<void>;

/// An error ready to be returned from a function with any Result<T>.
inline tl::unexpected<Error> fail(ErrorCategory category, std::string message,
                                  std::string hint = {}) {
  return tl::unexpected<Error>(Error{category, std::move(message), std::move(hint)});
}
inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

/// Prints the broken promise and its place on stderr and aborts: a defect of the program.
[[noreturn]] void check_failed(const char* condition, const char* file, int line,
                               const std::string& message);

}  // namespace edgetran::base

// For programmer errors only; input from outside must never reach a failing check.
#define EDGETRAN_CHECK(condition, message)                                                       \
  do {                                                                                           \
    if (!(condition)) ::edgetran::base::check_failed(#condition, __FILE__, __LINE__, (message)); \
  } while (false)

#define EDGETRAN_CONCAT_INNER(a, b) a##b
#define EDGETRAN_CONCAT(a, b) EDGETRAN_CONCAT_INNER(a, b)

// EDGETRAN_TRY(status_expression): returns its error from the enclosing function.
#define EDGETRAN_TRY(expression)                                         \
  do {                                                                   \
    if (auto edgetran_status = (expression); !edgetran_status)           \
      return ::edgetran::base::fail(std::move(edgetran_status).error()); \
  } while (false)

// EDGETRAN_ASSIGN(auto x, result_expression): declares x, or returns the error.
#define EDGETRAN_ASSIGN_INNER(temporary, declaration, ...)                     \
  auto temporary = (__VA_ARGS__);                                              \
  if (!temporary) return ::edgetran::base::fail(std::move(temporary).error()); \
  declaration = std::move(*temporary)
#define EDGETRAN_ASSIGN(declaration, ...) \
  EDGETRAN_ASSIGN_INNER(EDGETRAN_CONCAT(edgetran_result_, __LINE__), declaration, __VA_ARGS__)
