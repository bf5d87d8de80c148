// How much a disk queue may hold beyond its limit after a crash. Acknowledgements are written but not
// synced (docs/formats/queue.md): what a power loss takes of them brings back records whose places
// were given to others meanwhile. So does it with records that could not be synced and were taken
// off the file again. That, and nothing more, is allowed.
#pragma once

#include "disk.hpp"

namespace rankwire::simulation {

class Returning {
 public:
  explicit Returning(const Disk& disk) : disk_(disk) {}

  // A life ends: call it before anything is lost. `cannot_be_read`: what is intact may be unreadable.
  void note_end(bool is_power_lost, bool cannot_be_read);
  // Whether the queue in the directory may hold as much, in stored records. What has come back only
  // becomes less: with each call the limit follows, until the usual one holds again.
  bool is_within(const std::string& directory, std::uint64_t held, std::uint64_t limit);

 private:
  const Disk& disk_;
  std::map<std::string, std::uint64_t> beyond_;  // By the queue's directory: so many at most.
};

}  // namespace rankwire::simulation
