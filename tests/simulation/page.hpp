// A page of metrics to be scraped. It counts how often it was given; answers are lost, slow and wrong as the faults
// say.
#pragma once

#include "faults.hpp"
#include "network.hpp"

namespace rankwire::simulation {

class Page final : public net::ServerHandler {
 public:
  static constexpr const char* metric = "page_given_total";

  Page(std::uint16_t port, SimulatedNetwork& network, Clock& clock, Faults& faults)
      : port_(port), network_(network), clock_(clock), faults_(faults) {}

  void start();
  std::uint64_t given() const { return given_; }
  Result<std::unique_ptr<net::Exchange>> open(const net::RequestHead& head) override;

 private:
  friend class PageExchange;
  Result<net::ServerResponse> give();

  const std::uint16_t port_;
  SimulatedNetwork& network_;
  Clock& clock_;
  Faults& faults_;
  std::uint64_t given_ = 0;
  std::unique_ptr<net::Server> server_;
};

}  // namespace rankwire::simulation
