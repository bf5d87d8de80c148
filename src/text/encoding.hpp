// The encodings of log files. Lines are cut in the file's own encoding, then decoded one by one, so
// that offsets always count the file's bytes.
#pragma once

#include <memory>
#include <string_view>

#include "base/arena.hpp"
#include "base/error.hpp"
#include "signal/value.hpp"

namespace rankwire::text {

enum class Encoding : std::uint8_t { utf8, utf8_raw, raw_bytes, utf16le, utf16be, latin1, windows1252, other };

class Decoder {
 public:
  // Names as IANA registers them and as upstream abbreviates them; case does not matter.
  static Result<std::unique_ptr<Decoder>> make(std::string_view name);
  virtual ~Decoder() = default;

  Encoding encoding() const { return encoding_; }
  std::size_t unit_size() const { return encoding_ == Encoding::utf16le || encoding_ == Encoding::utf16be ? 2 : 1; }
  // UTF-8 text: `raw` itself where nothing changes, else in `arena`. What is not valid becomes U+FFFD.
  virtual std::string_view decode(std::string_view raw, Arena& arena) const = 0;

 protected:
  explicit Decoder(Encoding encoding) : encoding_(encoding) {}

 private:
  const Encoding encoding_;
};

bool is_valid_utf8(std::string_view text);
// Each maximal ill-formed sequence becomes one U+FFFD. Valid text is returned as it is.
std::string_view repair_utf8(std::string_view text, Arena& arena);

}  // namespace rankwire::text
