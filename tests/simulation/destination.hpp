// A back end: takes OTLP over HTTP or gRPC, notes every record, and misbehaves as the faults say.
#pragma once

#include "faults.hpp"
#include "ledger.hpp"
#include "network.hpp"
#include "pushed.hpp"
#include "signal/batch.hpp"

namespace rankwire::simulation {

class Destination final : public net::ServerHandler {
 public:
  Destination(std::string name, std::uint16_t port, net::Protocol protocol, SimulatedNetwork& network, Clock& clock,
              Faults& faults, Ledger& ledger)
      : name_(std::move(name)),
        port_(port),
        protocol_(protocol),
        network_(network),
        clock_(clock),
        faults_(faults),
        arrivals_(ledger.destinations[name_]) {}

  void start();
  std::uint16_t port() const { return port_; }
  const std::string& name() const { return name_; }
  // Called when unmasked bytes arrive.
  std::function<void(const std::string& where)> on_leak;
  std::function<void(const std::string& what)> on_damage;
  std::function<void(const std::string& what)> say = [](const std::string&) {};

  bool are_values_kept = false;  // Points with a text have the value that senders give them.

  Result<std::unique_ptr<net::Exchange>> open(const net::RequestHead& head) override;

 private:
  friend class DestinationExchange;
  Result<net::ServerResponse> take(Signal signal, SharedBytes body);
  void add_up(Signal signal, const SeenRecord& record);
  std::optional<Error> misbehave();

  const std::string name_;
  const std::uint16_t port_;
  const net::Protocol protocol_;
  SimulatedNetwork& network_;
  Clock& clock_;
  Faults& faults_;
  Arrivals& arrivals_;
  std::unique_ptr<net::Server> server_;
};

}  // namespace rankwire::simulation
