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

}  // namespace rankwire::testing
