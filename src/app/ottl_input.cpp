#include "app/ottl_input.hpp"

#include <fstream>

#include "base/file_system.hpp"
#include "otlp/json_pieces.hpp"
#include "otlp/otlp.hpp"

namespace rankwire::app {
namespace {

constexpr std::uint64_t input_bytes_max = 16u << 20;
using otlp::JsonPiece;
using Pieces = std::vector<JsonPiece>;

std::string noun(Signal signal) {
  constexpr const char* nouns[] = {"log record", "metric", "span"};
  return nouns[static_cast<std::size_t>(signal)];
}

std::string nouns(otlp::SignalSet signals) {
  std::string text;
  for (const Signal signal : all_signals)
    if (signals[static_cast<std::size_t>(signal)]) text += (text.empty() ? "" : " or ") + noun(signal);
  return text;
}

std::string quoted_keys(const JsonPiece& piece, auto is_meant) {
  std::string text;
  for (const JsonPiece::Key& key : piece.keys)
    if (is_meant(key)) text += (text.empty() ? "\"" : ", \"") + key.name + "\"";
  return text;
}

std::string place(const JsonPiece& piece) { return "line " + std::to_string(piece.line) + ": "; }

Error invalid(std::string why) { return Error(ErrorKind::invalid, std::move(why)); }

Result<std::string> read_stream(std::istream& from) {
  std::string text;
  char bytes[64 * 1024];
  while (from.read(bytes, sizeof bytes), from.gcount() > 0) {
    text.append(bytes, static_cast<std::size_t>(from.gcount()));
    if (text.size() > input_bytes_max) return invalid("larger than " + std::to_string(input_bytes_max) + " bytes");
  }
  return text;
}

// What all pieces may be at once; where they cannot, the signals of the first count.
Result<otlp::SignalSet> seen_signals(const Pieces& pieces) {
  otlp::SignalSet all;
  all.set();
  for (const JsonPiece& piece : pieces) {
    const bool has_field =
        std::any_of(piece.keys.begin(), piece.keys.end(), [](const auto& key) { return key.signals.any(); });
    if (!piece.keys.empty() && !has_field)
      return invalid(place(piece) + "this is no OTLP/JSON: no record has a field " +
                     quoted_keys(piece, [](const auto&) { return true; }) +
                     R"(; write {"body": {"stringValue": "…"}} for a log record with that body)");
    const otlp::SignalSet signals = piece.signals();
    if (signals.none()) continue;
    if ((all & signals).none())
      return invalid(place(piece) + "this is a " + nouns(signals) + ", and what is before it a " + nouns(all) +
                     "; try one signal at a time");
    all &= signals;
  }
  return all;
}

Result<Signal> choose(const Pieces& pieces, otlp::SignalSet seen, const std::string& wanted,
                      std::vector<std::string>& notes) {
  for (const Signal signal : all_signals) {
    if (to_string(signal) != wanted) continue;
    if (seen[static_cast<std::size_t>(signal)]) return signal;
    const std::string because =
        quoted_keys(pieces[0], [&](const auto& key) { return key.signals.any() && (key.signals & ~seen).none(); });
    return invalid("--signal " + wanted + " is wrong: this is a " + nouns(seen) +
                   (because.empty() ? "" : ", as it has " + because) + "; leave --signal away");
  }
  if (!wanted.empty()) return invalid("--signal must be logs, metrics or traces");
  for (const Signal signal : all_signals)
    if (seen.count() == 1 && seen[static_cast<std::size_t>(signal)]) return signal;
  if (!seen[static_cast<std::size_t>(Signal::logs)])
    return invalid("it cannot be seen whether this is a " + nouns(seen) + "; say --signal metrics or --signal traces");
  notes.push_back("it cannot be seen whether this is a " + nouns(seen) +
                  "; taken as a log record (--signal traces: a span)");
  return Signal::logs;
}

}  // namespace

Result<std::string> read_tool_input(const std::string& path, std::istream& standard_input) {
  if (path == "-") return read_stream(standard_input);
  const auto files = make_posix_file_system();
  if (const auto status = files->status(path); status && status->type == FileType::other) {
    std::ifstream pipe(path);
    return read_stream(pipe);
  }
  return read_file(*files, path, input_bytes_max);
}

Result<OttlInput> read_ottl_input(const std::string& path, const std::string& signal, std::istream& standard_input) {
  const auto text = read_tool_input(path, standard_input);
  if (!text) return Error(text.error());
  const auto pieces = otlp::json_pieces(*text);
  if (!pieces) return Error(pieces.error());
  if (pieces->empty()) return invalid("there is nothing in it; it needs an OTLP/JSON request or a record");
  const auto seen = seen_signals(*pieces);
  if (!seen) return Error(seen.error());
  std::vector<std::string> notes;
  const auto chosen = choose(*pieces, *seen, signal, notes);
  if (!chosen) return Error(chosen.error());
  for (const JsonPiece& piece : *pieces) {
    const std::string ignored =
        quoted_keys(piece, [&](const auto& key) { return !key.signals[static_cast<std::size_t>(*chosen)]; });
    if (!ignored.empty()) notes.push_back(place(piece) + "ignored, as a " + noun(*chosen) + " has no " + ignored);
  }
  auto batch = otlp::decode_json(*chosen, otlp::json_request(*chosen, *pieces));
  if (!batch)
    return invalid(batch.error().message() + R"(; texts are {"stringValue": "x"}, numbers {"intValue": 1}, )"
                                             R"(attributes [{"key": "k", "value": {"stringValue": "x"}}])");
  if (batch->record_count() == 0) notes.push_back("there is no record in it");
  return OttlInput{std::move(*batch), std::move(notes)};
}

}  // namespace rankwire::app
