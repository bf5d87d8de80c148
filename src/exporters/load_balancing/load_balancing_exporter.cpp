// One queue is in front of all destinations. A batch is taken apart when it is sent; its parts go out at the same time.
// What is not taken for the moment makes the whole batch come again, without the records that were taken.
#include "exporters/load_balancing/load_balancing_exporter.hpp"

#include <algorithm>
#include <mutex>

#include "base/worker.hpp"
#include "exporters/load_balancing/fleet.hpp"
#include "exporters/load_balancing/resolver.hpp"
#include "exporters/load_balancing/routing.hpp"
#include "exporters/load_balancing/unfinished.hpp"

namespace rankwire::load_balancing {
namespace {

constexpr std::size_t sent_together_max = 16;
constexpr Duration away_time = std::chrono::seconds(5);
constexpr std::size_t destinations_max = 1000;

bool is_for_later(const Error& error) { return error.is_retryable() || error.kind() == ErrorKind::cancelled; }

class LoadBalancingExporter final : public Exporter {
 public:
  LoadBalancingExporter(const LoadBalancingConfig& config, const ComponentContext& context)
      : config_(config),
        client_config_(config.client()),
        id_(context.id.text()),
        environment_(context.environment),
        routing_(config.routing_key, config.routing_attributes, context.environment.random),
        resolver_(make_resolver(config_.resolver, context.environment, id_)),
        destinations_(counters().gauge("otelcol_loadbalancer_num_backends", "Destinations that are known.", labels())),
        updates_(
            counters().counter("otelcol_loadbalancer_num_backend_updates", "Changes of the destinations.", labels())),
        taken_(outcomes("true")),
        failed_(outcomes("false")),
        rerouted_(counters().counter("rankwire_load_balancing_rerouted_records_total",
                                     "Records that went to the next destination, as theirs was not reached.",
                                     labels())) {}
  ~LoadBalancingExporter() override { resolver_->stop(); }

  Result<void> start(Host& host) override {
    auto authenticator = client_authenticator(host, client_config_.client.auth);
    if (!authenticator) return std::move(authenticator).error();
    authenticator_ = *authenticator;
    // What a person must set right is found out before there are destinations.
    OtlpGrpcClient probe(client_config_, {.endpoint = {}, .is_tls = !client_config_.client.tls.insecure}, environment_);
    RANKWIRE_TRY(probe.open(authenticator_));
    return resolver_->start([this](std::vector<std::string> endpoints) { found(std::move(endpoints)); });
  }
  void stop(Deadline) override { resolver_->stop(); }

  std::optional<std::string> unhealthy() const override {
    if (fleet() != nullptr) return {};
    return "no destination is known yet";
  }

  DeliveryPolicy delivery() const override { return config_.delivery(authenticator_); }

  Result<Receipt> send(OutgoingBatch& batch, std::stop_token stop) override {
    if (batch.record_count() == 0) return Receipt{};
    const auto fleet = this->fleet();
    if (fleet == nullptr) return Error(ErrorKind::unavailable, "no destination is known");
    Sending sending{
        .fleet = *fleet, .is_away = fleet->away(environment_.clock.now()), .progress = unfinished_.take(batch)};
    const bool is_resumed = !sending.progress.done.empty();
    // Each round, what was not taken goes to destinations that were not tried.
    for (bool goes_on = true; goes_on;) {
      auto tried = try_once(batch, sending, stop);
      if (!tried) return std::move(tried).error();
      goes_on = *tried && !stop.stop_requested();
    }
    Progress& progress = sending.progress;
    if (sending.problem) {
      if (is_resumed || std::find(progress.done.begin(), progress.done.end(), true) != progress.done.end())
        unfinished_.keep(batch, std::move(progress));
      return std::move(*sending.problem);
    }
    if (sending.rejection && progress.receipt.rejected == batch.record_count()) return std::move(*sending.rejection);
    return std::move(progress.receipt);
  }

 private:
  struct Sending {
    const Fleet& fleet;
    std::vector<bool> is_away;
    Progress progress;
    std::optional<Error> problem;    // Of what was not taken for the moment.
    std::optional<Error> rejection;  // The last for good.
  };

  Counters& counters() const { return environment_.counters; }
  Labels labels() const { return {{"exporter", id_}}; }
  Counter& outcomes(const char* success) const {
    return counters().counter("otelcol_loadbalancer_backend_outcome", "Requests to destinations.",
                              {{"exporter", id_}, {"success", success}});
  }

  std::shared_ptr<const Fleet> fleet() const {
    const std::lock_guard lock(mutex_);
    return fleet_;
  }

  // Called by the resolver.
  void found(std::vector<std::string> endpoints) {
    if (endpoints.size() > destinations_max) {
      environment_.log.warn("of the destinations found, the first 1000 are used", {{"exporter", id_}});
      endpoints.resize(destinations_max);
    }
    const auto before = fleet();
    const auto is_of_name = [](const auto& one, const std::string& name) { return one->endpoint == name; };
    std::vector<std::shared_ptr<Destination>> destinations;
    std::vector<std::string> names;
    for (const std::string& endpoint : endpoints) {
      std::shared_ptr<Destination> destination;
      if (before != nullptr)
        for (const auto& known : before->destinations)
          if (is_of_name(known, endpoint)) destination = known;
      if (destination == nullptr) destination = make(endpoint);
      if (destination == nullptr) continue;
      names.push_back(endpoint);
      destinations.push_back(std::move(destination));
    }
    const bool is_same = before == nullptr ? destinations.empty() : before->destinations == destinations;
    if (is_same) return;
    std::shared_ptr<const Fleet> made;
    if (!destinations.empty()) made = std::make_shared<Fleet>(Fleet{HashRing(names), std::move(destinations)});
    destinations_.set(static_cast<double>(names.size()));
    updates_.add();
    environment_.log.info("destinations are known",
                          {{"exporter", id_}, {"destinations", std::to_string(names.size())}});
    const std::lock_guard lock(mutex_);
    fleet_ = std::move(made);
  }

  std::shared_ptr<Destination> make(const std::string& endpoint) {
    auto target = target_of(endpoint, client_config_.client.tls.insecure);
    std::shared_ptr<Destination> destination;
    Result<void> opened;
    if (target) {
      destination = std::make_shared<Destination>(endpoint, client_config_, std::move(*target), environment_);
      opened = destination->client.open(authenticator_);
      if (opened) return destination;
    }
    environment_.log.error("a destination cannot be used",
                           {{"exporter", id_},
                            {"endpoint", endpoint},
                            {"error", target ? opened.error().message() : target.error().message()}});
    return nullptr;
  }

  // Whether there is a point in another round.
  Result<bool> try_once(OutgoingBatch& batch, Sending& sending, const std::stop_token& stop) {
    auto parts = routing_.split(batch, sending.progress.done,
                                [&](std::string_view key) { return sending.fleet.ring.find(key, sending.is_away); });
    if (!parts) return std::move(parts).error();
    sending.progress.done.resize(batch.record_count());
    const std::vector<Result<Receipt>> answers = send_together(batch, *parts, sending.fleet, stop);
    sending.problem.reset();
    std::vector<bool> is_away = sending.is_away;
    std::uint64_t to_others = 0;
    for (std::size_t i = 0; i < parts->size(); ++i) {
      const Part& part = (*parts)[i];
      settle(part, answers[i], sending);
      if (answers[i] || !is_for_later(answers[i].error())) continue;
      if (!config_.fail_over || answers[i].error().kind() != ErrorKind::unavailable) continue;
      away(*sending.fleet.destinations[part.destination], answers[i].error());
      if (!is_away[part.destination]) to_others += part.records.size();
      is_away[part.destination] = true;
    }
    // Where all are away, the ring is as if none were: they were tried, then.
    const bool is_any_left = std::find(is_away.begin(), is_away.end(), false) != is_away.end();
    sending.is_away = std::move(is_away);
    if (to_others == 0 || !is_any_left) return false;
    rerouted_.add(to_others);
    return true;
  }

  void settle(const Part& part, const Result<Receipt>& answer, Sending& sending) {
    (answer ? taken_ : failed_).add();
    if (!answer && is_for_later(answer.error())) {
      sending.problem = answer.error();
      return;
    }
    for (const std::uint32_t record : part.records) sending.progress.done[record] = true;
    Receipt& receipt = sending.progress.receipt;
    receipt.rejected += answer ? answer->rejected : part.records.size();
    if (receipt.reason.empty()) receipt.reason = answer ? answer->reason : answer.error().message();
    if (!answer) sending.rejection = answer.error();
  }

  void away(Destination& destination, const Error& error) {
    const Instant now = environment_.clock.now();
    if (destination.away_until.exchange(now + away_time) > now) return;
    environment_.log.warn("a destination is not reached: others get what it would",
                          {{"exporter", id_}, {"endpoint", destination.endpoint}, {"error", error.message()}});
  }

  // As many at the same time as there are threads for.
  std::vector<Result<Receipt>> send_together(OutgoingBatch& whole, const std::vector<Part>& parts, const Fleet& fleet,
                                             const std::stop_token& stop) {
    std::vector<Result<Receipt>> answers(parts.size(), Receipt{});
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
      for (std::size_t i; (i = next++) < parts.size();)
        answers[i] = send_part(whole, parts[i], *fleet.destinations[parts[i].destination], stop);
    };
    std::vector<Worker> workers;
    for (std::size_t more = 1; more < std::min(parts.size(), sent_together_max); ++more) {
      auto worker = Worker::start("load-balancing", [&work](const std::stop_token&) { work(); });
      if (!worker) break;
      workers.push_back(std::move(*worker));
    }
    work();
    for (Worker& worker : workers) worker.join();
    return answers;
  }

  static Result<Receipt> send_part(OutgoingBatch& whole, const Part& part, Destination& destination,
                                   const std::stop_token& stop) {
    if (!part.batch) return destination.client.send(whole, stop);
    SignalBatch batch = part.batch->clone();
    batch.set_client(ClientRef(ClientRef(), whole.client()));  // Borrowed: the whole outlives the part.
    OutgoingBatch outgoing(batch);
    return destination.client.send(outgoing, stop);
  }

  const LoadBalancingConfig config_;
  const OtlpGrpcConfig client_config_;
  const std::string id_;
  Environment& environment_;
  const Routing routing_;
  const std::unique_ptr<Resolver> resolver_;
  Gauge& destinations_;
  Counter &updates_, &taken_, &failed_, &rerouted_;
  ClientAuthenticator* authenticator_ = nullptr;  // Set at start; null: none.
  Unfinished unfinished_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Fleet> fleet_;  // Guarded by mutex_. Null: no destination is known.
};

Result<std::unique_ptr<Exporter>> create(const LoadBalancingConfig& config, const ComponentContext& context) {
  return std::unique_ptr<Exporter>(std::make_unique<LoadBalancingExporter>(config, context));
}

}  // namespace

ExporterFactory load_balancing_factory() {
  return make_factory<LoadBalancingConfig, Exporter>(
      {.type = "load_balancing",
       .aliases = {"loadbalancing"},
       .summary = "Sends what belongs together to the same of several destinations, by OTLP over gRPC.",
       .signals = {Signal::logs, Signal::metrics, Signal::traces},
       .stability = Stability::beta},
      create);
}

}  // namespace rankwire::load_balancing
