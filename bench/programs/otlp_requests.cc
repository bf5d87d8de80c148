#include "otlp_requests.hh"

#include <algorithm>
#include <cstring>

namespace otlp_load {
namespace {

constexpr int spans_per_trace = 4;
constexpr int services = 10;
constexpr std::uint64_t start_time = 1'790'000'000'000'000'000u;  // Unix nanoseconds.

void put_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

std::string field(int number, const std::string& contents) {
  std::string out(1, static_cast<char>(number << 3 | 2));
  put_varint(out, contents.size());
  return out + contents;
}

std::string fixed(int number, std::uint64_t value) {
  std::string out(1, static_cast<char>(number << 3 | 1));
  out.append(reinterpret_cast<const char*>(&value), 8);
  return out;
}

std::string varint(int number, std::uint64_t value) {
  std::string out(1, static_cast<char>(number << 3));
  put_varint(out, value);
  return out;
}

std::string attribute(int number, const std::string& key, const std::string& value) {
  return field(number, field(1, key) + field(2, field(1, value)));
}

std::string resource_of(const std::string& service) {
  return field(1, attribute(1, "service.name", service) + attribute(1, "host.name", "node-4"));
}

std::string scope() { return field(1, field(1, "bench")); }

std::string plain_body(int i) {
  return "order accepted customer_id=" + std::to_string(10'000'000 + i) +
         " amount=12.50 currency=EUR latency_ms=17 path=/api/v2/orders status=201 region=eu-west";
}

std::string json_body(int i) {
  return R"({"message":"order accepted","customer_id":)" + std::to_string(10'000'000 + i) +
         R"(,"amount":12.50,"currency":"EUR","latency_ms":17,"path":"/api/v2/orders","status":201,)"
         R"("labels":{"region":"eu-west","tier":"gold"}})";
}

std::string log_record(int i, bool is_json) {
  const bool is_error = i % 33 == 0;
  return field(2, fixed(1, start_time + static_cast<std::uint64_t>(i)) + varint(2, is_error ? 17 : 9) +
                      field(3, is_error ? "ERROR" : "INFO") +
                      field(5, field(1, is_json ? json_body(i) : plain_body(i))) +
                      attribute(6, "http.request.method", "POST") + attribute(6, "url.path", "/api/v2/orders") +
                      attribute(6, "user_agent.original", "checkout/2.7.1") + attribute(6, "thread.name", "worker-7"));
}

Request log_request(int records, bool is_json) {
  std::string all;
  for (int i = 0; i < records; ++i) all += log_record(i, is_json);
  return {"/v1/logs", field(1, resource_of("checkout") + field(2, scope() + all)), {}};
}

// Its trace id is a text that is not found elsewhere, so that it can be found in the request.
std::string marker_of(int trace) {
  std::string id = "trace-id-";
  const std::string digits = std::to_string(trace);
  return id + std::string(16 - id.size() - digits.size(), '0') + digits;
}

std::string span_of(int i) {
  const std::uint64_t begin = start_time + static_cast<std::uint64_t>(i) * 1000;
  std::string span_id(8, '\x01');
  std::memcpy(span_id.data(), &i, sizeof i);
  const bool is_root = i % spans_per_trace == 0;
  std::string span = field(1, marker_of(i / spans_per_trace)) + field(2, span_id);
  if (!is_root) span += field(4, std::string(8, '\x02'));
  return field(2, span + field(5, "GET /api/v2/orders/" + std::to_string(i % 1000)) + varint(6, is_root ? 2 : 3) +
                      fixed(7, begin) + fixed(8, begin + 1'000'000 * static_cast<std::uint64_t>(1 + i % 900)) +
                      attribute(9, "http.request.method", "GET") + attribute(9, "http.route", "/api/v2/orders") +
                      attribute(9, "server.address", "orders.shop.svc") +
                      (i % 100 == 0 ? field(15, varint(3, 2)) : std::string()));
}

Request span_request(int records) {
  Request request{"/v1/traces",
                  {},
                  std::vector<std::vector<std::size_t>>(
                      static_cast<std::size_t>((records + spans_per_trace - 1) / spans_per_trace))};
  for (int service = 0; service < services; ++service) {
    std::string spans;
    for (int i = service * records / services; i < (service + 1) * records / services; ++i) spans += span_of(i);
    request.body += field(1, resource_of("service-" + std::to_string(service)) + field(2, scope() + spans));
  }
  for (std::size_t trace = 0; trace < request.traces.size(); ++trace) {
    const std::string marker = marker_of(static_cast<int>(trace));
    for (std::size_t at = 0; (at = request.body.find(marker, at)) != std::string::npos; ++at)
      request.traces[trace].push_back(at);
  }
  return request;
}

// Ids are random in every bit, as samplers expect.
std::uint64_t mixed(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

}  // namespace

Request request_of(std::string_view kind, int records) {
  if (kind == "logs" || kind == "json") return log_request(records, kind == "json");
  if (kind == "spans") return span_request(records);
  return {};
}

void renew_traces(const Request& request, std::uint64_t number, char* body) {
  for (std::size_t trace = 0; trace < request.traces.size(); ++trace) {
    const std::uint64_t seed = number * request.traces.size() + trace + 1;
    const std::uint64_t id[2] = {mixed(seed), mixed(~seed)};
    for (const std::size_t at : request.traces[trace]) std::memcpy(body + at, id, sizeof id);
  }
}

}  // namespace otlp_load
