// A door that lets nothing in: for components that are created but never started.
#pragma once

#include "component/intake.hpp"

namespace rankwire::testing {

class RefusingIntake final : public Intake {
 public:
  Result<Admission> admit(Bytes) override { return Error(ErrorKind::refused, "this door stays shut"); }
  bool wait_for_room(std::stop_token, Deadline) override { return false; }
  Result<void> deliver(Admission, SignalBatch, CompletionRef) override {
    return Error(ErrorKind::refused, "this door stays shut");
  }
  void count_dropped(std::uint64_t, std::string_view, std::string_view, std::string_view) override {}
};

// Any pipeline is behind that door.
class RefusingDoors final : public PipelineDoors {
 public:
  explicit RefusingDoors(Intake& door) : door_(door) {}
  std::vector<std::string> pipelines(Signal signal) const override { return {std::string(to_string(signal))}; }
  Result<Intake*> to(const std::vector<std::string>&) override { return &door_; }
  Result<void> deliver(std::vector<Part>, const CompletionRef&) override {
    return Error(ErrorKind::refused, "this door stays shut");
  }

 private:
  Intake& door_;
};

}  // namespace rankwire::testing
