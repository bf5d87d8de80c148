// From the `operators` list of a configuration to a connected graph.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/fields.hpp"
#include "receivers/file_log/parse/field_path.hpp"
#include "receivers/file_log/parse/operators/operator.hpp"

namespace rankwire::file_log {

class OperatorGraph {
 public:
  const Operator& first() const { return *first_; }
  std::vector<std::unique_ptr<OperatorState>> make_states() const;

 private:
  friend class GraphBuilder;
  std::vector<std::unique_ptr<Operator>> operators_;  // The last one appends records.
  const Operator* first_ = nullptr;
};

struct BuiltOperators {
  std::optional<ContainerStage> container;  // Taken out of the graph: the hot path.
  std::unique_ptr<OperatorGraph> graph;     // Null: nothing else to do.
  bool has_container_operator = false;      // In the graph.
};

// `attributes` and `resource` are those with values that must be evaluated for each record.
struct InputTemplates {
  std::vector<std::pair<FieldPath, expr::Template>> values;
};

// Problems go to `diagnostics`; what is returned then must not be used. `path` is where the list
// stands in the configuration.
BuiltOperators build_operators(const config::Node& list, const std::string& path, InputTemplates templates,
                               config::Diagnostics& diagnostics);

// The keys of every kind of operator, for documentation: "operators[regex_parser].regex".
std::vector<config::FieldInfo> describe_operators();

// What the builder of one kind of operator gets. Its settings, with their keys, are what it reads.
class OperatorSource {
 public:
  // `keys`: where to leave the keys of the settings; null: nobody asks.
  OperatorSource(const config::Node& node, std::string path, config::Diagnostics& diagnostics,
                 std::vector<config::FieldInfo>* keys = nullptr)
      : node_(node), path_(std::move(path)), diagnostics_(diagnostics), keys_(keys) {}

  template <class Settings>
  Settings read() const {
    if (keys_ != nullptr) *keys_ = config::Describer().describe<Settings>();
    return config::read<Settings>(node_, path_, diagnostics_);
  }
  const config::Node& node() const { return node_; }
  const std::string& path() const { return path_; }
  config::Diagnostics& diagnostics() const { return diagnostics_; }
  void error(std::string_view key, std::string message, std::string suggestion = {}) const;
  bool has(std::string_view key) const { return node_.find(key) != nullptr; }
  // An empty text gives `otherwise`.
  FieldPath field(std::string_view key, const std::string& text, FieldPath otherwise = {}) const;
  FieldPath required_field(std::string_view key, const std::string& text) const;
  std::optional<expr::Expression> expression(std::string_view key, const std::string& text) const;
  // The same problems reported for a section inside.
  OperatorSource section(const char* key) const;

 private:
  const config::Node& node_;
  const std::string path_;
  config::Diagnostics& diagnostics_;
  std::vector<config::FieldInfo>* const keys_;
};

// Null when the configuration is wrong (and says so in the diagnostics).
using OperatorBuilder = std::unique_ptr<Operator> (*)(const OperatorSource&);

std::unique_ptr<Operator> build_container(const OperatorSource& source);
std::unique_ptr<Operator> build_regex_parser(const OperatorSource& source);
std::unique_ptr<Operator> build_json_parser(const OperatorSource& source);
std::unique_ptr<Operator> build_json_array_parser(const OperatorSource& source);
std::unique_ptr<Operator> build_key_value_parser(const OperatorSource& source);
std::unique_ptr<Operator> build_csv_parser(const OperatorSource& source);
std::unique_ptr<Operator> build_uri_parser(const OperatorSource& source);
std::unique_ptr<Operator> build_time_parser(const OperatorSource& source);
std::unique_ptr<Operator> build_severity_parser(const OperatorSource& source);
std::unique_ptr<Operator> build_trace_parser(const OperatorSource& source);
std::unique_ptr<Operator> build_scope_name_parser(const OperatorSource& source);
std::unique_ptr<Operator> build_recombine(const OperatorSource& source);
std::unique_ptr<Operator> build_add(const OperatorSource& source);
std::unique_ptr<Operator> build_copy(const OperatorSource& source);
std::unique_ptr<Operator> build_move(const OperatorSource& source);
std::unique_ptr<Operator> build_remove(const OperatorSource& source);
std::unique_ptr<Operator> build_retain(const OperatorSource& source);
std::unique_ptr<Operator> build_flatten(const OperatorSource& source);
std::unique_ptr<Operator> build_filter(const OperatorSource& source);
std::unique_ptr<Operator> build_router(const OperatorSource& source);
std::unique_ptr<Operator> build_noop(const OperatorSource& source);
std::unique_ptr<Operator> build_regex_replace(const OperatorSource& source);
std::unique_ptr<Operator> build_unquote(const OperatorSource& source);
std::unique_ptr<Operator> build_assign_keys(const OperatorSource& source);
std::unique_ptr<Operator> build_sanitize_utf8(const OperatorSource& source);

// The hot path's form of a container operator; nothing where it uses what only the general one does.
std::optional<ContainerStage> read_container_stage(const OperatorSource& source);

// Operators whose outputs are more than `output` name them here, in the order of `connect_routes`.
class Routing {
 public:
  virtual ~Routing() = default;
  virtual std::vector<std::vector<std::string>> route_outputs() const = 0;
  virtual void connect_routes(std::vector<std::vector<const Operator*>> outputs) = 0;
};

}  // namespace rankwire::file_log
