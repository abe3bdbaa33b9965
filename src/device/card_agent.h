#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/json.h"
#include "base/result.h"

namespace edgetran::device {

/// One sensor of a board's section `sensors`, or a meter that is read as one.
base::Result<base::Json> read_sensor(const base::ConfigValue& value);

/// The section `sensors` of a board: [{"driver": name, settings}]. Refuses drivers that do not
/// exist or need no declaration, keys that the driver does not have, and the values that it would
/// refuse wherever it runs (a shunt of 0).
base::Result<std::vector<base::Json>> read_sensors(const base::ConfigValue& value);

/// The section `runtimes`: name to command, as `edgetran-agent --runtime NAME=COMMAND` takes them.
base::Result<std::map<std::string, std::string>> read_runtimes(const base::ConfigValue& value);

/// The section `environment`: free words to free text; numbers are taken as they are written.
base::Result<std::map<std::string, std::string>> read_environment(const base::ConfigValue& value);

}  // namespace edgetran::device
