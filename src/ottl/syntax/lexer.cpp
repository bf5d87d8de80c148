// The longest token wins. Keywords are recognised only as whole names: `not_found` is a name.
#include "ottl/syntax/lexer.hpp"

#include <array>
#include <utility>

#include "ottl/syntax/characters.hpp"

namespace rankwire::ottl {
namespace {

struct Spelling {
  std::string_view text;
  TokenKind kind;
};

constexpr std::array<Spelling, 6> words{{{"nil", TokenKind::word_nil},
                                         {"true", TokenKind::word_true},
                                         {"false", TokenKind::word_false},
                                         {"and", TokenKind::word_and},
                                         {"or", TokenKind::word_or},
                                         {"not", TokenKind::word_not}}};

// Longer ones first.
constexpr std::array<Spelling, 20> symbols{{{"==", TokenKind::equal},
                                            {"!=", TokenKind::not_equal},
                                            {"<=", TokenKind::less_equal},
                                            {">=", TokenKind::greater_equal},
                                            {"<", TokenKind::less},
                                            {">", TokenKind::greater},
                                            {"+", TokenKind::plus},
                                            {"-", TokenKind::minus},
                                            {"*", TokenKind::star},
                                            {"/", TokenKind::slash},
                                            {"=", TokenKind::assign},
                                            {"(", TokenKind::left_parenthesis},
                                            {")", TokenKind::right_parenthesis},
                                            {"[", TokenKind::left_bracket},
                                            {"]", TokenKind::right_bracket},
                                            {"{", TokenKind::left_brace},
                                            {"}", TokenKind::right_brace},
                                            {",", TokenKind::comma},
                                            {".", TokenKind::dot},
                                            {":", TokenKind::colon}}};

struct Habit {
  std::string_view text;
  std::string_view remedy;
};

// What other languages write, with what to write here. Looked for before the symbols.
constexpr std::array<Habit, 19> habits{
    {{"===", "equality is =="},
     {"=~", "to match a regular expression, write IsMatch(value, \"pattern\")"},
     {"!~", "to match a regular expression, write not IsMatch(value, \"pattern\")"},
     {"=>", "lambdas are not supported; for \"at least\" write >="},
     {"<>", "inequality is !="},
     {"=<", "\"at most\" is <="},
     {"&&", "write and"},
     {"||", "write or"},
     {"&", "write and"},
     {"|", "write or"},
     {"!=", ""},
     {"!", "write not"},
     {"'", "text stands in double quotes: \"…\""},
     {"`", "text stands in double quotes: \"…\""},
     {";", "a statement ends with its text; write each as an item of its own"},
     {"#", "a statement has no comments; write them in the YAML"},
     {"%", "there is no remainder; the operators are + - * /"},
     {"$", "outside of text there are no references; ${env:…} is replaced before a statement is read"},
     {"_", "a name begins with a letter"}}};

// Characters that look like ASCII and come from word processors and web pages.
constexpr std::array<Habit, 7> look_alikes{{{"\xC2\xA0", "this is a no-break space; write an ordinary one"},
                                            {"\xE2\x80\x9C", "write the plain quote \""},
                                            {"\xE2\x80\x9D", "write the plain quote \""},
                                            {"\xE2\x80\x98", "write the plain quote \""},
                                            {"\xE2\x80\x99", "write the plain quote \""},
                                            {"\xE2\x80\x93", "write the plain minus -"},
                                            {"\xE2\x88\x92", "write the plain minus -"}}};

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

}  // namespace

Token Lexer::next() {
  while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  if (at_ == text_.size()) return take(TokenKind::end, 0);
  const char c = text_[at_];
  if (is_letter(c)) return name();
  if (is_digit(c) || (c == '.' && is_digit(at(at_ + 1)))) return number();
  if (c == '"') return text_literal();
  return symbol();
}

Token Lexer::take(TokenKind kind, std::size_t size) {
  const Token token{kind, static_cast<std::uint32_t>(at_), text_.substr(at_, size)};
  at_ += size;
  return token;
}

Token Lexer::broken(std::size_t size, std::string message, std::string remedy) {
  message_ = std::move(message);
  remedy_ = std::move(remedy);
  return {TokenKind::broken, static_cast<std::uint32_t>(at_), text_.substr(at_, size)};
}

Token Lexer::name() {
  std::size_t end = at_;
  while (is_name(at(end))) ++end;
  const std::string_view text = text_.substr(at_, end - at_);
  for (const Spelling& word : words) {
    if (word.text == text) return take(word.kind, text.size());
  }
  return take(TokenKind::name, text.size());
}

Token Lexer::number() {
  std::size_t end = at_;
  if (at(at_) == '0' && at(at_ + 1) == 'x' && hex_value(at(at_ + 2)) >= 0) {
    end += 2;
    while (hex_value(at(end)) >= 0) ++end;
    return take(TokenKind::bytes, end - at_);
  }
  while (is_digit(at(end))) ++end;
  if (at(end) != '.') return take(TokenKind::integer, end - at_);
  ++end;
  while (is_digit(at(end))) ++end;
  if (at(end) == 'e' || at(end) == 'E') {
    std::size_t exponent = end + 1;
    if (at(exponent) == '+' || at(exponent) == '-') ++exponent;
    if (is_digit(at(exponent))) {
      while (is_digit(at(exponent))) ++exponent;
      end = exponent;
    }
  }
  return take(TokenKind::real, end - at_);
}

Token Lexer::text_literal() {
  std::size_t end = at_ + 1;
  while (end < text_.size() && text_[end] != '"') end += text_[end] == '\\' ? 2 : 1;
  if (end < text_.size()) return take(TokenKind::text, end + 1 - at_);
  return broken(text_.size() - at_, "text that begins here does not end",
                "close it with \"; a \" inside text is written \\\"");
}

Token Lexer::symbol() {
  const std::string_view rest = text_.substr(at_);
  for (const Habit& habit : habits) {
    if (!rest.starts_with(habit.text)) continue;
    if (habit.remedy.empty()) break;
    return broken(habit.text.size(), "found \"" + std::string(habit.text) + "\"", std::string(habit.remedy));
  }
  for (const Spelling& symbol : symbols) {
    if (rest.starts_with(symbol.text)) return take(symbol.kind, symbol.text.size());
  }
  return unknown();
}

Token Lexer::unknown() {
  const std::string_view rest = text_.substr(at_);
  for (const Habit& habit : look_alikes) {
    if (rest.starts_with(habit.text)) {
      return broken(habit.text.size(), "found a character that OTTL does not know", std::string(habit.remedy));
    }
  }
  const unsigned char c = static_cast<unsigned char>(rest[0]);
  if (c < 0x20 || c >= 0x7F) return broken(1, "found a character that OTTL does not know outside of text");
  return broken(1, "found \"" + std::string(1, rest[0]) + "\", which OTTL does not know outside of text");
}

}  // namespace rankwire::ottl
