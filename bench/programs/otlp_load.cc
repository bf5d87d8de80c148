// Sends the same OTLP logs request again and again, over HTTP/1.1 or gRPC, to see how much an agent can take.
//
//   otlp_load PORT CONNECTIONS RECORDS_PER_REQUEST TOTAL_RECORDS [http|grpc]
//
// Records of about 300 bytes; one request at a time on a connection. What is refused is sent again after
// 20 ms. Prints records sent and seconds taken.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

void put_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

std::string field(int number, const std::string& contents) {
  std::string out(1, static_cast<char>(number << 3 | 2));
  put_varint(out, contents.size());
  return out + contents;
}

std::string attribute(int number, const std::string& key, const std::string& value) {
  return field(number, field(1, key) + field(2, field(1, value)));
}

std::string request_body(int records) {
  std::string all;
  for (int i = 0; i < records; ++i) {
    const std::uint64_t time = 1'790'000'000'000'000'000u + static_cast<std::uint64_t>(i);
    std::string record(1, static_cast<char>(1 << 3 | 1));
    record.append(reinterpret_cast<const char*>(&time), 8);
    record += std::string("\x10\x09", 2) + field(3, "INFO");
    record += field(
        5, field(1, "order accepted customer_id=" + std::to_string(10'000'000 + i) +
                        " amount=12.50 currency=EUR latency_ms=17 path=/api/v2/orders status=201 region=eu-west"));
    record += attribute(6, "http.request.method", "POST") + attribute(6, "url.path", "/api/v2/orders") +
              attribute(6, "user_agent.original", "checkout/2.7.1") + attribute(6, "thread.name", "worker-7");
    all += field(2, record);
  }
  const std::string resource = field(1, attribute(1, "service.name", "checkout") + attribute(1, "host.name", "node-4"));
  return field(1, resource + field(2, field(1, field(1, "bench")) + all));
}

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

void run(int port, const std::string& request, int records) {
  int socket = connect_to(port);
  char answer[4096];
  while (records_left.fetch_sub(records) > 0) {
    for (;;) {
      const bool is_sent = send_all(socket, request.data(), request.size());
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
  if (count < 5) {
    std::fprintf(stderr, "usage: otlp_load PORT CONNECTIONS RECORDS_PER_REQUEST TOTAL_RECORDS [http|grpc]\n");
    return 2;
  }
  const int port = std::atoi(arguments[1]), records = std::atoi(arguments[3]);
  const std::string body = request_body(records);
  const bool is_grpc = count > 5 && std::strcmp(arguments[5], "grpc") == 0;
  const std::string message = grpc_message(body);
  const std::string request =
      "POST /v1/logs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body;
  records_left = std::atoll(arguments[4]);
  timespec begin, end;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  std::vector<std::thread> threads;
  for (int i = 0; i < std::atoi(arguments[2]); ++i)
    threads.emplace_back(is_grpc ? run_grpc : run, port, std::cref(is_grpc ? message : request), records);
  for (std::thread& thread : threads) thread.join();
  clock_gettime(CLOCK_MONOTONIC, &end);
  const double seconds =
      static_cast<double>(end.tv_sec - begin.tv_sec) + static_cast<double>(end.tv_nsec - begin.tv_nsec) / 1e9;
  std::printf("{\"records\": %lld, \"bytes_per_record\": %.0f, \"seconds\": %.3f, \"refusals\": %llu}\n",
              std::atoll(arguments[4]), static_cast<double>(body.size()) / records, seconds,
              static_cast<unsigned long long>(refusals.load()));
  return 0;
}
