#include "receivers/kubelet_stats/kubelet_stats_receiver.hpp"

#include <algorithm>
#include <cstdlib>

#include "component/intake.hpp"
#include "kubernetes/pod.hpp"
#include "text/json_value.hpp"

namespace rankwire::kubelet_stats {
namespace {

constexpr Duration timeout_min = std::chrono::seconds(10);
constexpr Duration capacity_lifetime = std::chrono::minutes(5);
constexpr std::size_t object_bytes_max = 4 << 20, page_bytes_max = 256 << 20;
constexpr std::uint64_t small_file_max = 4 << 10;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::string hostname(FileSystem& files) {
  const auto text = read_file(files, "/proc/sys/kernel/hostname", small_file_max);
  return text ? text->substr(0, text->find('\n')) : "localhost";
}

kubernetes::AuthType auth_of(Authentication authentication) {
  switch (authentication) {
    case Authentication::service_account: return kubernetes::AuthType::service_account;
    case Authentication::tls: return kubernetes::AuthType::certificate;
    default: return kubernetes::AuthType::none;
  }
}

kubernetes::ApiOptions kubelet_options(const KubeletStatsConfig& config, FileSystem& files) {
  kubernetes::ApiOptions options;
  options.auth = auth_of(config.kubelet.auth_type);
  options.credentials_directory = config.kubelet.service_account_directory;
  options.kubelet = config.url(hostname(files));
  apply(config.tls, options.tls);
  options.tls.insecure_skip_verify = config.insecure_skip_verify;
  return options;
}

kubernetes::ApiOptions api_options(const ApiConfig& config) {
  kubernetes::ApiOptions options;
  options.auth = auth_of(config.auth_type);
  options.credentials_directory = config.service_account_directory;
  options.host = variable("KUBERNETES_SERVICE_HOST");
  options.port = variable("KUBERNETES_SERVICE_PORT");
  return options;
}

bool read(std::string_view json, Arena& arena, Value& value) {
  return text::read_json_object(json, text::NumberForm::integer_where_exact, arena, value);
}

Result<std::unique_ptr<Receiver>> create(const KubeletStatsConfig& config, const ComponentContext& context,
                                         Intakes intakes) {
  require(intakes.metrics != nullptr, "kubelet_stats is in a pipeline of metrics");
  return std::unique_ptr<Receiver>(std::make_unique<KubeletStatsReceiver>(config, context, *intakes.metrics));
}

Counter& counter(const ComponentContext& context, const char* name, const char* help) {
  return context.environment.counters.counter(name, help, {{"receiver", context.id.text()}});
}

}  // namespace

KubeletStatsReceiver::KubeletStatsReceiver(const KubeletStatsConfig& config, const ComponentContext& context,
                                           Intake& next)
    : config_(config),
      environment_(context.environment),
      id_(context.id.text()),
      next_(next),
      failures_(counter(context, "rankwire_kubelet_stats_failures_total",
                        "Times that the kubelet or the API server did not tell what it should.")),
      skipped_(counter(context, "rankwire_kubelet_stats_skipped_scrapes_total",
                       "Times that nothing was read, as the pipeline was full.")),
      left_out_(counter(context, "rankwire_kubelet_stats_left_out_total",
                        "Containers, volumes and pods that were left out of a scrape, as too little was known.")),
      timer_(environment_.clock, "rw-kubelet", [this](const std::stop_token& stop) { return work(stop); }) {
  const kubernetes::Surroundings surroundings{environment_.clock, environment_.files, environment_.network,
                                              environment_.log};
  kubelet_ = std::make_unique<kubernetes::ApiClient>(kubelet_options(config, environment_.files), surroundings);
  if (config.k8s_api_config)
    api_ = std::make_unique<kubernetes::ApiClient>(api_options(*config.k8s_api_config), surroundings);
}

Result<void> KubeletStatsReceiver::start(Host&) {
  if (auto opened = kubelet_->open(); !opened) return std::move(opened).error().during(id_);
  if (api_ != nullptr)
    if (auto opened = api_->open(); !opened) return std::move(opened).error().during("k8s_api_config of " + id_);
  due_ = environment_.clock.now() + config_.initial_delay;
  return timer_.start(due_);
}

void KubeletStatsReceiver::stop(Deadline) { timer_.stop(); }

Instant KubeletStatsReceiver::work(const std::stop_token& stop) {
  due_ = std::max(due_ + config_.collection_interval, environment_.clock.now());
  if (!next_.has_room({}, 1))
    skipped_.add();
  else if (Result<void> scraped = scrape(stop); !scraped && !stop.stop_requested())
    note_failure(scraped.error());
  return due_;
}

Result<void> KubeletStatsReceiver::scrape(const std::stop_token& stop) {
  PodTable pods;
  if (config_.metrics.need_capacity()) RANKWIRE_TRY(read_capacity(stop));
  if (!config_.extra_metadata_labels.empty() || config_.metrics.need_requests()) RANKWIRE_TRY(read_pods(pods, stop));
  SummaryPage page(config_, pods, capacity_, environment_.clock.unix_nanos());
  RANKWIRE_TRY(get(*kubelet_, "/stats/summary", [&](std::string_view piece) { return page.feed(piece); }, stop));
  auto batch = page.finish();
  if (!batch) return std::move(batch).error();
  if (const std::uint64_t left_out = page.left_out(); left_out != 0) {
    left_out_.add(left_out);
    environment_.log.warn("kubelet_stats leaves out containers or volumes of which too little is known yet",
                          {{"component", id_}, {"number", left_out}});
  }
  deliver(std::move(*batch));
  return {};
}

Result<void> KubeletStatsReceiver::get(kubernetes::ApiClient& from, const std::string& target,
                                       const net::BodySink& sink, const std::stop_token& stop) {
  const Duration limit =
      config_.timeout > Duration(0) ? config_.timeout : std::max<Duration>(config_.collection_interval, timeout_min);
  const Instant until = environment_.clock.now() + limit;
  std::size_t bytes = 0;
  const auto bounded = [&](std::string_view piece) -> Result<void> {
    bytes += piece.size();
    if (bytes > page_bytes_max) return Error(ErrorKind::invalid, "the answer has more than 256 MiB");
    if (environment_.clock.now() > until) return Error(ErrorKind::unavailable, "the answer takes too long (timeout)");
    return sink(piece);
  };
  auto got = from.get(target, bounded, limit, stop);
  return got ? std::move(got) : std::move(got).error().during("reading " + target);
}

Result<void> KubeletStatsReceiver::read_pods(PodTable& pods, const std::stop_token& stop) {
  claims_of_now_.clear();
  FindClaim find;
  if (api_ != nullptr && config_.wants_label("k8s.volume.type") && config_.wants_group("volume"))
    find = [&](std::string_view volume_id, std::string_view namespace_name, std::string_view claim) {
      return find_claim(volume_id, namespace_name, claim, stop);
    };
  kubernetes::ObjectSplitter splitter(kubernetes::Shape::list, object_bytes_max,
                                      [&](std::string_view json) -> Result<void> {
                                        Arena arena;
                                        Value pod;
                                        if (read(json, arena, pod)) pods.take(pod, find);
                                        return {};
                                      });
  RANKWIRE_TRY(get(*kubelet_, "/pods", [&](std::string_view piece) { return splitter.feed(piece); }, stop));
  if (!splitter.is_complete()) return Error(ErrorKind::unavailable, "the kubelet's /pods is not a JSON object");
  // Of volumes that are gone nothing is kept.
  claims_ = std::exchange(claims_of_now_, {});
  return {};
}

Result<std::string> KubeletStatsReceiver::read_small(const std::string& target, const std::stop_token& stop) {
  std::string text;
  RANKWIRE_TRY(get(
      *api_, target,
      [&](std::string_view piece) -> Result<void> {
        if (text.size() + piece.size() > object_bytes_max)
          return Error(ErrorKind::invalid, "the object has more than 4 MiB");
        text.append(piece);
        return {};
      },
      stop));
  return text;
}

// What a node has rarely changes.
Result<void> KubeletStatsReceiver::read_capacity(const std::stop_token& stop) {
  if (environment_.clock.now() < capacity_read_next_) return {};
  auto text = read_small("/api/v1/nodes/" + net::query_escaped(config_.node), stop);
  if (!text) return std::move(text).error();
  Arena arena;
  Value node;
  if (!read(*text, arena, node)) return Error(ErrorKind::unavailable, "the API server's node is not a JSON object");
  capacity_.cpu = parse_quantity(kubernetes::text_at(node, {"status", "capacity", "cpu"})).value_or(0);
  capacity_.memory = parse_quantity(kubernetes::text_at(node, {"status", "capacity", "memory"})).value_or(0);
  capacity_read_next_ = environment_.clock.now() + capacity_lifetime;
  return {};
}

std::optional<VolumeFacts> KubeletStatsReceiver::find_claim(std::string_view volume_id, std::string_view namespace_name,
                                                            std::string_view claim, const std::stop_token& stop) {
  const std::string key(volume_id);
  const auto known = claims_.find(key);
  Result<VolumeFacts> facts =
      known != claims_.end() ? Result<VolumeFacts>(known->second) : ask_for_claim(namespace_name, claim, stop);
  if (!facts) {
    if (!stop.stop_requested()) note_failure(facts.error());
    return {};
  }
  claims_of_now_[key] = *facts;
  return *facts;
}

Result<VolumeFacts> KubeletStatsReceiver::ask_for_claim(std::string_view namespace_name, std::string_view claim,
                                                        const std::stop_token& stop) {
  Arena arena;
  Value object;
  auto text = read_small("/api/v1/namespaces/" + net::query_escaped(namespace_name) + "/persistentvolumeclaims/" +
                             net::query_escaped(claim),
                         stop);
  if (!text) return std::move(text).error();
  const std::string_view volume =
      read(*text, arena, object) ? kubernetes::text_at(object, {"spec", "volumeName"}) : std::string_view();
  if (volume.empty()) return Error(ErrorKind::unavailable, "a volume's claim has no volume: " + std::string(claim));
  text = read_small("/api/v1/persistentvolumes/" + net::query_escaped(volume), stop);
  if (!text) return std::move(text).error();
  const Value* spec = read(*text, arena, object) ? kubernetes::at(object, {"spec"}) : nullptr;
  if (spec == nullptr) return Error(ErrorKind::unavailable, "a persistent volume of the API server has no spec");
  return facts_of_persistent_volume(*spec);
}

void KubeletStatsReceiver::deliver(MetricBatch batch) {
  const std::uint64_t points = batch.record_count();
  if (points == 0) return;
  if (const Result<void> taken = pass_on(next_, std::move(batch), {}); !taken)
    next_.count_dropped(points, taken.error().is_final() ? "undeliverable" : "pipeline_full");
}

void KubeletStatsReceiver::note_failure(const Error& error) {
  failures_.add();
  environment_.log.warn("kubelet_stats: not everything could be read",
                        {{"component", id_}, {"error", error.message()}});
}

ReceiverFactory kubelet_stats_factory() {
  return make_factory<KubeletStatsConfig, Receiver, Intakes>(
      {.type = "kubelet_stats",
       .aliases = {"kubeletstats"},
       .summary = "Asks the kubelet what the node, its pods, containers and volumes use.",
       .signals = {Signal::metrics},
       .stability = Stability::beta},
      create);
}

}  // namespace rankwire::kubelet_stats
