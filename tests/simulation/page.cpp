#include "page.hpp"

namespace rankwire::simulation {

class PageExchange final : public net::Exchange {
 public:
  explicit PageExchange(Page& page) : page_(page) {}
  Result<net::ServerResponse> finish(Buffer, bool) override { return page_.give(); }

 private:
  Page& page_;
};

void Page::start() {
  net::ServerOptions options;
  options.protocol = net::Protocol::http;
  options.listen = {"page", port_};
  server_ = std::move(network_.serve(std::move(options), *this, clock_).value());
}

Result<std::unique_ptr<net::Exchange>> Page::open(const net::RequestHead&) {
  return std::make_unique<PageExchange>(*this);
}

Result<net::ServerResponse> Page::give() {
  Scheduler& scheduler = *Scheduler::current();
  if (faults_.strikes(Fault::slow_server)) scheduler.sleep(std::chrono::milliseconds(faults_.dice().between(10, 1500)));
  if (faults_.strikes(Fault::status_503)) return Error(ErrorKind::unavailable, "try later");
  net::ServerResponse response;
  response.content_type = "text/plain; version=0.0.4";
  ++given_;
  response.body = "# TYPE " + std::string(metric) + " counter\n" + metric + " " + std::to_string(given_) + "\n";
  if (faults_.strikes(Fault::garbage_answer)) response.body = std::string("\xff\x13\x00garbage{", 11);
  return response;
}

}  // namespace rankwire::simulation
