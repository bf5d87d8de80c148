// An HTTP server that swallows OTLP requests as cheaply as possible and says what came in. One thread, epoll.
//
//   http_sink [--port N] [--scan] [--refusing] [--vanishing] [--lines-per-second N]
//
// Prints the port on the first line; on SIGUSR2, and when ended by SIGTERM or SIGINT, one JSON line of totals.
// SIGUSR1 makes it answer 503, or with --vanishing be gone altogether, until the next SIGUSR1. With --scan
// (uncompressed, gzip or zstd bodies) it also finds in the bodies:
//   "#n=0000000042#"            numbered lines: counts distinct and repeated numbers
//   "#t=1790000000123456789#"   the wall-clock time of writing: latency percentiles
//   "customer_id=" + a digit    what should have been masked
// and answers requests to /_bulk as Elasticsearch would.
// With --lines-per-second it also is slow: it answers as late as if it took so many numbered lines in a second.
#include <arpa/inet.h>
#include <libdeflate.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace {

volatile sig_atomic_t stop_wanted = 0;
volatile sig_atomic_t refusing = 0;
volatile sig_atomic_t report_wanted = 0;

struct Totals {
  std::uint64_t requests = 0, refused = 0, body_bytes = 0, unmasked = 0, numbered = 0, repeated = 0, undecodable = 0;
  std::vector<std::uint8_t> seen;
  std::vector<double> latencies_ms;
};
Totals totals;
bool scanning = false;
double lines_per_second = 0;

struct Wanted {  // What the client expects to hear.
  bool is_json = false;
  bool is_bulk = false;  // A request to /_bulk, as Elasticsearch takes them.
  std::uint64_t bulk_items = 0;
};
struct LateAnswer {
  std::uint64_t due;
  int socket;
  Wanted wanted;
};
std::deque<LateAnswer> late_answers;  // In the order in which they are due.
std::uint64_t busy_until = 0;         // Of a slow sink: when it is done with what it was sent, in ns of the epoch.

std::uint64_t now_nanos() {
  timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(time.tv_nsec);
}

void note_number(std::uint64_t number) {
  if (number > 1'000'000'000) return;
  if (number >= totals.seen.size()) totals.seen.resize(number * 2 + 1024);
  if (totals.seen[number] != 0)
    ++totals.repeated;
  else
    ++totals.numbered;
  totals.seen[number] = 1;
}

template <class Found>
void each(std::string_view body, std::string_view marker, Found found) {
  const char* at = body.data();
  const char* end = body.data() + body.size();
  while ((at = static_cast<const char*>(
              memmem(at, static_cast<std::size_t>(end - at), marker.data(), marker.size()))) != nullptr) {
    at += marker.size();
    found(std::string_view(at, static_cast<std::size_t>(end - at)));
  }
}

// The digits up to the next '#'; nothing if it is something else: in gigabytes of protobuf any three bytes turn up.
std::optional<std::uint64_t> marked_number(std::string_view rest) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + std::min<std::size_t>(rest.size(), 20), number);
  if (error != std::errc() || end == rest.data() + rest.size() || *end != '#') return {};
  return number;
}

void scan(std::string_view body) {
  each(body, "#n=", [](std::string_view rest) {
    if (const auto number = marked_number(rest)) note_number(*number);
  });
  // A slow sink takes one line after another, however many requests wait before it at once.
  const double each_takes = lines_per_second > 0 ? 1e9 / lines_per_second : 0;
  double now = static_cast<double>(std::max(busy_until, now_nanos()));
  each(body, "#t=", [&](std::string_view rest) {
    const auto written = marked_number(rest);
    if (!written) return;
    now += each_takes;
    const auto at = static_cast<double>(*written);
    if (at != 0 && at < now) totals.latencies_ms.push_back((now - at) / 1e6);
  });
  each(body, "customer_id=", [](std::string_view rest) {
    if (!rest.empty() && rest[0] >= '0' && rest[0] <= '9') ++totals.unmasked;
  });
}

std::string inflated(std::string_view body, std::string_view encoding) {
  std::string out(std::max<std::size_t>(body.size() * 16, 1 << 16), '\0');
  for (; out.size() < (1u << 30); out.resize(out.size() * 2)) {
    if (encoding == "zstd") {
      const std::size_t size = ZSTD_decompress(out.data(), out.size(), body.data(), body.size());
      if (ZSTD_isError(size) == 0) return out.substr(0, size);
    } else {
      static libdeflate_decompressor* decompressor = libdeflate_alloc_decompressor();
      std::size_t size = 0;
      if (libdeflate_gzip_decompress(decompressor, body.data(), body.size(), out.data(), out.size(), &size) ==
          LIBDEFLATE_SUCCESS)
        return out.substr(0, size);
    }
  }
  ++totals.undecodable;
  return {};
}

struct Connection {
  std::string input;       // Head, and the body when scanning.
  std::uint64_t skip = 0;  // Body bytes still to swallow when not scanning.
};

std::string_view header(std::string_view head, std::string_view lower_name) {
  std::size_t at = head.find("\r\n");
  while (at != std::string_view::npos) {
    at += 2;
    const std::size_t end = head.find("\r\n", at);
    if (end == std::string_view::npos || end == at) break;
    const std::string_view line = head.substr(at, end - at);
    if (line.size() > lower_name.size() && line[lower_name.size()] == ':' &&
        strncasecmp(line.data(), lower_name.data(), lower_name.size()) == 0) {
      std::string_view value = line.substr(lower_name.size() + 1);
      while (value.starts_with(' ')) value.remove_prefix(1);
      return value;
    }
    at = end;
  }
  return {};
}

void answer(int socket, const Wanted& wanted) {
  const char* type = wanted.is_bulk || wanted.is_json ? "application/json" : "application/x-protobuf";
  std::string body = wanted.is_json ? "{}" : "";
  if (wanted.is_bulk && refusing != 0) {
    body = R"({"error":{"type":"unavailable_exception"},"status":503})";
  } else if (wanted.is_bulk) {
    body = R"({"took":1,"errors":false,"items":[)";
    for (std::uint64_t i = 0; i < wanted.bulk_items; ++i)
      body += i == 0 ? R"({"index":{"status":201}})" : R"(,{"index":{"status":201}})";
    body += "]}";
  }
  const std::string text = std::string(refusing != 0 ? "HTTP/1.1 503 Service Unavailable" : "HTTP/1.1 200 OK") +
                           "\r\nContent-Type: " + type + "\r\nContent-Length: " + std::to_string(body.size()) +
                           "\r\n\r\n" + body;
  (void)!::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
}

// A slow sink answers when it would be done with the lines of the request, one request after another.
void answer_in_time(int socket, const Wanted& wanted, std::uint64_t lines) {
  if (lines_per_second <= 0 || refusing != 0) return answer(socket, wanted);
  busy_until = std::max(busy_until, now_nanos()) +
               static_cast<std::uint64_t>(static_cast<double>(lines) / lines_per_second * 1e9);
  late_answers.push_back({busy_until, socket, wanted});
}

void give_late_answers() {
  for (; !late_answers.empty() && late_answers.front().due <= now_nanos(); late_answers.pop_front())
    answer(late_answers.front().socket, late_answers.front().wanted);
}

int wait_milliseconds() {
  if (late_answers.empty()) return 100;
  const std::uint64_t now = now_nanos(), due = late_answers.front().due;
  return due <= now ? 0 : static_cast<int>(std::min<std::uint64_t>(100, (due - now) / 1'000'000 + 1));
}

// Handles whole requests at the front of the input; returns false on nonsense.
bool handle(int socket, Connection& connection) {
  for (;;) {
    const std::size_t head_end = connection.input.find("\r\n\r\n");
    if (head_end == std::string::npos) return connection.input.size() < (1 << 16);
    const std::string_view head = std::string_view(connection.input).substr(0, head_end + 2);
    const std::uint64_t length = std::strtoull(std::string(header(head, "content-length")).c_str(), nullptr, 10);
    const std::size_t body_at = head_end + 4;
    const std::size_t available = connection.input.size() - body_at;
    Wanted wanted{.is_json = header(head, "content-type").starts_with("application/json"),
                  .is_bulk = head.substr(0, head.find("\r\n")).find("/_bulk") != std::string_view::npos};
    if (scanning && available < length) return true;
    ++totals.requests;
    if (refusing != 0)
      ++totals.refused;
    else
      totals.body_bytes += length;
    const std::uint64_t lines_before = totals.numbered + totals.repeated;
    if (scanning && refusing == 0) {
      const std::string_view encoding = header(head, "content-encoding");
      const std::string_view body = std::string_view(connection.input).substr(body_at, length);
      if (encoding.empty())
        scan(body);
      else
        scan(inflated(body, encoding));
      if (wanted.is_bulk)
        wanted.bulk_items = static_cast<std::uint64_t>(std::count(body.begin(), body.end(), '\n')) / 2;
    }
    const std::uint64_t taken = std::min<std::uint64_t>(available, length);
    connection.skip = length - taken;
    connection.input.erase(0, body_at + taken);
    // When not scanning, the answer goes out with the head: a discarding sink owes no patience. It must not
    // overtake the body of a client that stops sending on an early answer, so wait for the last byte.
    if (connection.skip == 0)
      answer_in_time(socket, wanted, totals.numbered + totals.repeated - lines_before);
    else
      return true;
  }
}

bool readable(int socket, Connection& connection, std::vector<char>& buffer) {
  for (;;) {
    const ssize_t count = ::recv(socket, buffer.data(), buffer.size(), 0);
    if (count == 0) return false;
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    std::string_view data(buffer.data(), static_cast<std::size_t>(count));
    if (connection.skip != 0) {
      const std::uint64_t taken = std::min<std::uint64_t>(connection.skip, data.size());
      connection.skip -= taken;
      data.remove_prefix(taken);
      if (connection.skip == 0) answer(socket, {});
    }
    connection.input.append(data);
    if (!connection.input.empty() && !handle(socket, connection)) return false;
    if (static_cast<std::size_t>(count) < buffer.size()) return true;
  }
}

double percentile(std::vector<double>& values, double p) {
  if (values.empty()) return 0;
  const std::size_t at = std::min(values.size() - 1, static_cast<std::size_t>(p * static_cast<double>(values.size())));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

void print_totals() {
  std::uint64_t highest = 0;
  for (std::size_t i = 0; i < totals.seen.size(); ++i)
    if (totals.seen[i] != 0) highest = i + 1;
  std::printf(
      "{\"requests\": %llu, \"refused\": %llu, \"body_bytes\": %llu, \"numbered\": %llu, \"repeated\": %llu, "
      "\"highest\": %llu, \"unmasked\": %llu, \"undecodable\": %llu, \"latencies\": %zu, \"latency_p50_ms\": %.3f, "
      "\"latency_p99_ms\": %.3f, \"latency_max_ms\": %.3f}\n",
      static_cast<unsigned long long>(totals.requests), static_cast<unsigned long long>(totals.refused),
      static_cast<unsigned long long>(totals.body_bytes), static_cast<unsigned long long>(totals.numbered),
      static_cast<unsigned long long>(totals.repeated), static_cast<unsigned long long>(highest),
      static_cast<unsigned long long>(totals.unmasked), static_cast<unsigned long long>(totals.undecodable),
      totals.latencies_ms.size(), percentile(totals.latencies_ms, 0.5), percentile(totals.latencies_ms, 0.99),
      percentile(totals.latencies_ms, 1.0));
  std::fflush(stdout);
}

// The connections, and the listener unless it has vanished.
class Server {
 public:
  explicit Server(int port) : port_(port) {
    listen();
    sockaddr_in address{};
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  int port() const { return port_; }

  void listen() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int one = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port_));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_, 256) != 0) {
      std::perror("http_sink: bind");
      std::exit(1);
    }
    watch(listener_);
  }

  void vanish_or_return() {
    if (listener_ < 0 && refusing == 0) listen();
    if (listener_ < 0 || refusing == 0) return;
    ::close(std::exchange(listener_, -1));
    for (const auto& [socket, connection] : connections_) ::close(socket);
    connections_.clear();
    late_answers.clear();
  }

  void serve() {
    epoll_event ready[64];
    // Not for ever: a signal that came just before the wait is to be noticed too.
    const int ready_count = ::epoll_wait(poller_, ready, 64, wait_milliseconds());
    give_late_answers();
    for (int i = 0; i < ready_count; ++i) {
      const int socket = ready[i].data.fd;
      if (socket == listener_) {
        accept();
      } else if (!readable(socket, connections_[socket], buffer_)) {
        std::erase_if(late_answers, [socket](const LateAnswer& late) { return late.socket == socket; });
        ::close(socket);
        connections_.erase(socket);
      }
    }
  }

 private:
  void watch(int socket) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = socket;
    ::epoll_ctl(poller_, EPOLL_CTL_ADD, socket, &event);
  }

  void accept() {
    const int accepted = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted < 0) return;
    const int one = 1;
    ::setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    watch(accepted);
    connections_[accepted];
  }

  const int poller_ = ::epoll_create1(EPOLL_CLOEXEC);
  int listener_ = -1, port_;
  std::unordered_map<int, Connection> connections_;
  std::vector<char> buffer_ = std::vector<char>(1 << 20);
};

}  // namespace

int main(int count, char** arguments) {
  int port = 0;
  bool vanishing = false;
  for (int i = 1; i < count; ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--scan")
      scanning = true;
    else if (argument == "--refusing")
      refusing = 1;
    else if (argument == "--vanishing")
      vanishing = true;
    else if (argument == "--lines-per-second" && i + 1 < count)
      lines_per_second = std::atof(arguments[++i]);
    else if (argument == "--port" && i + 1 < count)
      port = std::atoi(arguments[++i]);
  }
  struct sigaction action{};
  action.sa_handler = [](int) { stop_wanted = 1; };
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGINT, &action, nullptr);
  action.sa_handler = [](int) { refusing = refusing != 0 ? 0 : 1; };
  ::sigaction(SIGUSR1, &action, nullptr);
  action.sa_handler = [](int) { report_wanted = 1; };
  ::sigaction(SIGUSR2, &action, nullptr);

  Server server(port);
  std::printf("%d\n", server.port());
  std::fflush(stdout);
  while (stop_wanted == 0) {
    if (vanishing) server.vanish_or_return();
    server.serve();
    if (report_wanted != 0) {
      report_wanted = 0;
      print_totals();
    }
  }
  print_totals();
  return 0;
}
