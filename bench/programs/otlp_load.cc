// Sends the same OTLP logs request again and again over HTTP/1.1, to see how much an agent can take.
//
//   otlp_load PORT CONNECTIONS RECORDS_PER_REQUEST TOTAL_RECORDS [none|gzip]
//
// Records of about 300 bytes. A 429 or 503 is retried after 20 ms. Prints records sent and seconds taken.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
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
    std::fprintf(stderr, "usage: otlp_load PORT CONNECTIONS RECORDS_PER_REQUEST TOTAL_RECORDS\n");
    return 2;
  }
  const int port = std::atoi(arguments[1]), records = std::atoi(arguments[3]);
  const std::string body = request_body(records);
  const std::string request =
      "POST /v1/logs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body;
  records_left = std::atoll(arguments[4]);
  timespec begin, end;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  std::vector<std::thread> threads;
  for (int i = 0; i < std::atoi(arguments[2]); ++i) threads.emplace_back(run, port, std::cref(request), records);
  for (std::thread& thread : threads) thread.join();
  clock_gettime(CLOCK_MONOTONIC, &end);
  const double seconds =
      static_cast<double>(end.tv_sec - begin.tv_sec) + static_cast<double>(end.tv_nsec - begin.tv_nsec) / 1e9;
  std::printf("{\"records\": %lld, \"bytes_per_record\": %.0f, \"seconds\": %.3f, \"refusals\": %llu}\n",
              std::atoll(arguments[4]), static_cast<double>(body.size()) / records, seconds,
              static_cast<unsigned long long>(refusals.load()));
  return 0;
}
