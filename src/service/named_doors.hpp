// The doors that a connector asks for by the ids of pipelines.
#pragma once

#include <array>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "service/door.hpp"

namespace rankwire::service {

class NamedDoors final : public PipelineDoors {
 public:
  // The pipelines of each signal that a connector feeds, by id.
  using Fed = std::array<std::vector<std::string>, 3>;
  struct Named {
    Signal signal;
    std::vector<std::string> pipelines;
    std::unique_ptr<Door> door;
  };

  NamedDoors(Fed fed, std::string label, PipelineSurroundings surroundings, std::shared_ptr<MemoryBudget> budget)
      : fed_(std::move(fed)), label_(std::move(label)), surroundings_(surroundings), budget_(std::move(budget)) {}

  std::vector<std::string> pipelines(Signal signal) const override;
  Result<Intake*> to(const std::vector<std::string>& pipelines) override;
  Result<void> deliver(std::vector<Part> parts, const CompletionRef& completion) override;

  // Whether the connector routes: then it must be made anew when it feeds others.
  bool are_used() const { return are_used_; }
  const Fed& fed() const { return fed_; }
  const std::list<Named>& all() const { return all_; }

 private:
  const Fed fed_;
  const std::string label_;
  const PipelineSurroundings surroundings_;
  const std::shared_ptr<MemoryBudget> budget_;
  mutable bool are_used_ = false;
  std::list<Named> all_;
};

}  // namespace rankwire::service
