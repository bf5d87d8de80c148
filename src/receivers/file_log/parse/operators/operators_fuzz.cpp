// Arbitrary lines through chains of all parsers and transformations.
#include "receivers/file_log/parse/parse_fixture.hpp"

namespace {

constexpr const char* chains[] = {
    "[{type: json_parser, parse_to: body}, {type: flatten, field: body.a}, {type: retain, fields: [body.b, body.c.d]}]",
    "[{type: key_value_parser}, {type: severity_parser, parse_from: attributes.level}, {type: move, from: body, to: "
    "'attributes[\"b.c\"]'}]",
    "[{type: csv_parser, header: 'a,b,c', lazy_quotes: true}, {type: trace_parser, trace_id: {parse_from: "
    "attributes.a}}]",
    "[{type: uri_parser}, {type: unquote, field: attributes.path}]",
    "[{type: regex_parser, regex: '^(?P<a>\\S+) (?P<b>[^ ]*) (?P<c>.*)$'}, {type: time_parser, parse_from: "
    "attributes.a, layout: '%Y-%m-%d'}]",
    "[{type: recombine, combine_field: body, is_first_entry: 'body matches \"^[a-z]\"', max_log_size: 100}]",
    "[{type: noop}, {type: container}, {type: recombine, combine_field: body, is_last_entry: 'body endsWith \".\"'}]",
    "[{type: regex_replace, field: body, regex: 'a*', replace_with: '<$0>'}, {type: sanitize_utf8, field: body}]",
    "[{type: json_array_parser, parse_to: body}, {type: assign_keys, field: body, keys: [a, b]}, {type: copy, from: "
    "body, to: attributes.all}]",
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rankwire::file_log;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  testing::ParseFixture lines;
  lines.use_operators(chains[data[0] % std::size(chains)]);
  lines.config.encoding = (data[0] & 0x80) != 0 ? "utf-8-raw" : "utf-8";
  if ((data[0] & 0x40) != 0) {
    rankwire::config::Diagnostics diagnostics;
    const char* yaml = "[{type: regex_parser, regex: '^#(?P<key>[^=]*)=(?P<value>.*)$'}]";
    lines.config.header = HeaderConfig{"^#", rankwire::config::parse_yaml(yaml, "fuzz", diagnostics)};
  }
  const std::size_t half = text.size() / 2;
  const std::size_t taken = lines.parse(text.substr(0, half));
  lines.batch.reset();
  lines.parse(text.substr(taken), true);
  lines.clock.advance(std::chrono::seconds(10));
  lines.flush("");
  for (std::size_t i = 0; i < lines.records().size(); ++i) lines.show(i);
  return 0;
}
