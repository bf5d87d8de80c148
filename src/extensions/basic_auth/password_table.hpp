// Users and their passwords, as htpasswd writes them: "name:hash" in lines. Remembers what it has let in, because a
// good hash takes a core for a tenth of a second.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <set>
#include <unordered_map>

#include "base/clock.hpp"
#include "extensions/basic_auth/password_hash.hpp"

namespace rankwire::basic_auth {

enum class Verdict : std::uint8_t { right, wrong, busy };

// Any thread.
class PasswordTable {
 public:
  // Later lines win. `invalid` names the line, and nothing of what is in it.
  static Result<std::shared_ptr<PasswordTable>> parse(std::string_view file, std::string_view inline_text,
                                                      const Clock& clock);

  // `busy`: so many wrong passwords came of late that none is looked at that needs a slow hash.
  Verdict check(std::string_view user, std::string_view password);
  std::size_t size() const { return users_.size(); }

 private:
  using Mark = std::array<unsigned char, 32>;
  static constexpr std::size_t remembered_max = 10'000;
  static constexpr double wrong_burst = 20, wrong_per_second = 5;

  explicit PasswordTable(const Clock& clock);
  Result<void> add(std::string_view text, std::string_view what);
  Mark mark_of(std::string_view user, std::string_view password) const;
  bool may_try();

  const Clock& clock_;
  std::array<unsigned char, 32> key_{};  // Marks mean nothing outside this table.
  std::unordered_map<std::string, PasswordHash> users_;
  std::mutex mutex_;
  std::set<Mark> let_in_;  // Guarded by mutex_, as is what follows.
  double tries_ = wrong_burst;
  Instant filled_at_;
};

}  // namespace rankwire::basic_auth
