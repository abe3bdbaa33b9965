#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/files.h"
#include "base/process.h"
#include "base/result.h"
#include "wire/client.h"
#include "wire/connection.h"

namespace edgetran::service {

/// A program that serves the framed protocol on its standard streams, started to be looked at. It
/// ends with this object, whatever state it is in.
class ServiceProgram {
 public:
  /// Starts `program --stdio` and says hello. kNotFound, kPermission: it cannot be started;
  /// kProtocol: no answer within `limit_s`, with how it ended and the last line it said.
  static base::Result<std::unique_ptr<ServiceProgram>> start(const std::filesystem::path& program,
                                                             const std::string& service,
                                                             double limit_s);
  ~ServiceProgram();
  ServiceProgram(const ServiceProgram&) = delete;
  ServiceProgram& operator=(const ServiceProgram&) = delete;

  const wire::Hello& hello() const { return hello_; }
  double answered_in_s() const { return answered_in_s_; }
  /// A verb's reply, within the limit.
  base::Result<base::Json> ask(const std::string& verb, const base::Json& fields);

 private:
  ServiceProgram(base::TemporaryFolder folder, base::ChildProcess child, double limit_s);
  base::Error explain(base::Error error);

  base::TemporaryFolder folder_;  ///< of its messages
  base::ChildProcess child_;
  double limit_s_;
  wire::Connection connection_;
  wire::Client client_;
  wire::Hello hello_;
  double answered_in_s_ = 0;
};

}  // namespace edgetran::service
