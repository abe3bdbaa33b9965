#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/event.h"
#include "base/json.h"
#include "base/result.h"
#include "base/settings.h"

namespace edgetran::service {

/// What every request may use: nothing of it is global.
struct Context {
  base::Clock& clock;
  base::EventSink& events;
  base::CancelToken cancel;
  std::filesystem::path programs;  ///< folder of edgetran-worker and edgetran-agent
  std::filesystem::path cache;     ///< prepared data sets; may be deleted at any time
};

/// How a printer shows a column; the data keep plain SI numbers.
enum class Shown { kPlain, kCount, kSeconds, kBytes, kPercent, kNumber };

struct Column {
  std::string key;  ///< of the row objects
  std::string heading;
  Shown shown = Shown::kPlain;
};

/// The answer to a request. `data` is an object, or a list of row objects with the `columns` that
/// a table shows; fields are stable and carry units in their names.
struct Reply {
  base::Json data;
  std::vector<Column> columns;
  std::string text;  ///< shown instead of a table where plain text reads better
  /// Rows as lines of JSON in place of `data`, where there may be very many of them.
  std::vector<std::string> json_rows{};
  /// Finished, but not with success: nothing feasible (exit 3), budget ended (exit 5), ...
  std::optional<base::ErrorCategory> outcome;
};

/// Arguments as a front end gives them: setting name and text.
using Arguments = std::vector<std::pair<std::string, std::string>>;

/// A request of the product, declared once: the command line, its help and completion, and the
/// JSON Schemas all read the declaration; `run` is the only way in.
struct Operation {
  std::string name;  ///< "model cost": the words of the command
  std::string summary;
  std::vector<base::SettingInfo> settings;
  std::vector<std::string> positionals;  ///< settings given by place
  size_t optional_positionals = 0;       ///< how many of them, at the end, may be left out
  std::vector<std::string> required;     ///< flags that must be given
  std::function<base::Result<Reply>(Context&, const Arguments&)> run;

  /// The settings that must be given: positionals, then flags.
  std::vector<std::string> needed() const;
  /// JSON Schema of the request.
  base::Json schema() const;
};

/// Declares an operation over a plain request struct. Every setting is checked before `handler`
/// is called; an unknown name, a missing one or a value out of range is a usage error.
template <class Request>
Operation operation(const std::string& name, const std::string& summary,
                    base::Settings<Request> settings, const std::vector<std::string>& positionals,
                    const std::vector<std::string>& required,
                    base::Result<Reply> (*handler)(Context&, const Request&),
                    size_t optional_positionals = 0);

/// Every operation, in the order in which help lists them.
const std::vector<Operation>& operations();

// -- implementation of the template -------------------------------------------------------------

/// Checks that all `names` were given.
base::Status require_settings(const std::string& operation, const std::vector<std::string>& names,
                              const Arguments& arguments);

template <class Request>
Operation operation(const std::string& name, const std::string& summary,
                    base::Settings<Request> settings, const std::vector<std::string>& positionals,
                    const std::vector<std::string>& required,
                    base::Result<Reply> (*handler)(Context&, const Request&),
                    size_t optional_positionals) {
  Operation made{.name = name,
                 .summary = summary,
                 .settings = settings.infos(),
                 .positionals = positionals,
                 .optional_positionals = optional_positionals,
                 .required = required,
                 .run = {}};
  std::vector<std::string> needed = made.needed();
  made.run = [settings = std::move(settings), needed = std::move(needed), title = made.name,
              handler](Context& context, const Arguments& arguments) -> base::Result<Reply> {
    EDGETRAN_TRY(require_settings(title, needed, arguments));
    Request request;
    for (const auto& [key, value] : arguments) EDGETRAN_TRY(settings.set(request, key, value));
    return handler(context, request);
  };
  return made;
}

}  // namespace edgetran::service
