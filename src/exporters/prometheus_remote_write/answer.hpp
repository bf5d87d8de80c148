// What the destination's answer means for a request.
#pragma once

#include "component/component.hpp"
#include "net/http_client.hpp"

namespace rankwire::prometheus_remote_write {

// Nothing: taken. 429 is `refused` and 5xx `unavailable`, with the server's delay; everything else is for good.
Result<void> judge(const net::HttpResponse& response, const Clock& clock);

}  // namespace rankwire::prometheus_remote_write
