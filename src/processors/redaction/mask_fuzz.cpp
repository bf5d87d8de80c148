// Masking of bodies of every shape, by fuzzed and by fixed patterns: what is masked must be what RE2 alone
// would mask, and nothing that a fixed pattern matches may be left anywhere. The first byte picks the
// settings, the second the shape; then comes a pattern, a line feed and the text.
#include <re2/re2.h>

#include <cstdint>

#include "base/require.hpp"
#include "processors/redaction/redactor.hpp"

namespace rankwire::redaction {

namespace {

// None of them matches across a mask or depends on what stands beside a match.
const std::vector<std::string> fixed = {"customer_id=\\d+", "secret",      "[0-9]{4}-[0-9]{4}",
                                        "to(ken|ny)[a-f]*", "k=[0-9a-f]+", "(?i)pw:\\S+"};

struct Reference {
  std::vector<std::unique_ptr<RE2>> patterns;

  // Leftmost matches, one after another; empty ones hide nothing.
  std::string mask(std::string text) const {
    for (const auto& pattern : patterns) {
      std::string out;
      std::size_t copied = 0;
      re2::StringPiece match;
      for (std::size_t from = 0; from <= text.size();) {
        if (!pattern->Match(text, from, text.size(), RE2::UNANCHORED, &match, 1)) break;
        const auto at = static_cast<std::size_t>(match.data() - text.data());
        from = match.empty() ? at + 1 : at + match.size();
        if (match.empty()) continue;
        out.append(text, copied, at - copied).append("****");
        copied = from;
      }
      text = out.append(text, copied);
    }
    return text;
  }
};

void require_masked(const Value& before, const Value& after, const Reference& reference, bool has_fuzzed) {
  switch (before.type()) {
    case ValueType::text:
    case ValueType::bytes: {
      const std::string_view text = after.text();
      require(after.type() == before.type(), "text stays text");
      require(text == reference.mask(std::string(before.text())), "masks what RE2 would mask");
      if (has_fuzzed) return;  // Such a pattern may match the mask itself.
      for (const auto& pattern : reference.patterns)
        require(!RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *pattern), "nothing is left");
      return;
    }
    case ValueType::integer: {
      const std::string text = std::to_string(before.integer());
      const std::string masked = reference.mask(text);
      require(masked == text ? equal(before, after) : after.is_text() && after.text() == masked, "numbers are masked");
      return;
    }
    case ValueType::array:
      require(after.items().size() == before.items().size(), "items stay");
      for (std::uint32_t i = 0; i < before.items().size(); ++i)
        require_masked(before.items()[i], after.items()[i], reference, has_fuzzed);
      return;
    case ValueType::map:
      require(after.entries().size() == before.entries().size(), "entries stay");
      for (std::uint32_t i = 0; i < before.entries().size(); ++i)
        require_masked(before.entries()[i].value, after.entries()[i].value, reference, has_fuzzed);
      return;
    default: return;
  }
}

// The text in lists, in maps, as bytes, in deep nesting.
Value shaped(unsigned shape, std::string_view text, Arena& arena) {
  Value value = (shape & 1) != 0 ? Value::of_bytes(text) : Value::of(text);
  const unsigned depth = (shape >> 3) % 24;
  for (unsigned i = 0; i < depth; ++i) {
    if ((shape & 2) != 0) {
      List<Value> items;
      items.push(arena, Value::of(static_cast<std::int64_t>(text.size()) * 10'000'019));
      items.push(arena, value);
      value = Value::of(items);
    }
    if ((shape & 4) != 0) {
      Attributes entries;
      set(entries, arena, "a", Value::of(text));
      set(entries, arena, "b", value);
      value = Value::of(entries);
    }
  }
  return value;
}

struct Both {
  std::unique_ptr<Redactor> redactor;  // Null where the pattern is none.
  Reference reference;
};

Both compile(bool has_summary, const std::vector<std::string>& patterns) {
  RedactionConfig config;
  config.allow_all_keys = true;
  config.summary = has_summary ? Summary::debug : Summary::silent;
  config.blocked_values = patterns;
  Both both;
  bool is_valid = true;
  for (const std::string& pattern : patterns) {
    RE2::Options options(RE2::Quiet);
    options.set_max_mem(8 << 20);
    both.reference.patterns.push_back(std::make_unique<RE2>(pattern, options));
    is_valid = is_valid && both.reference.patterns.back()->ok();
  }
  auto redactor = Redactor::compile(config);
  require(redactor.has_value() == is_valid, "takes what RE2 takes");
  if (redactor) both.redactor = std::move(*redactor);
  return both;
}

void check(unsigned settings, unsigned shape, const std::string& pattern, std::string_view text) {
  static const Both silent = compile(false, fixed), noted = compile(true, fixed);
  const bool has_summary = (settings & 1) != 0, has_fuzzed = (settings & 2) != 0;
  const Both own = has_fuzzed ? compile(has_summary, {pattern}) : Both();
  const auto& [redactor, reference] = has_fuzzed ? own : has_summary ? noted : silent;
  if (redactor == nullptr) return;

  Arena arena;
  Attributes attributes;
  const Value body = shaped(shape, text, arena);
  Value masked = deep_copy(body, arena);
  RedactionCounts counts;
  redactor->redact_body(masked, attributes, arena, counts);
  require_masked(body, masked, reference, has_fuzzed);
  require((counts.masked_values != 0) == !equal(body, masked) || has_fuzzed, "what changes is counted");

  Attributes entries;
  set(entries, arena, "k", body);
  redactor->redact(entries, arena);
  if (body.type() != ValueType::array && body.type() != ValueType::map)
    require_masked(body, *find(entries, "k"), reference, has_fuzzed);
}

}  // namespace

}  // namespace rankwire::redaction

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3 || size > 4096) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t end = bytes.find('\n');
  if (end == std::string_view::npos || end > 200) return 0;
  rankwire::redaction::check(data[0], data[1], std::string(bytes.substr(0, end)), bytes.substr(end + 1));
  return 0;
}
