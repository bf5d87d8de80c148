// Requests of every signal around the same texts: the body of a log record, an attribute of a data
// point or span. The text holds the record's id.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "signal/batch.hpp"

namespace rankwire::simulation {

// An OTLP request with one record for each text.
std::string encode_texts(Signal signal, const std::vector<std::string>& texts);
// Calls `visit` with the text of each record of a request.
Result<void> each_text(Signal signal, std::string_view request, const std::function<void(std::string_view)>& visit);

// How ids of senders of the signal begin; files have 'f'.
char mark_of(Signal signal);
bool is_pushed(const std::string& source);

}  // namespace rankwire::simulation
