// The container operator where it is not the simple first step: behind other operators, with a
// condition, another field or a severity.
#include "receivers/file_log/parse/container_joiner.hpp"
#include "receivers/file_log/parse/kubernetes_path.hpp"
#include "receivers/file_log/parse/operators/parser_operator.hpp"

namespace rankwire::file_log {

namespace {

const std::vector<config::Choice> format_choices = {{"", static_cast<int>(ContainerFormat::automatic)},
                                                    {"docker", static_cast<int>(ContainerFormat::docker)},
                                                    {"crio", static_cast<int>(ContainerFormat::crio)},
                                                    {"containerd", static_cast<int>(ContainerFormat::containerd)}};

struct ContainerSettings : TransformerSettings {
  ContainerFormat format = ContainerFormat::automatic;
  bool add_metadata_from_filepath = true;
  Bytes max_log_size = 1_MiB;
  std::string parse_from;
  std::string parse_to;
  std::optional<SeveritySettings> severity;

  void fields(config::Fields& f) {
    TransformerSettings::fields(f);
    f.choice("format", format, format_choices, "docker, crio or containerd; recognised by itself by default.");
    f.field("add_metadata_from_filepath", add_metadata_from_filepath, "Pod and container from the path.");
    f.field("max_log_size", max_log_size, "A message joined from partial lines is at most this long.", {.min = 1});
    f.field("parse_from", parse_from, "Field with the line; the body by default.");
    f.field("parse_to", parse_to, "Only attributes, the default.");
    f.optional_section("severity", severity, "Take the severity from an attribute.");
    f.unsupported("body", "the message is the body; use `move` behind this operator");
    f.unsupported("timestamp", "the time is the container runtime's; use `time_parser` behind this operator");
    f.unsupported("trace", "use `trace_parser` behind this operator");
    f.unsupported("scope_name", "use `scope_name_parser` behind this operator");
  }
};

class ContainerState final : public OperatorState {
 public:
  ContainerState(const Operator& owner, std::size_t size_max) : joiner(size_max), owner_(owner) {}

  void flush(Instant now, Run& run) override;
  void end_call(Run&) override {}
  std::optional<std::uint64_t> held_from() const override { return joiner.held_from(); }
  std::optional<Instant> due() const override {
    const auto oldest = joiner.oldest();
    return oldest.has_value() ? std::optional(*oldest + period) : std::nullopt;
  }
  void continue_from(OperatorState& previous) override {
    joiner.continue_from(static_cast<ContainerState&>(previous).joiner);
  }

  static constexpr Duration period = std::chrono::seconds(5);
  ContainerJoiner joiner;
  text::Rfc3339Reader time;

 private:
  const Operator& owner_;
};

class Container final : public Transformer {
 public:
  Container(const ContainerSettings& settings, FieldPath from, std::optional<SeverityStage> severity)
      : format_(settings.format),
        adds_metadata_(settings.add_metadata_from_filepath),
        size_max_(settings.max_log_size.count),
        from_(std::move(from)),
        severity_(std::move(severity)) {}

  std::unique_ptr<OperatorState> make_state() const override {
    return std::make_unique<ContainerState>(*this, size_max_);
  }

  static void assign(const ContainerLine& line, Entry& entry, Run& run) {
    Arena& arena = run.arena();
    entry.record.body = Value::of(line.message);
    entry.record.time_unix_nanos = line.time_unix_nanos;
    set(entry.record.attributes, arena, "log.iostream", Value::of(arena.copy(line.stream)));
    if (!line.tag.empty()) set(entry.record.attributes, arena, "logtag", Value::of(arena.copy(line.tag)));
    for (const KeyValue& extra : line.extra) set(entry.record.attributes, arena, extra.key, extra.value);
  }

 private:
  const char* transform(Entry&, Run&) const override { return nullptr; }

  void run_on(Entry& entry, Run& run) const override {
    auto& held = state<ContainerState>(run);
    Value from;
    if (!from_.get(entry, from) || !from.is_text()) return fail(entry, run, "the field to parse is not a text");
    ContainerLine line;
    if (!read_container_line(from.text(), format_, held.time, run.arena(), line))
      return fail(entry, run, "the text is not of the container format");
    if (!held.joiner.take(line, entry.offset, run.now, run.arena())) return;
    assign(line, entry, run);
    if (adds_metadata_) add_metadata(entry, run);
    if (severity_.has_value())
      if (const char* why = severity_->apply(entry, run)) return fail(entry, run, why);
    forward(entry, run);
  }

  static void add_metadata(Entry& entry, Run& run) {
    KubernetesPath path;
    if (!read_kubernetes_path(*run.file, path)) return;
    Arena& arena = run.arena();
    const std::pair<const char*, std::string_view> values[] = {{"k8s.namespace.name", path.namespace_name},
                                                               {"k8s.pod.name", path.pod_name},
                                                               {"k8s.pod.uid", path.pod_uid},
                                                               {"k8s.container.name", path.container_name},
                                                               {"k8s.container.restart_count", path.restart_count}};
    for (const auto& [key, value] : values)
      if (!value.empty()) set(entry.resource, arena, key, Value::of(arena.copy(value)));
  }

  const ContainerFormat format_;
  const bool adds_metadata_;
  const std::size_t size_max_;
  const FieldPath from_;
  const std::optional<SeverityStage> severity_;
};

void ContainerState::flush(Instant now, Run& run) {
  const Instant since = now == Instant::max() ? now : now - period;
  for (ContainerLine line; joiner.release(since, run.arena(), line);) {
    Entry entry;
    entry.record.observed_time_unix_nanos = run.unix_nanos;
    entry.resource = run.file_resource;
    entry.record.attributes = run.file_attributes;
    Container::assign(line, entry, run);
    owner_.forward(entry, run);
  }
}

}  // namespace

std::unique_ptr<Operator> build_container(const OperatorSource& source) {
  const auto settings = source.read<ContainerSettings>();
  if (!settings.parse_to.empty() && settings.parse_to != "attributes")
    source.error("parse_to", "container writes to attributes only");
  std::optional<SeverityStage> severity;
  if (settings.severity.has_value()) severity = SeverityStage::make(*settings.severity, source.section("severity"));
  return std::make_unique<Container>(settings, source.field("parse_from", settings.parse_from), std::move(severity));
}

std::optional<ContainerStage> read_container_stage(const OperatorSource& source) {
  config::Diagnostics found;
  const OperatorSource quiet(source.node(), source.path(), found);
  const auto settings = quiet.read<ContainerSettings>();
  const bool is_simple = !found.has_errors() && settings.condition.empty() && settings.output.empty() &&
                         (settings.parse_from.empty() || settings.parse_from == "body") &&
                         (settings.parse_to.empty() || settings.parse_to == "attributes") &&
                         !settings.severity.has_value();
  if (!is_simple) return std::nullopt;
  ContainerStage stage;
  stage.format = settings.format;
  stage.adds_metadata = settings.add_metadata_from_filepath;
  stage.size_max = settings.max_log_size.count;
  stage.on_error = settings.on_error;
  return stage;
}

}  // namespace rankwire::file_log
