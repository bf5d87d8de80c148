#include "destination.hpp"

#include <algorithm>

#include "net/compression.hpp"
#include "otlp/otlp.hpp"

namespace rankwire::simulation {

namespace {

// Behind the id there are only the constant text, the mask and filling.
bool is_intact(std::string_view body) {
  return body.substr(body.find(';') + 1).find_first_not_of(" loss=2.1*x") == std::string_view::npos;
}

}  // namespace

class DestinationExchange final : public net::Exchange {
 public:
  DestinationExchange(Destination& destination, Signal signal, net::Encoding encoding)
      : destination_(destination), signal_(signal), encoding_(encoding) {}

  Result<net::ServerResponse> finish(Buffer body, bool is_compressed) override {
    if (is_compressed) {
      auto plain = net::decompress(encoding_, body.view(), 256_MiB);
      if (!plain) return std::move(plain).error();
      body = std::move(*plain);
    }
    return destination_.take(signal_, std::make_shared<const Buffer>(std::move(body)));
  }

 private:
  Destination& destination_;
  const Signal signal_;
  const net::Encoding encoding_;
};

void Destination::start() {
  net::ServerOptions options;
  options.protocol = protocol_;
  options.listen = {"destination", port_};
  options.body_bytes_max = 256_MiB;
  server_ = std::move(network_.serve(std::move(options), *this, clock_).value());
}

Result<std::unique_ptr<net::Exchange>> Destination::open(const net::RequestHead& head) {
  const bool is_metrics = head.path.find("etrics") != std::string::npos;
  const bool is_traces = head.path.find("race") != std::string::npos;
  const Signal signal = is_metrics ? Signal::metrics : is_traces ? Signal::traces : Signal::logs;
  return std::make_unique<DestinationExchange>(*this, signal, head.encoding);
}

// Before the data is taken.
std::optional<Error> Destination::misbehave() {
  Scheduler& scheduler = *Scheduler::current();
  if (faults_.strikes(Fault::slow_server)) scheduler.sleep(std::chrono::milliseconds(faults_.dice().between(10, 1500)));
  if (faults_.strikes(Fault::status_429))
    return Error(ErrorKind::refused, "slow down", std::chrono::milliseconds(faults_.dice().between(1, 3) * 1000));
  if (faults_.strikes(Fault::status_503)) return Error(ErrorKind::unavailable, "try later");
  return {};
}

void Destination::add_up(Signal signal, const SeenRecord& record) {
  if (signal != Signal::metrics || record.metric.starts_with(counted_prefix))
    arrivals_.tallies[std::string(to_string(signal))].sum += record.value;
  if (signal != Signal::metrics || !record.text.empty()) return;
  Tally& tally = arrivals_.tallies[std::string(record.metric)];
  if (!record.is_cumulative) {
    tally.sum += record.value;
  } else {
    double& latest = tally.latest[record.series];
    latest = std::max(latest, record.value);
  }
}

Result<net::ServerResponse> Destination::take(Signal signal, SharedBytes body) {
  if (auto error = misbehave()) return std::move(*error);
  if (body->view().find(canary) != std::string_view::npos && on_leak) on_leak("destination " + name_);
  // In gRPC, exhausted without a delay means for good.
  const bool is_full = faults_.strikes(Fault::status_429_without_delay);
  if (is_full && protocol_ == net::Protocol::http) return Error(ErrorKind::refused, "slow down");
  const bool is_rejected = is_full || faults_.strikes(Fault::permanent_rejection);
  std::uint64_t reject = faults_.strikes(Fault::partial_success) ? faults_.dice().between(1, 3) : 0;
  const bool is_stalled = faults_.strikes(Fault::stalled_server);
  std::uint64_t rejected = 0;
  std::string ids;
  const auto decoded = each_record(signal, body->view(), [&](const SeenRecord& record) {
    const bool is_refused = is_rejected || rejected < reject;
    if (is_refused) ++rejected;
    add_up(signal, record);
    RecordId id;
    if (!parse_id(record.text, id)) return;
    ids += " " + text_of(id);
    if (!is_intact(record.text) || (are_values_kept && signal == Signal::metrics && record.value != 1))
      on_damage("a damaged record reached " + name_ + ": " + text_of(id));
    if (is_refused)
      arrivals_.rejected.insert(id);
    else
      arrivals_.arrived(id);
  });
  if (!decoded) {
    on_damage("what reached " + name_ + " is not OTLP: " + decoded.error().message());
    return decoded.error();
  }
  say(name_ + (is_rejected ? " rejects" : is_stalled ? " takes and stalls" : " takes") + ids);
  if (is_stalled) Scheduler::current()->sleep(std::chrono::seconds(20));
  if (is_rejected) return Error(is_full ? ErrorKind::refused : ErrorKind::invalid, "not acceptable");
  net::ServerResponse response;
  response.content_type = "application/x-protobuf";
  if (rejected != 0) response.body = otlp::encode_response({rejected, "some were not acceptable"}, signal);
  if (faults_.strikes(Fault::garbage_answer)) response.body = std::string("\xff\x13\x00garbage", 10);
  return response;
}

}  // namespace rankwire::simulation
