#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/process.h"
#include "wire/tls.h"

namespace edgetran::wire::testing {

/// Keys and certificates that the program `openssl` made: two authorities, "board" (for board.local
/// and 127.0.0.1), "director", "expired", and "stranger" of the other authority.
class Keys {
 public:
  Keys() : folder_(std::move(*base::TemporaryFolder::create("tls-test"))) {
    authority("authority");
    authority("other");
    certificate("board", "authority", "DNS:board.local,IP:127.0.0.1", "30");
    certificate("director", "authority", "DNS:director.local", "30");
    certificate("expired", "authority", "DNS:board.local,IP:127.0.0.1", "-1");
    certificate("stranger", "other", "DNS:board.local,IP:127.0.0.1", "30");
  }

  /// Whether there is an openssl, and all went well.
  bool made() const { return made_; }
  std::filesystem::path path(const std::string& name) const { return folder_.path() / name; }
  /// The files of one side; `believes` is a certificate's name.
  TlsFiles files(const std::string& name, const std::string& believes = "authority") const {
    return {path(name + ".pem"), path(name + ".key"), path(believes + ".pem")};
  }

 private:
  void openssl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "openssl");
    base::ProcessOptions options;
    options.arguments = std::move(arguments);
    options.folder = folder_.path();
    options.pipe_stdin = false;
    options.stderr_file = path("log");
    auto child = base::ChildProcess::spawn(options);
    const auto status = child ? child->wait(60) : std::nullopt;
    made_ = made_ && status && status->success();
  }
  void authority(const std::string& name) {
    openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-days", "30", "-subj", "/CN=" + name, "-keyout", name + ".key", "-out",
             name + ".pem"});
  }
  void certificate(const std::string& name, const std::string& by, const std::string& names,
                   const std::string& days) {
    openssl({"req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
             "/CN=" + name, "-addext", "subjectAltName=" + names, "-keyout", name + ".key", "-out",
             name + ".csr"});
    openssl({"x509", "-req", "-in", name + ".csr", "-CA", by + ".pem", "-CAkey", by + ".key",
             "-CAcreateserial", "-copy_extensions", "copy", "-days", days, "-out", name + ".pem"});
  }

  base::TemporaryFolder folder_;
  bool made_ = true;
};

}  // namespace edgetran::wire::testing
