#include "wire/tls_context.h"

#include <fmt/core.h>
#include <openssl/err.h>
#include <sys/stat.h>

#include "base/files.h"

namespace edgetran::wire {

namespace {

using base::ErrorCategory;

/// Far above any chain of certificates; keeps a mistaken path from being read whole.
constexpr uint64_t kLargestPem = 1 << 20;
/// What a stranger can make us hold as its chain, in bytes, and how long a chain is followed.
constexpr long kLargestChain = 1 << 16;  // NOLINT(google-runtime-int): OpenSSL's type
constexpr int kDeepestChain = 4;
/// OpenSSL's level 2: at least 112 bits (RSA of 2048 bits, no SHA-1).
constexpr int kSecurityLevel = 2;

base::Status check_readable(const std::filesystem::path& path, const char* what) {
  auto bytes = base::read_file(path, kLargestPem);
  if (!bytes) return base::fail(std::move(bytes).error().within(what));
  return {};
}

/// A key that others can read is no secret.
base::Status check_private(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || (status.st_mode & 077) == 0) return {};
  return base::fail(ErrorCategory::kPermission,
                    fmt::format("the key {} can be read by others (mode {:04o}); allowed is 0600",
                                path.string(), status.st_mode & 07777),
                    fmt::format("chmod 600 {}", path.string()));
}

/// Never asks a terminal for a pass phrase.
int no_pass_phrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) { return 0; }

base::Status usage(const std::filesystem::path& path, const char* what, const char* hint) {
  return base::fail(
      ErrorCategory::kUsage,
      fmt::format("{} is not {}: {}", path.string(), what, take_tls_words("it cannot be read")),
      hint);
}

base::Status load_identity(SSL_CTX* context, const TlsFiles& files) {
  EDGETRAN_TRY(check_readable(files.certificate, "certificate"));
  EDGETRAN_TRY(check_readable(files.key, "key"));
  EDGETRAN_TRY(check_private(files.key));
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1) {
    return usage(files.certificate, "a certificate", "it must be a PEM file");
  }
  if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return usage(files.key, "the certificate's key",
                 "it must be a PEM file without a pass phrase, of the same pair");
  }
  return {};
}

base::Status load_authority(SSL_CTX* context, const TlsFiles& files) {
  EDGETRAN_TRY(check_readable(files.authority, "authority"));
  ERR_clear_error();
  if (SSL_CTX_load_verify_file(context, files.authority.c_str()) != 1) {
    return usage(files.authority, "a file of certificates", "it must be a PEM file");
  }
  return {};
}

void set_up(SSL_CTX* context, bool server) {
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                   SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_security_level(context, kSecurityLevel);
  SSL_CTX_set_max_cert_list(context, kLargestChain);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (server ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                     nullptr);
  SSL_CTX_set_verify_depth(context, kDeepestChain);
  // A certificate in the authority file is believed as it is: that is how one is pinned.
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
  SSL_CTX_set_default_passwd_cb(context, no_pass_phrase);
}

}  // namespace

std::string take_tls_words(const std::string& otherwise) {
  // The first error is the cause; what follows says where it was noticed.
  const auto code = ERR_get_error();
  ERR_clear_error();
  const char* words = code != 0 ? ERR_reason_error_string(code) : nullptr;
  return words != nullptr ? words : otherwise;
}

base::Result<TlsContext> make_tls_context(const TlsFiles& files, bool server) {
  TlsContext context(SSL_CTX_new(server ? TLS_server_method() : TLS_client_method()));
  if (!context) {
    return base::fail(ErrorCategory::kFailed,
                      "OpenSSL cannot start: " + take_tls_words("no reason given"));
  }
  set_up(context.get(), server);
  EDGETRAN_TRY(load_identity(context.get(), files));
  EDGETRAN_TRY(load_authority(context.get(), files));
  return context;
}

}  // namespace edgetran::wire
