// A handler for tests of both protocols: echoes sizes, and can refuse, deny and count.
#pragma once

#include <atomic>
#include <mutex>

#include "net/server.hpp"

namespace rankwire::net::testing_support {

class RecordingHandler final : public ServerHandler {
 public:
  Result<std::unique_ptr<Exchange>> open(const RequestHead& head) override {
    ++opened;
    {
      const std::lock_guard lock(mutex_);
      last_head_ = head;
    }
    if (head.path.ends_with("/full"))
      return Error(ErrorKind::refused, "queue is full", std::chrono::milliseconds(1500));
    if (head.path.ends_with("/down")) return Error(ErrorKind::unavailable, "destination is down");
    if (head.path.ends_with("/denied")) return Error(ErrorKind::denied, "not for \"you\"");
    return std::make_unique<Echo>(*this, head.path);
  }
  std::optional<ServerResponse> special_answer(const RequestHead& head) override {
    if (!head.path.ends_with("/nothing")) return {};
    return ServerResponse{
        .status = 404, .grpc_status = 12, .content_type = "text/plain", .body = "100% nothing here", .headers = {}};
  }
  RequestHead last_head() const {
    const std::lock_guard lock(mutex_);
    return last_head_;
  }

  std::atomic<int> opened{0}, finished{0}, destroyed{0};
  std::atomic<std::uint64_t> largest_asked{0};
  std::uint64_t growth_max = ~0ull;

 private:
  class Echo final : public Exchange {
   public:
    Echo(RecordingHandler& owner, std::string path) : owner_(owner), path_(std::move(path)) {}
    ~Echo() override { ++owner_.destroyed; }
    Result<void> body_may_grow_to(Bytes total) override {
      if (total.count > owner_.growth_max) return Error(ErrorKind::refused, "no room", std::chrono::seconds(7));
      owner_.largest_asked = std::max(owner_.largest_asked.load(), total.count);
      return {};
    }
    Result<ServerResponse> finish(Buffer body, bool is_compressed) override {
      ++owner_.finished;
      if (path_.ends_with("/invalid")) return Error(ErrorKind::invalid, "bad bytes");
      ServerResponse response;
      response.content_type = "text/plain";
      if (path_.ends_with("/large")) {
        response.body.assign(100'000, 'x');
      } else if (!path_.ends_with("/empty")) {
        response.body =
            std::to_string(body.size()) + (is_compressed ? "c:" : ":") + std::string(body.view().substr(0, 20));
      }
      return response;
    }

   private:
    RecordingHandler& owner_;
    const std::string path_;
  };

  mutable std::mutex mutex_;
  RequestHead last_head_;
};

}  // namespace rankwire::net::testing_support
