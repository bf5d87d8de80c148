// The visitor that lists a configuration's fields with their defaults, for documentation, the
// schema and completeness tests. Optional sections and lists are shown by a sample.
#include "config/fields.hpp"
#include "config/units.hpp"

namespace rankwire::config {
namespace {

// Sections that contain themselves (a router in a router) are cut off here.
constexpr std::size_t depth_max = 8;

class FieldDescriber final : public Fields {
 public:
  std::vector<FieldInfo> take() { return std::exchange(all_, {}); }

  void field(std::string_view key, bool& value, std::string_view doc) override {
    add(key, "bool", value ? "true" : "false", doc);
  }
  void field(std::string_view key, std::int64_t& value, std::string_view doc, Bounds) override {
    add(key, "integer", std::to_string(value), doc);
  }
  void field(std::string_view key, std::uint64_t& value, std::string_view doc, Bounds) override {
    add(key, "integer", std::to_string(value), doc);
  }
  void field(std::string_view key, double& value, std::string_view doc, Bounds) override {
    add(key, "number", format_real(value), doc);
  }
  void field(std::string_view key, std::string& value, std::string_view doc) override { add(key, "text", value, doc); }
  void field(std::string_view key, Secret&, std::string_view doc) override { add(key, "secret", "", doc); }
  void field(std::string_view key, Duration& value, std::string_view doc, Bounds) override {
    add(key, "duration", format_duration(value), doc);
  }
  void field(std::string_view key, Bytes& value, std::string_view doc, Bounds) override {
    add(key, "size", format_size(value), doc);
  }
  void field(std::string_view key, ComponentId& value, std::string_view doc) override {
    add(key, "id", value.text(), doc);
  }
  void field(std::string_view key, std::vector<std::string>& value, std::string_view doc) override {
    std::string text = "[";
    for (const std::string& item : value) {
      if (text.size() > 1) text += ", ";
      text += item;
    }
    add(key, "list of texts", text + "]", doc);
  }
  void field(std::string_view key, StringMap&, std::string_view doc) override { add(key, "map of texts", "{}", doc); }
  void field(std::string_view key, std::vector<Secret>&, std::string_view doc) override {
    add(key, "list of secrets", "[]", doc);
  }
  void field(std::string_view key, SecretMap&, std::string_view doc) override { add(key, "map of secrets", "{}", doc); }
  void field(std::string_view key, Node&, std::string_view doc) override { add(key, "any", "", doc); }
  void field(std::string_view key, std::optional<bool>& value, std::string_view doc) override {
    add(key, "bool", value ? *value ? "true" : "false" : "", doc);
  }
  void field(std::string_view key, std::optional<std::uint64_t>& value, std::string_view doc, Bounds) override {
    add(key, "integer", value ? std::to_string(*value) : "", doc);
  }
  void field(std::string_view key, std::optional<ComponentId>& value, std::string_view doc) override {
    add(key, "id", value ? value->text() : "", doc);
  }
  void field(std::string_view key, std::optional<std::string>& value, std::string_view doc) override {
    add(key, "text", value.value_or(""), doc);
  }

  void ignored(std::string_view key, std::string_view why) override {
    add(key, "ignored", "", why).support = FieldInfo::Support::ignored;
  }
  void unsupported(std::string_view key, std::string_view why) override {
    add(key, "unsupported", "", why).support = FieldInfo::Support::unsupported;
  }
  void renamed(std::string_view old_key, std::string_view key) override {
    add(old_key, "renamed", "", "Old spelling of `" + std::string(key) + "`.").support = FieldInfo::Support::renamed;
  }

 protected:
  void choice_number(std::string_view key, int& value, const std::vector<Choice>& choices,
                     std::string_view doc) override {
    FieldInfo& info = add(key, "choice", "", doc);
    for (const Choice& choice : choices) {
      info.choices.emplace_back(choice.name);
      if (choice.value == value && info.default_text.empty()) info.default_text = choice.name;
    }
  }
  bool begin_section(std::string_view key, std::string_view doc) override {
    add(key, "section", "", doc);
    return open(std::string(key) + ".");
  }
  // One stands for all.
  std::optional<std::vector<std::string>> names_in_section(const std::vector<std::string>&) override {
    return std::vector<std::string>{"*"};
  }
  Presence begin_optional(std::string_view key, bool is_present, std::string_view doc) override {
    add(key, "optional section", is_present ? "present" : "absent", doc);
    return open(std::string(key) + ".") ? Presence::shown : Presence::keep;
  }
  void end_section() override { prefixes_.pop_back(); }
  ListVisit begin_list(std::string_view key, std::size_t, std::string_view doc) override {
    add(key, "list", "", doc);
    const bool is_open = open(std::string(key) + "[].");
    if (!is_open) prefixes_.push_back({});  // end_list() takes one off either way.
    return {.is_visited = is_open, .is_sampled = true, .count = 1};
  }
  bool begin_item(std::size_t) override { return true; }
  void end_item() override {}
  void end_list() override { prefixes_.pop_back(); }
  Validator* validator() override { return nullptr; }

 private:
  bool open(const std::string& step) {
    if (prefixes_.size() >= depth_max) return false;
    prefixes_.push_back(prefix() + step);
    return true;
  }
  std::string prefix() const { return prefixes_.empty() ? std::string() : prefixes_.back(); }

  FieldInfo& add(std::string_view key, std::string type, std::string default_text, std::string_view doc) {
    FieldInfo info;
    info.path = prefix() + std::string(key);
    info.type = std::move(type);
    info.default_text = std::move(default_text);
    info.doc = doc;
    return all_.emplace_back(std::move(info));
  }

  std::vector<FieldInfo> all_;
  std::vector<std::string> prefixes_;
};

}  // namespace

struct Describer::State {
  FieldDescriber describer;
};

Describer::Describer() : state_(new State) {}
Describer::~Describer() = default;
Fields& Describer::fields() { return state_->describer; }
std::vector<FieldInfo> Describer::take() { return state_->describer.take(); }

}  // namespace rankwire::config
