#include "extensions/file_storage/file_storage_extension.hpp"

#include <doctest/doctest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "config/load.hpp"
#include "testing/temporary_directory.hpp"
#include "testing/test_environment.hpp"

namespace rankwire::file_storage {
namespace {

class NoHost final : public Host {
 public:
  Extension* extension(const config::ComponentId&) override { return nullptr; }
};

struct Fixture {
  config::Node node(const std::string& yaml) { return config::parse_yaml(yaml, "test", diagnostics); }
  std::unique_ptr<Extension> make(const std::string& yaml) {
    const auto factory = file_storage_factory();
    const auto config = factory.parse(node(yaml), "extensions::file_storage", diagnostics);
    REQUIRE_MESSAGE(!diagnostics.has_errors(), diagnostics.text());
    auto made = factory.create(config, environment.context("file_storage"));
    REQUIRE(made);
    return std::move(*made);
  }
  std::unique_ptr<Extension> started() {
    auto extension = make("{directory: " + directory.file("s") + ", create_directory: true}");
    const auto done = extension->start(host);
    REQUIRE(done);
    return extension;
  }

  testing::TemporaryDirectory directory;
  testing::TestEnvironment environment;
  FileSystem* files = environment.files.get();
  NoHost host;
  config::Diagnostics diagnostics;
};

}  // namespace

TEST_CASE("each component gets a private directory that exists") {
  Fixture f;
  auto extension = f.started();
  auto* storage = dynamic_cast<StorageProvider*>(extension.get());
  REQUIRE(storage != nullptr);
  const auto path = storage->directory_for(ComponentKind::exporter, {"otlp_http", "a/b"}, "queue-logs");
  REQUIRE(path);
  CHECK(*path == f.directory.file("s") + "/exporter_otlp_http_a~2Fb/queue-logs");
  CHECK(f.files->status(*path)->mode == 0700);
  CHECK(storage->directory_for(ComponentKind::exporter, {"otlp_http", "a/b"}, "queue-logs"));
  CHECK(!storage->must_sync());
  CHECK(storage->size_max() == 0_B);
}

TEST_CASE("names of different components never meet") {
  CHECK(directory_name(ComponentKind::exporter, {"otlp", "http_x"}) !=
        directory_name(ComponentKind::exporter, {"otlp_http", "x"}));
  CHECK(directory_name(ComponentKind::receiver, {"file_log", ".."}) == "receiver_file_log_..");
  CHECK(directory_name(ComponentKind::receiver, {"file_log", ""}) == "receiver_file_log_");
}

TEST_CASE("a second agent is refused and told why, until the first has stopped") {
  Fixture f;
  auto first = f.started();
  auto second = f.started();
  const config::ComponentId owner{"file_log", ""};
  REQUIRE(dynamic_cast<StorageProvider&>(*first).directory_for(ComponentKind::receiver, owner, "positions"));
  const auto refused =
      dynamic_cast<StorageProvider&>(*second).directory_for(ComponentKind::receiver, owner, "positions");
  REQUIRE(!refused);
  CHECK(refused.error().kind() == ErrorKind::refused);
  CHECK(refused.error().message().starts_with("another process uses "));
  first->stop(Deadline::never());
  CHECK(dynamic_cast<StorageProvider&>(*second).directory_for(ComponentKind::receiver, owner, "positions"));
}

TEST_CASE("a symbolic link in the place of a component's directory is refused") {
  Fixture f;
  auto extension = f.started();
  std::filesystem::create_directory(f.directory.file("elsewhere"));
  std::filesystem::create_directory_symlink(f.directory.file("elsewhere"),
                                            f.directory.file("s") + "/receiver_file_log_");
  const auto refused =
      dynamic_cast<StorageProvider&>(*extension).directory_for(ComponentKind::receiver, {"file_log", ""}, "positions");
  REQUIRE(!refused);
  CHECK(refused.error().kind() == ErrorKind::denied);
}

TEST_CASE("a component's directory that is open to everybody is refused, one open to a group is not") {
  Fixture f;
  auto extension = f.started();
  auto& storage = dynamic_cast<StorageProvider&>(*extension);
  const std::filesystem::path place = f.directory.file("s") + "/receiver_file_log_";
  std::filesystem::create_directory(place);
  std::filesystem::permissions(place, std::filesystem::perms(0757));
  const auto refused = storage.directory_for(ComponentKind::receiver, {"file_log", ""}, "positions");
  REQUIRE(!refused);
  CHECK(refused.error().kind() == ErrorKind::denied);
  std::filesystem::permissions(place, std::filesystem::perms(0770));
  CHECK(storage.directory_for(ComponentKind::receiver, {"file_log", ""}, "positions"));
}

TEST_CASE("a component's directory of another user is refused") {
  if (::geteuid() != 0) return;  // Only root can give a directory away.
  Fixture f;
  auto extension = f.started();
  const std::string place = f.directory.file("s") + "/receiver_file_log_";
  REQUIRE(::mkdir(place.c_str(), 0700) == 0);
  REQUIRE(::chown(place.c_str(), 12345, 12345) == 0);
  auto& storage = dynamic_cast<StorageProvider&>(*extension);
  const auto refused = storage.directory_for(ComponentKind::receiver, {"file_log", ""}, "positions");
  REQUIRE(!refused);
  CHECK(refused.error().kind() == ErrorKind::denied);
  CHECK(refused.error().message().find("12345") != std::string::npos);
}

TEST_CASE("that others can replace what is stored is said at the start") {
  struct : Logger {
    void write(LogLevel, std::string_view text, std::initializer_list<LogField>) override { last = text; }
    bool is_enabled(LogLevel) const override { return true; }
    std::string last;
  } log;
  Fixture f;
  testing::TestEnvironment& test = f.environment;
  Environment environment{test.clock, *test.files, test.network, *test.random, log, test.counters, test.buffers};
  const auto factory = file_storage_factory();
  const auto node = f.node("{directory: " + f.directory.path() + "}");
  const auto config = factory.parse(node, "extensions::file_storage", f.diagnostics);
  for (const auto& [mode, is_said] : {std::pair(0700, false), {01777, false}, {0777, true}}) {
    CAPTURE(mode);
    log.last.clear();
    REQUIRE(::chmod(f.directory.path().c_str(), static_cast<mode_t>(mode)) == 0);
    const auto extension = factory.create(config, ComponentContext{{"file_storage", ""}, environment});
    REQUIRE(extension);
    CHECK((*extension)->start(f.host));
    CHECK((log.last.find("another user can remove") != std::string::npos) == is_said);
  }
}

TEST_CASE("a directory that does not exist fails the start with what to do") {
  Fixture f;
  auto extension = f.make("{directory: " + f.directory.file("absent") + "}");
  const auto started = extension->start(f.host);
  REQUIRE(!started);
  CHECK(started.error().message().find("create_directory: true") != std::string::npos);
}

TEST_CASE("upstream's keys are accepted, and those without effect say so") {
  Fixture f;
  auto extension = f.make(R"(
directory: /tmp
timeout: 1s
fsync: true
max_size: 1000
create_directory: true
directory_permissions: "0700"
recreate: true
compaction: {on_start: true, on_rebound: true, directory: /tmp, max_transaction_size: 65536}
)");
  auto& storage = dynamic_cast<StorageProvider&>(*extension);
  CHECK(storage.must_sync());
  CHECK(storage.size_max() == 1000_B);
  CHECK(f.diagnostics.all().size() == 3);
}

TEST_CASE("permissions that are not octal are an error") {
  Fixture f;
  (void)file_storage_factory().parse(f.node("{directory_permissions: '0790'}"), "file_storage", f.diagnostics);
  CHECK(f.diagnostics.has_errors());
}

}  // namespace rankwire::file_storage
