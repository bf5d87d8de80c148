// One request of Remote Write: io.prometheus.WriteRequest (1.0) or io.prometheus.write.v2.Request (2.0), as protobuf.
#pragma once

#include <memory>

#include "base/buffer.hpp"
#include "exporters/prometheus_remote_write/series.hpp"

namespace rankwire::prometheus_remote_write {

enum class Protocol : std::uint8_t { v1, v2 };

class RequestWriter {
 public:
  virtual ~RequestWriter() = default;
  // One sample of a series. What it adds to `size`, or less, is known before.
  virtual void add(const Series& series, const Family& family, const Sample& sample) = 0;
  virtual std::size_t size() const = 0;
  // 2.0 has it beside each series instead.
  virtual void add_metadata(const Family&) {}
  // The request so far; the writer begins anew.
  virtual Buffer take() = 0;
};

std::unique_ptr<RequestWriter> make_request_writer(Protocol protocol);
// More than `add` can add to the size.
std::size_t size_estimate(const Series& series, const Family& family, const Sample& sample, Protocol protocol);

}  // namespace rankwire::prometheus_remote_write
