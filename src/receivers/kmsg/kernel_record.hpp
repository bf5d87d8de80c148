// One record of the kernel's ring buffer, as /dev/kmsg gives it:
//
//   6,339,5140900,-,caller=T1;NVRM: loaded\x0a          priority, sequence, microseconds since boot, flags, and more
//    SUBSYSTEM=pci                                      that may come; then the text; then details, a space before each
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rankwire::kmsg {

struct KernelRecord {
  std::uint32_t level = 0;     // 0 emergency to 7 debug.
  std::uint32_t facility = 0;  // 0: the kernel. Others: programs that wrote to the buffer.
  std::uint64_t sequence = 0;  // Since boot, without gaps.
  std::uint64_t since_boot_micros = 0;
  bool is_continued = false;  // Its line goes on in a later record.
  bool is_rest = false;       // It goes on with the line of an earlier one.
  std::int64_t thread = 0;    // Which wrote it; 0: not told.
  std::string text;           // Any bytes, of several lines perhaps.
  std::vector<std::pair<std::string, std::string>> details;
};

// Takes the next record off what was read: a line and the details behind it. False: there is none that has ended.
bool next_record(std::string_view& bytes, std::string_view& record);
// False: it is no such record.
bool read_record(std::string_view bytes, KernelRecord& into);

}  // namespace rankwire::kmsg
