// OTTL text to tokens, one at a time. What no token can begin with becomes a `broken` token that carries its
// problem, so that the parser reports whatever comes first.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rankwire::ottl {

enum class TokenKind : std::uint8_t {
  end,
  broken,
  name,  // Letters, digits and _, beginning with a letter; `where` is one, the words below are not.
  word_nil,
  word_true,
  word_false,
  word_and,
  word_or,
  word_not,
  text,  // With its quotes.
  bytes,
  integer,
  real,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  plus,
  minus,
  star,
  slash,
  assign,
  left_parenthesis,
  right_parenthesis,
  left_bracket,
  right_bracket,
  left_brace,
  right_brace,
  comma,
  dot,
  colon,
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::uint32_t offset = 0;
  std::string_view text;

  std::uint32_t end() const { return offset + static_cast<std::uint32_t>(text.size()); }
};

class Lexer {
 public:
  // `text` must outlive the lexer and its tokens, and have at most text_bytes_max bytes.
  explicit Lexer(std::string_view text) : text_(text) {}

  // After the end, or a broken token, the same again.
  Token next();
  // Of the last broken token.
  const std::string& message() const { return message_; }
  const std::string& remedy() const { return remedy_; }

 private:
  Token take(TokenKind kind, std::size_t size);
  Token broken(std::size_t size, std::string message, std::string remedy = {});
  Token name();
  Token number();
  Token text_literal();
  Token symbol();
  Token unknown();
  // 0 behind the end.
  char at(std::size_t offset) const { return offset < text_.size() ? text_[offset] : '\0'; }

  const std::string_view text_;
  std::size_t at_ = 0;
  std::string message_, remedy_;
};

}  // namespace rankwire::ottl
