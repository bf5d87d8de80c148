// The spans of a request as they lie in it, for whoever sorts them without decoding, and requests made of such spans
// again. Nothing is lost on the way: what we do not know stays in the descriptions and in the spans.
#pragma once

#include <span>
#include <string_view>

#include "base/buffer.hpp"
#include "base/error.hpp"
#include "signal/resource.hpp"

namespace rankwire::otlp {

// Views into the request; the descriptions only until the next call.
class SpanVisitor {
 public:
  virtual ~SpanVisitor() = default;
  // What stands in a resource group beside its scopes, and in a scope group beside its spans.
  virtual void resource(std::string_view description) = 0;
  virtual void scope(std::string_view description) = 0;
  // `field` is the span with its tag and length. A root has no parent.
  virtual void span(const TraceId& trace, bool is_root, std::string_view field) = 0;
};

// Every span in order. What decodes can be visited.
Result<void> visit_spans(std::string_view request, SpanVisitor& visitor);

// Spans of one scope, and scopes of one resource, to be written.
struct ScopePart {
  std::string_view description;
  std::span<const std::string_view> spans;  // Each a field.
};

// Appends one resource group with these to a request.
void append_resource(std::string_view description, std::span<const ScopePart> scopes, Buffer& to);

}  // namespace rankwire::otlp
