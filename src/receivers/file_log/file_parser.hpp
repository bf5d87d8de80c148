// The seam inside file_log between the tailer (which files, which bytes, which positions) and the
// parser (lines, encodings, multi-line, operators, records).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "signal/batch.hpp"

namespace rankwire::file_log {

// What a record may say about the file it came from. Strings live as long as the parser of the file.
struct FileFacts {
  std::string path;                                       // As matched by `include`.
  std::string path_resolved;                              // Symbolic links followed.
  std::string owner_name, owner_group_name, permissions;  // Filled only when asked for.
  std::string start;  // How the file begins, where it has a header and is not read from there.
};

// Parses one file, front to back. Used by the tailer's thread only.
class FileParser {
 public:
  virtual ~FileParser() = default;

  // `data` starts at byte `offset` of the file (of its decompressed contents for gzip) and is kept
  // alive by `out`'s buffers; records may point into it. Appends what complete lines yield and
  // returns how many bytes were taken; the rest is passed again, longer, next time. With
  // `is_end`, no more will ever come: everything is taken, an unterminated last line included. What
  // is then still held (see held_from) goes to a successor by `continue_from`; without one,
  // `flush(Instant::max(), …)` appends it.
  virtual std::size_t parse(std::string_view data, std::uint64_t offset, bool is_end, LogBatch& out) = 0;

  // The offset from which data was taken but not yet appended as records (partial lines, recombined
  // entries): a restart must read again from here. Nothing: no data is held.
  virtual std::optional<std::uint64_t> held_from() const = 0;

  // When `flush` has something to do: held or untaken data must not wait longer (force_flush_period).
  virtual std::optional<Instant> flush_due() const = 0;
  // Appends what has waited long enough. `untaken` is what the last `parse` did not take (its start
  // is at `offset`); returns how many bytes of it were taken. Instant::max() flushes everything.
  virtual std::size_t flush(Instant now, std::string_view untaken, std::uint64_t offset, LogBatch& out) = 0;

  // The file was rotated and this parser reads its successor: takes over what `previous` holds, so
  // that a record split over both files is joined.
  virtual void continue_from(FileParser& previous) = 0;

  // Records given up since last asked (on_error: drop, filter, router without default), by reason.
  struct Drops {
    std::uint64_t filtered = 0;    // On purpose: filter operator, router.
    std::uint64_t unparsable = 0;  // on_error: drop.
  };
  virtual Drops take_drops() = 0;

  // Whether a fresh parser would do just as well from here on: of ten thousand files most are idle,
  // and their parsers are given up.
  virtual bool is_replaceable() const { return false; }
};

// Makes the parsers of all files of one receiver; built once from its configuration.
class ParserFactory {
 public:
  virtual ~ParserFactory() = default;
  virtual std::unique_ptr<FileParser> make(FileFacts facts) = 0;
};

}  // namespace rankwire::file_log
