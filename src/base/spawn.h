#pragma once

#include <sys/types.h>

#include "base/descriptor.h"
#include "base/process.h"

namespace edgetran::base {

/// A started child and the parent's ends of its pipes (invalid where not piped).
struct SpawnedChild {
  pid_t id = -1;
  Descriptor stdin_end;
  Descriptor stdout_end;
};

/// fork and exec with everything that ChildProcess::spawn promises. Internal to base.
Result<SpawnedChild> spawn_child(const ProcessOptions& options);

}  // namespace edgetran::base
