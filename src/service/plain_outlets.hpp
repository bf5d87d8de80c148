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
  // `doors` are what the connector feeds. Connector and doors outlive this.
  ConnectorOutlet(Connector& connector, std::vector<Door*> doors, Accounting& accounting, FlowCounter consumed)
      : connector_(connector), doors_(std::move(doors)), accounting_(accounting), consumed_(consumed) {}

  OutletKind kind() const override { return OutletKind::connector; }
  bool has_room(Bytes size, std::uint64_t records) override;
  Result<void> take(SignalBatch& batch, bool is_last, const CompletionRef& completion) override;

 private:
  Connector& connector_;
  const std::vector<Door*> doors_;
  Accounting& accounting_;
  const FlowCounter consumed_;
};

}  // namespace rankwire::service
