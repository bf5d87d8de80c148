// The receiver over a FIFO or a file in the place of the kernel's buffer, and over that of this machine where it may be
// read.
#include "receivers/kmsg/kmsg_receiver.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "testing/connector_test.hpp"
#include "testing/log_batches.hpp"
#include "testing/temporary_directory.hpp"

namespace rankwire::kmsg {
namespace {

using std::chrono::seconds;
using testing::bodies_of;
using Texts = std::vector<std::string>;

constexpr const char* xid = "NVRM: Xid (PCI:0000:38:00): 43, pid=1, name=a, Ch 8";

class Storage final : public Extension, public StorageProvider {
 public:
  explicit Storage(std::string directory) : directory_(std::move(directory)) {}
  Result<std::string> directory_for(ComponentKind, const config::ComponentId&, std::string_view) override {
    return directory_;
  }
  bool must_sync() const override { return false; }
  Bytes size_max() const override { return {}; }

 private:
  const std::string directory_;
};

class HostWithStorage final : public Host {
 public:
  explicit HostWithStorage(const std::string& directory) : storage_(directory) {}
  Extension* extension(const config::ComponentId& id) override {
    return id.type == "file_storage" ? &storage_ : nullptr;
  }

 private:
  Storage storage_;
};

std::string line(std::uint64_t sequence, const std::string& text, int priority = 3) {
  return std::to_string(priority) + "," + std::to_string(sequence) + "," + std::to_string(sequence * 1000) + ",-;" +
         text + "\n";
}

struct Fixture {
  Fixture() : host(directory.path()) {
    std::filesystem::create_directories(directory.file("root/proc/sys/kernel/random"));
    boot("boot-1");
  }
  void boot(const char* id) const {
    std::ofstream(directory.file("root/proc/sys/kernel/random/boot_id")) << id << "\n";
  }
  std::string buffer() const { return directory.file("kmsg"); }
  void append(const std::string& text) const { std::ofstream(buffer(), std::ios::app) << text; }

  void make(const std::string& more) {
    config::Diagnostics diagnostics;
    const std::string yaml = "{path: " + buffer() + ", root_path: " + directory.file("root") + more + "}";
    const config::Node node = config::parse_yaml(yaml, "test", diagnostics);
    const AnyConfig config = kmsg_factory().parse(node, "kmsg", diagnostics);
    REQUIRE_MESSAGE(!diagnostics.has_errors(), diagnostics.text());
    auto made = kmsg_factory().create(config, environment.context("kmsg"), {.logs = &logs});
    REQUIRE(made);
    receiver = std::move(*made);
  }
  void start(const std::string& more = "") {
    make(more);
    const Result<void> started = receiver->start(host);
    REQUIRE_MESSAGE(started, (started ? "" : started.error().message()));
  }
  // Everything that came is settled, and where it stands is stored.
  void stop() {
    logs.settle();
    receiver->stop(Deadline{environment.clock.now()});
    receiver.reset();
  }
  Texts bodies() {
    Texts all;
    for (auto& taken : logs.taken())
      for (const std::string& body : bodies_of(taken.batch.logs())) all.push_back(body);
    return all;
  }
  std::uint64_t total(const char* name) const { return environment.counters.total(name); }

  testing::TemporaryDirectory directory;
  testing::TestEnvironment environment;
  HostWithStorage host;
  testing::RecordingIntake logs;
  std::unique_ptr<Receiver> receiver;
};

TEST_CASE("an event is a log record with its time, severity, attributes, process and pod") {
  Fixture f;
  const std::string id(64, 'b');
  std::filesystem::create_directories(f.directory.file("root/proc/812"));
  std::ofstream(f.directory.file("root/proc/812/cgroup"))
      << "0::/kubepods/pod2f3a4b5c-0d1e-4f60-8a9b-0c1d2e3f4a5b/" << id << "\n";
  f.append(
      "3,17,500000,-,caller=T9;NVRM: Xid (PCI:0000:38:00): 31, pid=812, name=python, \\x22x\\x22\n"
      " SUBSYSTEM=pci\n DEVICE=+pci:0000:38:00.0\n");
  f.start(", start_at: beginning");
  REQUIRE(f.logs.wait_for(1));
  f.stop();
  const LogBatch& batch = f.logs.taken()[0].batch.logs();
  REQUIRE(batch.record_count() == 1);
  CHECK(testing::text_of(batch.resources[0].resource.attributes) ==
        "{container.id=" + id + ",k8s.pod.uid=2f3a4b5c-0d1e-4f60-8a9b-0c1d2e3f4a5b}");
  const LogRecord& record = batch.resources[0].scopes[0].records[0];
  CHECK(record.event_name == "hw.gpu.xid");
  CHECK(record.severity_number == 17);
  CHECK(record.severity_text == "err");
  CHECK(record.body.text() == "NVRM: Xid (PCI:0000:38:00): 31, pid=812, name=python, \"x\"");
  CHECK(record.time_unix_nanos == 1'700'000'000'500'000'000u);  // The monotonic clock began at 1700000000.
  CHECK(record.observed_time_unix_nanos == 1'700'000'001'000'000'000u);
  const std::string attributes = testing::text_of(record.attributes);
  CHECK(attributes.find("hw.gpu.xid.code=31,") != std::string::npos);
  CHECK(attributes.find("process.pid=812,process.executable.name=python") != std::string::npos);
  CHECK(attributes.find("kernel.sequence=17,thread.id=9,kernel.subsystem=pci,kernel.device=+pci:0000:38:00.0") !=
        std::string::npos);
  CHECK(f.environment.counters.total("rankwire_kmsg_events_total", {{"event", "hw.gpu.xid"}}) == 1);
}

TEST_CASE("only what is new comes, and only events, unless told otherwise") {
  Fixture f;
  REQUIRE(::mkfifo(f.buffer().c_str(), 0600) == 0);
  const int writer = ::open(f.buffer().c_str(), O_RDWR | O_CLOEXEC);
  const auto write = [&](const std::string& text) {
    REQUIRE(::write(writer, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  };
  write(line(1, xid));
  f.start(", other_messages: {min_priority: notice}");
  write(line(2, "for information", 6) + line(3, "a notice", 13) + line(4, "eth0: Link is Down", 6));
  REQUIRE(f.logs.wait_for(1));
  f.stop();
  ::close(writer);
  CHECK(f.bodies() == Texts{"a notice", "eth0: Link is Down"});
  const LogRecord& notice = f.logs.taken()[0].batch.logs().resources[0].scopes[0].records[0];
  CHECK(notice.severity_number == 10);
  CHECK(testing::text_of(notice.attributes) == "{kernel.sequence=3,syslog.facility.code=1}");
}

TEST_CASE("parts of a line become one, bytes that are no UTF-8 are replaced, and what is no record is counted") {
  Fixture f;
  f.append("6,1,1,c;eth0: Link \nnonsense\n6,2,1,+;is Down \\xff\n6,3,1,+;\n6,4,1,c;eth1: Link is Down\n");
  f.start(", start_at: beginning");
  REQUIRE(f.logs.wait_for(1));
  f.stop();
  CHECK(f.bodies() == Texts{"eth0: Link is Down \xef\xbf\xbd", "eth1: Link is Down"});
  CHECK(f.total("rankwire_kmsg_malformed_records_total") == 1);
}

TEST_CASE("what the kernel overwrote is counted by the numbers that are missing") {
  Fixture f;
  f.append(line(10, xid) + line(15, xid) + line(16, xid));
  f.start(", start_at: beginning");
  REQUIRE(f.logs.wait_for(1));
  f.stop();
  CHECK(f.bodies().size() == 3);
  CHECK(f.total("rankwire_kmsg_lost_messages_total") == 4);
}

TEST_CASE("with storage a restart neither repeats nor loses, and another boot begins at its beginning") {
  Fixture f;
  f.append(line(1, "eth0: Link is Down"));
  f.start(", storage: file_storage");
  f.stop();
  CHECK(f.bodies().empty());
  f.append(line(2, "eth2: Link is Down"));
  f.start(", storage: file_storage");
  REQUIRE(f.logs.wait_for(1));
  f.stop();
  CHECK(f.bodies() == Texts{"eth2: Link is Down"});
  f.append(line(3, "nothing of interest") + line(4, "eth4: Link is Down"));
  f.start(", storage: file_storage");
  REQUIRE(f.logs.wait_for(2));
  f.stop();
  CHECK(f.bodies() == Texts{"eth2: Link is Down", "eth4: Link is Down"});
  f.boot("boot-2");
  std::filesystem::remove(f.buffer());
  f.append(line(0, "eth9: Link is Down"));
  f.start(", storage: file_storage");
  REQUIRE(f.logs.wait_for(3));
  f.stop();
  CHECK(f.bodies().back() == "eth9: Link is Down");
  CHECK(f.total("rankwire_kmsg_lost_messages_total") == 0);
}

TEST_CASE("what was not settled before a restart comes again") {
  Fixture f;
  f.append(line(1, "eth1: Link is Down"));
  f.start(", storage: file_storage, start_at: beginning");
  REQUIRE(f.logs.wait_for(1));
  f.receiver->stop(Deadline{f.environment.clock.now()});
  f.receiver.reset();
  f.start(", storage: file_storage");
  REQUIRE(f.logs.wait_for(2));
  f.stop();
  CHECK(f.bodies() == Texts{"eth1: Link is Down", "eth1: Link is Down"});
}

TEST_CASE("what is lost behind the door is read again") {
  Fixture f;
  f.append(line(1, "eth1: Link is Down"));
  f.start(", start_at: beginning");
  REQUIRE(f.logs.wait_for(1));
  f.logs.lose();
  REQUIRE(f.logs.wait_for(2));
  f.stop();
  CHECK(f.bodies() == Texts{"eth1: Link is Down", "eth1: Link is Down"});
}

TEST_CASE("while the pipeline is full messages wait, and come once") {
  Fixture f;
  f.append(line(1, "eth1: Link is Down"));
  f.logs.set_failure(Error(ErrorKind::refused, "full"));
  f.start(", start_at: beginning");
  REQUIRE(f.logs.wait_for_attempts(1));
  f.logs.set_failure({});
  while (f.logs.records() == 0) {
    f.environment.clock.advance(seconds(1));
    std::this_thread::yield();
  }
  f.stop();
  CHECK(f.bodies() == Texts{"eth1: Link is Down"});
}

TEST_CASE("what a stop finds still waiting is counted as dropped where no storage will bring it again") {
  Fixture f;
  f.append(line(1, xid));
  f.logs.set_failure(Error(ErrorKind::refused, "full"));
  f.start(", start_at: beginning");
  REQUIRE(f.logs.wait_for_attempts(1));
  f.stop();
  CHECK(f.logs.dropped("shutdown") == 1);
}

TEST_CASE("a buffer that is not there, or may not be read, fails the start with the remedy") {
  Fixture f;
  f.make("");
  const Result<void> started = f.receiver->start(f.host);
  REQUIRE(!started);
  CHECK(started.error().message().find("kmsg: ") == 0);
  CHECK(started.error().message().find("CAP_SYSLOG") != std::string::npos);
}

TEST_CASE("a stored position is read back, and damage is told") {
  const StoredPosition position{"b-1", 77};
  CHECK(decode_position(encode_position(position)) == position);
  for (const char* text : {"", "rankwire kmsg 1 b 7", "rankwire kmsg 1 b x\n", "rankwire kmsg 1 b\n",
                           "rankwire kmsg 2 b 7\n", "rankwire kmsg 1  7\n", "rankwire kmsg 1 b 7 8\n"})
    CHECK_MESSAGE(!decode_position(text), text);
}

TEST_CASE("the kernel of this machine gives what was written to its buffer") {
  const int writer = ::open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
  if (writer < 0) {
    MESSAGE("skipped: /dev/kmsg may not be written here; run as root to see it");
    return;
  }
  Fixture f;
  std::filesystem::create_symlink("/dev/kmsg", f.buffer());
  f.start();
  const std::string name = "rw" + std::to_string(::getpid());
  // Without its end the kernel keeps a line to itself until the next one comes.
  const std::string text = "<4>" + name + ": Link is Down\n";
  REQUIRE(::write(writer, text.data(), text.size()) > 0);
  ::close(writer);
  REQUIRE(f.logs.wait_for(1));
  f.stop();
  const Texts bodies = f.bodies();  // Others may write, too.
  CHECK(std::count(bodies.begin(), bodies.end(), name + ": Link is Down") == 1);
}

}  // namespace
}  // namespace rankwire::kmsg
