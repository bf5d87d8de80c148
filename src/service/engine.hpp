// What every part of a running service shares.
#pragma once

#include <memory>
#include <stop_token>

#include "component/component.hpp"
#include "service/accounting.hpp"
#include "service/memory_budget.hpp"
#include "service/pipeline.hpp"
#include "service/queued_outlet.hpp"
#include "service/room_signal.hpp"
#include "service/worker_scaler.hpp"

namespace rankwire::service {

struct Engine {
  Environment& environment;
  Host& host;
  std::shared_ptr<MemoryBudget> budget;
  RoomSignal& room;
  Accounting accounting{environment.counters};
  WorkerScaler scaler{environment.clock};
  std::stop_source stop{};  // The whole service stops: nobody waits for room any more.

  PipelineSurroundings surroundings() { return {environment, accounting, room, stop.get_token()}; }
  QueuedOutlet::Shared delivery() { return {environment, accounting, *budget, room, scaler}; }
};

}  // namespace rankwire::service
