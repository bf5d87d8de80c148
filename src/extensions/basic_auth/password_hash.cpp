#include "extensions/basic_auth/password_hash.hpp"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>
#include <memory>

#include "text/base64.hpp"

namespace rankwire::basic_auth {

namespace {

constexpr std::size_t sha_size = 20;
constexpr std::string_view apr1_mark = "$apr1$";

bool is_equal(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

class Digest {
 public:
  explicit Digest(const EVP_MD* kind) { EVP_DigestInit_ex(context_.get(), kind, nullptr); }
  Digest& add(std::string_view bytes) {
    EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
    return *this;
  }
  std::string finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    unsigned size = 0;
    EVP_DigestFinal_ex(context_.get(), bytes.data(), &size);
    return {reinterpret_cast<const char*>(bytes.data()), size};
  }

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_{EVP_MD_CTX_new()};
};

std::string sha1(std::string_view password, std::string_view salt) {
  return Digest(EVP_sha1()).add(password).add(salt).finish();
}

// crypt(3) has MD5 as "$1$"; Apache's differs in its mark alone, which goes into the digest.
std::string apr1(std::string_view password, std::string_view salt) {
  const std::string inner = Digest(EVP_md5()).add(password).add(salt).add(password).finish();
  Digest first(EVP_md5());
  first.add(password).add(apr1_mark).add(salt);
  for (std::size_t left = password.size(); left != 0; left -= std::min<std::size_t>(left, inner.size()))
    first.add(std::string_view(inner).substr(0, std::min<std::size_t>(left, inner.size())));
  for (std::size_t bits = password.size(); bits != 0; bits >>= 1)
    first.add((bits & 1) != 0 ? std::string_view("\0", 1) : password.substr(0, 1));
  std::string result = first.finish();
  for (int round = 0; round < 1000; ++round) {
    Digest next(EVP_md5());
    next.add(round % 2 != 0 ? password : std::string_view(result));
    if (round % 3 != 0) next.add(salt);
    if (round % 7 != 0) next.add(password);
    next.add(round % 2 != 0 ? std::string_view(result) : password);
    result = next.finish();
  }
  constexpr std::string_view digits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  static constexpr int order[][3] = {{0, 6, 12}, {1, 7, 13}, {2, 8, 14}, {3, 9, 15}, {4, 10, 5}, {-1, -1, 11}};
  std::string text;
  for (const auto& three : order) {
    std::uint32_t bits = 0;
    int characters = 1;
    for (const int at : three) {
      bits = bits << 8 | (at < 0 ? 0u : static_cast<unsigned char>(result[static_cast<std::size_t>(at)]));
      characters += at < 0 ? 0 : 1;
    }
    for (int i = 0; i < characters; ++i, bits >>= 6) text += digits[bits & 63];
  }
  return text;
}

std::string crypted(std::string_view password, const std::string& setting) {
  const auto data = std::make_unique<crypt_data>();
  const config::Secret terminated{std::string(password)};
  const char* hash = crypt_r(terminated.reveal().c_str(), setting.c_str(), data.get());
  return hash != nullptr && hash[0] != '*' ? hash : std::string();
}

Result<std::string> decoded(std::string_view text) {
  Arena arena;
  std::string_view bytes;
  if (!text::decode_base64(text, {}, arena, bytes)) return Error(ErrorKind::invalid, "its hash is not Base64");
  if (bytes.size() < sha_size) return Error(ErrorKind::invalid, "its hash is too short");
  return std::string(bytes);
}

// With its last part in full: what is cut off would never match.
bool is_known_to_crypt(const std::string& text) {
  constexpr std::size_t bcrypt_size = 60, digest_size_min = 22;
  const bool is_whole =
      text.starts_with("$2") ? text.size() == bcrypt_size : text.size() - text.rfind('$') > digest_size_min;
  if (!is_whole) return false;
  const int answer = crypt_checksalt(text.c_str());
  return answer == CRYPT_SALT_OK || answer == CRYPT_SALT_METHOD_LEGACY || answer == CRYPT_SALT_TOO_CHEAP;
}

}  // namespace

Result<PasswordHash> PasswordHash::parse(std::string_view text) {
  PasswordHash hash;
  const bool is_sha = text.starts_with("{SHA}"), is_salted = text.starts_with("{SSHA}");
  if (is_sha || is_salted) {
    auto bytes = decoded(text.substr(is_sha ? 5 : 6));
    if (!bytes) return std::move(bytes).error();
    if (is_sha && bytes->size() != sha_size) return Error(ErrorKind::invalid, "its hash has the wrong length");
    hash.kind_ = is_sha ? HashKind::sha : HashKind::ssha;
    hash.stored_ = config::Secret(std::move(*bytes));
    return hash;
  }
  hash.stored_ = config::Secret(std::string(text));
  const std::size_t second = text.starts_with('$') ? text.find('$', 1) : std::string_view::npos;
  if (text.starts_with(apr1_mark)) {
    hash.kind_ = HashKind::apr1;
  } else if (second != std::string_view::npos && second > 1) {
    if (!is_known_to_crypt(hash.stored_.reveal()))
      return Error(ErrorKind::invalid, "its hash is of a kind that is not known here: bcrypt (htpasswd -B) is");
    hash.kind_ = HashKind::crypt;
  }
  return hash;
}

bool PasswordHash::matches(std::string_view password) const {
  const std::string& stored = stored_.reveal();
  if (password.find('\0') != std::string_view::npos) return false;  // crypt would look at what is before it only.
  switch (kind_) {
    case HashKind::plain: return is_equal(sha1(password, {}), sha1(stored, {}));  // Of one length, whatever it is.
    case HashKind::sha:
    case HashKind::ssha: {
      const std::string_view salt = std::string_view(stored).substr(sha_size);
      return is_equal(sha1(password, salt), std::string_view(stored).substr(0, sha_size));
    }
    case HashKind::apr1: {
      const std::string_view rest = std::string_view(stored).substr(apr1_mark.size());
      const std::string_view salt = rest.substr(0, std::min<std::size_t>(rest.find('$'), 8));
      return is_equal(apr1(password, salt), rest.substr(std::min(rest.size(), rest.find('$') + 1)));
    }
    case HashKind::crypt: return is_equal(crypted(password, stored), stored);
  }
  return false;
}

}  // namespace rankwire::basic_auth
