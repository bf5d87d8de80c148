// Outlets without a queue: an exporter that sends on the pipeline's thread, and a connector.
#pragma once

#include <memory>
#include <stop_token>

#include "component/component.hpp"
#include "service/door.hpp"
#include "service/outlet.hpp"
#include "service/sender.hpp"

namespace rankwire::service {

class DirectOutlet final : public Outlet {
 public:
  DirectOutlet(std::unique_ptr<Sender> sender, Accounting& accounting)
      : sender_(std::move(sender)), accounting_(accounting) {}

  OutletKind kind() const override { return OutletKind::direct; }
  std::string label() const override { return "exporter " + sender_->label(); }
  bool has_room(Bytes, std::uint64_t) override { return true; }
  // Retries here, as configured. An error is the sender's to handle, unless the batch was dropped
  // because no attempt can succeed.
  Result<void> take(SignalBatch& batch, bool is_last, const CompletionRef& completion) override;
  // No further attempt after one that failed.
  void give_up_retries() { sender_->hurry(true); }
  // Ends waiting between attempts and attempts under way.
  void stop() { abort_.request_stop(); }
  std::optional<std::string> problem() const { return sender_->problem(); }

 private:
  std::unique_ptr<Sender> sender_;
  Accounting& accounting_;
  std::stop_source abort_;
};

class ConnectorOutlet final : public Outlet {
 public:
  struct Way {
    std::shared_ptr<void> owner;  // Of the connector and the doors, kept while a delivery is under way.
    Connector& connector;
    std::string label;         // "connector count", or "processor interval".
    Signal signal;             // Of what flows to it here.
    std::vector<Door*> doors;  // Their room decides; none: the connector says whether it has room.
    bool holds_back = false;   // What it takes it accounts for itself.
    FlowCounter consumed;
    Counter* incoming = nullptr;  // Of a processor.
  };
  ConnectorOutlet(Way way, Accounting& accounting) : way_(std::move(way)), accounting_(accounting) {}

  OutletKind kind() const override { return OutletKind::connector; }
  std::string label() const override { return way_.label; }
  bool reads_records() const override { return way_.connector.reads_records(); }
  bool has_room(Bytes size, std::uint64_t records) override;
  Result<void> take(SignalBatch& batch, bool is_last, const CompletionRef& completion) override;

 private:
  const Way way_;
  Accounting& accounting_;
};

}  // namespace rankwire::service
