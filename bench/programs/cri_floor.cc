// The floor: the least code that does the log path's job, against which the agent is measured. One thread, no
// pipeline: read files, split lines, take the CRI fields apart, mask customer_id=\d+, encode OTLP, POST on one
// connection.
//
//   cri_floor PORT none|gzip|zstd FILE...
#include <arpa/inet.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr std::size_t read_size = 1 << 20;

struct Output {
  std::vector<char> bytes = std::vector<char>(4 * read_size);
  char* at = bytes.data();

  void byte(int value) { *at++ = static_cast<char>(value); }
  void varint(std::uint64_t value) {
    while (value >= 0x80) {
      byte(static_cast<int>(value) | 0x80);
      value >>= 7;
    }
    byte(static_cast<int>(value));
  }
  void copy(std::string_view text) {
    std::memcpy(at, text.data(), text.size());
    at += text.size();
  }
  void fixed64(std::uint64_t value) {
    std::memcpy(at, &value, 8);
    at += 8;
  }
};

std::size_t varint_size(std::uint64_t value) {
  std::size_t size = 1;
  while (value >= 0x80) value >>= 7, ++size;
  return size;
}

std::string field(int number, std::string_view contents) {
  Output out;
  out.byte(number << 3 | 2);
  out.varint(contents.size());
  out.copy(contents);
  return {out.bytes.data(), static_cast<std::size_t>(out.at - out.bytes.data())};
}

std::string attribute(int number, std::string_view key, std::string_view value) {
  return field(number, field(1, key) + field(2, field(1, value)));
}

// Days since 1970 of a date, by the civil calendar.
std::int64_t days(int year, int month, int day) {
  year -= month <= 2;
  const int era = year / 400, of_era = year - era * 400;
  const int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return static_cast<std::int64_t>(era) * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

int number(const char* text, int digits) {
  int value = 0;
  for (int i = 0; i < digits; ++i) value = value * 10 + (text[i] - '0');
  return value;
}

// "2026-11-22T15:00:00.123456789Z"; the second is remembered.
std::uint64_t timestamp(std::string_view text) {
  static char second_text[19];
  static std::uint64_t second = 0;
  if (std::memcmp(second_text, text.data(), 19) != 0) {
    std::memcpy(second_text, text.data(), 19);
    const char* t = text.data();
    second = static_cast<std::uint64_t>(days(number(t, 4), number(t + 5, 2), number(t + 8, 2)) * 86400 +
                                        number(t + 11, 2) * 3600 + number(t + 14, 2) * 60 + number(t + 17, 2));
  }
  return second * 1'000'000'000u + static_cast<std::uint64_t>(number(text.data() + 20, 9));
}

class Sender {
 public:
  Sender(int port, std::string encoding) : encoding_(std::move(encoding)) {
    socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      std::perror("cri_floor: connect");
      std::exit(1);
    }
    const int one = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    gzip_ = libdeflate_alloc_compressor(1);
    zstd_ = ZSTD_createCCtx();
  }

  void post(std::string_view body) {
    if (encoding_ == "gzip") {
      compressed_.resize(libdeflate_gzip_compress_bound(gzip_, body.size()));
      body = {compressed_.data(),
              libdeflate_gzip_compress(gzip_, body.data(), body.size(), compressed_.data(), compressed_.size())};
    } else if (encoding_ == "zstd") {
      compressed_.resize(ZSTD_compressBound(body.size()));
      body = {compressed_.data(),
              ZSTD_compressCCtx(zstd_, compressed_.data(), compressed_.size(), body.data(), body.size(), 1)};
    }
    char head[256];
    const int size =
        std::snprintf(head, sizeof head,
                      "POST /v1/logs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\n"
                      "%s%s%sContent-Length: %zu\r\n\r\n",
                      encoding_ == "none" ? "" : "Content-Encoding: ", encoding_ == "none" ? "" : encoding_.c_str(),
                      encoding_ == "none" ? "" : "\r\n", body.size());
    send_all({head, static_cast<std::size_t>(size)}, MSG_MORE);
    send_all(body, 0);
    char answer[1024];
    if (::recv(socket_, answer, sizeof answer, 0) < 12 || std::memcmp(answer + 9, "200", 3) != 0) {
      std::fprintf(stderr, "cri_floor: the sink refused\n");
      std::exit(1);
    }
  }

 private:
  void send_all(std::string_view bytes, int flags) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), flags | MSG_NOSIGNAL);
      if (sent <= 0) std::exit(1);
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  const std::string encoding_;
  int socket_;
  libdeflate_compressor* gzip_;
  ZSTD_CCtx* zstd_;
  std::vector<char> compressed_;
};

// Copies `text` with each customer_id=digits replaced; returns the end.
char* copy_masked(char* to, std::string_view text) {
  constexpr std::string_view wanted = "customer_id=";
  for (;;) {
    const auto* hit = static_cast<const char*>(memmem(text.data(), text.size(), wanted.data(), wanted.size()));
    if (hit == nullptr) break;
    const auto before = static_cast<std::size_t>(hit - text.data());
    std::size_t end = before + wanted.size();
    while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
    const bool has_digits = end > before + wanted.size();
    std::memcpy(to, text.data(), has_digits ? before : end);
    to += has_digits ? before : end;
    if (has_digits) {
      std::memcpy(to, "****", 4);
      to += 4;
    }
    text.remove_prefix(end);
  }
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

void add_record(Output& out, std::string_view line, std::uint64_t observed, const std::string& stdout_attributes,
                const std::string& stderr_attributes) {
  if (line.size() < 40) return;
  const std::uint64_t time = timestamp(line);
  const std::string& attributes = line[34] == 'o' ? stdout_attributes : stderr_attributes;
  const std::string_view body = line.substr(40);
  static std::vector<char> scratch(read_size);
  const auto size = static_cast<std::size_t>(copy_masked(scratch.data(), body) - scratch.data());
  const std::size_t value_size = 1 + varint_size(size) + size;
  const std::size_t record_size = 9 + 9 + 1 + varint_size(value_size) + value_size + attributes.size();
  out.byte(2 << 3 | 2);
  out.varint(record_size);
  out.byte(1 << 3 | 1);
  out.fixed64(time);
  out.byte(5 << 3 | 2);
  out.varint(value_size);
  out.byte(1 << 3 | 2);
  out.varint(size);
  out.copy({scratch.data(), size});
  out.copy(attributes);
  out.byte(11 << 3 | 1);
  out.fixed64(observed);
}

void patch_length(char* at, std::size_t size) {
  for (int i = 0; i < 4; ++i, size >>= 7) at[i] = static_cast<char>((size & 0x7f) | (i < 3 ? 0x80 : 0));
}

std::uint64_t now_nanos() {
  timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(time.tv_nsec);
}

void ship(const char* path, Sender& sender) {
  const int file = ::open(path, O_RDONLY);
  if (file < 0) std::exit(1);
  const std::string resource =
      field(1, attribute(1, "k8s.pod.name", "llm-worker-0") + attribute(1, "k8s.namespace.name", "training") +
                   attribute(1, "k8s.pod.uid", "6f1c0b4e-0000-4000-8000-000000000000") +
                   attribute(1, "k8s.container.name", "pytorch") + attribute(1, "k8s.container.restart_count", "0") +
                   attribute(1, "job.name", "llm-70b") + attribute(1, "cluster.name", "p4d-east") +
                   attribute(1, "environment", "production"));
  const auto attributes = [](std::string_view stream) {
    return attribute(6, "log.file.name", "0.log") + attribute(6, "log.iostream", stream) + attribute(6, "logtag", "F");
  };
  const std::string stdout_attributes = attributes("stdout"), stderr_attributes = attributes("stderr");
  std::vector<char> input(2 * read_size);
  Output out;
  std::size_t kept = 0;
  for (ssize_t count; (count = ::read(file, input.data() + kept, read_size)) > 0;) {
    std::string_view data(input.data(), kept + static_cast<std::size_t>(count));
    out.at = out.bytes.data();
    out.byte(1 << 3 | 2);
    char* resource_logs = out.at;
    out.at += 4;
    out.copy(resource);
    out.byte(2 << 3 | 2);
    char* scope_logs = out.at;
    out.at += 4;
    const std::uint64_t observed = now_nanos();
    while (const auto* newline = static_cast<const char*>(std::memchr(data.data(), '\n', data.size()))) {
      const auto size = static_cast<std::size_t>(newline - data.data());
      add_record(out, data.substr(0, size), observed, stdout_attributes, stderr_attributes);
      data.remove_prefix(size + 1);
    }
    patch_length(scope_logs, static_cast<std::size_t>(out.at - scope_logs) - 4);
    patch_length(resource_logs, static_cast<std::size_t>(out.at - resource_logs) - 4);
    sender.post({out.bytes.data(), static_cast<std::size_t>(out.at - out.bytes.data())});
    kept = data.size();
    std::memmove(input.data(), data.data(), kept);
  }
  ::close(file);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 4) {
    std::fprintf(stderr, "usage: cri_floor PORT none|gzip|zstd FILE...\n");
    return 2;
  }
  Sender sender(std::atoi(arguments[1]), arguments[2]);
  for (int i = 3; i < count; ++i) ship(arguments[i], sender);
  return 0;
}
