#include "otlp/span_bytes.hpp"

#include <algorithm>
#include <cstring>

#include "otlp/wire_reader.hpp"
#include "otlp/wire_writer.hpp"

namespace rankwire::otlp {
namespace {

class Walk {
 public:
  explicit Walk(SpanVisitor& visitor) : visitor_(visitor) {}

  bool request(std::string_view bytes) {
    WireReader in(bytes, failure_);
    while (in.next()) {
      if (in.tag() != length_tag(field::request::resources)) {
        if (!in.step_over()) return false;
        continue;
      }
      const std::string_view group = in.bytes();
      if (!in.ok() || !describe(group, field::resource_group::scopes)) return false;
      visitor_.resource(description_.view());
      if (!each(group, field::resource_group::scopes, [this](std::string_view scope, std::string_view) {
            if (!describe(scope, field::scope_group::records)) return false;
            visitor_.scope(description_.view());
            return each(scope, field::scope_group::records,
                        [this](std::string_view inside, std::string_view whole) { return span(inside, whole); });
          }))
        return false;
    }
    return in.ok();
  }
  Error error(std::string_view whole) const { return failure_.error(whole); }

 private:
  // Calls `visit(contents, field)` with each field of this number.
  template <class Visit>
  bool each(std::string_view message, field::Number number, Visit visit) {
    WireReader in(message, failure_);
    while (in.next()) {
      const char* const begin = in.field_begin();
      if (in.tag() != length_tag(number)) {
        if (!in.step_over()) return false;
        continue;
      }
      const std::string_view inside = in.bytes();
      if (!in.ok() || !visit(inside, std::string_view(begin, static_cast<std::size_t>(in.position() - begin))))
        return false;
    }
    return in.ok();
  }

  // Gathers all other fields.
  bool describe(std::string_view message, field::Number children) {
    description_.clear();
    WireReader in(message, failure_);
    while (in.next()) {
      const char* const begin = in.field_begin();
      if (!in.step_over()) return false;
      if (in.tag() != length_tag(children))
        description_.append({begin, static_cast<std::size_t>(in.position() - begin)});
    }
    return in.ok();
  }

  bool span(std::string_view bytes, std::string_view whole) {
    TraceId trace;
    bool is_root = true;
    WireReader in(bytes, failure_);
    while (in.next()) {
      const bool is_id = in.tag() == length_tag(field::span::trace_id);
      if (!is_id && in.tag() != length_tag(field::span::parent_span_id)) {
        if (!in.step_over()) return false;
        continue;
      }
      const std::string_view id = in.bytes();
      if (is_id) {
        trace = {};
        if (id.size() == sizeof trace.bytes) std::memcpy(trace.bytes, id.data(), sizeof trace.bytes);
      } else {
        is_root = std::all_of(id.begin(), id.end(), [](char byte) { return byte == 0; });
      }
    }
    if (!in.ok()) return false;
    visitor_.span(trace, is_root, whole);
    return true;
  }

  SpanVisitor& visitor_;
  Buffer description_;
  Failure failure_;
};

std::size_t size_of(const ScopePart& scope) {
  std::size_t size = scope.description.size();
  for (const std::string_view span : scope.spans) size += span.size();
  return size;
}

std::uint32_t length_of(std::size_t size) { return static_cast<std::uint32_t>(varint_size(size)); }

}  // namespace

Result<void> visit_spans(std::string_view request, SpanVisitor& visitor) {
  Walk walk(visitor);
  if (!walk.request(request)) return walk.error(request);
  return {};
}

void append_resource(std::string_view description, std::span<const ScopePart> scopes, Buffer& to) {
  std::size_t total = description.size();
  for (const ScopePart& scope : scopes) {
    const std::size_t size = size_of(scope);
    total += 1 + varint_size(size) + size;
  }
  WireWriter out(to);
  const OpenMessage resource = out.open(field::request::resources, length_of(total));
  out.raw(description);
  for (const ScopePart& scope : scopes) {
    const OpenMessage open = out.open(field::resource_group::scopes, length_of(size_of(scope)));
    out.raw(scope.description);
    for (const std::string_view span : scope.spans) out.raw(span);
    out.close(open);
  }
  out.close(resource);
}

}  // namespace rankwire::otlp
