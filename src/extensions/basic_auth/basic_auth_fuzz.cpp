// A table of passwords in front, an Authorization header behind a zero byte. Nobody is let in whom the table lacks, and
// the name that is let in is the one that was sent.
#include "base/require.hpp"
#include "extensions/basic_auth/credentials.hpp"
#include "extensions/basic_auth/password_table.hpp"

using namespace rankwire;
using namespace rankwire::basic_auth;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(bytes), size);
  const std::size_t zero = input.find('\0');
  const std::string_view lines = input.substr(0, zero);
  // Each of these takes a tenth of a second, by design.
  if (lines.find('$') != std::string_view::npos && lines.find("$apr1$") == std::string_view::npos) return 0;
  static const SystemClock clock;
  const auto table = PasswordTable::parse(lines, {}, clock);
  const auto sent = read_credentials(zero == std::string_view::npos ? std::string_view() : input.substr(zero + 1));
  if (!table || !sent) return 0;
  const std::string& password = sent->password.reveal();
  const Verdict verdict = (*table)->check(sent->user, password);
  require(verdict == (*table)->check(sent->user, password) || verdict == Verdict::wrong, "a pair stays right");
  if (verdict == Verdict::right) require(lines.find(sent->user + ":") != std::string_view::npos, "it is in the table");
  return 0;
}
