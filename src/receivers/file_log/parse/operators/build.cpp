#include "receivers/file_log/parse/operators/build.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace rankwire::file_log {

namespace {

constexpr std::size_t operators_max = 256;

struct OperatorKind {
  std::string_view type;
  OperatorBuilder build;
};

constexpr OperatorKind kinds[] = {
    {"container", build_container},
    {"regex_parser", build_regex_parser},
    {"json_parser", build_json_parser},
    {"json_array_parser", build_json_array_parser},
    {"key_value_parser", build_key_value_parser},
    {"csv_parser", build_csv_parser},
    {"uri_parser", build_uri_parser},
    {"time_parser", build_time_parser},
    {"severity_parser", build_severity_parser},
    {"trace_parser", build_trace_parser},
    {"scope_name_parser", build_scope_name_parser},
    {"recombine", build_recombine},
    {"add", build_add},
    {"copy", build_copy},
    {"move", build_move},
    {"remove", build_remove},
    {"retain", build_retain},
    {"flatten", build_flatten},
    {"filter", build_filter},
    {"router", build_router},
    {"noop", build_noop},
    {"regex_replace", build_regex_replace},
    {"unquote", build_unquote},
    {"assign_keys", build_assign_keys},
    {"sanitize_utf8", build_sanitize_utf8},
};
constexpr std::string_view unsupported[] = {"syslog_parser", "stdout", "file_output", "file_input", "stdin"};

const std::vector<config::Choice> on_error_choices = {{"send", static_cast<int>(OnError::send)},
                                                      {"send_quiet", static_cast<int>(OnError::send_quiet)},
                                                      {"drop", static_cast<int>(OnError::drop)},
                                                      {"drop_quiet", static_cast<int>(OnError::drop_quiet)}};

// The end of every way through the graph.
class Emit final : public Operator {
 public:
  void process(Entry& entry, Run& run) const override { run.sink->add(entry.record, entry.resource, entry.scope_name); }
};

// `attributes` and `resource` of the receiver that hold expressions.
class SetTemplates final : public Operator {
 public:
  explicit SetTemplates(InputTemplates templates) : templates_(std::move(templates)) {}
  void process(Entry& entry, Run& run) const override {
    for (const auto& [field, text] : templates_.values) {
      expr::Evaluation e{entry, run.arena()};
      const Value value = text.evaluate(e);
      if (e.error != nullptr)
        run.log->warn("an expression of attributes or resource failed", {{"reason", e.error}, {"file", *run.file}});
      else
        field.set(entry, run.arena(), Value::of(expr::to_text(value, run.arena())));
    }
    forward(entry, run);
  }

 private:
  const InputTemplates templates_;
};

std::vector<std::string_view> known_types() {
  std::vector<std::string_view> types;
  for (const OperatorKind& kind : kinds) types.push_back(kind.type);
  return types;
}

}  // namespace

void TransformerSettings::fields(config::Fields& f) {
  f.field("type", type, "Which operator this is.");
  f.field("id", id, "Name for `output` of others; the type by default.");
  f.field("output", output, "Where entries go; the next in the list by default.");
  f.choice("on_error", on_error, on_error_choices, "What happens to an entry that cannot be processed.");
  f.field("if", condition, "Expression; entries for which it is false pass unchanged.");
}

void OperatorSource::error(std::string_view key, std::string message, std::string suggestion) const {
  const config::Node* node = key.empty() ? nullptr : node_.find(key);
  const std::string path = key.empty() ? path_ : path_ + "::" + std::string(key);
  diagnostics_.error(node == nullptr ? node_.place() : node->place(), path, std::move(message), std::move(suggestion));
}

FieldPath OperatorSource::field(std::string_view key, const std::string& text, FieldPath otherwise) const {
  if (text.empty()) return otherwise;
  auto path = FieldPath::parse(text);
  if (path) return std::move(*path);
  error(key, path.error().message());
  return otherwise;
}

FieldPath OperatorSource::required_field(std::string_view key, const std::string& text) const {
  if (text.empty()) error(key, "\"" + std::string(key) + "\" must be set");
  return field(key, text);
}

std::optional<expr::Expression> OperatorSource::expression(std::string_view key, const std::string& text) const {
  auto expression = expr::Expression::compile(text);
  if (expression) return std::move(*expression);
  error(key, expression.error().message());
  return std::nullopt;
}

OperatorSource OperatorSource::section(const char* key) const {
  const config::Node* node = node_.find(key);
  return {node == nullptr ? node_ : *node, path_ + "::" + key, diagnostics_};
}

std::vector<std::unique_ptr<OperatorState>> OperatorGraph::make_states() const {
  std::vector<std::unique_ptr<OperatorState>> states;
  for (const auto& one : operators_) states.push_back(one->make_state());
  return states;
}

class GraphBuilder {
 public:
  GraphBuilder(const config::Node& list, std::string path, config::Diagnostics& diagnostics)
      : list_(list), path_(std::move(path)), diagnostics_(diagnostics) {}

  BuiltOperators build(InputTemplates templates) {
    BuiltOperators built;
    const auto& items = list_.items();
    if (!list_.is_null() && !list_.is_sequence()) {
      diagnostics_.error(list_.place(), path_, "operators must be a list");
      return built;
    }
    if (items.size() > operators_max) {
      diagnostics_.error(list_.place(), path_, "there are too many operators");
      return built;
    }
    std::size_t first = 0;
    if (!items.empty() && type_of(items[0]) == "container") {
      built.container = read_container_stage(source(0));
      first = built.container.has_value() ? 1 : 0;
      if (first == 1) remember_name(0);
    }
    auto graph = std::make_unique<OperatorGraph>();
    graph_ = graph.get();
    for (std::size_t i = first; i < items.size(); ++i) {
      built.has_container_operator = built.has_container_operator || type_of(items[i]) == "container";
      add(i);
    }
    if (diagnostics_.has_errors()) return built;
    const bool has_templates = !templates.values.empty();
    if (first == items.size() && !has_templates) return built;
    finish(std::move(templates));
    if (!diagnostics_.has_errors()) built.graph = std::move(graph);
    return built;
  }

 private:
  struct Named {
    std::size_t item;
    TransformerSettings settings;
    Operator* made;
  };

  static std::string type_of(const config::Node& node) {
    const config::Node* type = node.find("type");
    return type == nullptr ? std::string() : type->text();
  }
  OperatorSource source(std::size_t item) const {
    return {list_.items()[item], path_ + "[" + std::to_string(item) + "]", diagnostics_};
  }

  // The keys that all operators share. Those that only some have are read by the operator itself.
  TransformerSettings common(std::size_t item) const {
    std::vector<config::Node::Entry> entries;
    for (const auto& entry : list_.items()[item].entries())
      if (entry.first == "type" || entry.first == "id" || entry.first == "output" || entry.first == "on_error" ||
          entry.first == "if")
        entries.push_back(entry);
    config::Diagnostics ignored;  // The operator's own reading reports them.
    return config::read<TransformerSettings>(config::Node::map(std::move(entries), list_.place()), path_, ignored);
  }

  void remember_name(std::size_t item) {
    const TransformerSettings settings = common(item);
    names_.insert(settings.id.empty() ? settings.type : settings.id);
  }

  // Operators without an id are called by their type; further ones of it get a number, as upstream.
  std::string free_name(const std::string& type) const {
    std::string name = type;
    for (int number = 1; names_.contains(name); ++number) name = type + std::to_string(number);
    return name;
  }

  void add(std::size_t item) {
    const OperatorSource from = source(item);
    const std::string type = type_of(list_.items()[item]);
    if (type.empty()) return from.error("", "an operator needs a \"type\"", config::suggest("", known_types()));
    const auto* kind = std::find_if(std::begin(kinds), std::end(kinds), [&](const auto& k) { return k.type == type; });
    if (kind == std::end(kinds)) {
      const bool is_known = std::find(std::begin(unsupported), std::end(unsupported), type) != std::end(unsupported);
      return from.error("type", "operator \"" + type + (is_known ? "\" is not supported" : "\" is unknown"),
                        is_known ? std::string() : config::suggest(type, known_types()));
    }
    const TransformerSettings settings = common(item);
    std::unique_ptr<Operator> made = kind->build(from);
    if (made == nullptr) return;
    const std::string id = settings.id.empty() ? free_name(settings.type) : settings.id;
    if (!names_.insert(id).second)
      return from.error("id", "there are two operators with the id \"" + id + "\"", "give one of them an \"id\"");
    if (auto* transformer = dynamic_cast<Transformer*>(made.get())) {
      transformer->set_on_error(settings.on_error);
      if (!settings.condition.empty())
        if (auto condition = from.expression("if", settings.condition))
          transformer->set_condition(std::move(*condition));
    }
    named_.push_back({item, settings, made.get()});
    by_id_[id] = named_.size() - 1;
    graph_->operators_.push_back(std::move(made));
  }

  void finish(InputTemplates templates) {
    graph_->operators_.push_back(std::make_unique<Emit>());
    emit_ = graph_->operators_.back().get();
    for (std::size_t i = 0; i < named_.size(); ++i) connect(i);
    graph_->first_ = named_.empty() ? emit_ : named_.front().made;
    if (!templates.values.empty()) {
      auto setter = std::make_unique<SetTemplates>(std::move(templates));
      setter->connect({graph_->first_}, 0);
      graph_->first_ = setter.get();
      graph_->operators_.push_back(std::move(setter));
    }
    check_cycles();
  }

  void connect(std::size_t index) {
    const Named& named = named_[index];
    auto* routing = dynamic_cast<Routing*>(named.made);
    std::vector<const Operator*> outputs;
    if (!named.settings.output.empty())
      outputs = resolve(index, named.settings.output);
    else if (routing == nullptr)
      outputs = {index + 1 < named_.size() ? named_[index + 1].made : emit_};
    named.made->connect(std::move(outputs), index);
    if (routing == nullptr) return;
    std::vector<std::vector<const Operator*>> routes;
    for (const auto& ids : routing->route_outputs()) routes.push_back(resolve(index, ids));
    routing->connect_routes(std::move(routes));
  }

  std::vector<const Operator*> resolve(std::size_t from, const std::vector<std::string>& ids) {
    std::vector<const Operator*> outputs;
    for (const std::string& id : ids) {
      const auto found = by_id_.find(id);
      if (found == by_id_.end()) {
        std::vector<std::string_view> known;
        for (const auto& [name, index] : by_id_) known.push_back(name);
        source(named_[from].item).error("output", "there is no operator \"" + id + "\"", config::suggest(id, known));
        continue;
      }
      edges_[from].insert(found->second);
      outputs.push_back(named_[found->second].made);
    }
    return outputs;
  }

  void check_cycles() {
    // 1: on the way, 2: done.
    std::vector<int> marks(named_.size(), 0);
    for (std::size_t i = 0; i < named_.size(); ++i) {
      if (marks[i] == 0 && !visit(i, marks))
        source(named_[i].item).error("output", "operators feed each other in a circle");
    }
  }

  bool visit(std::size_t index, std::vector<int>& marks) {
    marks[index] = 1;
    const bool has_output = edges_.contains(index);
    std::set<std::size_t> next = has_output ? edges_[index] : std::set<std::size_t>();
    if (!has_output && index + 1 < named_.size() && dynamic_cast<Routing*>(named_[index].made) == nullptr)
      next.insert(index + 1);
    for (const std::size_t other : next)
      if (marks[other] == 1 || (marks[other] == 0 && !visit(other, marks))) return false;
    marks[index] = 2;
    return true;
  }

  const config::Node& list_;
  const std::string path_;
  config::Diagnostics& diagnostics_;
  OperatorGraph* graph_ = nullptr;
  const Operator* emit_ = nullptr;
  std::vector<Named> named_;
  std::map<std::string, std::size_t> by_id_;
  std::map<std::size_t, std::set<std::size_t>> edges_;
  std::set<std::string> names_;
};

BuiltOperators build_operators(const config::Node& list, const std::string& path, InputTemplates templates,
                               config::Diagnostics& diagnostics) {
  return GraphBuilder(list, path, diagnostics).build(std::move(templates));
}

std::vector<config::FieldInfo> describe_operators() {
  std::vector<config::FieldInfo> all;
  for (const OperatorKind& kind : kinds) {
    const config::Node nothing;
    config::Diagnostics ignored;  // Of an operator without settings much is missing.
    std::vector<config::FieldInfo> keys;
    static_cast<void>(kind.build({nothing, {}, ignored, &keys}));
    for (config::FieldInfo& key : keys) {
      key.path = "operators[" + std::string(kind.type) + "]." + key.path;
      all.push_back(std::move(key));
    }
  }
  for (const std::string_view type : unsupported) {
    config::FieldInfo& info = all.emplace_back();
    info.path = "operators[" + std::string(type) + "]";
    info.type = "unsupported";
    info.doc = "there is no such operator";
    info.support = config::FieldInfo::Support::unsupported;
  }
  return all;
}

}  // namespace rankwire::file_log
