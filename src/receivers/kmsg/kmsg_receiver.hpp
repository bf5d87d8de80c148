// Reads the kernel's ring buffer and passes on what tells of faults, as log records. The buffer is the queue: nothing
// is read on while the pipeline is full, and what the kernel overwrites meanwhile is counted.
#pragma once

#include "base/worker.hpp"
#include "component/factory.hpp"
#include "receivers/kmsg/events.hpp"
#include "receivers/kmsg/kernel_log.hpp"
#include "receivers/kmsg/kernel_record.hpp"
#include "receivers/kmsg/kmsg_config.hpp"
#include "receivers/kmsg/position.hpp"

namespace rankwire::kmsg {

class KmsgReceiver final : public Receiver {
 public:
  KmsgReceiver(const KmsgConfig& config, const ComponentContext& context, Intake& next);
  ~KmsgReceiver() override;

  Result<void> start(Host& host) override;
  void stop(Deadline deadline) override;
  std::optional<std::string> unhealthy() const override;

 private:
  // What becomes known about messages once they are done with.
  struct Notes {
    std::uint64_t records = 0, malformed = 0, lost = 0;
    std::vector<std::string_view> events;
  };
  struct Gathered {
    LogBatch batch;
    std::uint64_t next = 0;  // Sequence number behind it.
    std::size_t taken = 0;   // Bytes.
    Notes notes;
  };

  Result<void> restore(Host& host);
  void run(const std::stop_token& stop);
  bool read(std::string& bytes);
  std::size_t pass_on(std::string_view bytes, const std::stop_token& stop);
  Gathered gather(std::string_view bytes);
  void add(const KernelRecord& kernel, Gathered& to, std::int64_t boot);
  bool deliver(LogBatch batch, std::uint64_t next);
  void note(const Notes& notes);
  void read_again();
  void store();
  void pause(const std::stop_token& stop);
  void set_problem(std::string problem);

  const KmsgConfig config_;
  Environment& environment_;
  const config::ComponentId id_;
  Intake& next_;
  Events events_;
  ProcessOwners owners_;
  KernelLog log_;
  const std::shared_ptr<Position> position_;
  std::string position_path_;  // Empty: not stored.
  bool must_sync_ = false;
  StoredPosition stored_;            // As written last; the boot is this one.
  bool has_history_ = false;         // Whether a position was stored, of whatever boot.
  std::uint64_t next_sequence_ = 0;  // Of the record to pass on next.
  bool is_passing_over_ = false;     // What was there before the start.
  bool is_known_ = false;            // Whether a record before next_sequence_ was seen.
  Counter& lost_;
  Counter& malformed_;
  mutable std::mutex mutex_;
  std::string problem_;  // Guarded by mutex_.
  Worker worker_;        // Uses everything above.
};

ReceiverFactory kmsg_factory();

}  // namespace rankwire::kmsg
