// What the destination's answer means for a batch, by the OTLP/HTTP specification as otelcol applies it.
#pragma once

#include "component/component.hpp"
#include "net/http_client.hpp"

namespace rankwire::otlp_http {

// Retryable: 429 (`refused`), 502, 503, 504 (`unavailable`), with the server's delay. Every other
// refusal is for good, as is an acceptance that cannot be read. The messages of errors quote the
// answer's body, bounded, and never a header.
Result<Receipt> judge(const net::HttpResponse& response, Signal signal, const Clock& clock);

}  // namespace rankwire::otlp_http
