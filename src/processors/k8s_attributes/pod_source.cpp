#include "processors/k8s_attributes/pod_source.hpp"

#include <cstdlib>

namespace rankwire::k8s_attributes {
namespace {

constexpr Duration expire_interval = std::chrono::seconds(10);

std::string variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::string() : std::string(value);
}

std::string node_of(const FilterConfig& filter) {
  return filter.node_from_env_var.empty() ? filter.node : variable(filter.node_from_env_var);
}

std::string requirement(const FieldFilterConfig& filter) {
  switch (filter.op) {
    case FilterOperation::equals: return filter.key + "=" + filter.value;
    case FilterOperation::not_equals: return filter.key + "!=" + filter.value;
    case FilterOperation::exists: return filter.key;
    case FilterOperation::does_not_exist: return "!" + filter.key;
  }
  return {};
}

void append_selector(std::string& query, std::string_view name, const std::vector<std::string>& requirements) {
  if (requirements.empty()) return;
  std::string joined;
  for (const std::string& one : requirements) joined.append(joined.empty() ? "" : ",").append(one);
  query.append(query.empty() ? "" : "&").append(name).append("=").append(net::query_escaped(joined));
}

kubernetes::ApiOptions api_options(const K8sAttributesConfig& config) {
  return {.auth = config.auth_type == Authentication::none ? kubernetes::AuthType::none
                                                           : kubernetes::AuthType::service_account,
          .credentials_directory = config.service_account_directory,
          .host = variable("KUBERNETES_SERVICE_HOST"),
          .port = variable("KUBERNETES_SERVICE_PORT")};
}

kubernetes::WatchOptions watch_options(const FilterConfig& filter, const std::string& owner) {
  kubernetes::WatchOptions options;
  const std::string node = node_of(filter);
  options.path = filter.namespace_name.empty()
                     ? "/api/v1/pods"
                     : "/api/v1/namespaces/" + net::query_escaped(filter.namespace_name) + "/pods";
  options.selectors = selectors_of(filter, node);
  options.is_small = !node.empty();
  options.owner = owner;
  return options;
}

Identity id_of(std::string_view uid) { return identity_of(uid); }

}  // namespace

std::string selectors_of(const FilterConfig& filter, const std::string& node) {
  std::vector<std::string> fields, labels;
  if (!node.empty()) fields.push_back("spec.nodeName=" + node);
  for (const FieldFilterConfig& field : filter.fields_) fields.push_back(requirement(field));
  for (const FieldFilterConfig& label : filter.labels) labels.push_back(requirement(label));
  std::string query;
  append_selector(query, "fieldSelector", fields);
  append_selector(query, "labelSelector", labels);
  return query;
}

PodSource::PodSource(const K8sAttributesConfig& config, PodRules rules, const ComponentContext& context)
    : config_(config),
      rules_(std::move(rules)),
      association_(config.pod_association),
      environment_(context.environment),
      owner_(context.id.text()),
      cache_({.size_max = config.max_cache_size, .grace = config.pod_delete_grace_period}, context.environment.clock),
      client_(api_options(config), {context.environment.clock, context.environment.files, context.environment.network,
                                    context.environment.log}),
      added_(context.environment.counters.counter("otelcol_otelsvc_k8s_pod_updated",
                                                  "Pods that were heard of or have changed.", {{"processor", owner_}})),
      deleted_(context.environment.counters.counter("otelcol_otelsvc_k8s_pod_deleted", "Pods that were deleted.",
                                                    {{"processor", owner_}})),
      not_kept_(context.environment.counters.counter("rankwire_k8s_attributes_pods_not_kept_total",
                                                     "Pods for which max_cache_size had no room.",
                                                     {{"processor", owner_}})) {
  size_gauge_ = context.environment.counters.observe("otelcol_otelsvc_k8s_pod_table_size", "Pods that are known.",
                                                     {{"processor", owner_}},
                                                     [this] { return static_cast<double>(cache_.pods()); });
}

PodSource::~PodSource() {
  thread_.request_stop();
  thread_.join();
}

Result<std::shared_ptr<PodSource>> PodSource::shared(const K8sAttributesConfig& config,
                                                     const std::string& configuration,
                                                     const ComponentContext& context) {
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<PodSource>> all;  // Guarded by mutex.
  char environment[2 * sizeof(void*) + 3];
  std::snprintf(environment, sizeof environment, "%p", static_cast<void*>(&context.environment));
  const std::string key = environment + ("\n" + context.id.text() + "\n" + configuration);
  const std::lock_guard lock(mutex);
  std::erase_if(all, [](const auto& entry) { return entry.second.expired(); });
  if (const auto found = all.find(key); found != all.end())
    if (auto source = found->second.lock()) return source;
  auto rules = PodRules::compile(config.extract, config.exclude);
  if (!rules) return std::move(rules).error();
  auto source = std::make_shared<PodSource>(config, std::move(*rules), context);
  all[key] = source;
  return source;
}

Result<void> PodSource::start() {
  {
    const std::lock_guard lock(start_mutex_);
    if (!is_started_) {
      RANKWIRE_TRY(client_.open());
      if (const std::string& name = config_.filter.node_from_env_var; !name.empty() && variable(name).empty())
        environment_.log.warn(
            "the environment variable with the node's name is not set: the pods of the whole cluster "
            "are watched",
            {{"processor", owner_}, {"variable", name}});
      watch_.emplace(watch_options(config_.filter, owner_), client_, environment_.clock, environment_.random,
                     environment_.log, environment_.counters, static_cast<kubernetes::WatchSink&>(*this));
      auto thread = Worker::start("rw-k8s-pods", [this](const std::stop_token& stop) { watch_->run(stop); });
      if (!thread) return std::move(thread).error();
      thread_ = std::move(*thread);
      is_started_ = true;
    }
  }
  if (!config_.wait_for_metadata) return {};
  const Clock& clock = environment_.clock;
  clock.wait_until(clock.now() + config_.wait_for_metadata_timeout, synced_.get_token());
  if (synced_.stop_requested()) return {};
  return Error(ErrorKind::unavailable,
               "the Kubernetes API has not told the pods within wait_for_metadata_timeout; the log says why");
}

void PodSource::tell(const void* owner, std::function<void()> heard) {
  const std::lock_guard lock(mutex_);
  told_[owner] = std::move(heard);
}

void PodSource::forget(const void* owner) {
  const std::lock_guard lock(mutex_);
  told_.erase(owner);
}

void PodSource::tell_all() {
  const std::lock_guard lock(mutex_);
  for (const auto& [owner, heard] : told_) heard();
}

std::optional<std::string> PodSource::problem() const {
  if (synced_.stop_requested()) return {};
  return "the Kubernetes API has not told any pods yet";
}

void PodSource::listing_begins() { cache_.listing_begins(); }

void PodSource::listing_ended() {
  cache_.listing_ended();
  synced_.request_stop();
  tell_all();
}

void PodSource::expire() {
  const Instant now = environment_.clock.now();
  if (now < expire_next_) return;
  expire_next_ = now + expire_interval;
  cache_.expire();
}

void PodSource::put(const Value& object) {
  const kubernetes::Pod pod = kubernetes::pod_from(object);
  if (pod.uid.empty()) return;
  expire();
  Arena arena;
  kubernetes::KnownPod::Draft draft;
  draft.id = id_of(pod.uid);
  rules_.describe(pod, arena, draft);
  association_.add_keys(pod, draft);
  added_.add();
  if (!cache_.put(kubernetes::KnownPod::make(draft))) {
    not_kept_.add();
    environment_.log.warn("a pod is not known: max_cache_size is used up", {{"processor", owner_}});
  }
  tell_all();
}

void PodSource::removed(const Value& object) {
  deleted_.add();
  cache_.remove(id_of(kubernetes::text_at(object, {"metadata", "uid"})));
  expire();
}

}  // namespace rankwire::k8s_attributes
