// One password as an htpasswd file has it: a hash of any kind that crypt(3) knows, Apache's own kinds, or the password
// itself.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "config/types.hpp"

namespace rankwire::basic_auth {

enum class HashKind : std::uint8_t { plain, sha, ssha, apr1, crypt };

class PasswordHash {
 public:
  // `invalid`: marked as a hash, of a kind that is not known. It is not taken for a password, which would let in
  // whoever has read the file.
  static Result<PasswordHash> parse(std::string_view text);

  // Takes as long for a wrong password as for the right one. For crypt and apr1 that is long: see is_slow.
  bool matches(std::string_view password) const;
  bool is_slow() const { return kind_ == HashKind::crypt || kind_ == HashKind::apr1; }

 private:
  HashKind kind_ = HashKind::plain;
  config::Secret stored_;  // plain: the password; sha and ssha: digest and salt; others: as written.
};

}  // namespace rankwire::basic_auth
