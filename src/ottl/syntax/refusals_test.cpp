// Refused texts beside their message: place, what was found, what was expected, remedy.
#include <doctest/doctest.h>

#include <span>

#include "ottl/syntax/parser.hpp"

namespace rankwire::ottl {
namespace {

struct Refused {
  std::string_view text;
  std::string_view message;
};

constexpr Refused statements[] = {
    {"", "1:1: found the end, expected an editor, as set(…); a statement changes something: set(path, value)"},
    {"   ", "1:4: found the end, expected an editor, as set(…); a statement changes something: set(path, value)"},
    {R"(attributes["a"] = 1)",
     "1:1: found \"attributes\", expected an editor, as set(…); to assign, write set(path, value)"},
    {R"(attributes["a"] == 1)",
     "1:1: found \"attributes\", expected an editor, as set(…); a statement changes something: set(path, value)"},
    {R"_("set(a, 1)")_",
     "1:1: found text \"set(a, 1)\", expected an editor, as set(…); a statement changes something: set(path, value)"},
    {"set", "1:1: found \"set\", expected an editor, as set(…); a statement changes something: set(path, value)"},
    {"set(", R"_(1:5: found the end, expected an argument or ")"; the ( at 1:4 is still open)_"},
    {R"(set(attributes["a")", R"(1:19: found the end, expected "]"; the [ at 1:15 is still open)"},
    {R"(set(attributes["a"], 1)", R"_(1:23: found the end, expected "," or ")"; the ( at 1:4 is still open)_"},
    {R"(set(attributes["a"] 1))", R"_(1:21: found "1", expected "," or ")")_"},
    {R"(set(attributes["a"], 1,))", R"_(1:24: found ")", expected an argument; leave out the comma before ))_"},
    {"set(,)", R"(1:5: found ",", expected a value (path, converter, literal, list or map))"},
    {R"(Set(attributes["a"], 1))",
     "1:1: found the converter \"Set\", expected an editor; editors begin with a lower-case letter: set(…); a "
     "converter stands inside of one, as in set(attributes[\"x\"], Set(…))"},
    {R"(IsMatch(body, "x"))",
     "1:1: found the converter \"IsMatch\", expected an editor; editors begin with a lower-case letter: is_match(…); a "
     "converter stands inside of one, as in set(attributes[\"x\"], IsMatch(…))"},
    {R"(set(attributes["a"], 1)["x"])",
     "1:25: an editor has no result that a key could follow; paths and converters can have keys"},
    {R"(set(attributes["a"], split(body, ",")))",
     "1:22: found the editor \"split\", expected a converter; converters begin with an upper-case letter: Split(…); "
     "editors stand only at the beginning of a statement"},
    {R"(set(attributes["a"], is_match(body, ",")))",
     "1:22: found the editor \"is_match\", expected a converter; converters begin with an upper-case letter: "
     "IsMatch(…); editors stand only at the beginning of a statement"},
    {R"(set(attributes["a"], 1)) where a == 1)",
     R"_(1:24: found ")", expected where or the end; no parenthesis is open here)_"},
    {R"(set(attributes["a"], 1) if body == "")",
     R"(1:25: found "if", expected where or the end; a condition begins with where)"},
    {R"(set(attributes["a"], 1) and body == "")",
     R"(1:25: found "and", expected where or the end; a condition begins with where)"},
    {R"(set(attributes["a"], 1) WHERE true)",
     R"(1:25: found "WHERE", expected where or the end; keywords are lower case: where)"},
    {R"(set(attributes["a"], 1) where)", "1:30: found the end, expected a condition"},
    {R"(set(attributes["a"], 1) where true where false)",
     "1:36: found \"where\", expected and, or, or the end; one statement has one editor and at most one where"},
    {R"(set(attributes["a"], 1) set(attributes["b"], 2))",
     "1:25: found \"set\", expected where or the end; one statement has one editor and at most one where"},
    {R"(set(attributes["a"], 1); set(attributes["b"], 2))",
     R"(1:24: found ";"; a statement ends with its text; write each as an item of its own)"},
    {R"(set(attributes["a"], 1) # note)", R"(1:25: found "#"; a statement has no comments; write them in the YAML)"},
    {R"(set(attributes["a], 1))",
     R"(1:16: text that begins here does not end; close it with "; a " inside text is written \")"},
    {"set(attributes['a'], 1)", "1:16: found \"'\"; text stands in double quotes: \"…\""},
    {R"(set(attributes["a"], 'x'))", "1:22: found \"'\"; text stands in double quotes: \"…\""},
    {"set(attributes[\"a\"], “x”)", R"(1:22: found a character that OTTL does not know; write the plain quote ")"},
    {R"(set(attributes["a"], value=1, 2))",
     "1:31: found an argument without a name behind one with a name; name this one too"},
    {R"(set(attributes["a"], Value=1))",
     "1:22: found \"Value\", expected the name of an argument; it begins with a lower-case letter: value"},
    {R"(set(target==attributes["a"], 1))",
     "1:11: found \"==\", expected \",\" or \")\"; a comparison is no value, and comparisons cannot be chained: join "
     "them with and"},
    {R"(set(attributes["a"], a == b))",
     "1:24: found \"==\", expected \",\" or \")\"; a comparison is no value, and comparisons cannot be chained: join "
     "them with and"},
    {R"(set(attributes["a"], not true))",
     "1:22: found \"not\", expected a value (path, converter, literal, list or map); not stands once, before a "
     "condition; write x != y, or not (…)"},
    {R"(set(attributes["a"], (a == b)))",
     "1:25: found \"==\", expected an operator (+ - * /) or \")\"; a comparison is no value, and comparisons cannot be "
     "chained: join them with and"},
    {R"(set(attributes["a"], (x) => x))", R"(1:26: found "=>"; lambdas are not supported; for "at least" write >=)"},
    {R"(set(attributes["a"], (x, y) => x))",
     "1:24: found \",\", expected an operator (+ - * /) or \")\"; a list is written […]; lambdas are not supported"},
    {R"(set(attributes["a"], () => 1))",
     "1:23: found \")\", expected a value (path, converter, literal, list or map); lambdas are not supported"},
    {R"(set(attributes["a"], ${env:X}))",
     "1:22: found \"$\"; outside of text there are no references; ${env:…} is replaced before a statement is read"},
    {R"(set(attributes["a"], Is Match("a", "b")))", R"_(1:25: found "Match", expected "," or ")")_"},
    {R"(set(attributes["a"], ToUpperCase + 1))", R"_(1:34: found "+", expected "," or ")")_"},
    {"set(attributes.http.method, 1)",
     "1:15: found \".\" behind attributes, which has keys and no fields; write attributes[\"http.method\"]"},
    {"set(resource.attributes.k8s-app, 1)",
     R"(1:24: found "." behind attributes, which has keys and no fields; write attributes["k8s-app"])"},
    {R"(set(attributes["a"].b, 1))",
     "1:20: found \".\" behind attributes[…], which has keys and no fields; write attributes[…][\"b\"]"},
    {"set(cache.x, 1)", R"(1:10: found "." behind cache, which has keys and no fields; write cache["x"])"},
    {R"(replace_pattern(body, "\d+", "x"))",
     "1:24: text has the unknown escape \\d; a backslash is written \\\\, in a regular expression too: \\\\d"},
    {R"(replace_pattern(body, "a", "\$1"))",
     "1:29: text has the unknown escape \\$; a backslash is written \\\\; a literal $ in a replacement is $$, which in "
     "YAML is $$$$"},
    {"\nset(attributes[\"a\"],\n  1) where\n  attributes[\"ä\"] = 2",
     R"(4:19: found "=", expected a comparison (== != < <= > >=); to compare, write ==)"},
};

constexpr Refused conditions[] = {
    {R"(attributes["b"] = 1)", R"(1:17: found "=", expected a comparison (== != < <= > >=); to compare, write ==)"},
    {R"(attributes["b"] === 1)", R"(1:17: found "==="; equality is ==)"},
    {R"(attributes["b"] == 1 && true)", R"(1:22: found "&&"; write and)"},
    {"a == 1 || true", R"(1:8: found "||"; write or)"},
    {"!IsString(body)", R"(1:1: found "!"; write not)"},
    {R"(a =~ "x")", R"(1:3: found "=~"; to match a regular expression, write IsMatch(value, "pattern"))"},
    {R"(a !~ "x")", R"(1:3: found "!~"; to match a regular expression, write not IsMatch(value, "pattern"))"},
    {"a <> 1", R"(1:3: found "<>"; inequality is !=)"},
    {"a => 1", R"(1:3: found "=>"; lambdas are not supported; for "at least" write >=)"},
    {"a =< 1", R"(1:3: found "=<"; "at most" is <=)"},
    {"a == 1 AND b == 2", R"(1:8: found "AND", expected and, or, or the end; keywords are lower case: and)"},
    {"NOT a == 1", R"(1:5: found "a", expected a comparison (== != < <= > >=); keywords are lower case: not)"},
    {"a == Nil",
     "1:6: found \"Nil\", expected a value (path, converter, literal, list or map); keywords are lower case: nil"},
    {"TRUE", "1:5: found the end, expected a comparison (== != < <= > >=); keywords are lower case: true"},
    {"a == 1)", R"_(1:7: found ")", expected and, or, or the end; no parenthesis is open here)_"},
    {"(a == 1 or b == 2", R"_(1:18: found the end, expected and, or, or ")"; the ( at 1:1 is still open)_"},
    {"(a == 1 and b == 2 c", R"_(1:20: found "c", expected and, or, or ")"; the ( at 1:1 is still open)_"},
    {"(a, b)", "1:3: found \",\", expected and, or, or \")\"; a list is written […]; lambdas are not supported"},
    {"(a = 1)", R"_(1:4: found "=", expected and, or, or ")"; to compare, write ==)_"},
    {R"(IsMatch(body, "x")", R"_(1:18: found the end, expected "," or ")"; the ( at 1:8 is still open)_"},
    {R"(IsMatch(body, "x" and true)", R"_(1:19: found "and", expected "," or ")"; the ( at 1:8 is still open)_"},
    {"a == b == c",
     "1:8: found \"==\", expected and, or, or the end; a comparison is no value, and comparisons cannot be chained: "
     "join them with and"},
    {"1 < a < 5",
     "1:7: found \"<\", expected and, or, or the end; a comparison is no value, and comparisons cannot be chained: "
     "join them with and"},
    {R"(a in ["x"])",
     "1:3: found \"in\", expected a comparison (== != < <= > >=); to look for a value in a list, write "
     "ContainsValue(list, value)"},
    {R"(a like "x")",
     "1:3: found \"like\", expected a comparison (== != < <= > >=); to match a regular expression, write "
     "IsMatch(value, \"pattern\")"},
    {"a == 1 not b == 2",
     "1:8: found \"not\", expected and, or, or the end; not stands once, before a condition; write x != y, or not (…)"},
    {"not not true",
     "1:5: found \"not\", expected a condition; not stands once, before a condition; write x != y, or not (…)"},
    {"not", "1:4: found the end, expected a condition"},
    {"and", R"(1:1: found "and", expected a condition)"},
    {"a == 1 and", "1:11: found the end, expected a condition"},
    {"a == 1 or or b", R"(1:11: found "or", expected a condition)"},
    {"a and b == 1",
     "1:3: found \"and\", expected a comparison (== != < <= > >=); to ask whether it is there, write != nil"},
    {"a", "1:2: found the end, expected a comparison (== != < <= > >=); to ask whether it is there, write != nil"},
    {"not a", "1:6: found the end, expected a comparison (== != < <= > >=); to ask whether it is there, write != nil"},
    {R"("x")", "1:4: found the end, expected a comparison (== != < <= > >=)"},
    {"1 + 2", "1:6: found the end, expected a comparison (== != < <= > >=)"},
    {"SEVERITY_NUMBER_INFO", "1:21: found the end, expected a comparison (== != < <= > >=)"},
    {"[true]", "1:7: found the end, expected a comparison (== != < <= > >=)"},
    {"(a == 1) == true",
     "1:10: found \"==\" behind a condition in parentheses, expected and, or, or the end; a condition cannot be "
     "compared; write it alone, or with not before it"},
    {"(a == 1) + 1 == 2",
     "1:10: found \"+\" behind a condition in parentheses, expected and, or, or the end; a condition cannot be "
     "compared; write it alone, or with not before it"},
    {R"(("a") == "a")", "1:1: only calculations and conditions stand in parentheses; leave them out"},
    {"a == (b == c)",
     "1:9: found \"==\", expected an operator (+ - * /) or \")\"; a comparison is no value, and comparisons cannot be "
     "chained: join them with and"},
    {"a ==", "1:5: found the end, expected a value (path, converter, literal, list or map)"},
    {"== 1",
     "1:1: found \"==\", expected a condition; a comparison is no value, and comparisons cannot be chained: join them "
     "with and"},
};

constexpr Refused values[] = {
    {"", "1:1: found the end, expected a value (path, converter, literal, list or map)"},
    {"5s", R"(1:2: found "s", expected the end; a duration is written Duration("5s"))"},
    {"1e6", R"(1:2: found "e6", expected the end; a number with an exponent has a point: 1.0e6)"},
    {"5 % 2", R"(1:3: found "%"; there is no remainder; the operators are + - * /)"},
    {"10 ms", R"(1:4: found "ms", expected the end)"},
    {"0x123", "1:1: bytes have two hexadecimal digits each, and here one is missing; write 0x0123"},
    {"0xzz", R"(1:2: found "xzz", expected the end; bytes are written 0x and two hexadecimal digits each)"},
    {"0X01", R"(1:2: found "X01", expected the end; bytes are written 0x and two hexadecimal digits each)"},
    {"09", "1:1: an integer that begins with 0 is octal and has no digit 8 or 9; leave the 0 out"},
    {"9223372036854775808", "1:1: an integer is at most 9223372036854775807; write it with a point, as a real number"},
    {"-9223372036854775808", "1:2: an integer is at most 9223372036854775807; write it with a point, as a real number"},
    {"1.0e400", "1:1: this number is outside of what 64 bits of floating point hold"},
    {"1 2", R"(1:3: found "2", expected the end)"},
    {"--1", R"(1:2: found "-", expected a number, path, converter or parenthesis; one sign is enough)"},
    {R"(-"y")", "1:2: found a sign before what is no number, expected a number, path, converter or parenthesis"},
    {"-[1]", "1:2: found a sign before what is no number, expected a number, path, converter or parenthesis"},
    {R"("x" + "y")",
     "1:5: found \"+\" behind what cannot be calculated with; to join text, write Concat([…, …], \"\")"},
    {R"(1 + "y")", "1:5: this cannot be calculated with, expected a number, path, converter or parenthesis"},
    {"1 + nil", "1:5: this cannot be calculated with, expected a number, path, converter or parenthesis"},
    {"STATUS_CODE_OK + 1", R"(1:16: found "+" behind what cannot be calculated with)"},
    {"1 +", "1:4: found the end, expected a value (path, converter, literal, list or map)"},
    {"1 * (2 + 3", R"_(1:11: found the end, expected an operator (+ - * /) or ")"; the ( at 1:5 is still open)_"},
    {R"(("a"))", "1:1: only calculations and conditions stand in parentheses; leave them out"},
    {"(nil)", "1:1: only calculations and conditions stand in parentheses; leave them out"},
    {"()", "1:2: found \")\", expected a value (path, converter, literal, list or map); lambdas are not supported"},
    {"[1,]", R"(1:4: found "]", expected a value; leave out the comma before ])"},
    {"[,]", R"(1:3: found "]", expected a value; leave out the comma before ])"},
    {"[1, 2", R"(1:6: found the end, expected "," or "]"; the [ at 1:1 is still open)"},
    {"[1, 2)", R"_(1:6: found ")", expected "," or "]"; the [ at 1:1 is still open)_"},
    {"[ToUpperCase]",
     "1:2: found \"ToUpperCase\", expected a value (path, converter, literal, list or map); a converter is called with "
     "parentheses: ToUpperCase(…)"},
    {R"({"a": 1)", R"(1:8: found the end, expected a key or "}"; the { at 1:1 is still open)"},
    {R"({"a" 1})", R"(1:6: found "1", expected ":" behind a key; an entry is written "key": value)"},
    {"{a: 1}", R"(1:2: found "a", expected a key in double quotes)"},
    {"{'a': 1}", "1:2: found \"'\"; text stands in double quotes: \"…\""},
    {R"({"a": 1,, "b": 2})", R"(1:9: found ",", expected a key in double quotes)"},
    {R"({"a":})", R"(1:6: found "}", expected a value (path, converter, literal, list or map))"},
    {"log.", "1:5: found the end, expected the name of a field; behind a point stands a name in lower case"},
    {"log.Body",
     "1:5: found \"Body\", expected a path in lower case; write body; other names stand in brackets: "
     "attributes[\"Body\"]"},
    {"log.body.5", R"(1:9: found ".5", expected the end)"},
    {"severityText",
     "1:1: found \"severityText\", expected a path in lower case; write severity_text; other names stand in brackets: "
     "attributes[\"severityText\"]"},
    {"_x", R"(1:1: found "_"; a name begins with a letter)"},
    {"a[]", R"(1:3: found "]", expected a key (text, an integer, a path, a converter or a calculation))"},
    {"a[nil]",
     "1:3: found a value that is no key, expected a key (text, an integer, a path, a converter or a calculation)"},
    {"a[1.5]",
     "1:3: found a value that is no key, expected a key (text, an integer, a path, a converter or a calculation)"},
    {"a[[1]]",
     "1:3: found a value that is no key, expected a key (text, an integer, a path, a converter or a calculation)"},
    {"a[STATUS_CODE_OK]",
     "1:3: found a value that is no key, expected a key (text, an integer, a path, a converter or a calculation)"},
    {R"(a["x" + "y"])",
     "1:7: found \"+\" behind what cannot be calculated with; to join text, write Concat([…, …], \"\")"},
    {"a[1:2]", R"(1:4: found ":", expected "]"; the [ at 1:2 is still open)"},
    {"a[1", R"(1:4: found the end, expected "]"; the [ at 1:2 is still open)"},
    {"F(1]", R"_(1:4: found "]", expected "," or ")"; the ( at 1:2 is still open)_"},
    {R"("abc)", R"(1:1: text that begins here does not end; close it with "; a " inside text is written \")"},
    {"\"x\\\ny\"", R"(1:3: text has a line break after a backslash; a line break is written \n)"},
    {R"("a\'b")", R"(1:3: text has the unknown escape \'; ' needs no backslash)"},
    {R"("a\/b")", R"(1:3: text has the unknown escape \/; / needs no backslash)"},
    {R"("a\ b")", R"(1:3: text has an unknown escape; a backslash is written \\)"},
    {R"("\xg0")",
     "1:2: text has an incomplete or impossible escape; write \\ooo (octal), \\xhh, \\uhhhh or \\Uhhhhhhhh; a "
     "backslash is written \\\\"},
    {R"("\x4")",
     "1:2: text has an incomplete or impossible escape; write \\ooo (octal), \\xhh, \\uhhhh or \\Uhhhhhhhh; a "
     "backslash is written \\\\"},
    {R"("\08")",
     "1:2: text has an incomplete or impossible escape; write \\ooo (octal), \\xhh, \\uhhhh or \\Uhhhhhhhh; a "
     "backslash is written \\\\"},
    {R"("\777")",
     "1:2: text has an incomplete or impossible escape; write \\ooo (octal), \\xhh, \\uhhhh or \\Uhhhhhhhh; a "
     "backslash is written \\\\"},
    {R"("\uD83D")",
     "1:2: text has an incomplete or impossible escape; write \\ooo (octal), \\xhh, \\uhhhh or \\Uhhhhhhhh; a "
     "backslash is written \\\\"},
    {R"("\U00110000")",
     "1:2: text has an incomplete or impossible escape; write \\ooo (octal), \\xhh, \\uhhhh or \\Uhhhhhhhh; a "
     "backslash is written \\\\"},
    {R"("\d\)", R"(1:1: text that begins here does not end; close it with "; a " inside text is written \")"},
    {"$1",
     "1:1: found \"$\"; outside of text there are no references; ${env:…} is replaced before a statement is read"},
    {"a ^ b", R"(1:3: found "^", which OTTL does not know outside of text)"},
    {"a ? b", R"(1:3: found "?", which OTTL does not know outside of text)"},
    {"ä", "1:1: found a character that OTTL does not know outside of text"},
    {"body == 1",
     "1:6: found \"==\", expected the end; a comparison is no value, and comparisons cannot be chained: join them with "
     "and"},
    {"true and false", R"(1:6: found "and", expected the end)"},
};

template <class Parse>
void check_table(std::span<const Refused> table, Parse parse) {
  for (const Refused& row : table) {
    CAPTURE(row.text);
    Problem problem;
    const auto tree = parse(row.text, &problem);
    REQUIRE_FALSE(tree.has_value());
    CHECK(tree.error().kind() == ErrorKind::invalid);
    CHECK_EQ(tree.error().message(), row.message);
    CHECK_EQ(problem.text(), row.message);
    CHECK(problem.place == place_in(row.text, problem.offset));
  }
}

TEST_CASE("a refused statement is told what was found where, what was expected and what to write") {
  check_table(statements, parse_statement);
}

TEST_CASE("a refused condition is told what was found where, what was expected and what to write") {
  check_table(conditions, parse_condition);
}

TEST_CASE("a refused value is told what was found where, what was expected and what to write") {
  check_table(values, parse_value);
}

TEST_CASE("places count lines and characters, not bytes") {
  const std::string_view text = "a\n\xC3\xA4\xE2\x82\xAC x";
  CHECK_EQ(place_in(text, 0).text(), "1:1");
  CHECK_EQ(place_in(text, 2).text(), "2:1");
  CHECK_EQ(place_in(text, 8).text(), "2:4");
  CHECK_EQ(place_in(text, 9).text(), "2:5");
  CHECK_EQ(place_in("", 0).text(), "1:1");
}

}  // namespace
}  // namespace rankwire::ottl
