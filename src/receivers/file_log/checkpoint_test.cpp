#include "receivers/file_log/checkpoint.hpp"

#include <doctest/doctest.h>

#include "testing/temporary_directory.hpp"

using namespace rankwire;
using namespace rankwire::file_log;

namespace {

FileRecord record_of(std::uint64_t inode, std::uint64_t position) {
  return {.identity = {1, inode, 3},
          .fingerprint = {100, 0xabcdef},
          .position = position,
          .size = position + 5,
          .modified_nanos = 42,
          .is_finished = inode == 2,
          .path = "/var/log/a.log",
          .real_path = "/data/a.log"};
}

}  // namespace

TEST_CASE("a checkpoint gives back what was written, the last position of each file") {
  const PositionUpdate update{1, 77, 80, 43};
  const std::string bytes = encode_header() + encode_file(1, record_of(1, 10)) + encode_file(2, record_of(2, 20)) +
                            encode_positions({&update, 1}) + encode_file(3, record_of(3, 0)) + encode_forget(3);
  const auto contents = decode_checkpoint(bytes);
  REQUIRE(contents.has_value());
  CHECK(contents->damaged == 0);
  REQUIRE(contents->files.size() == 2);
  const FileRecord& file = contents->files.at(1);
  CHECK(file.position == 77);
  CHECK(file.size == 80);
  CHECK(file.modified_nanos == 43);
  CHECK(file.path == "/var/log/a.log");
  CHECK(file.real_path == "/data/a.log");
  CHECK(file.identity == FileIdentity{1, 1, 3});
  CHECK(file.fingerprint == Fingerprint{100, 0xabcdef});
  CHECK(contents->files.at(2).is_finished);
}

TEST_CASE("a torn end of a checkpoint loses only the torn record") {
  const std::string whole = encode_header() + encode_file(1, record_of(1, 10));
  const std::string more = encode_file(2, record_of(2, 20));
  for (std::size_t size = 0; size < more.size(); ++size) {
    const auto contents = decode_checkpoint(whole + more.substr(0, size));
    REQUIRE(contents.has_value());
    CHECK(contents->files.size() == 1);
    CHECK(contents->damaged == (size == 0 ? 0 : 1));
  }
}

TEST_CASE("any flipped bit of a record is noticed and the other records survive") {
  const std::string first = encode_header() + encode_file(1, record_of(1, 10));
  const std::string second = encode_file(2, record_of(2, 20));
  const std::string third = encode_file(3, record_of(3, 30));
  for (std::size_t bit = 0; bit < second.size() * 8; ++bit) {
    std::string damaged = second;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    const auto contents = decode_checkpoint(first + damaged + third);
    REQUIRE(contents.has_value());
    CHECK(contents->files.contains(1));
    CHECK_FALSE(contents->files.contains(2));
    CHECK(contents->files.contains(3));
    CHECK(contents->damaged >= 1);
  }
}

TEST_CASE("a newer checkpoint is refused, not overwritten") {
  const auto disk = make_posix_file_system();
  testing::TemporaryDirectory directory;
  std::string bytes = encode_header() + encode_file(1, record_of(1, 10));
  bytes[8] = 2;
  REQUIRE(write_file_atomically(*disk, directory.file("positions.journal"), bytes, false).has_value());
  CheckpointContents contents;
  const auto journal = CheckpointJournal::open(*disk, directory.path(), false, contents);
  REQUIRE_FALSE(journal.has_value());
  CHECK(journal.error().message().find("newer") != std::string::npos);
  CHECK(*read_file(*disk, directory.file("positions.journal"), 1 << 20) == bytes);
}

TEST_CASE("a flipped bit in the version is damage, not a newer format") {
  const std::string bytes = encode_header() + encode_file(1, record_of(1, 10));
  for (std::size_t bit = 0; bit < 32; ++bit) {
    CAPTURE(bit);
    std::string damaged = bytes;
    damaged[8 + bit / 8] = static_cast<char>(damaged[8 + bit / 8] ^ (1 << (bit % 8)));
    const auto contents = decode_checkpoint(damaged);
    REQUIRE(contents.has_value());
    CHECK(contents->files.contains(1));
    CHECK(contents->damaged == 1);
  }
}

TEST_CASE("the journal stays small however many positions are appended") {
  const auto disk = make_posix_file_system();
  testing::TemporaryDirectory directory;
  CheckpointContents contents;
  auto journal = CheckpointJournal::open(*disk, directory.path(), false, contents);
  REQUIRE(journal.has_value());
  std::map<std::uint32_t, FileRecord> live{{1, record_of(1, 10)}};
  REQUIRE((*journal)->rewrite(live).has_value());
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    const PositionUpdate update{1, i, i, i};
    live[1].position = i;
    if ((*journal)->is_bloated()) REQUIRE((*journal)->rewrite(live).has_value());
    REQUIRE((*journal)->append(encode_positions({&update, 1})).has_value());
  }
  CHECK(disk->status(directory.file("positions.journal"))->size < 2u << 20);
  auto again = CheckpointJournal::open(*disk, directory.path(), false, contents);
  REQUIRE(again.has_value());
  CHECK(contents.files.at(1).position == 99'999);
}
