// `rankwire queue inspect|verify|replay DIR`: disk queues without the agent. Replay leaves the queue
// as it is: an agent that starts later delivers the same records again.
#include <ostream>

#include "app/commands.hpp"
#include "net/http_client.hpp"
#include "net/network.hpp"
#include "otlp/otlp.hpp"
#include "queue/queue_tools.hpp"

namespace rankwire::app {
namespace {

constexpr auto request_timeout = std::chrono::seconds(30);

using Sink = std::function<Result<void>(const WireBatch&)>;

// One OTLP/JSON request a line.
Sink make_printer(std::ostream& out) {
  return [&out](const WireBatch& batch) -> Result<void> {
    auto decoded = otlp::decode(batch);
    if (!decoded) return std::move(decoded).error();
    Buffer line;
    otlp::encode_json(*decoded, line);
    out << line.view() << '\n';
    if (!out) return Error(ErrorKind::unavailable, "cannot write to the standard output");
    return {};
  };
}

class Sender {
 public:
  static Result<std::unique_ptr<Sender>> make(const std::string& text) {
    auto url = net::Url::parse(text);
    if (!url) return std::move(url).error();
    auto sender = std::make_unique<Sender>();
    net::HttpClientOptions options;
    options.base = *url;
    sender->prefix_ = url->target == "/" ? "" : url->target;
    if (url->scheme == "https") {
      auto tls = net::make_tls_client({}, sender->clock_);
      if (!tls) return std::move(tls).error();
      options.tls = *tls;
    }
    sender->client_ = std::make_unique<net::HttpClient>(std::move(options), *sender->network_, sender->clock_);
    return sender;
  }

  Result<void> send(const WireBatch& batch) {
    std::vector<std::string_view> body;
    for (const SharedBytes& chunk : batch.chunks) body.push_back(chunk->view());
    net::HttpRequest request;
    request.target = prefix_ + "/v1/" + std::string(to_string(batch.signal));
    request.headers = {{"Content-Type", "application/x-protobuf"}};
    request.body = body;
    auto response = client_->send(request, Deadline::after(clock_, request_timeout), {});
    if (!response) return std::move(response).error();
    if (response->status / 100 == 2) return {};
    return Error(ErrorKind::unavailable, "the destination answered " + std::to_string(response->status));
  }

 private:
  SystemClock clock_;
  std::unique_ptr<net::Network> network_ = net::make_system_network(clock_);
  std::string prefix_;
  std::unique_ptr<net::HttpClient> client_;
};

Result<bool> report(FileSystem& files, const std::string& directory, const QueueOptions& options, std::ostream& out) {
  auto found = queue::inspect(files, directory);
  if (!found) return std::move(found).error().during(directory);
  out << queue::to_text(*found, options.is_verbose);
  return found->is_intact();
}

Result<std::uint64_t> replay_all(FileSystem& files, const std::vector<std::string>& directories,
                                 const QueueOptions& options, std::ostream& out) {
  Sink sink = make_printer(out);
  std::unique_ptr<Sender> sender;
  if (!options.destination.empty()) {
    auto made = Sender::make(options.destination);
    if (!made) return std::move(made).error().during(options.destination);
    sender = std::move(*made);
    sink = [&sender](const WireBatch& batch) { return sender->send(batch); };
  }
  std::uint64_t records = 0;
  for (const std::string& directory : directories) {
    auto replayed = queue::replay(files, directory, sink);
    if (!replayed) return std::move(replayed).error().during(directory);
    records += *replayed;
  }
  return records;
}

}  // namespace

ExitCode run_queue_command(const QueueOptions& options, const Output& output) {
  const auto files = make_posix_file_system();
  const auto fail = [&](const Error& error) {
    output.err << "rankwire queue " << options.action << ": " << error.message() << '\n';
    return ExitCode::failed;
  };
  const auto directories = queue::find_queues(*files, options.directory);
  if (!directories) return fail(directories.error());
  if (directories->empty()) return fail({ErrorKind::invalid, options.directory + " holds no queue"});
  if (options.action == "replay") {
    const auto records = replay_all(*files, *directories, options, output.out);
    if (!records) return fail(records.error());
    output.err << "Replayed " << *records << " records; the queue still holds them.\n";
    return ExitCode::ok;
  }
  bool is_intact = true;
  for (const std::string& directory : *directories) {
    const auto found = report(*files, directory, options, output.out);
    if (!found) {
      fail(found.error());
      is_intact = false;
    } else if (!*found) {
      is_intact = false;
    }
  }
  if (options.action != "verify") return ExitCode::ok;
  output.out << (is_intact ? "Every record is intact.\n" : "There is damage; intact records are not affected.\n");
  return is_intact ? ExitCode::ok : ExitCode::failed;
}

}  // namespace rankwire::app
