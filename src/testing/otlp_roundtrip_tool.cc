// A filter for tests: export requests in, what our codec makes of them out. Each input is a byte for
// the signal, one for the conversion, four (big endian) for the length, and the request; each output
// a byte that is 0 for success, eight for the number of records, four for the length, and the result
// or the error's text.
#include <cstdio>
#include <string>

#include "otlp/otlp.hpp"

namespace rankwire::otlp {

namespace {

enum class Conversion : unsigned char { protobuf, to_json, from_json, json, split, wire_json };

struct Output {
  std::uint64_t records = 0;
  std::string bytes;
};

std::string protobuf_of(const SignalBatch& batch) {
  Buffer buffer;
  if (batch.signal() == Signal::logs) encode(batch.logs(), buffer);
  if (batch.signal() == Signal::metrics) encode(batch.metrics(), buffer);
  if (batch.signal() == Signal::traces) encode(batch.traces(), buffer);
  return std::string(buffer.view());
}

std::string json_of(const SignalBatch& batch) {
  Buffer buffer;
  encode_json(batch, buffer);
  return std::string(buffer.view());
}

// Parts of three records, concatenated.
Result<Output> split_of(const WireBatch& wire) {
  auto parts = split(wire, 3);
  if (!parts) return parts.error();
  Output output;
  for (const WireBatch& part : *parts) {
    std::uint64_t counted = 0;
    for (const SharedBytes& chunk : part.chunks) {
      auto count = count_records(part.signal, chunk->view());
      if (!count) return count.error();
      counted += *count;
      output.bytes.append(chunk->view());
    }
    if (counted != part.record_count || counted > 3) return Error(ErrorKind::invalid, "a part has a wrong count");
    output.records += counted;
  }
  return output;
}

Result<Output> convert(Signal signal, Conversion conversion, std::string_view input) {
  if (conversion == Conversion::from_json || conversion == Conversion::json) {
    auto batch = decode_json(signal, input);
    if (!batch) return batch.error();
    return Output{batch->record_count(), conversion == Conversion::json ? json_of(*batch) : protobuf_of(*batch)};
  }
  const auto bytes = std::make_shared<const Buffer>(Buffer::copy_of(input));
  const auto count = count_records(signal, bytes->view());
  const auto batch = decode(signal, bytes);
  if (count.has_value() != batch.has_value()) return Error(ErrorKind::invalid, "counting and decoding disagree");
  if (!batch) return batch.error();
  if (*count != batch->record_count()) return Error(ErrorKind::invalid, "counting and decoding count differently");
  const WireBatch wire{.signal = signal, .chunks = {bytes}, .record_count = *count, .size = {bytes->size()}};
  switch (conversion) {
    case Conversion::to_json: return Output{*count, json_of(*batch)};
    case Conversion::wire_json: return Output{*count, json_of(wire)};
    case Conversion::split: return split_of(wire);
    default: return Output{*count, protobuf_of(*batch)};
  }
}

void write_number(std::uint64_t number, int size) {
  for (int i = size - 1; i >= 0; --i) std::fputc(static_cast<int>(number >> (8 * i) & 0xff), stdout);
}

bool serve_one() {
  unsigned char header[6];
  if (std::fread(header, 1, sizeof header, stdin) != sizeof header) return false;
  const std::uint32_t size = static_cast<std::uint32_t>(header[2]) << 24 | header[3] << 16 | header[4] << 8 | header[5];
  std::string input(size, '\0');
  if (std::fread(input.data(), 1, size, stdin) != size) return false;
  const auto result = convert(static_cast<Signal>(header[0]), static_cast<Conversion>(header[1]), input);
  const std::string_view output = result ? std::string_view(result->bytes) : result.error().message();
  std::fputc(result ? 0 : 1, stdout);
  write_number(result ? result->records : 0, 8);
  write_number(output.size(), 4);
  std::fwrite(output.data(), 1, output.size(), stdout);
  std::fflush(stdout);
  return true;
}

}  // namespace

}  // namespace rankwire::otlp

int main() {
  while (rankwire::otlp::serve_one()) {}
}
