// Receives StatsD and DogStatsD, over UDP, TCP and Unix sockets, and passes on what the lines of an interval add up to.
#pragma once

#include "component/factory.hpp"
#include "component/process_owners.hpp"
#include "net/datagrams.hpp"
#include "net/server.hpp"
#include "receivers/statsd/collector.hpp"

namespace rankwire::statsd {

class StatsdReceiver final : public Receiver, private net::ByteStreamHandler {
 public:
  StatsdReceiver(const StatsdConfig& config, const ComponentContext& context, Intakes intakes);
  ~StatsdReceiver() override;

  Result<void> start(Host& host) override;
  void stop(Deadline deadline) override;

  // 0 while not listening, and of Unix sockets.
  std::uint16_t port() const;

 private:
  Result<void> listen();
  Result<void> listen_for_datagrams();
  void receive(const std::stop_token& stop);
  std::unique_ptr<net::ByteReader> open(const std::string& peer, std::int64_t process) override;
  Sender sender_at(std::string_view peer, std::int64_t process);

  const StatsdConfig config_;
  const ComponentContext context_;
  Collector collector_;
  std::unique_ptr<net::DatagramSocket> datagrams_;  // Used by the worker once it runs.
  std::unique_ptr<net::Server> server_;
  std::vector<std::shared_ptr<void>> figures_;
  std::atomic<std::uint64_t> lost_{0};
  ProcessOwners owners_;
  Worker worker_;  // Last: its thread uses the rest.
};

ReceiverFactory statsd_factory();

}  // namespace rankwire::statsd
