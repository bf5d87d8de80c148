#include "agent.hpp"

#include <cstdio>
#include <cstdlib>

#include "app/prepared_config.hpp"
#include "base/buffer.hpp"
#include "base/worker.hpp"
#include "drawn_components.hpp"
#include "ledger.hpp"

namespace rankwire::simulation {
void WatchedLogger::write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  std::string line(message);
  for (const LogField& field : fields) line.append(" ").append(field.name).append("=").append(field.text);
  if (line.find(canary) != std::string::npos && on_leak) on_leak("the agent's log");
  if (is_shown_)
    std::fprintf(stderr, "%10.3f  %d %s\n",
                 std::chrono::duration<double>(Scheduler::current()->now().time_since_epoch()).count() - 1000,
                 static_cast<int>(level), line.c_str());
}

Agent::Agent(Clock& clock, Disk& disk, SimulatedNetwork& network, std::uint64_t seed, bool is_shown)
    : log(is_shown),
      clock_(clock),
      disk_(disk),
      network_(network),
      random_(seed),
      environment_{clock_, disk_, network_, random_, log, counters_, BufferPool::make(1 << 20)} {
  registry();
}

void Agent::start(std::string yaml) {
  Scheduler& scheduler = *Scheduler::current();
  group_ = scheduler.new_group();
  requests_.push_back({Request::Kind::start, std::move(yaml), {}});
  const std::uint32_t outside = std::exchange(Scheduler::self()->group, group_);
  thread_ = std::make_unique<Worker>("agent", [this](std::stop_token) { run(); });
  Scheduler::self()->group = outside;
}

void Agent::ask(Request request) {
  requests_.push_back(std::move(request));
  Scheduler::current()->announce_all(this);
}

void Agent::reload(std::string yaml) { ask({Request::Kind::reload, std::move(yaml), {}}); }

void Agent::stop(Duration drain) { ask({Request::Kind::stop, {}, drain}); }

void Agent::kill() {
  if (state_ != State::stopped && state_ != State::failed) state_ = State::killed;
  Scheduler::current()->freeze(group_);
  disk_.process_died(group_);
  network_.process_died(group_);
}

void Agent::run() {
  while (state_ != State::stopped && state_ != State::failed) {
    while (requests_.empty()) Scheduler::current()->wait(this, Instant::max());
    const Request request = std::move(requests_.front());
    is_working_ = true;
    requests_.erase(requests_.begin());
    act(request);
    is_working_ = false;
  }
}

void Agent::act(const Request& request) {
  if (request.kind == Request::Kind::stop) {
    state_ = State::stopping;
    stopping_since_ = clock_.now();
    if (service_) service_->stop(Deadline::after(clock_, request.drain));
    service_.reset();
    state_ = State::stopped;
    return;
  }
  auto prepared = app::prepare_config({{"yaml:" + request.yaml}, {}}, disk_, registry());
  if (prepared.diagnostics.has_errors()) {
    problem_ = prepared.diagnostics.text();
    if (request.kind == Request::Kind::start) state_ = State::failed;
    return;
  }
  if (!service_)
    service_ = std::make_unique<service::Service>(
        environment_, service::ServiceOptions{
                          .reload_drain = std::chrono::seconds(10), .memory_limit = 64_MiB, .serves_metrics = false});
  Result<void> done = request.kind == Request::Kind::start ? service_->start(std::move(prepared.plan))
                                                           : service_->reload(std::move(prepared.plan));
  if (!done) problem_ = done.error().message();
  // As `app` does: what cannot run as a whole ends.
  if (!done && !service_->is_ready()) {
    service_->stop(Deadline::after(clock_, std::chrono::seconds(3)));
    service_.reset();
    state_ = State::failed;
    return;
  }
  state_ = State::running;
}

double figure(const std::string& text, std::string_view name, std::string_view label, std::string_view further_label) {
  double sum = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line(text.data() + at, end - at);
    at = end + 1;
    if (!line.starts_with(name) || line.size() <= name.size()) continue;
    if (line[name.size()] != '{' && line[name.size()] != ' ') continue;
    if (line.find(label) == std::string_view::npos || line.find(further_label) == std::string_view::npos) continue;
    sum += std::atof(std::string(line.substr(line.rfind(' ') + 1)).c_str());
  }
  return sum;
}

}  // namespace rankwire::simulation
