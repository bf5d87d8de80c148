// Texts made of parts between delimiters: key-value pairs, CSV rows, URIs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "signal/value.hpp"

namespace rankwire::text {

enum class CsvQuotes : std::uint8_t { strict, lazy, none };

// Each returns null or what is wrong, a constant text. Parts are views of `text` where possible.
// Delimiters inside quotes do not count; quotes around keys and values are taken off.
const char* read_key_values(std::string_view text, std::string_view delimiter, std::string_view pair_delimiter,
                            Arena& arena, List<KeyValue>& to);
const char* read_csv_row(std::string_view text, char delimiter, CsvQuotes quotes, Arena& arena, List<Value>& to);
// scheme, user, host, port, path, query (each key a list of values) and fragment.
const char* read_uri(std::string_view text, Arena& arena, List<KeyValue>& to);

std::vector<std::string> split_header(std::string_view header, char delimiter);

}  // namespace rankwire::text
