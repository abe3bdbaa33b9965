#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/cancel.h"
#include "base/json.h"
#include "base/process.h"
#include "base/result.h"
#include "profile/runtimes/program/program_runtime.h"
#include "wire/client.h"
#include "wire/connection.h"

namespace edgetran::profile::program {

/// The program of a runtime as its client: greeted, and gone with this object.
class ProgramClient {
 public:
  /// kDevice: it cannot be started, or does not speak our protocol.
  static base::Result<std::unique_ptr<ProgramClient>> start(const ProgramOptions& options);
  ~ProgramClient();
  ProgramClient(const ProgramClient&) = delete;
  ProgramClient& operator=(const ProgramClient&) = delete;

  /// `limit_s` 0: for ever. kDevice, with how it ended, where the program vanished;
  /// kResource where that was for want of memory.
  base::Result<wire::Message> call(const std::string& verb, const base::Json& fields,
                                   std::string_view blob, double limit_s,
                                   const base::CancelToken& cancel = {});
  const ProgramOptions& options() const { return options_; }

 private:
  ProgramClient(ProgramOptions options, base::ChildProcess child);
  base::Error vanished(const base::Error& error);

  ProgramOptions options_;
  base::ChildProcess child_;
  wire::Connection connection_;
  wire::Client client_;
};

}  // namespace edgetran::profile::program
