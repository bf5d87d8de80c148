#include <doctest/doctest.h>

#include <filesystem>

#include "base/file_system.hpp"
#include "testing/temporary_directory.hpp"

namespace rankwire {
namespace {

struct Fixture {
  testing::TemporaryDirectory directory;
  std::unique_ptr<FileSystem> files = make_posix_file_system();

  std::unique_ptr<File> open(const std::string& name, OpenMode mode = {.write = true, .create = true}) {
    auto file = files->open(directory.file(name), mode);
    REQUIRE(file.has_value());
    return std::move(*file);
  }
};

TEST_CASE("appending many pieces writes all of them in order") {
  Fixture fixture;
  auto file = fixture.open("a");
  std::vector<std::string> texts;
  std::string expected;
  for (int i = 0; i < 200; ++i) expected += texts.emplace_back("piece " + std::to_string(i) + "\n");
  const std::vector<std::string_view> pieces(texts.begin(), texts.end());
  REQUIRE(file->append(pieces));
  CHECK(read_file(*fixture.files, fixture.directory.file("a"), 1 << 20).value() == expected);
}

TEST_CASE("a reopened file is appended to, not overwritten") {
  Fixture fixture;
  REQUIRE(fixture.open("a")->append("one "));
  REQUIRE(fixture.open("a")->append("two"));
  CHECK(read_file(*fixture.files, fixture.directory.file("a"), 100).value() == "one two");
}

TEST_CASE("a missing file is told apart from other errors") {
  Fixture fixture;
  const auto missing = fixture.files->open(fixture.directory.file("absent"), {});
  REQUIRE(!missing.has_value());
  CHECK(is_missing(missing.error()));
  const auto directory = fixture.files->open(fixture.directory.path(), {.write = true});
  REQUIRE(!directory.has_value());
  CHECK(!is_missing(directory.error()));
}

TEST_CASE("identity survives renaming and differs between files") {
  Fixture fixture;
  auto file = fixture.open("a");
  const FileIdentity before = file->status().value().identity;
  REQUIRE(fixture.files->rename(fixture.directory.file("a"), fixture.directory.file("b")));
  CHECK(fixture.files->status(fixture.directory.file("b"))->identity == before);
  CHECK(!(fixture.open("a")->status().value().identity == before));
}

TEST_CASE("an open file that was deleted says so") {
  Fixture fixture;
  auto file = fixture.open("a");
  REQUIRE(fixture.files->remove(fixture.directory.file("a")));
  CHECK(file->status()->links == 0);
}

TEST_CASE("a lock keeps a second opener out until it is closed") {
  Fixture fixture;
  auto first = fixture.open("lock");
  auto second = fixture.open("lock");
  REQUIRE(first->lock());
  const auto refused = second->lock();
  REQUIRE(!refused.has_value());
  CHECK(refused.error().kind() == ErrorKind::refused);
  first.reset();
  CHECK(second->lock().has_value());
}

TEST_CASE("an atomic write replaces the file and leaves no temporary behind") {
  Fixture fixture;
  REQUIRE(write_file_atomically(*fixture.files, fixture.directory.file("a"), "old", false));
  REQUIRE(write_file_atomically(*fixture.files, fixture.directory.file("a"), "new", true));
  CHECK(read_file(*fixture.files, fixture.directory.file("a"), 100).value() == "new");
  CHECK(fixture.files->list(fixture.directory.path())->size() == 1);
}

TEST_CASE("reading stops at the limit given") {
  Fixture fixture;
  REQUIRE(fixture.open("a")->append(std::string(100'000, 'x')));
  CHECK(!read_file(*fixture.files, fixture.directory.file("a"), 50'000).has_value());
}

TEST_CASE("directories are made with all their parents, and a file in the way is an error") {
  Fixture fixture;
  REQUIRE(fixture.files->make_directories(fixture.directory.file("x/y/z"), 0700));
  CHECK(fixture.files->status(fixture.directory.file("x/y/z"))->type == FileType::directory);
  fixture.open("file");
  CHECK(!fixture.files->make_directories(fixture.directory.file("file/z"), 0700).has_value());
}

TEST_CASE("a symbolic link is not followed when that is asked") {
  Fixture fixture;
  fixture.open("target");
  std::filesystem::create_symlink(fixture.directory.file("target"), fixture.directory.file("link"));
  CHECK(fixture.files->status(fixture.directory.file("link"), false)->type == FileType::symlink);
  CHECK(!fixture.files->open(fixture.directory.file("link"), {.follow_symlinks = false}).has_value());
  CHECK(fixture.files->real_path(fixture.directory.file("link")).value() ==
        fixture.files->real_path(fixture.directory.file("target")).value());
}

TEST_CASE("a watched directory tells what appears, changes and vanishes") {
  Fixture fixture;
  auto watcher = fixture.files->make_watcher();
  REQUIRE(watcher.has_value());
  const auto watch = (*watcher)->watch(fixture.directory.path());
  REQUIRE(watch.has_value());
  REQUIRE(fixture.open("a")->append("x"));
  REQUIRE(fixture.files->remove(fixture.directory.file("a")));
  std::vector<DirectoryChange> changes;
  REQUIRE((*watcher)->wait(changes, 5000));
  std::vector<WatchEvent> events;
  for (const DirectoryChange& change : changes) {
    CHECK(change.watch == *watch);
    CHECK(change.name == "a");
    events.push_back(change.event);
  }
  CHECK(events == std::vector{WatchEvent::appeared, WatchEvent::modified, WatchEvent::vanished});
}

TEST_CASE("waking a watcher ends its wait") {
  Fixture fixture;
  auto watcher = fixture.files->make_watcher();
  REQUIRE(watcher.has_value());
  (*watcher)->wake();
  std::vector<DirectoryChange> changes;
  CHECK(!(*watcher)->wait(changes, -1));
  CHECK(changes.empty());
}

}  // namespace
}  // namespace rankwire
