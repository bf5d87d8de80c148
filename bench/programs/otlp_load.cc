// Sends the same OTLP request again and again, over HTTP/1.1 or gRPC, to see how much an agent can take.
//
//   otlp_load PORT CONNECTIONS RECORDS_PER_REQUEST TOTAL_RECORDS [http|grpc [logs|json|spans [RECORDS_PER_SECOND]]]
//
// gRPC sends logs only. One request at a time on a connection. What is refused is sent again after 20 ms. Prints
// records sent and seconds taken.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "otlp_requests.hh"

namespace {

using otlp_load::Request;

std::atomic<std::int64_t> records_left{0};
std::atomic<std::uint64_t> refusals{0};

bool send_all(int socket, const char* data, std::size_t size) {
  while (size != 0) {
    const ssize_t sent = ::send(socket, data, size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    data += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

int connect_to(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    std::perror("otlp_load: connect");
    std::exit(1);
  }
  const int one = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return socket;
}

// One call after another on one HTTP/2 connection, with frames of 16 KiB, as gRPC clients send.
class GrpcCalls {
 public:
  GrpcCalls(int port, const std::string& message) : message_(message), socket_(connect_to(port)) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, header_came);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, stream_closed);
    nghttp2_session_client_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
  }
  GrpcCalls(const GrpcCalls&) = delete;
  ~GrpcCalls() {
    nghttp2_session_del(session_);
    ::close(socket_);
  }

  bool call() {
    const nghttp2_nv headers[] = {
        header(":method", "POST"),
        header(":scheme", "http"),
        header(":path", "/opentelemetry.proto.collector.logs.v1.LogsService/Export"),
        header(":authority", "localhost"),
        header("content-type", "application/grpc"),
        header("te", "trailers"),
    };
    nghttp2_data_provider provider{};
    provider.read_callback = read_message;
    sent_ = 0;
    is_done_ = is_accepted_ = false;
    nghttp2_submit_request(session_, nullptr, headers, std::size(headers), &provider, nullptr);
    std::vector<std::uint8_t> input(64 << 10);
    while (!is_done_) {
      const std::uint8_t* data = nullptr;
      for (ssize_t size; (size = nghttp2_session_mem_send(session_, &data)) > 0;)
        out_.append(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
      if (!send_all(socket_, out_.data(), out_.size())) break;
      out_.clear();
      const ssize_t size = ::recv(socket_, input.data(), input.size(), 0);
      if (size <= 0 || nghttp2_session_mem_recv(session_, input.data(), static_cast<std::size_t>(size)) < 0) break;
    }
    if (!is_done_) {
      std::fprintf(stderr, "otlp_load: the agent hung up\n");
      std::exit(1);
    }
    return is_accepted_;
  }

 private:
  static GrpcCalls& self(void* calls) { return *static_cast<GrpcCalls*>(calls); }
  static nghttp2_nv header(const char* name, const char* value) {
    const auto bytes = [](const char* text) { return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text)); };
    return {bytes(name), bytes(value), std::strlen(name), std::strlen(value), NGHTTP2_NV_FLAG_NONE};
  }
  static ssize_t read_message(nghttp2_session*, std::int32_t, std::uint8_t* into, std::size_t size,
                              std::uint32_t* flags, nghttp2_data_source*, void* calls) {
    const std::string& message = self(calls).message_;
    std::size_t& sent = self(calls).sent_;
    const std::size_t count = std::min(size, message.size() - sent);
    std::memcpy(into, message.data() + sent, count);
    sent += count;
    if (sent == message.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(count);
  }
  static int header_came(nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name, std::size_t name_size,
                         const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* calls) {
    const std::string_view key(reinterpret_cast<const char*>(name), name_size);
    const std::string_view text(reinterpret_cast<const char*>(value), value_size);
    if (key == "grpc-status") self(calls).is_accepted_ = text == "0";
    return 0;
  }
  static int stream_closed(nghttp2_session*, std::int32_t, std::uint32_t, void* calls) {
    self(calls).is_done_ = true;
    return 0;
  }

  const std::string& message_;
  const int socket_;
  nghttp2_session* session_ = nullptr;
  std::string out_;
  std::size_t sent_ = 0;
  bool is_done_ = false;
  bool is_accepted_ = false;
};

std::string grpc_message(const std::string& body) {
  std::string message(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) message += static_cast<char>(body.size() >> shift);
  return message + body;
}

void run_grpc(int port, const std::string& message, int records) {
  GrpcCalls calls(port, message);
  while (records_left.fetch_sub(records) > 0) {
    while (!calls.call()) {
      ++refusals;
      ::usleep(20'000);
    }
  }
}

// Waits until the requests before this one have had their time; 0: as fast as can be.
class Pace {
 public:
  Pace(std::int64_t total, double records_per_second) : total_(total), rate_(records_per_second) {
    clock_gettime(CLOCK_MONOTONIC, &begin_);
  }
  void wait(std::int64_t records_before_this) const {
    if (rate_ <= 0) return;
    const double due = static_cast<double>(total_ - records_before_this) / rate_;
    timespec until = begin_;
    until.tv_sec += static_cast<time_t>(due);
    until.tv_nsec += static_cast<long>((due - std::floor(due)) * 1e9);
    if (until.tv_nsec >= 1'000'000'000) {
      ++until.tv_sec;
      until.tv_nsec -= 1'000'000'000;
    }
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
  }
  double seconds() const {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec - begin_.tv_sec) + static_cast<double>(now.tv_nsec - begin_.tv_nsec) / 1e9;
  }

 private:
  const std::int64_t total_;
  const double rate_;
  timespec begin_;
};

void run(int port, const Request& request, int records, const Pace& pace) {
  std::string message = "POST " + request.path +
                        " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\nContent-Length: " +
                        std::to_string(request.body.size()) + "\r\n\r\n";
  const std::size_t body_at = message.size();
  message += request.body;
  int socket = connect_to(port);
  char answer[4096];
  for (std::int64_t left; (left = records_left.fetch_sub(records)) > 0;) {
    pace.wait(left);
    otlp_load::renew_traces(request, static_cast<std::uint64_t>(left), message.data() + body_at);
    for (;;) {
      const bool is_sent = send_all(socket, message.data(), message.size());
      const ssize_t size = is_sent ? ::recv(socket, answer, sizeof answer - 1, 0) : 0;
      if (size >= 12 && std::memcmp(answer + 9, "200", 3) == 0) break;
      ++refusals;
      if (size < 12) {
        ::close(socket);
        socket = connect_to(port);
      }
      ::usleep(20'000);
    }
  }
  ::close(socket);
}

}  // namespace

int main(int count, char** arguments) {
  const auto argument = [&](int index, const char* otherwise) { return count > index ? arguments[index] : otherwise; };
  const bool is_grpc = std::strcmp(argument(5, "http"), "grpc") == 0;
  const int port = std::atoi(argument(1, "0")), records = std::atoi(argument(3, "0"));
  const Request request = otlp_load::request_of(argument(6, "logs"), records);
  if (count < 5 || request.path.empty() || (is_grpc && request.path != "/v1/logs")) {
    std::fprintf(stderr,
                 "usage: otlp_load PORT CONNECTIONS RECORDS_PER_REQUEST TOTAL_RECORDS "
                 "[http|grpc [logs|json|spans [RECORDS_PER_SECOND]]]\n");
    return 2;
  }
  const std::int64_t total = std::atoll(arguments[4]);
  records_left = total;
  const std::string message = grpc_message(request.body);
  const Pace pace(total, std::atof(argument(7, "0")));
  std::vector<std::thread> threads;
  for (int i = 0; i < std::atoi(arguments[2]); ++i) {
    if (is_grpc)
      threads.emplace_back([&] { run_grpc(port, message, records); });
    else
      threads.emplace_back([&] { run(port, request, records, pace); });
  }
  for (std::thread& thread : threads) thread.join();
  std::printf("{\"records\": %lld, \"bytes_per_record\": %.0f, \"seconds\": %.3f, \"refusals\": %llu}\n",
              static_cast<long long>(total), static_cast<double>(request.body.size()) / records, pace.seconds(),
              static_cast<unsigned long long>(refusals.load()));
  return 0;
}
