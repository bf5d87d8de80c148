#include "extensions/basic_auth/password_table.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "base/require.hpp"

namespace rankwire::basic_auth {

namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

}  // namespace

PasswordTable::PasswordTable(const Clock& clock) : clock_(clock), filled_at_(clock.now()) {
  require(RAND_bytes(key_.data(), static_cast<int>(key_.size())) == 1, "the system gives random bytes");
}

Result<std::shared_ptr<PasswordTable>> PasswordTable::parse(std::string_view file, std::string_view inline_text,
                                                            const Clock& clock) {
  std::shared_ptr<PasswordTable> table(new PasswordTable(clock));
  RANKWIRE_TRY(table->add(file, "line "));
  RANKWIRE_TRY(table->add(inline_text, "line of `inline` "));
  return table;
}

Result<void> PasswordTable::add(std::string_view text, std::string_view what) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view whole = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), whole.size() + 1));
    const std::string_view line = trimmed(whole);
    if (line.empty() || line.starts_with('#')) continue;
    const std::string place = std::string(what) + std::to_string(number);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0)
      return Error(ErrorKind::invalid, place + ": must be name:hash, as htpasswd writes it");
    auto hash = PasswordHash::parse(line.substr(colon + 1));
    if (!hash) return std::move(hash).error().during(place);
    users_.insert_or_assign(std::string(line.substr(0, colon)), std::move(*hash));
  }
  return {};
}

PasswordTable::Mark PasswordTable::mark_of(std::string_view user, std::string_view password) const {
  std::string both = std::to_string(user.size()) + ":";
  both.append(user).append(password);
  Mark mark{};
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()), reinterpret_cast<const unsigned char*>(both.data()),
       both.size(), mark.data(), nullptr);
  OPENSSL_cleanse(both.data(), both.size());
  return mark;
}

bool PasswordTable::may_try() {
  const Instant now = clock_.now();
  const double seconds = std::chrono::duration<double>(now - filled_at_).count();
  tries_ = std::min(wrong_burst, tries_ + seconds * wrong_per_second);
  filled_at_ = now;
  return tries_ >= 1;
}

Verdict PasswordTable::check(std::string_view user, std::string_view password) {
  if (users_.empty()) return Verdict::wrong;
  const auto found = users_.find(std::string(user));
  const bool is_user = found != users_.end();
  // An unknown name takes as long as a known one.
  const PasswordHash& hash = is_user ? found->second : users_.begin()->second;
  if (!hash.is_slow()) return hash.matches(password) && is_user ? Verdict::right : Verdict::wrong;
  const Mark mark = mark_of(user, password);
  {
    const std::lock_guard lock(mutex_);
    if (let_in_.contains(mark)) return Verdict::right;
    if (!may_try()) return Verdict::busy;
    tries_ -= 1;
  }
  const bool is_right = hash.matches(password) && is_user;
  const std::lock_guard lock(mutex_);
  if (!is_right) return Verdict::wrong;
  tries_ = std::min(wrong_burst, tries_ + 1);
  if (let_in_.size() >= remembered_max) let_in_.clear();
  let_in_.insert(mark);
  return Verdict::right;
}

}  // namespace rankwire::basic_auth
