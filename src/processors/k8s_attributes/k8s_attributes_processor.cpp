#include "processors/k8s_attributes/k8s_attributes_processor.hpp"

#include <algorithm>
#include <atomic>

#include "component/timer.hpp"
#include "config/load.hpp"
#include "otlp/otlp.hpp"
#include "processors/k8s_attributes/enrich.hpp"
#include "processors/k8s_attributes/pod_source.hpp"
#include "processors/k8s_attributes/waiting.hpp"

namespace rankwire::k8s_attributes {
namespace {

// Calls `visit(Resource&, Arena&)` for each resource.
template <class Visit>
void each_resource(SignalBatch& batch, Visit visit) {
  const auto walk = [&](auto& of_signal) {
    for (auto& group : of_signal.resources) visit(group.resource, of_signal.arena());
  };
  switch (batch.signal()) {
    case Signal::logs: walk(batch.logs()); break;
    case Signal::metrics: walk(batch.metrics()); break;
    case Signal::traces: walk(batch.traces()); break;
  }
}

// With every byte its own: what is written into a batch may lie in a program of another component, which goes at a
// reload. Nothing where it cannot be had (nested deeper than OTLP can be read).
std::optional<SignalBatch> own_copy(const SignalBatch& batch) {
  auto copy = otlp::decode(otlp::encode(batch, nullptr));
  if (!copy) return {};
  copy->set_client(batch.client());
  return std::move(*copy);
}

ContainerNames container_names(const std::vector<std::string>& metadata) {
  const auto has = [&](const char* name) {
    return std::find(metadata.begin(), metadata.end(), name) != metadata.end();
  };
  return {.wants_name = has("k8s.container.name"), .wants_id = has("container.id")};
}

class K8sAttributesProcessor final : public Connector {
 public:
  // `source` is null where only addresses are noted.
  K8sAttributesProcessor(const K8sAttributesConfig& config, std::shared_ptr<PodSource> source,
                         const ComponentContext& context, Intakes intakes)
      : max_hold_(config.max_hold),
        names_(container_names(config.extract.metadata)),
        association_(config.pod_association),
        environment_(context.environment),
        intakes_(intakes),
        source_(std::move(source)),
        known_(result_counter(context, "known")),
        unknown_(result_counter(context, "unknown")),
        unidentified_(result_counter(context, "unidentified")),
        given_up_(context.environment.clock),
        waiting_(config.max_held_size),
        timer_(context.environment.clock, "rw-k8s-held",
               [this](const std::stop_token& stop) { return release(stop); }) {}

  Result<void> start(Host&) override {
    if (source_ == nullptr) return {};
    RANKWIRE_TRY(source_->start());
    RANKWIRE_TRY(timer_.start(Timer::never));
    source_->tell(this, [this] { wake(); });
    return {};
  }

  void stop(Deadline deadline) override {
    if (source_ == nullptr) return;
    source_->forget(this);
    timer_.stop();
    while (WaitingBatch* first = waiting_.front())
      if (!pass_on(*first, {environment_.clock, {}, deadline})) return;
  }

  void hurry(bool is_hurried) override {
    is_hurried_ = is_hurried;
    wake();
  }
  bool has_room(Signal, Bytes, std::uint64_t) const override { return !waiting_.is_full(); }
  Bytes held_memory() const override { return waiting_.memory(); }
  std::optional<std::string> unhealthy() const override {
    return source_ == nullptr ? std::nullopt : source_->problem();
  }

  Result<void> consume(SignalBatch batch, CompletionRef completion) override {
    if (waiting_.is_full())
      return Error(ErrorKind::refused, "records that wait for the metadata of pods take as much memory as they may",
                   std::chrono::milliseconds(1000));
    auto decoded = otlp::in_memory_form(std::move(batch));
    if (!decoded) return std::move(decoded).error();
    batch = std::move(*decoded);
    if (source_ != nullptr && max_hold_ > Duration(0)) {
      std::vector<Identity> keys = keys_of(batch);
      const bool must_wait = !is_hurried_ && !waiting_.is_crowded() && !are_known(keys);
      if (must_wait || waiting_.has_any(keys)) {
        if (std::optional<SignalBatch> copy = own_copy(batch)) {
          hold(std::move(*copy), std::move(completion), std::move(keys));
          return {};
        }
      }
    }
    add_what_is_known(batch);
    return pass_at_once(intakes_.of(batch.signal()), intakes_.held, std::move(batch), completion);
  }

 private:
  static Counter& result_counter(const ComponentContext& context, const char* result) {
    return context.environment.counters.counter("rankwire_k8s_attributes_resources_total",
                                                "Resources, by whether their pod was known.",
                                                {{"processor", context.id.text()}, {"result", result}});
  }

  static std::string_view sender_of(const SignalBatch& batch) {
    return batch.client() ? address_of_sender(batch.client()->address) : std::string_view();
  }

  std::vector<Identity> keys_of(SignalBatch& batch) const {
    std::vector<Identity> keys;
    const std::string_view sender = sender_of(batch);
    each_resource(batch, [&](Resource& resource, Arena&) {
      const auto found = association_.key_of(resource.attributes, sender);
      if (found && (keys.empty() || keys.back() != found->key)) keys.push_back(found->key);
    });
    return keys;
  }

  // Or have been waited for in vain.
  bool are_known(const std::vector<Identity>& keys) const {
    return std::all_of(keys.begin(), keys.end(),
                       [this](const Identity& key) { return source_->find(key) != nullptr || given_up_.has(key); });
  }

  void hold(SignalBatch batch, CompletionRef completion, std::vector<Identity> keys) {
    const Instant until = environment_.clock.now() + max_hold_;
    const std::uint64_t records = batch.record_count();
    const std::size_t bytes = batch.memory_bytes().count;
    WaitingBatch waiting{
        .batch = std::move(batch), .held = {}, .keys = std::move(keys), .until = until, .bytes = bytes};
    waiting.held.emplace_back(intakes_.held, std::move(completion), records);
    waiting_.add(std::move(waiting));
    // Perhaps it became known meanwhile.
    wake();
  }

  void wake() {
    if (!waiting_.empty()) timer_.wake_at(environment_.clock.now());
  }

  // The timer's thread. When to look again.
  Instant release(const std::stop_token& stop) {
    while (WaitingBatch* first = waiting_.front()) {
      const bool is_over = first->until <= environment_.clock.now() || is_hurried_ || waiting_.is_crowded();
      if (!is_over && !are_known(first->keys)) return first->until;
      for (const Identity& key : first->keys)
        if (source_->find(key) == nullptr && !is_hurried_) given_up_.add(key);
      if (!pass_on(*first, {environment_.clock, stop, Deadline::never()})) break;
    }
    return Timer::never;
  }

  // False: it could not go on, and is still held.
  bool pass_on(WaitingBatch& waiting, const Patience& patience) {
    Intake* const next = intakes_.of(waiting.batch.signal());
    add_what_is_known(waiting.batch);
    if (next == nullptr)
      for (Held& held : waiting.held) held.pass_on();
    else if (!deliver_held(*next, waiting.batch, waiting.held, patience))
      return false;
    waiting_.done();
    return true;
  }

  void add_what_is_known(SignalBatch& batch) const {
    const std::string_view sender = sender_of(batch);
    each_resource(batch, [&](Resource& resource, Arena& arena) {
      const auto key = association_.key_of(resource.attributes, sender);
      if (!key) return unidentified_.add();
      add_text(resource.attributes, arena, "k8s.pod.ip", key->address);
      if (source_ == nullptr) return;
      const auto pod = source_->find(key->key);
      if (pod == nullptr) return unknown_.add();
      known_.add();
      enrich(resource.attributes, arena, *pod, names_);
    });
  }

  const Duration max_hold_;
  const ContainerNames names_;
  const Association association_;
  Environment& environment_;
  const Intakes intakes_;
  const std::shared_ptr<PodSource> source_;
  Counter &known_, &unknown_, &unidentified_;
  GivenUp given_up_;
  Waiting waiting_;
  std::atomic<bool> is_hurried_ = false;
  Timer timer_;  // Last: its thread uses the rest.
};

Result<std::unique_ptr<Connector>> create(const K8sAttributesConfig& config, const ComponentContext& context,
                                          Intakes intakes) {
  std::shared_ptr<PodSource> source;
  if (!config.passthrough) {
    const std::string configuration = config::to_yaml(config::Printer(false).print(config));
    auto shared = PodSource::shared(config, configuration, context);
    if (!shared) return std::move(shared).error();
    source = std::move(*shared);
  }
  return std::unique_ptr<Connector>(
      std::make_unique<K8sAttributesProcessor>(config, std::move(source), context, intakes));
}

}  // namespace

ProcessorFactory k8s_attributes_factory() {
  return make_holding_factory<K8sAttributesConfig>(
      {.type = "k8s_attributes",
       .aliases = {"k8sattributes"},
       .summary = "Adds what Kubernetes knows about a pod to the resources that came from it.",
       .signals = {Signal::logs, Signal::metrics, Signal::traces},
       .stability = Stability::beta},
      create);
}

}  // namespace rankwire::k8s_attributes
