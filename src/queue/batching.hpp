// Which of the queued elements form the next batch. Pure: no threads, no waiting, no files.
// An element that is cut stays one element for the queue's books until its last part is settled.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "base/clock.hpp"
#include "component/completion.hpp"
#include "component/delivery.hpp"
#include "signal/batch.hpp"

namespace rankwire::queue {

// What was pushed (or read back from disk), until every part of it is settled.
struct Origin {
  Settlement settlement;      // Memory queues only.
  std::uint64_t units = 0;    // In the sizer of the queue's capacity.
  std::uint32_t parts = 1;    // Not yet settled. Guarded by the queue's mutex.
  std::uint64_t segment = 0;  // Disk queues only, as all below: where it lies.
  std::uint32_t from = 0;     // Offset of its first byte.
  std::uint32_t to = 0;       // Offset behind its last byte.
  std::uint32_t stored = 1;   // Stored records it spans.
  std::uint64_t records = 0;  // Telemetry records in them.
};

// A whole element, or what is left of one, or what was cut off one.
struct Part {
  WireBatch batch;
  std::shared_ptr<Origin> origin;
  Instant since;  // When it was pushed or read back.
};

std::uint64_t measure(const WireBatch& batch, Sizer sizer);

// Elements ready to be leased, in order. Not thread-safe.
class ReadyParts {
 public:
  // Null: adaptive.
  explicit ReadyParts(std::optional<BatchPolicy> policy) : policy_(std::move(policy)) {}

  bool empty() const { return parts_.empty(); }
  Bytes bytes() const { return bytes_; }
  // In the batch policy's sizer; bytes when adaptive.
  std::uint64_t size() const { return size_; }
  Instant oldest() const { return parts_.front().since; }
  const std::optional<BatchPolicy>& policy() const { return policy_; }

  void push_back(Part part);
  // In their order, before everything else.
  void push_front(std::vector<Part> parts);
  // The next batch's parts: never empty unless this is. Cuts by the policy's max_size; `growth`
  // receives by how many bytes the cut parts exceed what they were cut from.
  std::vector<Part> take(std::int64_t& growth);
  std::vector<Part> take_all();

 private:
  std::uint64_t measured(const Part& part) const;
  Part pop_front();
  std::vector<Part> take_adaptive();
  // Cuts the first part so that at most `room` of it comes first (or its first record, if that is
  // larger and `may_exceed`); false if that is not possible.
  bool cut_front(std::uint64_t room, bool may_exceed, std::int64_t& growth);

  const std::optional<BatchPolicy> policy_;
  std::deque<Part> parts_;
  Bytes bytes_;
  std::uint64_t size_ = 0;
};

}  // namespace rankwire::queue
