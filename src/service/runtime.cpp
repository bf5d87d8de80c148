#include "service/runtime.hpp"

#include <algorithm>
#include <condition_variable>

#include "base/worker.hpp"

namespace rankwire::service {
namespace {

template <class T>
bool holds(const std::vector<std::shared_ptr<T>>& all, const std::shared_ptr<T>& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

template <class T>
bool holds(const std::map<ComponentId, std::shared_ptr<T>>& all, const ComponentId& id, const std::shared_ptr<T>& one) {
  const auto found = all.find(id);
  return found != all.end() && found->second == one;
}

// Calls `act` at half of the time that is left, unless destroyed before; at once where the system gives no thread.
class HalfTime {
 public:
  HalfTime(Clock& clock, Deadline deadline, const std::function<void()>& act) {
    auto worker = Worker::start("rw-half-time", [this, &clock, deadline, act](std::stop_token stop) {
      const Instant now = clock.now();
      std::unique_lock lock(mutex_);
      if (deadline.at > now) over_.wait_until(lock, stop, now + (deadline.at - now) / 2, [] { return false; });
      if (!stop.stop_requested()) act();
    });
    if (worker) {
      worker_ = std::move(*worker);
    } else {
      act();
    }
  }
  ~HalfTime() {
    worker_.request_stop();
    worker_.join();
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any over_;
  Worker worker_;
};

std::set<const RunningProcessor*> processors_of(const Assembly& assembly) {
  std::set<const RunningProcessor*> all;
  for (const auto& [id, pipeline] : assembly.pipelines)
    for (const ProcessorChain::Step& step : pipeline->processors->steps()) all.insert(step.processor.get());
  return all;
}

}  // namespace

Result<void> Runtime::apply(const Plan& plan, const MemoryLimit& default_limit, Deadline drain) {
  auto next = assemble(plan, current_, engine_);
  if (!next) return std::move(next).error();
  engine_.budget->set_limit(next->memory_limit.value_or(default_limit));
  stop_replaced(*next, drain);
  Result<void> started = start_new(*next);
  if (started) {
    open_doors(*next, drain);
    started = start_receivers(*next);
  }
  if (!started) {
    unwind(*next, drain);
    publish(current_);
    return started;
  }
  stop_removed(*next, drain);
  publish(*next);
  current_ = std::move(*next);
  handed_.clear();
  return {};
}

struct Runtime::DoorOf {
  const ComponentId& source;
  Signal signal;
  const std::vector<std::string>& named;  // Pipelines; none: all that the source feeds.

  PipelineSet in(const Assembly& assembly) const { return fed_by(assembly, source, signal, named); }
};

template <class Visit>
void Runtime::each_door(const RunningConnector& connector, Visit visit) {
  static const std::vector<std::string> all;
  for (const Signal signal : all_signals)
    if (const auto& door = connector.doors[static_cast<std::size_t>(signal)])
      visit(DoorOf{connector.id, signal, all}, *door);
  if (!connector.named) return;
  for (const auto& one : connector.named->all()) visit(DoorOf{connector.id, one.signal, one.pipelines}, *one.door);
}

template <class Visit>
void Runtime::each_door(const Assembly& assembly, Visit visit) {
  static const std::vector<std::string> all;
  for (const auto& [id, receiver] : assembly.receivers)
    for (const Signal signal : all_signals)
      if (const auto& door = receiver->doors[static_cast<std::size_t>(signal)]) visit(DoorOf{id, signal, all}, *door);
  for (const auto& connector : assembly.connectors) each_door(*connector, visit);
}

void Runtime::close_doors_to(const std::vector<const void*>& destinations, Deadline drain) {
  std::vector<const Pipeline*> closing;
  for (const auto& [id, running] : current_.pipelines) {
    const bool leads_there = std::any_of(running->destinations.begin(), running->destinations.end(), [&](auto* to) {
      return std::find(destinations.begin(), destinations.end(), to) != destinations.end();
    });
    if (leads_there) closing.push_back(running->pipeline.get());
  }
  each_door(current_, [&](const DoorOf&, Door& door) {
    const PipelineSet set = door.pipelines();
    const bool leads_there = std::any_of(set.begin(), set.end(), [&](const auto& pipeline) {
      return std::find(closing.begin(), closing.end(), pipeline.get()) != closing.end();
    });
    if (leads_there) door.lead_to({}, drain);
  });
  for (const auto& [id, running] : current_.pipelines)
    if (std::find(closing.begin(), closing.end(), running->pipeline.get()) != closing.end()) running->pipeline.reset();
}

// What a connector still holds flows on before what it flows into is stopped.
void Runtime::stop_replaced_connectors(const Assembly& next, bool are_exporters_replaced, Deadline drain) {
  std::vector<std::shared_ptr<RunningConnector>> going;
  for (const auto& connector : current_.connectors) {
    if (holds(next.connectors, connector)) continue;
    // What is only taken away lets go later, without a moment in which its pipelines refuse, unless it would have
    // nowhere to go with what it holds.
    if (connector->kind == ComponentKind::processor || are_exporters_replaced || next.connector(connector->id))
      going.push_back(connector);
  }
  if (going.empty()) return;
  const Deadline half = half_of(drain);
  for (const auto& connector : going) {
    close_doors_to({connector.get()}, half);
    if (!next.connector(connector->id)) connector->drain(half);
    connector->stop(half);
    std::erase(current_.connectors, connector);
  }
}

Deadline Runtime::half_of(Deadline deadline) const {
  const Instant now = engine_.environment.clock.now();
  return deadline.at > now ? Deadline{now + (deadline.at - now) / 2} : deadline;
}

// A receiver that can replay waits until what it has delivered has arrived: nothing may be held back meanwhile.
void Runtime::stop_replaced_receivers(const Assembly& next, Deadline drain) {
  const auto is_going = [&](const auto& entry) { return !holds(next.receivers, entry.first, entry.second); };
  if (std::none_of(current_.receivers.begin(), current_.receivers.end(), is_going)) return;
  for (const auto& connector : current_.connectors) connector->connector->hurry(true);
  std::erase_if(current_.receivers, [&](const auto& entry) {
    if (!is_going(entry)) return false;
    entry.second->stop(drain);
    return true;
  });
  for (const auto& connector : current_.connectors) connector->connector->hurry(false);
}

void Runtime::stop_replaced(const Assembly& next, Deadline drain) {
  stop_replaced_receivers(next, drain);
  const bool extensions_change = !std::all_of(current_.extensions.begin(), current_.extensions.end(),
                                              [&](const auto& one) { return holds(next.extensions, one); });
  std::vector<const void*> replaced;
  for (const auto& [id, exporter] : current_.exporters)
    if (!holds(next.exporters, id, exporter) && (next.exporters.contains(id) || extensions_change))
      replaced.push_back(exporter.get());
  const auto is_replaced = [&](const void* one) {
    return std::find(replaced.begin(), replaced.end(), one) != replaced.end();
  };
  stop_replaced_connectors(next, !replaced.empty(), drain);
  for (const auto& [id, exporter] : current_.exporters) {
    if (!is_replaced(exporter.get())) continue;
    exporter->refuse_new();
    exporter->abort_direct();
  }
  close_doors_to(replaced, drain);
  std::erase_if(current_.exporters, [&](const auto& entry) {
    if (!is_replaced(entry.second.get())) return false;
    if (const auto successor = next.exporters.find(entry.first); successor != next.exporters.end())
      handed_[entry.first] = entry.second->hand_over(*successor->second, drain);
    entry.second->stop(drain);
    return true;
  });
  std::erase_if(current_.extensions, [&](const auto& one) {
    if (holds(next.extensions, one)) return false;
    one->stop(drain);
    return true;
  });
}

Result<void> Runtime::start_new(Assembly& next) {
  for (const auto& extension : next.extensions)
    if (!extension->is_started) RANKWIRE_TRY(extension->start(engine_));
  {
    const std::lock_guard lock(published_mutex_);
    published_.extensions = next.extensions;
  }
  for (const auto& [id, exporter] : next.exporters)
    if (!exporter->is_started) RANKWIRE_TRY(exporter->start(engine_, handed_[id]));
  for (const auto& [id, wiring] : next.wiring) {
    const auto found = next.exporters.find(id);
    if (found == next.exporters.end()) continue;
    for (const Signal signal : all_signals) {
      const auto at = static_cast<std::size_t>(signal);
      if (!wiring.is_used[at] || found->second->outlet(signal)) continue;
      found->second->wiring.batch[at] = wiring.batch[at];
      RANKWIRE_TRY(found->second->add_outlet(engine_, signal, nullptr));
    }
  }
  for (const auto& [id, pipeline] : next.pipelines) {
    if (pipeline->are_processors_started) continue;
    pipeline->are_processors_started = true;
    RANKWIRE_TRY(pipeline->processors->start(engine_.host));
  }
  build_pipelines(next, engine_);
  for (auto connector = next.connectors.rbegin(); connector != next.connectors.rend(); ++connector) {
    if ((*connector)->is_started) continue;
    each_door(**connector, [&](const DoorOf& of, Door& door) { door.lead_to(of.in(next), Deadline::never()); });
    RANKWIRE_TRY((*connector)->start(engine_));
  }
  return {};
}

void Runtime::open_doors(const Assembly& next, Deadline drain) {
  for (const auto& [id, exporter] : current_.exporters) {
    if (next.exporters.contains(id)) continue;
    exporter->refuse_new();
    exporter->give_up_direct_retries();
  }
  each_door(next, [&](const DoorOf& of, Door& door) {
    const PipelineSet before = door.pipelines();
    PipelineSet after = of.in(next);
    if (before == after || door.lead_to(std::move(after), drain)) return;
    for (const auto& pipeline : before) busy_.insert(pipeline->processors());
  });
}

Result<void> Runtime::start_receivers(const Assembly& next) {
  for (const auto& [id, receiver] : next.receivers)
    if (!receiver->is_started) RANKWIRE_TRY(receiver->start(engine_));
  return {};
}

void Runtime::stop_removed(const Assembly& next, Deadline drain) {
  const auto kept = processors_of(next);
  for (const auto& connector : current_.connectors)
    if (!holds(next.connectors, connector)) connector->stop(half_of(drain));
  for (const auto& [id, pipeline] : current_.pipelines) {
    const auto after = next.pipelines.find(id);
    if (after != next.pipelines.end() && after->second->processors == pipeline->processors) continue;
    if (busy_.contains(pipeline->processors.get()))
      retired_.push_back(pipeline->processors);
    else
      pipeline->processors->stop(drain, kept);
  }
  std::vector<std::shared_ptr<RunningExporter>> removed;
  for (const auto& [id, exporter] : current_.exporters)
    if (!holds(next.exporters, id, exporter)) removed.push_back(exporter);
  for (const auto& exporter : removed) exporter->begin_drain();
  for (const auto& exporter : removed) exporter->stop(drain);
  for (auto extension = current_.extensions.rbegin(); extension != current_.extensions.rend(); ++extension)
    if (!holds(next.extensions, *extension)) (*extension)->stop(drain);
}

void Runtime::unwind(Assembly& next, Deadline drain) {
  for (const auto& [id, receiver] : next.receivers)
    if (!holds(current_.receivers, id, receiver)) receiver->stop(drain);
  each_door(current_, [&](const DoorOf&, Door& door) {
    for (const auto& pipeline : door.pipelines()) {
      const bool is_old = std::any_of(current_.pipelines.begin(), current_.pipelines.end(),
                                      [&](const auto& entry) { return entry.second->pipeline == pipeline; });
      if (is_old) continue;
      door.lead_to({}, drain);
      return;
    }
  });
  for (const auto& connector : next.connectors)
    if (!holds(current_.connectors, connector)) connector->stop(drain);
  const auto kept = processors_of(current_);
  for (const auto& [id, pipeline] : next.pipelines) pipeline->processors->stop(drain, kept);
  for (const auto& [id, exporter] : next.exporters) {
    if (holds(current_.exporters, id, exporter)) continue;
    // The queues go back to be taken by the exporter that the old plan puts in place again.
    auto queues = exporter->hand_over(*exporter, drain);
    for (std::size_t i = 0; i < queues.size(); ++i)
      if (queues[i].queue) handed_[id][i] = std::move(queues[i]);
    exporter->stop(drain);
  }
  for (auto extension = next.extensions.rbegin(); extension != next.extensions.rend(); ++extension)
    if (!holds(current_.extensions, *extension)) (*extension)->stop(drain);
}

void Runtime::stop(Deadline deadline) {
  engine_.stop.request_stop();
  for (const auto& [id, exporter] : current_.exporters) exporter->give_up_direct_retries();
  {
    const HalfTime guard(engine_.environment.clock, deadline, [this] {
      for (const auto& [id, exporter] : current_.exporters) {
        exporter->abort_direct();
        exporter->release_senders();
      }
    });
    for (const auto& connector : current_.connectors) connector->connector->hurry(true);
    for (const auto& [id, receiver] : current_.receivers) receiver->stop(deadline);
    for (const auto& connector : current_.connectors) connector->stop(half_of(deadline));
  }
  current_.receivers.clear();
  const Assembly nothing;
  stop_removed(nothing, deadline);
  for (const auto& chain : retired_) chain->stop(deadline);
  retired_.clear();
  publish({});
  current_ = {};
  handed_.clear();
}

void Runtime::publish(Assembly assembly) {
  // Swapped, so that what is no longer published is destroyed without the lock.
  const std::lock_guard lock(published_mutex_);
  std::swap(published_, assembly);
}

Extension* Runtime::extension(const ComponentId& id) {
  const std::lock_guard lock(published_mutex_);
  for (const auto& running : published_.extensions)
    if (is_named(running->planned, id)) return running->extension.get();
  return nullptr;
}

std::vector<ComponentHealth> Runtime::health() {
  std::vector<ComponentHealth> all;
  const std::lock_guard lock(published_mutex_);
  for (const auto& [id, one] : published_.receivers)
    all.push_back({ComponentKind::receiver, one->planned.written, one->receiver->unhealthy()});
  for (const auto& [id, one] : published_.pipelines)
    for (auto& health : one->processors->health()) all.push_back(std::move(health));
  for (const auto& one : published_.connectors) all.push_back({one->kind, one->written, one->connector->unhealthy()});
  for (const auto& [id, one] : published_.exporters)
    all.push_back({ComponentKind::exporter, one->planned.written, one->problem()});
  return all;
}

}  // namespace rankwire::service
