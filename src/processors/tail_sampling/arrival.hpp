// A batch that was taken, sorted by trace, still as the bytes it came in: what waits is never decoded, only what is
// decided about. All memory of it goes at once, when the last of its traces is decided.
#pragma once

#include <list>
#include <memory>
#include <vector>

#include "component/held.hpp"
#include "otlp/span_bytes.hpp"
#include "signal/batch.hpp"
#include "signal/identity.hpp"

namespace rankwire::tail_sampling {

class Arrival;

// The spans of one trace in one arrival.
struct Piece {
  TraceId trace;
  Arrival* arrival = nullptr;
  std::uint32_t first = 0, last = 0;  // Spans of the arrival, linked by `next`.
  std::uint32_t spans = 0;
  std::uint64_t bytes = 0;  // About, as OTLP.
  bool has_root = false;
  Piece* next = nullptr;  // Of the same trace. Whoever files pieces guards this.
};

// A trace id as a key of tables: hashed, since senders choose the ids.
Identity key_of(const TraceId& id);

class Arrival {
 public:
  static constexpr std::uint32_t none = UINT32_MAX;

  // The bytes of a lease stay where they are; others are copied where they lie in much larger buffers.
  static Result<std::unique_ptr<Arrival>> sort(WireBatch batch, bool is_leased);
  Arrival(const Arrival&) = delete;
  Arrival& operator=(const Arrival&) = delete;

  std::vector<Piece>& pieces() { return pieces_; }
  std::uint32_t spans() const { return static_cast<std::uint32_t>(spans_.size()); }
  Bytes memory() const;

  // Guarded by whoever files pieces.
  Held held;
  std::uint32_t undecided = 0;  // Spans.
  std::list<std::unique_ptr<Arrival>>::iterator place;

 private:
  friend class Assembler;
  class Sorter;
  struct Text {
    std::uint32_t at = 0, size = 0;  // In descriptions_.
  };
  struct ScopePlace {
    std::uint32_t resource = 0;
    Text description;
  };
  struct SpanPlace {
    const char* at = nullptr;
    std::uint32_t size = 0;
    std::uint32_t scope = 0;
    std::uint32_t next = none;  // Of the same trace.
  };

  Arrival() = default;
  std::string_view text(Text text) const { return descriptions_.view().substr(text.at, text.size); }

  std::vector<SharedBytes> bytes_;
  Buffer descriptions_;
  std::vector<Text> resources_;
  std::vector<ScopePlace> scopes_;
  std::vector<SpanPlace> spans_;
  std::vector<Piece> pieces_;
};

// Makes requests of pieces.
class Assembler {
 public:
  // Appends one resource group, of the spans from `at` on; `at` is then where the next begins, or Arrival::none.
  void append_resource(const Piece& piece, std::uint32_t& at, Buffer& to);
  void append(const Piece& piece, Buffer& to) {
    for (std::uint32_t at = piece.first; at != Arrival::none;) append_resource(piece, at, to);
  }

 private:
  std::vector<std::string_view> spans_;
  std::vector<otlp::ScopePart> scopes_;
};

}  // namespace rankwire::tail_sampling
