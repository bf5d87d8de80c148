// The books of one instance of a processor that holds data back: what it holds counts as queued.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "component/held.hpp"
#include "service/accounting.hpp"
#include "service/pipeline.hpp"

namespace rankwire::service {

class HeldAccount final : public HeldLedger {
 public:
  // `name` is the instance's, under which what its log on disk keeps is remembered over reloads.
  HeldAccount(std::string name, Signal signal, PipelineSurroundings surroundings)
      : name_(std::move(name)), signal_(signal), accounting_(surroundings.accounting), room_(surroundings.room) {}

  void held(std::uint64_t records) override;
  void passed_on(std::uint64_t records) override;
  void dropped(std::uint64_t records, std::string_view reason) override;
  void found(std::uint64_t records) override;
  void left(std::uint64_t records) override;

  std::int64_t records() const { return records_.load(); }

 private:
  void add(std::int64_t records);

  const std::string name_;
  const Signal signal_;
  Accounting& accounting_;
  RoomSignal& room_;
  std::atomic<std::int64_t> records_{0};
};

}  // namespace rankwire::service
