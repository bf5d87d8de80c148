// The API server of a cluster, in place of the network.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>

#include "net/network.hpp"

namespace rankwire::testing {

// An API server of a few lines: one list, then a watch that tells what the test says.
class FakeApi final : public net::Network {
 public:
  explicit FakeApi(std::string items) : items_(std::move(items)) {}

  Result<std::unique_ptr<net::Stream>> connect(const net::Endpoint&, net::TlsClientContext*, const std::string&,
                                               Deadline, std::stop_token) override {
    const std::lock_guard lock(mutex_);
    if (is_down_) return Error(ErrorKind::unavailable, "down");
    return std::unique_ptr<net::Stream>(std::make_unique<Connection>(*this));
  }
  void tell(const std::string& type, const std::string& object) {
    const std::lock_guard lock(mutex_);
    events_ += R"({"type":")" + type + R"(","object":)" + object + "}\n";
    changed_.notify_all();
  }
  void set_down() { is_down_ = true; }
  int lists() {
    const std::lock_guard lock(mutex_);
    return lists_;
  }

 private:
  class Connection final : public net::Stream {
   public:
    explicit Connection(FakeApi& api) : api_(api) {}
    Result<std::size_t> read(char* into, std::size_t size, Deadline, std::stop_token stop) override {
      std::unique_lock lock(api_.mutex_);
      if (!api_.changed_.wait(lock, stop, [&] { return !pending_.empty() || (is_watch_ && !api_.events_.empty()); }))
        return Error(ErrorKind::cancelled, "stopped");
      std::string& from = pending_.empty() ? api_.events_ : pending_;
      const std::size_t count = std::min(size, from.size());
      from.copy(into, count);
      from.erase(0, count);
      return count;
    }
    Result<void> write(std::span<const std::string_view> pieces, Deadline, std::stop_token) override {
      const std::lock_guard lock(api_.mutex_);
      is_watch_ = pieces[0].find("watch=1") != std::string_view::npos;
      const std::string list = R"({"metadata":{"resourceVersion":"5"},"items":[)" + api_.items_ + "]}";
      pending_ = is_watch_ ? "HTTP/1.1 200 OK\r\n\r\n"
                           : "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(list.size()) + "\r\n\r\n" + list;
      api_.lists_ += is_watch_ ? 0 : 1;
      return {};
    }
    bool is_stale() override { return false; }

   private:
    FakeApi& api_;
    std::string pending_;
    bool is_watch_ = false;
  };

  std::mutex mutex_;
  std::condition_variable_any changed_;
  const std::string items_;
  std::string events_;
  bool is_down_ = false;
  int lists_ = 0;
};

}  // namespace rankwire::testing
