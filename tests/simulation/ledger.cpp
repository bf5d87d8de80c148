#include "ledger.hpp"

#include <charconv>
#include <cstdio>

namespace rankwire::simulation {

bool parse_id(std::string_view body, RecordId& id) {
  const std::size_t begin = body.find("id=");
  if (begin == std::string_view::npos) return false;
  const std::size_t dash = body.find('-', begin), end = body.find(';', begin);
  if (dash == std::string_view::npos || end == std::string_view::npos || dash > end) return false;
  id.source = body.substr(begin + 3, dash - begin - 3);
  return std::from_chars(body.data() + dash + 1, body.data() + end, id.number).ptr == body.data() + end;
}

std::string text_of(const RecordId& id) { return id.source + "-" + std::to_string(id.number); }

double Tally::total() const {
  double total = sum;
  for (const auto& [series, value] : latest) total += value;
  return total;
}

void Arrivals::arrived(const RecordId& id) {
  if (++count[id] != 1) return;
  std::uint64_t& highest = newest[id.source];
  if (id.number < highest) ++out_of_order[id.source];
  highest = std::max(highest, id.number);
}

}  // namespace rankwire::simulation
