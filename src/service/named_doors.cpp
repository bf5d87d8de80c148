#include "service/named_doors.hpp"

#include <algorithm>

#include "base/require.hpp"

namespace rankwire::service {

std::vector<std::string> NamedDoors::pipelines(Signal signal) const {
  are_used_ = true;
  return fed_[static_cast<std::size_t>(signal)];
}

Result<Intake*> NamedDoors::to(const std::vector<std::string>& pipelines) {
  are_used_ = true;
  std::optional<Signal> common;
  for (const std::string& id : pipelines) {
    const auto feeds = [&](Signal signal) {
      const auto& fed = fed_[static_cast<std::size_t>(signal)];
      return std::find(fed.begin(), fed.end(), id) != fed.end();
    };
    const auto* signal = std::find_if(std::begin(all_signals), std::end(all_signals), feeds);
    if (signal == std::end(all_signals))
      return Error(ErrorKind::invalid, "pipeline \"" + id + "\" does not have \"" + label_ + "\" as a receiver");
    if (common && *common != *signal)
      return Error(ErrorKind::invalid, "pipelines \"" + pipelines.front() + "\" and \"" + id +
                                           "\" cannot get the same data: they are of different signals");
    common = *signal;
  }
  if (!common) return Error(ErrorKind::invalid, "no pipeline is named");
  for (const Named& one : all_)
    if (one.pipelines == pipelines) return one.door.get();
  all_.push_back(
      {*common, pipelines, std::make_unique<Door>(*common, ComponentKind::connector, label_, surroundings_, budget_)});
  return all_.back().door.get();
}

Result<void> NamedDoors::deliver(std::vector<Part> parts, const CompletionRef& completion) {
  std::vector<Door::Part> through;
  through.reserve(parts.size());
  for (Part& part : parts) {
    const auto found =
        std::find_if(all_.begin(), all_.end(), [&](const Named& one) { return one.door.get() == part.door; });
    require(found != all_.end(), "a part goes through a door of its own connector");
    through.push_back({found->door.get(), std::move(part.batch)});
  }
  return Door::deliver_together(std::move(through), completion);
}

}  // namespace rankwire::service
