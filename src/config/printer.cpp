// The visitor that turns a configuration struct back into a tree, every default written out.
#include "config/fields.hpp"
#include "config/units.hpp"

namespace rankwire::config {
namespace {

class FieldPrinter final : public Fields {
 public:
  explicit FieldPrinter(bool reveal_secrets) : reveal_secrets_(reveal_secrets) { open_.emplace_back(); }

  Node take() {
    Node result = Node::map(std::move(open_.back().entries), {});
    open_.assign(1, {});
    return result;
  }

  void field(std::string_view key, bool& value, std::string_view) override { add(key, value ? "true" : "false"); }
  void field(std::string_view key, std::int64_t& value, std::string_view, Bounds) override {
    add(key, std::to_string(value));
  }
  void field(std::string_view key, std::uint64_t& value, std::string_view, Bounds) override {
    add(key, std::to_string(value));
  }
  void field(std::string_view key, double& value, std::string_view, Bounds) override { add(key, format_real(value)); }
  void field(std::string_view key, std::string& value, std::string_view) override { put(key, text(value)); }
  void field(std::string_view key, Secret& value, std::string_view) override { put(key, secret(value)); }
  void field(std::string_view key, Duration& value, std::string_view, Bounds) override {
    put(key, text(format_duration(value)));
  }
  void field(std::string_view key, Bytes& value, std::string_view, Bounds) override { add(key, format_size(value)); }
  void field(std::string_view key, ComponentId& value, std::string_view) override {
    if (!value.type.empty()) put(key, text(value.text()));
  }
  void field(std::string_view key, std::vector<std::string>& value, std::string_view) override {
    std::vector<Node> items;
    for (const std::string& item : value) items.push_back(text(item));
    put(key, Node::sequence(std::move(items), {}));
  }
  void field(std::string_view key, StringMap& value, std::string_view) override {
    std::vector<Node::Entry> entries;
    for (const auto& [name, item] : value) entries.emplace_back(name, text(item));
    put(key, Node::map(std::move(entries), {}));
  }
  void field(std::string_view key, std::vector<Secret>& value, std::string_view) override {
    std::vector<Node> items;
    for (const Secret& item : value) items.push_back(secret(item));
    put(key, Node::sequence(std::move(items), {}));
  }
  void field(std::string_view key, SecretMap& value, std::string_view) override {
    std::vector<Node::Entry> entries;
    for (const auto& [name, item] : value) entries.emplace_back(name, secret(item));
    put(key, Node::map(std::move(entries), {}));
  }
  void field(std::string_view key, Node& value, std::string_view) override {
    if (!value.is_null()) put(key, value);
  }
  void field(std::string_view key, std::optional<bool>& value, std::string_view) override {
    if (value) add(key, *value ? "true" : "false");
  }
  void field(std::string_view key, std::optional<std::uint64_t>& value, std::string_view, Bounds) override {
    if (value) add(key, std::to_string(*value));
  }
  void field(std::string_view key, std::optional<ComponentId>& value, std::string_view) override {
    if (value) put(key, text(value->text()));
  }
  void field(std::string_view key, std::optional<std::string>& value, std::string_view) override {
    if (value) put(key, text(*value));
  }

  void ignored(std::string_view, std::string_view) override {}
  void unsupported(std::string_view, std::string_view) override {}
  void renamed(std::string_view, std::string_view) override {}

 protected:
  void choice_number(std::string_view key, int& value, const std::vector<Choice>& choices, std::string_view) override {
    for (const Choice& choice : choices) {
      if (choice.value == value) return put(key, text(std::string(choice.name)));
    }
  }
  bool begin_section(std::string_view key, std::string_view) override {
    open_.push_back({std::string(key), {}, {}});
    return true;
  }
  std::optional<std::vector<std::string>> names_in_section(const std::vector<std::string>&) override { return {}; }
  Presence begin_optional(std::string_view key, bool is_present, std::string_view doc) override {
    if (!is_present) return Presence::keep;
    begin_section(key, doc);
    return Presence::shown;
  }
  void end_section() override {
    Open closed = std::move(open_.back());
    open_.pop_back();
    put(closed.key, Node::map(std::move(closed.entries), {}));
  }
  ListVisit begin_list(std::string_view key, std::size_t count, std::string_view) override {
    open_.push_back({std::string(key), {}, {}});
    return {.is_visited = true, .count = count};
  }
  bool item_text(std::size_t, std::string& value) override {
    if (value.empty()) return false;
    open_.back().items.push_back(text(value));
    return true;
  }
  bool begin_item(std::size_t) override {
    open_.emplace_back();
    return true;
  }
  void end_item() override {
    Node item = Node::map(std::move(open_.back().entries), {});
    open_.pop_back();
    open_.back().items.push_back(std::move(item));
  }
  void end_list() override {
    Open closed = std::move(open_.back());
    open_.pop_back();
    put(closed.key, Node::sequence(std::move(closed.items), {}));
  }
  Validator* validator() override { return nullptr; }

 private:
  struct Open {
    std::string key;
    std::vector<Node::Entry> entries;
    std::vector<Node> items;
  };

  static Node text(std::string value) { return Node::scalar(std::move(value), {}, true); }
  Node secret(const Secret& value) const {
    return text(reveal_secrets_ || value.empty() ? value.reveal() : "[REDACTED]");
  }
  void put(std::string_view key, Node value) { open_.back().entries.emplace_back(std::string(key), std::move(value)); }
  void add(std::string_view key, std::string value) { put(key, Node::scalar(std::move(value), {})); }

  const bool reveal_secrets_;
  std::vector<Open> open_;
};

}  // namespace

struct Printer::State {
  FieldPrinter printer;
};

Printer::Printer(bool reveal_secrets) : state_(new State{FieldPrinter(reveal_secrets)}) {}
Printer::~Printer() = default;
Fields& Printer::fields() { return state_->printer; }
Node Printer::take() { return state_->printer.take(); }

}  // namespace rankwire::config
