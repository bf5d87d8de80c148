// OTLP export requests to and from batches in memory: protobuf and JSON, all three signals.
// The one codec that receivers, exporters and queues share.
#pragma once

#include <string_view>

#include "base/buffer.hpp"
#include "base/error.hpp"
#include "signal/batch.hpp"

namespace rankwire::otlp {

// Nesting of values (arrays and maps) deeper than this is `invalid`.
inline constexpr int nesting_max = 64;

struct DecodeOptions {
  // Strings that are not valid UTF-8: true makes them valid (U+FFFD), false refuses the request.
  bool repair_utf8 = true;
  // Structures of more than about this are `refused`: a request of empty records is a hundred times
  // larger in memory than on the wire. 0: not bounded.
  Bytes memory_max;
};

// Views into `bytes`: the caller keeps them alive with batch.keep(). Unknown fields are skipped.
Result<LogBatch> decode_logs(std::string_view bytes, DecodeOptions options = {});
Result<MetricBatch> decode_metrics(std::string_view bytes, DecodeOptions options = {});
Result<TraceBatch> decode_traces(std::string_view bytes, DecodeOptions options = {});
// Of any signal, keeping the bytes alive.
Result<SignalBatch> decode(Signal signal, SharedBytes bytes, DecodeOptions options = {});
// A batch in wire form to memory form; of all its chunks.
Result<SignalBatch> decode(const WireBatch& wire, DecodeOptions options = {});
// The batch itself if it is that already; whoever sent it is kept.
Result<SignalBatch> in_memory_form(SignalBatch batch);

// Checks that `bytes` are a well-formed request and counts its records, touching each byte at most
// once and building nothing. What passes here can be decoded.
Result<std::uint64_t> count_records(Signal signal, std::string_view bytes);

// Appends an export request.
void encode(const LogBatch& batch, Buffer& to);
void encode(const MetricBatch& batch, Buffer& to);
void encode(const TraceBatch& batch, Buffer& to);
// Memory form to wire form, in a buffer from the pool (null: a fresh one). An empty batch has no chunk.
WireBatch encode(const SignalBatch& batch, BufferPool* pool);

// OTLP/JSON: lower camel case, ids in hex, 64-bit integers as strings, enums as numbers; both
// spellings of field names and numbers-or-strings are accepted; unknown fields are skipped.
Result<SignalBatch> decode_json(Signal signal, std::string_view text, DecodeOptions options = {});
// The most memory that parsing `text` takes beside the batch that comes of it.
Bytes json_parsing_memory(std::string_view text);
void encode_json(const SignalBatch& batch, Buffer& to);
void encode_json(const LogBatch& batch, Buffer& to);
void encode_json(const MetricBatch& batch, Buffer& to);
void encode_json(const TraceBatch& batch, Buffer& to);

// Cuts a request into requests of at most `records_max` records each, in order, without decoding
// attributes or bodies (groups are repeated as needed).
Result<std::vector<WireBatch>> split(const WireBatch& batch, std::uint64_t records_max);
// As `split`, by size: each part is at most `size_max` unless a single record is larger.
Result<std::vector<WireBatch>> split_by_size(const WireBatch& batch, Bytes size_max);

// Answers. partial_success is empty when everything was accepted.
struct ExportResponse {
  std::uint64_t rejected = 0;
  std::string message;
};
std::string encode_response(const ExportResponse& response, Signal signal);
Result<ExportResponse> decode_response(std::string_view bytes, Signal signal);
std::string encode_response_json(const ExportResponse& response, Signal signal);
Result<ExportResponse> decode_response_json(std::string_view text, Signal signal);

}  // namespace rankwire::otlp
