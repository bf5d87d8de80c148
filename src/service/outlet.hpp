// One end of a pipeline: an exporter's queue, an exporter without a queue, or a connector. A batch
// is first reserved at every outlet of every pipeline it goes to and only then taken, so that a full
// queue refuses the batch as a whole and no destination gets it twice.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "component/completion.hpp"
#include "signal/batch.hpp"

namespace rankwire::service {

// What may still fail after the reservation comes first, what cannot fail last but one; sending on
// the pipeline's thread takes longest and comes last.
enum class OutletKind : std::uint8_t { connector, durable_queue, memory_queue, direct };

class Outlet {
 public:
  virtual ~Outlet() = default;
  virtual OutletKind kind() const = 0;
  // As in the configuration: "exporter otlp_http/backup".
  virtual std::string label() const = 0;
  bool is_queue() const { return kind() == OutletKind::durable_queue || kind() == OutletKind::memory_queue; }

  virtual bool reads_records() const { return false; }

  // Whether a batch of about this size would find room now. A hint.
  virtual bool has_room(Bytes size, std::uint64_t records) = 0;
  // Waiting for room is what the user asked for (block_on_overflow), rather than an error.
  virtual bool waits_for_room() const { return false; }
  // `refused`: full. `invalid`: larger than the whole queue, or of one client too many.
  virtual Result<void> reserve(Bytes, std::uint64_t, const ClientRef&) { return {}; }
  virtual void unreserve(Bytes, std::uint64_t) {}

  // Takes what was reserved, with these sizes; the reservation is used up in either case. Queues are
  // given wire form. May move from `batch` when `is_last`; otherwise leaves it alone.
  virtual Result<void> take(SignalBatch& batch, bool is_last, const CompletionRef& completion) = 0;
};

}  // namespace rankwire::service
