#include "base/hash.h"

#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <vector>

#include "base/system_error.h"

namespace edgetran::base {
namespace {

constexpr uint32_t kCrcPolynomial = 0xEDB88320U;  // IEEE 802.3, reflected

constexpr std::array<uint32_t, 256> make_crc_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1U) ? kCrcPolynomial : 0U);
    table[byte] = value;
  }
  return table;
}

constexpr std::array<uint32_t, 256> kCrcTable = make_crc_table();

struct ContextDeleter {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

}  // namespace

struct Sha256::Impl {
  std::unique_ptr<EVP_MD_CTX, ContextDeleter> context;
};

Sha256::Sha256() : impl_(std::make_unique<Impl>()) {
  impl_->context.reset(EVP_MD_CTX_new());
  EDGETRAN_CHECK(impl_->context && EVP_DigestInit_ex(impl_->context.get(), EVP_sha256(), nullptr),
                 "OpenSSL has no SHA-256");
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::string_view bytes) {
  EDGETRAN_CHECK(impl_ && impl_->context, "update after hex_digest");
  EDGETRAN_CHECK(EVP_DigestUpdate(impl_->context.get(), bytes.data(), bytes.size()),
                 "SHA-256 update failed");
}

std::string Sha256::hex_digest() {
  EDGETRAN_CHECK(impl_ && impl_->context, "hex_digest called twice");
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EDGETRAN_CHECK(EVP_DigestFinal_ex(impl_->context.get(), digest.data(), &size),
                 "SHA-256 digest failed");
  impl_->context.reset();
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  text.reserve(size_t{size} * 2);
  for (unsigned int i = 0; i < size; ++i) {
    text += kHex[digest[i] >> 4];
    text += kHex[digest[i] & 15U];
  }
  return text;
}

std::string sha256_hex(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.hex_digest();
}

Result<std::string> sha256_file(const std::filesystem::path& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(system_error("cannot open", path, errno));
  Sha256 hash;
  std::vector<char> buffer(size_t{1} << 20);
  while (file) {
    errno = 0;
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    if (file.bad() || (file.fail() && !file.eof()))
      return fail(system_error("cannot read", path, errno));
    hash.update({buffer.data(), static_cast<size_t>(file.gcount())});
  }
  return hash.hex_digest();
}

uint32_t crc32(std::string_view bytes, uint32_t seed) {
  uint32_t value = ~seed;
  for (char c : bytes) value = (value >> 8) ^ kCrcTable[(value ^ static_cast<uint8_t>(c)) & 0xFFU];
  return ~value;
}

uint64_t stable_hash(std::string_view bytes) {
  uint64_t hash = 0xCBF29CE484222325ULL;  // FNV-1a offset basis and prime
  for (char c : bytes) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001B3ULL;
  // FNV leaves the high bits of short names poorly mixed: the 64-bit finaliser of MurmurHash3.
  hash = (hash ^ (hash >> 33)) * 0xFF51AFD7ED558CCDULL;
  hash = (hash ^ (hash >> 33)) * 0xC4CEB9FE1A85EC53ULL;
  return hash ^ (hash >> 33);
}

}  // namespace edgetran::base
