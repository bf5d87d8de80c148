// What the error codes of NVIDIA's kernel driver mean to an operator. The kernel's log tells them and NVML does.
#pragma once

#include <cstdint>
#include <string_view>

namespace rankwire {

struct XidMeaning {
  std::uint64_t code = 0;
  std::string_view meaning;
  std::string_view cause;   // What to suspect: application, memory, interconnect, hardware, driver, consequence.
  std::string_view action;  // restart_application, reset_gpu, restart_machine, investigate, none.
  std::uint32_t severity_number = 17;
};

// Of a code that is not known: an error to investigate.
const XidMeaning& meaning_of_xid(std::uint64_t code);

}  // namespace rankwire
