// The attributes of spans, events and resources that become attributes of metrics: looking them up, and who a set of
// their values is.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "signal/identity.hpp"

namespace re2 {
class RE2;
}

namespace rankwire::span_metrics {

struct DimensionConfig;

// Every metric has these unless they are excluded; no other dimension may have their names.
inline constexpr std::string_view own_dimensions[] = {"service.name", "span.name", "span.kind", "status.code",
                                                      "collector.instance.id"};

// A pattern of names made of parts between dots.
class Glob {
 public:
  // `*` any part of a part, `**` also dots, `?` one character, `[abc]`, `[!abc]`, `{one,other}`.
  static Result<Glob> compile(std::string_view text);
  bool matches(std::string_view name) const;

 private:
  std::shared_ptr<const re2::RE2> expression_;
};

// Where values are looked for, the first that has one wins; null where there is none.
struct Sources {
  const Attributes* span = nullptr;
  const Attributes* event = nullptr;
  const Attributes* resource = nullptr;
};

class DimensionList {
 public:
  // `configs` have been validated.
  explicit DimensionList(const std::vector<DimensionConfig>& configs);
  bool empty() const { return named_.empty() && globs_.empty(); }

  // What a resource alone decides, so that it is looked up once for all its spans.
  struct OfResource {
    struct Fallback {
      const Value* value = nullptr;  // Of the resource, or the default; null: none.
      Identity identity;
    };
    std::vector<Fallback> fallbacks;
  };
  void prepare(const Attributes& resource, OfResource& out) const;

  // Who the values are, whatever the order of attributes; appended to `to`.
  void identify(const Sources& sources, const OfResource& prepared, std::vector<Identity>& to) const;
  // The values themselves, in the order of the configuration.
  void collect(const Sources& sources, const OfResource& prepared, Attributes& to, Arena& arena) const;

 private:
  struct Named {
    std::string name;
    bool has_default = false;
    std::string default_text;
    Value default_value;  // A view of `default_text`: a list is neither copied nor moved once made.
  };
  template <class Visit>
  void visit_globs(const Sources& sources, Visit visit) const;

  std::vector<Named> named_;
  std::vector<Glob> globs_;
};

}  // namespace rankwire::span_metrics
