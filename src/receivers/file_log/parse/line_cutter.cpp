#include "receivers/file_log/parse/line_cutter.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <cstring>

namespace rankwire::file_log {

namespace {

class WideLineCutter final : public LineCutter {
 public:
  explicit WideLineCutter(bool is_big_endian) : low_byte_(is_big_endian ? 1 : 0) {}
  Cut next(std::string_view data, std::size_t searched, bool is_end) const override {
    for (std::size_t from = searched & ~std::size_t{1}; from < data.size();) {
      const auto* found = static_cast<const char*>(std::memchr(data.data() + from, '\n', data.size() - from));
      if (found == nullptr) break;
      const auto at = static_cast<std::size_t>(found - data.data());
      const std::size_t start = at & ~std::size_t{1};
      from = at + 1;
      if (at % 2 != low_byte_ || start + 1 >= data.size() || data[start + 1 - low_byte_] != '\0') continue;
      return {start + 2, data.substr(0, start)};
    }
    return is_end ? Cut{data.size(), data} : Cut{};
  }

 private:
  const std::size_t low_byte_;
};

class WholeCutter final : public LineCutter {
 public:
  explicit WholeCutter(std::size_t size_max) : size_max_(size_max) {}
  Cut next(std::string_view data, std::size_t, bool) const override {
    const std::size_t size = std::min(data.size(), size_max_);
    return {size, data.substr(0, size)};
  }

 private:
  const std::size_t size_max_;
};

class PatternCutter : public LineCutter {
 public:
  PatternCutter(const std::string& pattern, bool omit, bool is_utf8) : omit_(omit), regex_(pattern, options(is_utf8)) {}
  const RE2& regex() const { return regex_; }

 protected:
  // The first match at or behind `from` that is not empty.
  bool find(std::string_view data, std::size_t from, std::size_t& start, std::size_t& end) const {
    while (from <= data.size()) {
      re2::StringPiece match;
      if (!regex_.Match({data.data(), data.size()}, from, data.size(), RE2::UNANCHORED, &match, 1)) return false;
      start = static_cast<std::size_t>(match.data() - data.data());
      end = start + match.size();
      if (!match.empty()) return true;
      from = end + 1;
    }
    return false;
  }

  const bool omit_;

 private:
  static RE2::Options options(bool is_utf8) {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(8 << 20);
    if (!is_utf8) options.set_encoding(RE2::Options::EncodingLatin1);
    return options;
  }

  const RE2 regex_;
};

class StartCutter final : public PatternCutter {
 public:
  using PatternCutter::PatternCutter;
  Cut next(std::string_view data, std::size_t searched, bool is_end) const override {
    std::size_t start = 0, end = 0;
    // Where the match at the very start ends is needed to look for the second and to omit it.
    const bool has_first = find(data, 0, start, end);
    if (has_first && start != 0) return end == data.size() && !is_end ? Cut{} : Cut{start, data.substr(0, start)};
    if (has_first && end == data.size() && !is_end) return {};
    const std::size_t text_from = has_first && omit_ ? end : 0;
    const std::size_t first_end = has_first ? end : data.size();
    // A match may begin in what was searched and end behind it; step back by one line's worth.
    const std::size_t back = searched > 4096 ? searched - 4096 : 0;
    if (has_first && find(data, std::max(first_end, back), start, end) && (end != data.size() || is_end))
      return {start, data.substr(text_from, start - text_from)};
    return is_end ? Cut{data.size(), data.substr(text_from)} : Cut{};
  }
};

class EndCutter final : public PatternCutter {
 public:
  using PatternCutter::PatternCutter;
  Cut next(std::string_view data, std::size_t searched, bool is_end) const override {
    std::size_t start = 0, end = 0;
    const std::size_t back = searched > 4096 ? searched - 4096 : 0;
    // A match that touches the end of what is there may yet grow.
    if (find(data, back, start, end) && (end != data.size() || is_end || data.back() == '\n'))
      return {end, data.substr(0, omit_ ? start : end)};
    return is_end ? Cut{data.size(), data} : Cut{};
  }
};

template <class Cutter>
Result<std::unique_ptr<LineCutter>> make_pattern_cutter(const std::string& pattern, bool omit, bool is_utf8) {
  auto cutter = std::make_unique<Cutter>("(?m)" + pattern, omit, is_utf8);
  if (!cutter->regex().ok())
    return Error(ErrorKind::invalid, "\"" + pattern + "\" is not a regular expression: " + cutter->regex().error());
  return std::unique_ptr<LineCutter>(std::move(cutter));
}

}  // namespace

std::unique_ptr<LineCutter> make_wide_line_cutter(bool is_big_endian) {
  return std::make_unique<WideLineCutter>(is_big_endian);
}

std::unique_ptr<LineCutter> make_whole_cutter(std::size_t size_max) { return std::make_unique<WholeCutter>(size_max); }

Result<std::unique_ptr<LineCutter>> make_start_cutter(const std::string& pattern, bool omit, bool is_utf8) {
  return make_pattern_cutter<StartCutter>(pattern, omit, is_utf8);
}

Result<std::unique_ptr<LineCutter>> make_end_cutter(const std::string& pattern, bool omit, bool is_utf8) {
  return make_pattern_cutter<EndCutter>(pattern, omit, is_utf8);
}

}  // namespace rankwire::file_log
