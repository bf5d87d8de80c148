// Which of the queued elements form the next batch. Pure: no threads, no waiting, no files.
// An element that is cut stays one element for the queue's books until its last part is settled.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "base/clock.hpp"
#include "component/completion.hpp"
#include "component/delivery.hpp"
#include "component/partition.hpp"
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
  Partition partition = {};
};

std::uint64_t measure(const WireBatch& batch, Sizer sizer);

// Elements ready to be leased: in order, or in order within each partition if the policy batches by
// metadata. Not thread-safe.
class ReadyParts {
 public:
  // Null: adaptive.
  explicit ReadyParts(std::optional<BatchPolicy> policy)
      : policy_(std::move(policy)), is_partitioned_(policy_ && !policy_->metadata_keys.empty()) {}

  bool empty() const { return part_count_ == 0; }
  Bytes bytes() const { return bytes_; }
  const std::optional<BatchPolicy>& policy() const { return policy_; }
  // With a policy and not empty: when the next batch is to be sent if nothing more comes.
  Instant due_at() const;
  // More would not make the next batch better.
  bool has_enough() const;

  void push_back(Part part);
  // In their order, before everything else (of their partition, which is one).
  void push_front(std::vector<Part> parts);
  // The next batch's parts: never empty unless this is. Cuts by the policy's max_size; `growth`
  // receives by how many bytes the cut parts exceed what they were cut from.
  std::vector<Part> take(std::int64_t& growth);

 private:
  // What may be sent together.
  struct Lane {
    std::deque<Part> parts;
    std::uint64_t size = 0;  // In the batch policy's sizer; bytes when adaptive.
    Instant due;             // As in order_; partitioned only.
    bool is_full = false;    // Partitioned only.
  };
  using Lanes = std::map<Partition, Lane>;

  std::uint64_t measured(const Part& part) const;
  Lane& lane_of(const Partition& partition);
  // Partitioned only: around each change of a lane, which keeps its place in the order right.
  void leave_order(const Partition& partition, const Lane& lane);
  void enter_order(const Partition& partition, Lane& lane);
  void put_back(Part part, Lane& lane);
  Part pop_front(Lane& lane);
  std::vector<Part> take_adaptive();
  std::vector<Part> take_configured(Lane& lane, std::int64_t& growth);
  // Cuts the first part so that at most `room` of it comes first (or its first record, if that is
  // larger and `may_exceed`); false if that is not possible.
  bool cut_front(Lane& lane, std::uint64_t room, bool may_exceed, std::int64_t& growth);

  const std::optional<BatchPolicy> policy_;
  const bool is_partitioned_;
  Lane only_;  // Of everything, unless partitioned.
  // Partitioned only. No lane is empty.
  Lanes lanes_;
  // The first is sent next. A full lane is due since its oldest part came, so that nobody waits for ever
  // behind lanes that fill up again and again.
  std::set<std::pair<Instant, Partition>> order_;
  std::uint64_t full_count_ = 0;
  std::uint64_t last_alone_ = 0;
  std::uint64_t part_count_ = 0;
  Bytes bytes_;
};

}  // namespace rankwire::queue
