#include "receivers/file_log/parse/parser_settings.hpp"

#include "receivers/file_log/parse/header.hpp"
#include "receivers/file_log/parse/line_parser.hpp"
#include "receivers/file_log/parse/operators/build.hpp"

namespace rankwire::file_log {

namespace {

const std::vector<config::Choice> long_line_choices = {{"split", static_cast<int>(LongLine::split)},
                                                       {"truncate", static_cast<int>(LongLine::truncate)}};

Result<std::unique_ptr<LineCutter>> make_cutter(const ParserConfig& config, const text::Decoder& decoder) {
  const text::Encoding encoding = decoder.encoding();
  const bool is_wide = decoder.unit_size() == 2;
  if (config.multiline.has_value()) {
    const MultilineConfig& lines = *config.multiline;
    if (is_wide) return Error(ErrorKind::invalid, "multiline is not supported with a two-byte encoding");
    const bool is_utf8 = encoding == text::Encoding::utf8 || encoding == text::Encoding::utf8_raw;
    if (!lines.line_start_pattern.empty())
      return make_start_cutter(lines.line_start_pattern, lines.omit_pattern, is_utf8);
    if (!lines.line_end_pattern.empty()) return make_end_cutter(lines.line_end_pattern, lines.omit_pattern, is_utf8);
  }
  if (is_wide) return make_wide_line_cutter(encoding == text::Encoding::utf16be);
  if (encoding == text::Encoding::raw_bytes) return make_whole_cutter(config.max_log_size.count);
  return std::unique_ptr<LineCutter>();
}

class LineParserFactory final : public ParserFactory {
 public:
  explicit LineParserFactory(std::shared_ptr<const LinePlan> plan) : plan_(std::move(plan)) {}
  std::unique_ptr<FileParser> make(FileFacts facts) override {
    return std::make_unique<LineParser>(plan_, std::move(facts));
  }

 private:
  const std::shared_ptr<const LinePlan> plan_;
};

FileAttributeChoice file_choice(const ParserConfig& config) {
  FileAttributeChoice choice;
  choice.name = config.include_file_name;
  choice.path = config.include_file_path;
  choice.name_resolved = config.include_file_name_resolved;
  choice.path_resolved = config.include_file_path_resolved;
  choice.owner_name = config.include_file_owner_name;
  choice.owner_group_name = config.include_file_owner_group_name;
  choice.permissions = config.include_file_permissions;
  choice.record_number = config.include_file_record_number;
  choice.record_offset = config.include_file_record_offset;
  return choice;
}

// Values without an expression, or with one that reads nothing of a record, are settled now.
void read_templates(const config::StringMap& from, FieldPath::Root root, const std::string& path,
                    AttributeTexts& constants, InputTemplates& templates, config::Diagnostics& diagnostics) {
  for (const auto& [key, value] : from) {
    auto text = expr::Template::compile(value);
    if (!text) {
      diagnostics.error({}, path + "::" + key, text.error().message());
      continue;
    }
    if (!text->is_constant()) {
      templates.values.emplace_back(FieldPath(root).child(key), std::move(*text));
      continue;
    }
    const Entry nothing{};
    Arena arena;
    expr::Evaluation e{nothing, arena};
    const Value constant = text->evaluate(e);
    if (e.error != nullptr) diagnostics.error({}, path + "::" + key, e.error);
    constants.emplace_back(key, expr::to_text(constant, arena));
  }
}

// Problems of operators, as problems of the receiver.
void report(const config::Diagnostics& found, config::Validator& v) {
  for (const config::Diagnostic& problem : found.all()) {
    if (problem.severity == config::Severity::error)
      v.error(problem.path, problem.message, problem.suggestion);
    else
      v.warning(problem.path, problem.message, problem.suggestion);
  }
}

void validate_header(const HeaderConfig& header, const text::Decoder& decoder, config::Validator& v) {
  if (decoder.unit_size() != 1 || decoder.encoding() == text::Encoding::raw_bytes)
    v.error("header", "is not supported with this encoding");
  if (const auto pattern = text::Pattern::compile(header.pattern); header.pattern.empty() || !pattern)
    v.error("header", "pattern: " + (pattern ? std::string("must be set") : pattern.error().message()));
  if (!header.metadata_operators.is_sequence() || header.metadata_operators.items().empty())
    return v.error("header", "metadata_operators: there must be at least one");
  for (const config::Node& item : header.metadata_operators.items()) {
    const config::Node* type = item.find("type");
    if (type != nullptr && type->text() == "filter")
      v.error("header", "metadata_operators: filter is not allowed here");
  }
  config::Diagnostics found;
  build_operators(header.metadata_operators, "header::metadata_operators", {}, found);
  report(found, v);
}

std::shared_ptr<const HeaderPlan> make_header(const HeaderConfig& header, std::size_t line_size_max, Clock& clock,
                                              Logger& log, config::Diagnostics& diagnostics) {
  auto pattern = text::Pattern::compile(header.pattern);
  auto decoder = text::Decoder::make("utf-8");
  if (!pattern || !decoder) {
    diagnostics.error({}, "header", "is not valid");
    return nullptr;
  }
  auto lines = std::make_shared<LinePlan>();
  lines->decoder = std::move(*decoder);
  lines->keeps_leading_space = lines->keeps_trailing_space = true;
  lines->line_size_max = line_size_max;
  lines->file.name = false;
  BuiltOperators operators = build_operators(header.metadata_operators, "header", {}, diagnostics);
  lines->container = operators.container;
  lines->has_container_operator = operators.has_container_operator;
  lines->graph = std::move(operators.graph);
  lines->clock = &clock;
  lines->log = &log;
  return std::make_shared<HeaderPlan>(HeaderPlan{std::move(*pattern), std::move(lines)});
}

BuiltOperators build(const ParserConfig& config, LinePlan& plan, config::Diagnostics& diagnostics) {
  InputTemplates templates;
  read_templates(config.attributes, FieldPath::Root::attributes, "attributes", plan.attributes, templates, diagnostics);
  read_templates(config.resource, FieldPath::Root::resource, "resource", plan.resource, templates, diagnostics);
  return build_operators(config.operators, "operators", std::move(templates), diagnostics);
}

}  // namespace

void MultilineConfig::fields(config::Fields& f) {
  f.field("line_start_pattern", line_start_pattern, "An entry begins where this regular expression matches.");
  f.field("line_end_pattern", line_end_pattern, "An entry ends where this regular expression matches.");
  f.field("omit_pattern", omit_pattern, "Leave what the pattern matched out of the entry.");
}

void MultilineConfig::validate(config::Validator& v) const {
  if (line_start_pattern.empty() == line_end_pattern.empty())
    v.error("", "exactly one of line_start_pattern and line_end_pattern must be set");
}

void HeaderConfig::fields(config::Fields& f) {
  f.field("pattern", pattern, "Lines at the start of a file that match are its header.");
  f.field("metadata_operators", metadata_operators, "What makes attributes of a line of the header.");
}

void ParserConfig::fields(config::Fields& f) {
  f.field("encoding", encoding, "Encoding of the files.");
  f.optional_section("multiline", multiline, "Cut entries by a pattern instead of line ends.");
  f.field("preserve_leading_whitespaces", preserve_leading_whitespaces, "Keep white space at the start of entries.");
  f.field("preserve_trailing_whitespaces", preserve_trailing_whitespaces, "Keep white space at the end of entries.");
  f.field("max_log_size", max_log_size, "Longer entries are split or truncated.", {.min = 1});
  f.choice("max_log_size_behavior", max_log_size_behavior, long_line_choices, "What happens to longer entries.");
  f.field("force_flush_period", force_flush_period, "An unfinished entry waits at most this long; 0: for ever.",
          {.min = 0});
  f.field("attributes", attributes, "Attributes added to every record; values may be EXPR(...).");
  f.field("resource", resource, "Resource attributes added to every record; values may be EXPR(...).");
  f.field("include_file_name", include_file_name, "Add log.file.name.");
  f.field("include_file_path", include_file_path, "Add log.file.path.");
  f.field("include_file_name_resolved", include_file_name_resolved, "Add log.file.name_resolved.");
  f.field("include_file_path_resolved", include_file_path_resolved, "Add log.file.path_resolved.");
  f.field("include_file_owner_name", include_file_owner_name, "Add log.file.owner.name.");
  f.field("include_file_owner_group_name", include_file_owner_group_name, "Add log.file.owner.group.name.");
  f.field("include_file_permissions", include_file_permissions, "Add log.file.permissions.");
  f.field("include_file_record_number", include_file_record_number, "Add log.file.record_number, counted from 1.");
  f.field("include_file_record_offset", include_file_record_offset, "Add log.file.record_offset, in bytes.");
  f.optional_section("header", header, "Lines at the start of each file that become attributes of its records.");
  f.field("operators", operators, "What is done to each record, in order; see OPERATORS.md.");
}

void ParserConfig::validate(config::Validator& v) const {
  auto decoder = text::Decoder::make(encoding);
  if (!decoder) {
    v.error("encoding", decoder.error().message());
    return;
  }
  if (header.has_value()) validate_header(*header, **decoder, v);
  if (auto cutter = make_cutter(*this, **decoder); !cutter) v.error("multiline", cutter.error().message());
  LinePlan plan;
  config::Diagnostics found;
  build(*this, plan, found);
  report(found, v);
}

std::unique_ptr<ParserFactory> make_parser_factory(const ParserConfig& config, Clock& clock, Logger& log,
                                                   Counters& counters) {
  static_cast<void>(counters);
  auto plan = std::make_shared<LinePlan>();
  auto decoder = text::Decoder::make(config.encoding);
  if (!decoder) return nullptr;
  plan->decoder = std::move(*decoder);
  auto cutter = make_cutter(config, *plan->decoder);
  if (!cutter) return nullptr;
  plan->cutter = std::move(*cutter);
  plan->keeps_leading_space = config.preserve_leading_whitespaces;
  plan->keeps_trailing_space = config.preserve_trailing_whitespaces;
  plan->truncates = config.max_log_size_behavior == LongLine::truncate;
  plan->line_size_max = std::max<std::uint64_t>(config.max_log_size.count, 4);  // One character.
  plan->flush_period = config.force_flush_period;
  config::Diagnostics diagnostics;
  BuiltOperators operators = build(config, *plan, diagnostics);
  if (config.header.has_value())
    plan->header = make_header(*config.header, plan->line_size_max, clock, log, diagnostics);
  if (diagnostics.has_errors()) return nullptr;
  plan->container = operators.container;
  plan->has_container_operator = operators.has_container_operator;
  plan->graph = std::move(operators.graph);
  plan->file = file_choice(config);
  plan->clock = &clock;
  plan->log = &log;
  return std::make_unique<LineParserFactory>(std::move(plan));
}

}  // namespace rankwire::file_log
