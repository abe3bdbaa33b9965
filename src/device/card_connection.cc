#include "device/card_connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace edgetran::device {

namespace {

using base::ConfigMap;
using base::ConfigValue;

constexpr int64_t kMaxPort = 65535;
constexpr size_t kFingerprintDigits = 64;  // SHA-256 in hex
/// Types of host keys that OpenSSH 9 knows, without certificates.
constexpr std::array kKeyTypes = {"ssh-ed25519",
                                  "ecdsa-sha2-nistp256",
                                  "ecdsa-sha2-nistp384",
                                  "ecdsa-sha2-nistp521",
                                  "ssh-rsa",
                                  "sk-ssh-ed25519@openssh.com",
                                  "sk-ecdsa-sha2-nistp256@openssh.com"};

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

/// A text on one line, not empty.
base::Result<std::string> read_text(const ConfigValue& value, const std::string& key) {
  EDGETRAN_ASSIGN(std::string text, value.as_string());
  if (text.empty()) return base::fail(value.error(key + " is empty"));
  if (has_control(text)) {
    return base::fail(value.error(key + " has a line break or another control character"));
  }
  return text;
}

/// A host or user: one word, and nothing that ssh would take for a flag.
base::Result<std::string> read_word(const ConfigValue& value, const std::string& key) {
  EDGETRAN_ASSIGN(std::string text, read_text(value, key));
  if (text.front() == '-' || text.find_first_of(" \"'\\@/") != std::string::npos) {
    return base::fail(
        value.error(fmt::format("\"{}\" is no {}", text, key),
                    "one word without blanks, quotes, @ and /, not beginning with -"));
  }
  return text;
}

/// A file for a setting of ssh's, which quotes by '"' alone.
base::Result<std::string> read_file_name(const ConfigValue& value, const std::string& key) {
  EDGETRAN_ASSIGN(std::string text, read_text(value, key));
  if (text.find('"') != std::string::npos) {
    return base::fail(value.error(key + " has a quotation mark in its name", "rename the file"));
  }
  return text;
}

using ReadText = base::Result<std::string> (*)(const ConfigValue&, const std::string&);

base::Status read_optional(ConfigMap& map, const std::string& key, ReadText read,
                           std::string& text) {
  if (const auto value = map.find(key)) {
    EDGETRAN_ASSIGN(text, read(*value, key));
  }
  return {};
}

base::Status read_required(ConfigMap& map, const std::string& key, ReadText read,
                           std::string& text) {
  EDGETRAN_ASSIGN(const auto value, map.require(key));
  EDGETRAN_ASSIGN(text, read(value, key));
  return {};
}

/// How base64 begins of a public key of this type: a length of four bytes, then the name.
std::string encoded_type(std::string_view type) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes(3, '\0');
  bytes += static_cast<char>(type.size());
  bytes += type;
  std::string text;
  for (size_t at = 0; at + 3 <= bytes.size(); at += 3) {
    uint32_t group = 0;
    for (size_t i = 0; i < 3; ++i) group = group << 8 | static_cast<unsigned char>(bytes[at + i]);
    for (int shift = 18; shift >= 0; shift -= 6) text += kDigits[group >> shift & 63U];
  }
  return text;
}

base::Result<std::string> read_host_key(const ConfigValue& value, const std::string& key) {
  EDGETRAN_ASSIGN(const std::string text, read_text(value, key));
  const auto wrong = [&](const std::string& what) {
    return base::fail(value.error(
        fmt::format("host_key {}", what),
        "copy the line of the board's own /etc/ssh/ssh_host_ed25519_key.pub: ssh-ed25519 AAAA..."));
  };
  const size_t blank = text.find(' ');
  const std::string type = text.substr(0, blank);
  if (std::find(kKeyTypes.begin(), kKeyTypes.end(), type) == kKeyTypes.end()) {
    return wrong(fmt::format("begins with \"{}\", which is no type of a public key", type));
  }
  std::string base64 = blank == std::string::npos ? "" : text.substr(blank + 1);
  base64 = base64.substr(0, base64.find(' '));  // the rest is a comment
  const bool plain = std::all_of(base64.begin(), base64.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '+' || c == '/' || c == '=';
  });
  // An Ed25519 key, the shortest, is 51 bytes long: 68 characters.
  if (!plain || base64.size() < 68 || base64.size() % 4 != 0 ||
      !base64.starts_with(encoded_type(type))) {
    return wrong(fmt::format("is not a whole public key of the type {}", type));
  }
  return fmt::format("{} {}", type, base64);
}

bool same_word(std::string_view left, std::string_view right) {
  return std::equal(
      left.begin(), left.end(), right.begin(), right.end(),
      [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
}

base::Result<std::string> read_option(const ConfigValue& value) {
  EDGETRAN_ASSIGN(std::string text, read_text(value, "an option"));
  const size_t equals = text.find('=');
  const std::string name = text.substr(0, equals);
  const bool letters =
      std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) != 0; });
  if (equals == std::string::npos || name.empty() || !letters) {
    return base::fail(value.error(fmt::format("\"{}\" is no option of ssh", text),
                                  "write NAME=VALUE, as in ProxyJump=gateway"));
  }
  const auto& allowed = allowed_ssh_options();
  if (std::any_of(allowed.begin(), allowed.end(),
                  [&](const std::string& known) { return same_word(name, known); })) {
    return text;
  }
  return base::fail(value.error(
      fmt::format("{} cannot be set on a card; allowed: {}", name, fmt::join(allowed, ", ")),
      "what has a key of its own (port, user, identity, host_key) is set there; all else is set by "
      "EdgeTran, the same for every board"));
}

base::Result<std::string> read_fingerprint(const ConfigValue& value, const std::string& key) {
  EDGETRAN_ASSIGN(std::string text, read_text(value, key));
  std::erase(text, ':');
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (text.size() != kFingerprintDigits ||
      text.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return base::fail(value.error(key + " is no SHA-256: 64 hex digits, colons between or not",
                                  "openssl x509 -noout -fingerprint -sha256 -in CERTIFICATE"));
  }
  return text;
}

void put(base::Json& json, const char* key, const std::string& text) {
  if (!text.empty()) json[key] = text;
}

}  // namespace

const std::vector<std::string>& allowed_ssh_options() {
  // The way to the board and the algorithms on it. Nothing that says whose key is believed, that
  // starts a program here or there, forwards, shares, or reads more settings.
  static const std::vector<std::string> kNames = {"AddressFamily",
                                                  "BindAddress",
                                                  "BindInterface",
                                                  "CertificateFile",
                                                  "Ciphers",
                                                  "HostKeyAlgorithms",
                                                  "IdentityAgent",
                                                  "IPQoS",
                                                  "KexAlgorithms",
                                                  "MACs",
                                                  "PreferredAuthentications",
                                                  "ProxyJump",
                                                  "PubkeyAcceptedAlgorithms",
                                                  "RekeyLimit",
                                                  "RequiredRSASize",
                                                  "TCPKeepAlive"};
  return kNames;
}

base::Result<SshSettings> read_ssh(const ConfigValue& value) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  SshSettings ssh;
  EDGETRAN_TRY(read_required(map, "host", read_word, ssh.host));
  EDGETRAN_TRY(read_optional(map, "user", read_word, ssh.user));
  if (const auto port = map.find("port")) {
    EDGETRAN_ASSIGN(ssh.port, port->as_integer(1, kMaxPort));
  }
  EDGETRAN_TRY(read_optional(map, "identity", read_file_name, ssh.identity));
  EDGETRAN_TRY(read_optional(map, "known_hosts", read_file_name, ssh.known_hosts));
  EDGETRAN_TRY(read_optional(map, "host_key", read_host_key, ssh.host_key));
  EDGETRAN_TRY(read_optional(map, "program", read_text, ssh.program));
  if (const auto options = map.find("options")) {
    EDGETRAN_ASSIGN(const auto list, options->as_list());
    for (const ConfigValue& item : list) {
      EDGETRAN_ASSIGN(std::string option, read_option(item));
      ssh.options.push_back(std::move(option));
    }
  }
  EDGETRAN_TRY(map.finish());
  if (ssh.host_key.empty() == ssh.known_hosts.empty()) {
    return base::fail(value.error(
        ssh.host_key.empty() ? "ssh needs the board's host key: host_key or known_hosts"
                             : "ssh has both host_key and known_hosts; one of them is enough",
        "host_key is the line of the board's own /etc/ssh/ssh_host_ed25519_key.pub; known_hosts a "
        "file, such as ~/.ssh/known_hosts"));
  }
  return ssh;
}

base::Result<TlsSettings> read_tls(const ConfigValue& value) {
  EDGETRAN_ASSIGN(ConfigMap map, ConfigMap::of(value));
  TlsSettings tls;
  EDGETRAN_TRY(read_required(map, "host", read_word, tls.host));
  EDGETRAN_ASSIGN(const auto port, map.require("port"));
  EDGETRAN_ASSIGN(tls.port, port.as_integer(1, kMaxPort));
  EDGETRAN_TRY(read_required(map, "certificate", read_text, tls.certificate));
  EDGETRAN_TRY(read_required(map, "key", read_text, tls.key));
  EDGETRAN_TRY(read_required(map, "authority", read_text, tls.authority));
  EDGETRAN_TRY(read_optional(map, "server_name", read_word, tls.server_name));
  EDGETRAN_TRY(read_optional(map, "server_fingerprint", read_fingerprint, tls.server_fingerprint));
  EDGETRAN_TRY(map.finish());
  return tls;
}

base::Json ssh_json(const SshSettings& ssh) {
  base::Json json = {{"host", ssh.host}};
  put(json, "user", ssh.user);
  if (ssh.port != kSshPort) json["port"] = ssh.port;
  put(json, "identity", ssh.identity);
  put(json, "known_hosts", ssh.known_hosts);
  put(json, "host_key", ssh.host_key);
  if (ssh.program != SshSettings{}.program) json["program"] = ssh.program;
  if (!ssh.options.empty()) json["options"] = ssh.options;
  return json;
}

base::Json tls_json(const TlsSettings& tls) {
  base::Json json = {{"host", tls.host},
                     {"port", tls.port},
                     {"certificate", tls.certificate},
                     {"key", tls.key},
                     {"authority", tls.authority}};
  put(json, "server_name", tls.server_name);
  put(json, "server_fingerprint", tls.server_fingerprint);
  return json;
}

}  // namespace edgetran::device
