#include "workload.hpp"

#include <cstdio>

#include "net/compression.hpp"
#include "net/grpc_client.hpp"
#include "pushed.hpp"

namespace rankwire::simulation {
namespace {

constexpr std::size_t plain_generations_max = 1;  // kubelet compresses all but the newest.

std::string pod_directory(int number) {
  return "/var/log/pods/bank_trainer-" + std::to_string(number) + "_0b5c1a3e-77aa-4d9f-9c6e-1d2f3a4b5c6" +
         std::to_string(number) + "/worker";
}

}  // namespace

LogWriter::LogWriter(Surroundings around, int number, std::uint64_t seed, std::uint64_t lines_max)
    : around_(around),
      source_("f" + std::to_string(number)),
      directory_(pod_directory(number)),
      path_(directory_ + "/0.log"),
      dice_(seed),
      lines_max_(lines_max) {}

void LogWriter::start(Instant until) {
  thread_ = Worker("writer", [this, until](std::stop_token) { run(until); });
}

void LogWriter::append(const std::string& text) {
  auto file = around_.disk.open(path_, {.write = true, .create = true});
  (void)(*file)->append(text);
}

std::string LogWriter::body(std::uint64_t number) {
  std::string text = "step id=" + source_ + "-" + std::to_string(number) + "; loss=2.1 " + std::string(canary) +
                     std::to_string(dice_.below(100000));
  text.append(dice_.chance(0.05) ? dice_.below(3000) : dice_.below(80), 'x');
  return text;
}

std::string LogWriter::line() {
  const std::string head = "2026-11-22T10:00:00.000000001Z stdout ";
  const std::string text = body(next_++);
  if (!dice_.chance(0.1)) return head + "F " + text + "\n";
  // containerd cuts long lines; ours at any place but inside the id that must be masked.
  const std::size_t cut = std::min(text.size(), text.find("customer_id=") + 30 + dice_.below(20));
  return head + "P " + text.substr(0, cut) + "\n" + head + "F " + text.substr(cut) + "\n";
}

void LogWriter::write_some() {
  std::string text;
  const std::uint64_t count = dice_.between(1, dice_.chance(0.1) ? 200 : 10);
  for (std::uint64_t i = 0; i < count && next_ <= lines_max_; ++i) text += line();
  // A write may be seen in two parts.
  const std::size_t cut = dice_.chance(0.2) ? dice_.below(text.size() + 1) : text.size();
  append(text.substr(0, cut));
  if (cut < text.size()) {
    Scheduler::current()->sleep(std::chrono::milliseconds(dice_.below(50)));
    append(text.substr(cut));
  }
}

void LogWriter::run(Instant until) {
  Scheduler& scheduler = *Scheduler::current();
  if (dice_.chance(0.3)) scheduler.sleep(std::chrono::milliseconds(dice_.below(5000)));
  (void)around_.disk.make_directories(directory_, 0755);
  while (scheduler.now() < until && next_ <= lines_max_) {
    write_some();
    if (around_.faults.strikes(Fault::rename_rotation)) rename_away();
    if (around_.faults.strikes(Fault::gzip_rotation)) {
      rename_away();
      compress_oldest();
    }
    if (around_.faults.strikes(Fault::copy_truncate)) copy_and_truncate();
    if (around_.faults.strikes(Fault::inode_reused)) recreate();
    scheduler.sleep(std::chrono::milliseconds(dice_.chance(0.1) ? dice_.below(3000) : dice_.below(100)));
  }
  around_.ledger.lines_written[source_] = next_ - 1;
  has_ended_ = true;
}

void LogWriter::rename_away() {
  char stamp[40];
  std::snprintf(stamp, sizeof stamp, ".20261122-%06llu", static_cast<unsigned long long>(++generation_));
  excuse_if_unknown();
  if (!around_.disk.rename(path_, path_ + stamp)) return;
  around_.say(source_ + ": lines " + std::to_string(first_in_file_) + " to " + std::to_string(next_ - 1) + " are in " +
              stamp + (around_.is_noted(path_) ? "" : ", not noted"));
  rotated_.push_back(path_ + stamp);
  first_in_file_ = next_;
  // The runtime opens the new file a little later.
  if (dice_.chance(0.5)) Scheduler::current()->sleep(std::chrono::milliseconds(dice_.below(200)));
  append("");
}

// As kubelet: all but the newest rotated file, through a temporary name.
void LogWriter::compress_oldest() {
  while (rotated_.size() > plain_generations_max) {
    const std::string path = rotated_.front();
    rotated_.erase(rotated_.begin());
    const auto bytes = read_file(around_.disk, path, 1 << 30);
    if (!bytes) continue;
    const std::string_view pieces[] = {*bytes};
    const auto packed = net::compress(net::Encoding::gzip, pieces, 0);
    auto file = around_.disk.open(path + ".tmp", {.write = true, .create = true, .truncate = true});
    (void)(*file)->append(packed->view().substr(0, packed->size() / 2));
    if (dice_.chance(0.5)) Scheduler::current()->sleep(std::chrono::milliseconds(dice_.below(300)));
    (void)(*file)->append(packed->view().substr(packed->size() / 2));
    (void)around_.disk.rename(path + ".tmp", path + ".gz");
    (void)around_.disk.remove(path);
    around_.say(source_ + ": compressed " + path);
  }
}

void LogWriter::excuse_unread() {
  for (std::uint64_t n = first_in_file_; n < next_; ++n) around_.ledger.excused.insert({source_, n});
  first_in_file_ = next_;
}

// Rotated away before the agent could note that it exists: after a crash nothing tells it to look for it.
void LogWriter::excuse_if_unknown() {
  if (around_.is_noted(path_)) return;
  for (std::uint64_t n = first_in_file_; n < next_; ++n) around_.ledger.excused.insert({source_, n});
}

void LogWriter::copy_and_truncate() {
  const auto bytes = read_file(around_.disk, path_, 1 << 30);
  if (!bytes) return;
  auto file = around_.disk.open(path_, {.write = true});
  (void)(*file)->truncate(0);
  around_.say(source_ + ": truncated, with lines " + std::to_string(first_in_file_) + " to " +
              std::to_string(next_ - 1));
  excuse_unread();
}

// Deleted and made again with the same inode number.
void LogWriter::recreate() {
  if (!around_.disk.remove(path_)) return;
  around_.faults.count(Fault::file_deleted);
  excuse_unread();
  around_.disk.reuse_last_inode();
  append("");
}

void LineSender::start(Instant until) {
  thread_ = Worker("lines", [this, until](std::stop_token) {
    Scheduler& scheduler = *Scheduler::current();
    for (std::uint64_t i = 0; i < packets_max_ && scheduler.now() < until; ++i) {
      std::string packet;
      for (std::uint64_t line = dice_.between(1, 20); line > 0; --line)
        packet += std::string(metric) + ":1|c|#unit:" + std::to_string(dice_.below(3)) + "\n";
      around_.network.send_datagram(statsd_port, packet);
      scheduler.sleep(std::chrono::milliseconds(dice_.chance(0.1) ? dice_.below(3000) : dice_.below(100)));
    }
    has_ended_ = true;
  });
}

class SenderClient {
 public:
  SenderClient(Surroundings around, bool is_grpc) {
    if (is_grpc) {
      net::GrpcClientOptions options;
      options.endpoint = {"agent", grpc_port};
      grpc = std::make_unique<net::GrpcClient>(std::move(options), around.network, around.clock);
    } else {
      net::HttpClientOptions options;
      options.base = {"http", {"agent", http_port}, "/"};
      http = std::make_unique<net::HttpClient>(std::move(options), around.network, around.clock);
    }
  }
  std::unique_ptr<net::HttpClient> http;
  std::unique_ptr<net::GrpcClient> grpc;
};

Sender::Sender(Surroundings around, int number, std::uint64_t seed, bool is_grpc, std::uint64_t requests_max,
               Signal signal, bool has_only_deltas)
    : around_(around),
      source_(mark_of(signal) + std::to_string(number)),
      signal_(signal),
      has_only_deltas_(has_only_deltas),
      dice_(seed),
      is_grpc_(is_grpc),
      requests_max_(requests_max),
      client_(std::make_unique<SenderClient>(around, is_grpc)) {}

Sender::~Sender() = default;

void Sender::start(Instant until) {
  thread_ = Worker("sender", [this, until](std::stop_token) { run(until); });
}

std::string Sender::request(std::vector<RecordId>& ids) {
  std::vector<std::string> bodies(dice_.between(1, dice_.chance(0.1) ? 300 : 10));
  for (std::string& body : bodies) {
    ids.push_back({source_, next_++});
    body = "request id=" + text_of(ids.back()) + "; " + std::string(canary) + std::to_string(dice_.below(1000));
  }
  // The clock of the agent may jump; senders have one of their own.
  const auto nanos = static_cast<std::uint64_t>(Scheduler::current()->now().time_since_epoch().count());
  return encode_request({.signal = signal_,
                         .source = source_,
                         .first_number = ids.front().number,
                         .texts = std::move(bodies),
                         .unix_nanos = 1'700'000'000'000'000'000 + nanos,
                         .has_only_deltas = has_only_deltas_});
}

Sender::Answer Sender::send(const std::string& bytes) {
  const Deadline deadline = Deadline::after(around_.clock, std::chrono::seconds(10));
  const std::string_view pieces[] = {bytes};
  const std::size_t at = signal_ == Signal::logs ? 0 : signal_ == Signal::metrics ? 1 : 2;
  if (is_grpc_) {
    static constexpr const char* methods[] = {"/opentelemetry.proto.collector.logs.v1.LogsService/Export",
                                              "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
                                              "/opentelemetry.proto.collector.trace.v1.TraceService/Export"};
    auto answer = client_->grpc->call(methods[at], pieces, net::Encoding::identity, 0, deadline, {});
    if (!answer) return Answer::none;
    constexpr int exhausted = 8, unavailable = 14;
    if (answer->status == exhausted || answer->status == unavailable) return Answer::refused;
    return answer->status == 0 ? Answer::taken : Answer::rejected;
  }
  net::HttpRequest request;
  static constexpr const char* targets[] = {"/v1/logs", "/v1/metrics", "/v1/traces"};
  request.target = targets[at];
  request.headers = {{"Content-Type", "application/x-protobuf"}};
  request.body = pieces;
  auto answer = client_->http->send(request, deadline, {});
  if (!answer) return Answer::none;
  if (answer->status == 429 || answer->status == 502 || answer->status == 503 || answer->status == 504)
    return Answer::refused;
  return answer->status / 100 == 2 ? Answer::taken : Answer::rejected;
}

void Sender::run(Instant until) {
  Scheduler& scheduler = *Scheduler::current();
  for (std::uint64_t i = 0; i < requests_max_ && scheduler.now() < until; ++i) {
    std::vector<RecordId> ids;
    const std::string bytes = request(ids);
    // Tried again until it is acknowledged, or the run ends.
    for (int attempt = 0; attempt < 200; ++attempt) {
      const Answer answer = send(bytes);
      if (answer == Answer::taken) around_.ledger.acknowledged.insert(ids.begin(), ids.end());
      if (answer == Answer::taken || answer == Answer::rejected) break;
      if (answer == Answer::none) around_.ledger.sent_again.insert(ids.begin(), ids.end());
      scheduler.sleep(std::chrono::milliseconds(dice_.between(100, 2000)));
    }
    scheduler.sleep(std::chrono::milliseconds(dice_.below(500)));
  }
  has_ended_ = true;
}

}  // namespace rankwire::simulation
