// Patterns and texts that are both fuzzed: what our scanner finds must be what RE2 finds, to the byte and
// in every group. The first byte says whether the pattern is written out or made of pieces.
#include <re2/re2.h>

#include <cstdint>

#include "base/require.hpp"

#include "text/encoding.hpp"
#include "text/pattern.hpp"
#include "text/replacer.hpp"

namespace rankwire::text {

namespace {

constexpr int groups_max = 64;

// What a byte stands for in a pattern made of pieces: most bytes sequences make something valid.
constexpr const char* pieces[] = {
    "a",    "b",     "1",           " ",    "-",        ",",      "\\.",  "x",      "(",     "(",     "(?:",
    "(?:",  ")",     ")",           "|",    "|",        "*",      "+",    "?",      "*?",    "+?",    "??",
    "{2}",  "{1,3}", "{0,2}",       "{2,}", "{1,2}?",   ".",      ".*",   ".*?",    ".+",    "\\d",   "\\w",
    "\\S",  "\\s",   "\\D",         "\\W",  "[ab]",     "[a-c1]", "[^a]", "[^,]",   "[^ ]*", "[^ -]", "\\d+",
    "\\S+", "\\w*",  "$",           "^",    "\xC3\xA4", "[^,]*?", "\\s*", "[\\w-]", "[]a]",  "[^]b]", "[a\\]-]",
    "(?i)", "\\b",   "[[:alpha:]]", "\\n",  "\\t",      "ab",     "\\[",  "[-a]+",  "[.]",   "[\\W]", "(?P<n",
};

std::string pattern_of_pieces(std::string_view bytes) {
  std::string pattern;
  int depth = 0;
  int names = 0;
  for (const char byte : bytes) {
    const std::string_view piece = pieces[static_cast<unsigned char>(byte) % std::size(pieces)];
    if (piece == ")" && depth == 0) continue;
    pattern += piece;
    if (piece == "(?P<n") pattern += std::to_string(names++) + ">";
    if (piece.front() == '(' && piece != "(?i)") ++depth;
    if (piece == ")") --depth;
  }
  return pattern.append(static_cast<std::size_t>(depth), ')');
}

// Few characters, so that texts and patterns meet.
std::string text_of_pieces(std::string_view bytes) {
  constexpr const char* characters[] = {"a", "b", "c", "x", "1",  "2",  " ",        "-",
                                        ",", ".", "[", "]", "\n", "\t", "\xC3\xA4", "A"};
  std::string text;
  for (const char byte : bytes) {
    text += characters[static_cast<unsigned char>(byte) % 16];
    if (static_cast<unsigned char>(byte) >= 0xF0) text.append(40, text.back());
  }
  return is_valid_utf8(text) ? text : std::string();
}

void check_replace(const Pattern& pattern, const RE2& regex, std::string_view text) {
  std::string expected(text);
  RE2::GlobalReplace(&expected, regex, "<\\0>");
  require(pattern.replace_all(text, "<$0>") == expected, "replaces what RE2 replaces");
}

void check_replacer(const std::string& source, const Pattern& pattern, std::string_view text) {
  const auto replacer = Replacer::compile(source);
  require(replacer.has_value(), "what a pattern takes is taken");
  for (const char* with : {"<$0>", "<$1>", "-"}) {
    std::string out(text);
    replacer->replace(text, Replacement(with, replacer->group_names()), out);
    require(out == pattern.replace_all(text, with), "replaces the same with the prefilter as without");
  }
}

void check(const std::string& source, std::string_view text) {
  const auto pattern = Pattern::compile(source);
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(8 << 20);
  const RE2 regex(source, options);
  if (!regex.ok()) return;  // Perhaps Go's other way to name a group.
  require(pattern.has_value() || source.size() > 16 * 1024 || regex.NumberOfCapturingGroups() > groups_max,
          "what RE2 takes is taken");
  if (!pattern) return;

  re2::StringPiece expected[groups_max + 1];
  const int count = regex.NumberOfCapturingGroups();
  require(pattern->group_count() == static_cast<std::size_t>(count), "has the groups of RE2");
  const re2::StringPiece whole(text.data(), text.size());
  const bool is_match = regex.Match(whole, 0, text.size(), RE2::UNANCHORED, expected, count + 1);
  require(pattern->matches(text) == is_match, "matches where RE2 matches");
  std::string_view groups[groups_max];
  const std::span<std::string_view> wanted(groups, static_cast<std::size_t>(count));
  require(pattern->capture(text, wanted) == is_match, "captures where RE2 matches");
  if (!is_match) return;
  for (int i = 0; i < count; ++i) {
    const std::string_view group = wanted[static_cast<std::size_t>(i)];
    require((group.data() == nullptr) == (expected[i + 1].data() == nullptr), "the same groups take part");
    require(
        group.data() == nullptr || (group.data() == expected[i + 1].data() && group.size() == expected[i + 1].size()),
        "groups hold what those of RE2 hold");
  }
  check_replace(*pattern, regex, text);
  check_replacer(source, *pattern, text);
}

}  // namespace

}  // namespace rankwire::text

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rankwire::text;
  if (size < 2 || size > 4096) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  // The pattern ends with the first line; texts may have several.
  const std::size_t end = std::min(bytes.find('\n'), bytes.size());
  const std::string_view first = bytes.substr(0, end);
  const std::string_view rest = bytes.substr(std::min(end + 1, bytes.size()));
  const bool is_made = data[0] % 2 == 1;
  const std::string pattern = is_made ? pattern_of_pieces(first.substr(0, 40)) : std::string(first);
  const std::string text = is_made ? text_of_pieces(rest) : std::string(rest);
  if (is_valid_utf8(text)) check(pattern, text);
  return 0;
}
