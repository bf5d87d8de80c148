// Policies that look at one thing. Values of another type than a policy asks for are 0, false or empty, as in the
// original: a text is in a range that has 0 in it.
#include <algorithm>
#include <limits>

#include "base/require.hpp"
#include "ottl/walk.hpp"
#include "processors/tail_sampling/ottl_policy.hpp"
#include "processors/tail_sampling/policy.hpp"
#include "processors/tail_sampling/rate_policies.hpp"
#include "processors/tail_sampling/value_matcher.hpp"

namespace rankwire::tail_sampling {
namespace {

Decision sampled_if(bool is_sampled) { return is_sampled ? Decision::sampled : Decision::not_sampled; }

// By numbers alone.
template <class Holds>
class PlainPolicy final : public Policy {
 public:
  explicit PlainPolicy(Holds holds) : holds_(std::move(holds)) {}
  Decision decide(Candidate& trace) override { return sampled_if(holds_(trace)); }
  bool looks_at_spans() const override { return false; }

 private:
  Holds holds_;
};

// One span for which it holds is enough; `Holds` is made anew for each trace.
template <class Holds>
class SpanPolicy final : public Policy {
 public:
  explicit SpanPolicy(Holds holds) : holds_(std::move(holds)) {}
  Decision decide(Candidate& trace) override {
    Holds holds = holds_;
    for (const SpanResource& resource : trace.spans->resources)
      for (const SpanScope& scope : resource.scopes)
        for (const Span& span : scope.records)
          if (holds(span)) return Decision::sampled;
    return Decision::not_sampled;
  }
  bool looks_at_spans() const override { return true; }

 private:
  const Holds holds_;
};

// One resource or span whose attribute matches is enough; turned round, too much.
template <class Matches>
class AttributePolicy final : public Policy {
 public:
  AttributePolicy(std::string key, bool is_inverted, Matches matches)
      : key_(std::move(key)), is_inverted_(is_inverted), matches_(std::move(matches)) {}
  Decision decide(Candidate& trace) override { return sampled_if(finds(*trace.spans) != is_inverted_); }
  bool looks_at_spans() const override { return true; }

 private:
  bool finds(const TraceBatch& spans) {
    for (const SpanResource& resource : spans.resources) {
      if (const Value* value = find(resource.resource.attributes, key_); value && matches_(*value, true)) return true;
      for (const SpanScope& scope : resource.scopes)
        for (const Span& span : scope.records)
          if (const Value* value = find(span.attributes, key_); value && matches_(*value, false)) return true;
    }
    return false;
  }

  const std::string key_;
  const bool is_inverted_;
  Matches matches_;
};

template <class Holds>
std::unique_ptr<Policy> plain(Holds holds) {
  return std::make_unique<PlainPolicy<Holds>>(std::move(holds));
}
template <class Holds>
std::unique_ptr<Policy> by_span(Holds holds) {
  return std::make_unique<SpanPolicy<Holds>>(std::move(holds));
}
template <class Settings, class Matches>
std::unique_ptr<Policy> by_attribute(const Settings& settings, Matches matches) {
  return std::make_unique<AttributePolicy<Matches>>(settings.key, settings.invert_match, std::move(matches));
}

// Asked after each span about those so far, as the original does: with an upper bound, a trace that was within the
// bounds before its last spans is sampled.
struct Latency {
  std::int64_t from_ms, to_ms;
  std::uint64_t first = 0, last = 0;

  bool operator()(const Span& span) {
    if (first == 0 || span.start_time_unix_nanos < first) first = span.start_time_unix_nanos;
    if (last == 0 || span.end_time_unix_nanos > last) last = span.end_time_unix_nanos;
    const std::int64_t ms = static_cast<std::int64_t>(last - first) / 1'000'000;
    return to_ms == 0 ? ms >= from_ms : from_ms < ms && ms <= to_ms;
  }
};

std::unique_ptr<Policy> numeric(const NumericAttributeSettings& settings) {
  using Limits = std::numeric_limits<std::int64_t>;
  const std::int64_t least = settings.min_value != 0 ? settings.min_value : Limits::min();
  const std::int64_t most = settings.max_value != 0 ? settings.max_value : Limits::max();
  return by_attribute(settings, [=](const Value& value, bool) {
    const std::int64_t number = value.type() == ValueType::integer ? value.integer() : 0;
    return least <= number && number <= most;
  });
}

std::unique_ptr<Policy> text(const StringAttributeSettings& settings) {
  auto matcher = std::make_shared<ValueMatcher>(settings);
  return by_attribute(settings, [matcher = std::move(matcher)](const Value& value, bool is_of_resource) {
    const std::string_view text = value.is_text() ? value.text() : std::string_view();
    return (is_of_resource || !text.empty()) && matcher->matches(text);
  });
}

std::unique_ptr<Policy> boolean(const BooleanAttributeSettings& settings) {
  return by_attribute(settings, [wanted = settings.value](const Value& value, bool) {
    return (value.type() == ValueType::boolean && value.boolean()) == wanted;
  });
}

std::unique_ptr<Policy> status(const StatusCodeSettings& settings) {
  bool is_wanted[3] = {};
  for (const std::string& code : settings.status_codes)
    is_wanted[static_cast<int>(code == "OK"      ? SpanStatusCode::ok
                               : code == "ERROR" ? SpanStatusCode::error
                                                 : SpanStatusCode::unset)] = true;
  return by_span([unset = is_wanted[0], ok = is_wanted[1], error = is_wanted[2]](const Span& span) {
    switch (span.status_code) {
      case SpanStatusCode::unset: return unset;
      case SpanStatusCode::ok: return ok;
      case SpanStatusCode::error: return error;
    }
    return false;
  });
}

std::unique_ptr<Policy> trace_state(const TraceStateSettings& settings) {
  std::vector<std::string> values;
  for (const std::string& value : settings.values)
    if (!value.empty() && settings.key.size() + value.size() < 256) values.push_back(value);
  return by_span([key = settings.key, values = std::move(values)](const Span& span) {
    return !span.trace_state.empty() && has_trace_state(span.trace_state, key, values);
  });
}

std::unique_ptr<Policy> span_count(const SpanCountSettings& settings) {
  return plain([settings](const Candidate& trace) {
    const auto count = static_cast<std::int64_t>(trace.span_count);
    return count >= settings.min_spans && (settings.max_spans == 0 || count <= settings.max_spans);
  });
}

class OttlPolicy final : public Policy {
 public:
  OttlPolicy(CompiledConditions conditions, PolicyWorld& world) : conditions_(std::move(conditions)), world_(world) {}
  bool looks_at_spans() const override { return true; }

  Decision decide(Candidate& trace) override {
    ottl::Frame frame(trace.spans->arena(), world_.ottl);
    for (SpanResource& resource : trace.spans->resources) {
      ottl::enter(frame, resource);
      for (SpanScope& scope : resource.scopes) {
        ottl::enter(frame, scope);
        for (Span& span : scope.records)
          if (const Decision decision = of(frame, span); decision != Decision::not_sampled) return decision;
      }
    }
    return Decision::not_sampled;
  }

 private:
  Decision of(ottl::Frame& frame, Span& span) const {
    bool holds = false;
    frame.span = &span;
    frame.span_event = nullptr;
    frame.cache = {};
    if (conditions_.span && !conditions_.span->any(frame, holds)) return Decision::failed;
    if (holds || !conditions_.span_event) return sampled_if(holds);
    span.events.own(frame.arena);
    for (std::uint32_t i = 0; i < span.events.size(); ++i) {
      frame.span_event = &span.events[i];
      frame.event_index = i;
      frame.cache = {};
      if (!conditions_.span_event->any(frame, holds)) return Decision::failed;
      if (holds) return Decision::sampled;
    }
    return Decision::not_sampled;
  }

  const CompiledConditions conditions_;
  PolicyWorld& world_;
};

std::unique_ptr<Policy> ottl_policy(const OttlConditionSettings& settings, PolicyWorld& world) {
  ottl::SettingsProblems problems;
  CompiledConditions conditions = compile_conditions(settings, &world.owner, problems);
  require(ottl::check(problems).has_value(), "conditions compile as they did when they were validated");
  return std::make_unique<OttlPolicy>(std::move(conditions), world);
}

}  // namespace

CompiledConditions compile_conditions(const OttlConditionSettings& settings, const ottl::ErrorReporter::Owner* owner,
                                      ottl::SettingsProblems& problems) {
  static const ottl::Dialect dialect{ottl::standard_functions(), {ottl::Context::span, ottl::Context::span_event}};
  ottl::GroupCompiler compiler(settings.error_mode, owner, problems);
  CompiledConditions compiled;
  compiled.span = compiler.conditions("span", settings.span, dialect, ottl::Context::span);
  compiled.span_event = compiler.conditions("spanevent", settings.spanevent, dialect, ottl::Context::span_event);
  return compiled;
}

std::unique_ptr<Policy> make_leaf_policy(const LeafPolicy& settings, PolicyWorld& world) {
  switch (settings.type) {
    case PolicyType::always_sample: return plain([](const Candidate&) { return true; });
    case PolicyType::latency: {
      const LatencySettings latency = settings.latency.value_or(LatencySettings{});
      return by_span(Latency{latency.threshold_ms, latency.upper_threshold_ms});
    }
    case PolicyType::numeric_attribute: return numeric(*settings.numeric_attribute);
    case PolicyType::probabilistic: return plain(Probability(settings.probabilistic.value_or(ProbabilisticSettings{})));
    case PolicyType::status_code: return status(*settings.status_code);
    case PolicyType::string_attribute: return text(settings.string_attribute.value_or(StringAttributeSettings{}));
    case PolicyType::rate_limiting:
      return plain(SpanRate(settings.rate_limiting.value_or(RateLimitingSettings{}), world.ottl.clock));
    case PolicyType::bytes_limiting:
      return plain(ByteRate(settings.bytes_limiting.value_or(BytesLimitingSettings{}), world.ottl.clock));
    case PolicyType::span_count: return span_count(settings.span_count.value_or(SpanCountSettings{}));
    case PolicyType::trace_state: return trace_state(settings.trace_state.value_or(TraceStateSettings{}));
    case PolicyType::trace_flags: return by_span([](const Span& span) { return (span.flags & 1) != 0; });
    case PolicyType::boolean_attribute: return boolean(settings.boolean_attribute.value_or(BooleanAttributeSettings{}));
    case PolicyType::ottl_condition: return ottl_policy(*settings.ottl_condition, world);
    default: break;
  }
  require(false, "every policy that stands alone is made here");
  return nullptr;
}

}  // namespace rankwire::tail_sampling
