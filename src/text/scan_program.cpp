#include "text/scan_program.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace rankwire::text {

namespace {

constexpr std::size_t steps_max = 256;
constexpr int depth_max = 16;
constexpr std::size_t splits_max = 16;  // What they can begin with is worked out by trying all ways.

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(unsigned c) { return (c | 0x20) - 'a' < 26u || c - '0' < 10u || c == '_'; }
bool is_go_space(unsigned c) { return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r'; }
bool is_special(char c) { return std::strchr("\\.+*?()|[]{}^$", c) != nullptr; }

}  // namespace

// Reads the pattern; any construct it does not know makes it give up.
class ScanProgram::Parser {
 public:
  explicit Parser(std::string_view pattern) : rest_(pattern) {}

  bool parse(std::vector<Step>& steps) {
    is_anchored_ = take('^');
    // In ^a|b only the first way is anchored.
    return parse_ways(steps, is_anchored_) && rest_.empty() && split_count_ <= splits_max;
  }
  std::size_t group_count() const { return group_count_; }
  bool is_anchored() const { return is_anchored_; }

 private:
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // What stands in a group, or all of it: ways divided by |.
  bool parse_ways(std::vector<Step>& steps, bool must_be_one) {
    std::vector<std::vector<Step>> ways(1);
    while (!rest_.empty() && rest_.front() != ')') {
      if (take('|')) {
        if (must_be_one) return false;
        ways.emplace_back();
      } else if (ways.back().size() > steps_max || !parse_one(ways.back())) {
        return false;
      }
    }
    // From the last to the first: each one before leads past all that comes after it.
    split_count_ += ways.size() - 1;
    std::vector<Step> all = std::move(ways.back());
    for (std::size_t i = ways.size() - 1; i > 0; --i) {
      std::vector<Step>& way = ways[i - 1];
      if (all.size() + way.size() > steps_max) return false;
      way.insert(way.begin(), Step{.type = StepType::split, .forward = static_cast<std::uint32_t>(way.size()) + 2});
      way.push_back({.type = StepType::jump, .forward = static_cast<std::uint32_t>(all.size()) + 1});
      way.insert(way.end(), std::make_move_iterator(all.begin()), std::make_move_iterator(all.end()));
      all = std::move(way);
    }
    steps.insert(steps.end(), std::make_move_iterator(all.begin()), std::make_move_iterator(all.end()));
    return true;
  }

  bool parse_one(std::vector<Step>& steps) {
    if (take('(')) {
      const bool is_known = parse_group(steps);
      may_extend_ = false;
      return is_known;
    }
    if (take('$')) {
      steps.push_back({.type = StepType::end});
      return rest_.empty() || rest_.find_first_not_of(')') == std::string_view::npos;
    }
    Bytes bytes;
    if (!parse_character(bytes)) return false;
    return parse_quantifier(bytes, steps);
  }

  bool parse_group(std::vector<Step>& steps) {
    if (++depth_ > depth_max) return false;
    std::vector<Step> inner;
    std::optional<std::uint16_t> group;
    if (!take('?')) {
      group = static_cast<std::uint16_t>(group_count_++);
    } else if (!take(':')) {
      take('P');
      const std::size_t end = rest_.find('>');
      if (rest_.empty() || rest_.front() != '<' || end == std::string_view::npos) return false;
      rest_.remove_prefix(end + 1);
      group = static_cast<std::uint16_t>(group_count_++);
    }
    if (group) inner.push_back({.type = StepType::open, .group = *group});
    if (!parse_ways(inner, false) || !take(')')) return false;
    if (group) inner.push_back({.type = StepType::close, .group = *group});
    --depth_;
    if (take('?')) {
      ++split_count_;
      steps.push_back({.type = StepType::split, .forward = static_cast<std::uint32_t>(inner.size()) + 1});
    }
    steps.insert(steps.end(), std::make_move_iterator(inner.begin()), std::make_move_iterator(inner.end()));
    return rest_.empty() || std::strchr("+*?{", rest_.front()) == nullptr;
  }

  // One character: literal, escape, class or dot.
  bool parse_character(Bytes& bytes) {
    if (take('.')) {
      bytes.set();
      bytes.reset('\n');
      return true;
    }
    if (take('[')) return parse_class(bytes);
    if (take('\\')) return parse_escape(bytes);
    const char c = rest_.front();
    if (is_special(c)) return false;
    rest_.remove_prefix(1);
    bytes.set(static_cast<unsigned char>(c));
    return true;
  }

  bool parse_escape(Bytes& bytes) {
    if (rest_.empty()) return false;
    const char c = rest_.front();
    rest_.remove_prefix(1);
    switch (c) {
      case 'd':
      case 'D':
      case 'w':
      case 'W':
      case 's':
      case 'S': break;
      case 't': return bytes.set('\t'), true;
      case 'n': return bytes.set('\n'), true;
      case 'r': return bytes.set('\r'), true;
      default:
        // An escaped letter or digit has a meaning of its own.
        if (is_word(static_cast<unsigned char>(c)) || (c & 0x80) != 0) return false;
        return bytes.set(static_cast<unsigned char>(c)), true;
    }
    for (unsigned byte = 0; byte < 256; ++byte) {
      const char kind = static_cast<char>(c | 0x20);
      const bool is_in = kind == 'd' ? byte - '0' < 10u : kind == 'w' ? is_word(byte) : is_go_space(byte);
      if (is_in == (c == kind)) bytes.set(byte);
    }
    return true;
  }

  bool parse_class(Bytes& bytes) {
    const bool is_negated = take('^');
    bool is_first = true;
    while (is_first || rest_.empty() || rest_.front() != ']') {
      if (rest_.size() < 2 || (rest_.front() & 0x80) != 0 || rest_.starts_with("[:")) return false;
      is_first = false;
      Bytes one;
      char low = rest_.front();
      rest_.remove_prefix(1);
      if (low == '\\') {
        if (!parse_escape(one)) return false;
        if (!rest_.empty() && rest_.front() == '-' && rest_.size() > 1 && rest_[1] != ']') return false;
      } else if (rest_.size() > 2 && rest_.front() == '-' && rest_[1] != ']') {
        const char high = rest_[1];
        if (high == '\\' || (high & 0x80) != 0 || high < low) return false;
        rest_.remove_prefix(2);
        for (int c = low; c <= high; ++c) one.set(static_cast<std::size_t>(c));
      } else {
        one.set(static_cast<unsigned char>(low));
      }
      // A class such as \W inside brackets brings non-ASCII characters, which bytes stand for.
      bytes |= one;
    }
    rest_.remove_prefix(1);
    if (is_negated) bytes.flip();
    return bytes.any();
  }

  bool parse_quantifier(const Bytes& bytes, std::vector<Step>& steps) {
    std::uint32_t min = 1, max = 1;
    bool has_quantifier = true;
    if (take('+'))
      max = 0;
    else if (take('*'))
      min = max = 0;
    else if (take('?'))
      min = 0;
    else if (take('{'))
      has_quantifier = parse_counts(min, max);
    else
      has_quantifier = false;
    const bool is_lazy = has_quantifier && take('?');
    if (!rest_.empty() && has_quantifier && std::strchr("?+*{", rest_.front()) != nullptr) return false;
    if (has_failed_) return false;
    // Counts are of characters; only ASCII ones have one byte.
    bool has_wide = false;
    for (std::size_t byte = 128; byte < 256; ++byte) has_wide = has_wide || bytes.test(byte);
    if (has_quantifier && has_wide && (max != 0 || min > 1 || bytes.count() == 1)) return false;
    if (!has_quantifier && bytes.count() == 1) {
      append_literal(bytes, steps);
      return true;
    }
    if (!has_quantifier && has_wide) return false;
    append_repeat(bytes, min, max, steps);
    steps.back().is_lazy = is_lazy;
    return true;
  }

  bool parse_counts(std::uint32_t& min, std::uint32_t& max) {
    has_failed_ = !parse_count(min);
    max = min;
    if (!has_failed_ && take(',')) {
      max = 0;
      if (!rest_.empty() && rest_.front() != '}') has_failed_ = !parse_count(max) || max < min || max == 0;
    }
    has_failed_ = has_failed_ || !take('}') || (max == 0 && min == 0);
    return true;
  }

  bool parse_count(std::uint32_t& count) {
    count = 0;
    bool has_digit = false;
    while (!rest_.empty() && is_digit(rest_.front()) && count < 1000) {
      count = count * 10 + static_cast<std::uint32_t>(rest_.front() - '0');
      rest_.remove_prefix(1);
      has_digit = true;
    }
    return has_digit && count <= 1000;
  }

  void append_literal(const Bytes& bytes, std::vector<Step>& steps) {
    std::size_t byte = 0;
    while (!bytes.test(byte)) ++byte;
    if (!may_extend_ || steps.empty() || steps.back().type != StepType::literal)
      steps.push_back({.type = StepType::literal});
    steps.back().text.push_back(static_cast<char>(byte));
    may_extend_ = true;
  }

  static void append_repeat(const Bytes& bytes, std::uint32_t min, std::uint32_t max, std::vector<Step>& steps) {
    Step step{.type = StepType::repeat, .min = min, .max = max, .bytes = bytes};
    for (std::size_t byte = 0; byte < 256; ++byte) step.taken[byte] = bytes.test(byte);
    if (max == 0 && bytes.count() == 255) {
      step.type = StepType::until;
      while (bytes.test(step.stop)) ++step.stop;
    }
    steps.push_back(std::move(step));
  }

  std::string_view rest_;
  std::size_t group_count_ = 0;
  std::size_t split_count_ = 0;
  int depth_ = 0;
  bool is_anchored_ = false;
  bool has_failed_ = false;
  bool may_extend_ = true;  // What the last step takes; not when that step is inside of a group.
};

ScanProgram::First ScanProgram::first_from(std::size_t step) const {
  First first;
  for (; step < steps_.size(); ++step) {
    const Step& one = steps_[step];
    switch (one.type) {
      case StepType::literal: first.bytes.set(static_cast<unsigned char>(one.text.front())); return first;
      case StepType::repeat:
      case StepType::until:
        first.bytes |= one.bytes;
        if (one.min > 0) return first;
        break;
      case StepType::split: {
        const First way = first_from(step + 1), other = first_from(step + one.forward);
        return {first.bytes | way.bytes | other.bytes, way.may_be_empty || other.may_be_empty};
      }
      case StepType::jump: step += one.forward - 1; break;
      default: break;
    }
  }
  first.may_be_empty = true;
  return first;
}

bool ScanProgram::prepare() {
  const auto fill = [](ByteTable& table, const First& first) {
    for (std::size_t byte = 0; byte < 256; ++byte) table[byte] = first.may_be_empty || first.bytes.test(byte);
  };
  const auto has_wide = [](const Bytes& bytes) { return (bytes >> 128).any(); };
  is_straight_ = is_anchored_;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    Step& step = steps_[i];
    if (step.type == StepType::split) {
      is_straight_ = false;
      const First way = first_from(i + 1), other = first_from(i + step.forward);
      fill(step.next, way);
      fill(step.next_other, other);
      step.next_may_end = way.may_be_empty;
      step.other_may_end = other.may_be_empty;
    }
    const bool is_variable =
        step.type == StepType::until || (step.type == StepType::repeat && (step.max == 0 || step.max != step.min));
    step.is_lazy = step.is_lazy && is_variable;
    if (!is_variable) continue;
    std::size_t behind = i + 1;
    while (behind < steps_.size() && steps_[behind].type == StepType::close) ++behind;
    if (behind < steps_.size() && steps_[behind].type == StepType::end) step.is_lazy = false;  // It must take all.
    const First first = first_from(i + 1);
    step.may_go_back = (step.bytes & first.bytes).any();
    if (!step.may_go_back && !first.may_be_empty) step.is_lazy = false;  // It can end at one place only.
    if (!step.may_go_back && !step.is_lazy) continue;
    // Steps are of bytes, so what follows must not begin with what may stand inside of a character.
    if (has_wide(step.bytes) && (has_wide(first.bytes) || first.may_be_empty)) return false;
    step.may_go_back = true;
    is_straight_ = false;
    fill(step.next, first);
    step.next_may_end = first.may_be_empty;
  }
  const First first = first_from(0);
  fill(starts_, first);
  may_be_empty_ = first.may_be_empty;
  return true;
}

std::optional<ScanProgram> ScanProgram::compile(std::string_view pattern) {
  ScanProgram program;
  Parser parser(pattern);
  if (!parser.parse(program.steps_)) return std::nullopt;
  program.group_count_ = parser.group_count();
  program.is_anchored_ = parser.is_anchored();
  if (!program.prepare()) return std::nullopt;
  return program;
}

ScanProgram::Outcome ScanProgram::match_straight(std::string_view text, std::span<std::string_view> groups) const {
  const char* at = text.data();
  const char* const end = at + text.size();
  for (const Step& step : steps_) {
    switch (step.type) {
      case StepType::literal:
        if (static_cast<std::size_t>(end - at) < step.text.size() ||
            std::memcmp(at, step.text.data(), step.text.size()) != 0)
          return Outcome::failed;
        at += step.text.size();
        break;
      case StepType::repeat: {
        const char* const start = at;
        const auto left = static_cast<std::size_t>(end - at);
        const char* const limit = step.max != 0 && step.max < left ? at + step.max : end;
        while (at != limit && step.taken[static_cast<unsigned char>(*at)]) ++at;
        if (static_cast<std::size_t>(at - start) < step.min) return Outcome::failed;
        break;
      }
      case StepType::until: {
        const char* const start = at;
        const void* stop = at == end ? nullptr : std::memchr(at, step.stop, static_cast<std::size_t>(end - at));
        at = stop == nullptr ? end : static_cast<const char*>(stop);
        if (at == start && step.min != 0) return Outcome::failed;
        break;
      }
      case StepType::open:
        if (step.group < groups.size()) groups[step.group] = {at, 0};
        break;
      case StepType::close:
        if (step.group < groups.size())
          groups[step.group] = {groups[step.group].data(), static_cast<std::size_t>(at - groups[step.group].data())};
        break;
      case StepType::end:
        if (at != end) return Outcome::failed;
        break;
      case StepType::split:
      case StepType::jump: break;  // Not straight.
    }
  }
  return Outcome::matched;
}

}  // namespace rankwire::text
