#include "connectors/span_metrics/dimensions.hpp"

#include <re2/re2.h>

#include "connectors/span_metrics/span_metrics_config.hpp"

namespace rankwire::span_metrics {
namespace {

// The expression of a glob, or why it is not one.
Result<std::string> expression_of(std::string_view glob) {
  std::string out;
  int depth = 0;
  for (std::size_t i = 0; i < glob.size(); ++i) {
    const char c = glob[i];
    if (c == '*') {
      const bool is_double = i + 1 < glob.size() && glob[i + 1] == '*';
      out += is_double ? ".*" : "[^.]*";
      i += is_double ? 1 : 0;
    } else if (c == '?') {
      out += "[^.]";
    } else if (c == '[') {
      const std::size_t end = glob.find(']', i + 1);
      if (end == std::string_view::npos || end == i + 1) return Error(ErrorKind::invalid, "has a [ without its ]");
      std::string_view set = glob.substr(i + 1, end - i - 1);
      out += '[';
      if (set.front() == '!' || set.front() == '^') {
        out += '^';
        set.remove_prefix(1);
      }
      for (const char one : set) {
        if (one == '\\' || one == '[' || one == '^') out += '\\';
        out += one;
      }
      out += ']';
      i = end;
    } else if (c == '{') {
      out += "(?:";
      ++depth;
    } else if (c == '}' && depth > 0) {
      out += ')';
      --depth;
    } else if (c == ',' && depth > 0) {
      out += '|';
    } else if (c == '\\' && i + 1 < glob.size()) {
      out += re2::RE2::QuoteMeta(re2::StringPiece(glob.data() + ++i, 1));
    } else {
      out += re2::RE2::QuoteMeta(re2::StringPiece(glob.data() + i, 1));
    }
  }
  if (depth != 0) return Error(ErrorKind::invalid, "has a { without its }");
  return out;
}

}  // namespace

Result<Glob> Glob::compile(std::string_view text) {
  auto expression = expression_of(text);
  if (!expression) return std::move(expression).error();
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_encoding(re2::RE2::Options::EncodingLatin1);
  options.set_dot_nl(true);
  Glob glob;
  glob.expression_ = std::make_shared<const re2::RE2>(*expression, options);
  if (!glob.expression_->ok()) return Error(ErrorKind::invalid, "is not a pattern: " + glob.expression_->error());
  return glob;
}

bool Glob::matches(std::string_view name) const {
  return re2::RE2::FullMatch(re2::StringPiece(name.data(), name.size()), *expression_);
}

DimensionList::DimensionList(const std::vector<DimensionConfig>& configs) {
  for (const DimensionConfig& config : configs) {
    if (config.glob.empty()) {
      named_.push_back({config.name, config.default_value.has_value(), config.default_value.value_or(""), {}});
    } else if (auto glob = Glob::compile(config.glob)) {
      globs_.push_back(std::move(*glob));
    }
  }
  for (Named& named : named_) named.default_value = Value::of(std::string_view(named.default_text));
}

void DimensionList::prepare(const Attributes& resource, OfResource& out) const {
  out.fallbacks.clear();
  for (const Named& named : named_) {
    OfResource::Fallback fallback;
    fallback.value = find(resource, named.name);
    if (fallback.value == nullptr && named.has_default) fallback.value = &named.default_value;
    if (fallback.value != nullptr) fallback.identity = identity_of(*fallback.value);
    out.fallbacks.push_back(fallback);
  }
}

template <class Visit>
void DimensionList::visit_globs(const Sources& sources, Visit visit) const {
  if (globs_.empty()) return;
  const Attributes* const in[] = {sources.span, sources.event, sources.resource};
  for (std::size_t level = 0; level < 3; ++level) {
    if (in[level] == nullptr) continue;
    for (const KeyValue& entry : *in[level]) {
      bool is_hidden = false;
      for (std::size_t above = 0; above < level && !is_hidden; ++above)
        is_hidden = in[above] != nullptr && find(*in[above], entry.key) != nullptr;
      if (is_hidden) continue;
      for (const Glob& glob : globs_) {
        if (!glob.matches(entry.key)) continue;
        visit(entry);
        break;
      }
    }
  }
}

void DimensionList::identify(const Sources& sources, const OfResource& prepared, std::vector<Identity>& to) const {
  for (std::size_t i = 0; i < named_.size(); ++i) {
    const Value* value = sources.span != nullptr ? find(*sources.span, named_[i].name) : nullptr;
    if (value == nullptr && sources.event != nullptr) value = find(*sources.event, named_[i].name);
    to.push_back(value != nullptr ? identity_of(*value) : prepared.fallbacks[i].identity);
  }
  if (globs_.empty()) return;
  Identity all;
  visit_globs(sources, [&](const KeyValue& entry) {
    const Identity one = joined(identity_of(entry.key), identity_of(entry.value));
    all.low += one.low;
    all.high += one.high;
  });
  to.push_back(all);
}

void DimensionList::collect(const Sources& sources, const OfResource& prepared, Attributes& to, Arena& arena) const {
  for (std::size_t i = 0; i < named_.size(); ++i) {
    const Value* value = sources.span != nullptr ? find(*sources.span, named_[i].name) : nullptr;
    if (value == nullptr && sources.event != nullptr) value = find(*sources.event, named_[i].name);
    if (value == nullptr) value = prepared.fallbacks[i].value;
    if (value != nullptr) set(to, arena, named_[i].name, *value);
  }
  visit_globs(sources, [&](const KeyValue& entry) { set(to, arena, entry.key, entry.value); });
}

}  // namespace rankwire::span_metrics
