#include "component/xid.hpp"

#include <algorithm>

namespace rankwire {
namespace {

constexpr std::uint32_t info = 9, warning = 13, error = 17;

// By code, rising.
constexpr XidMeaning known[] = {
    {11, "invalid or corrupted push buffer", "application", "restart_application", error},
    {13, "graphics engine exception", "application", "restart_application", error},
    {25, "invalid or illegal push buffer", "application", "restart_application", error},
    {31, "GPU memory page fault", "application", "restart_application", error},
    {32, "invalid or corrupted push buffer", "application", "restart_application", error},
    {43, "a channel of an application was stopped", "consequence", "none", warning},
    {45, "channels of an application were cleaned up", "consequence", "none", warning},
    {46, "the GPU timed out", "hardware", "reset_gpu", error},
    {48, "uncorrectable memory error of two bits", "memory", "investigate", error},
    {54, "auxiliary power is not connected", "hardware", "investigate", error},
    {62, "the GPU's micro-controller halted", "hardware", "reset_gpu", error},
    {63, "a memory row is to be remapped or a page retired", "memory", "none", warning},
    {64, "remapping a memory row or retiring a page failed", "memory", "reset_gpu", error},
    {69, "graphics engine class error", "application", "restart_application", error},
    {74, "NVLink error", "interconnect", "investigate", error},
    {79, "the GPU has fallen off the bus", "hardware", "restart_machine", error},
    {80, "corrupted data was sent to the GPU", "application", "restart_application", error},
    {92, "many memory errors of single bits", "memory", "investigate", warning},
    {94, "contained uncorrectable memory error", "memory", "restart_application", error},
    {95, "uncontained uncorrectable memory error", "memory", "reset_gpu", error},
    {109, "switching contexts timed out", "hardware", "reset_gpu", error},
    {110, "security fault", "hardware", "reset_gpu", error},
    {119, "the GPU system processor does not answer", "driver", "reset_gpu", error},
    {120, "error of the GPU system processor", "driver", "reset_gpu", error},
    {121, "chip-to-chip link error, corrected", "interconnect", "none", info},
    {136, "NVLink error", "interconnect", "investigate", error},
    {137, "NVLink error of a peer", "interconnect", "investigate", error},
    {140, "uncorrectable memory error, not recovered", "memory", "reset_gpu", error},
    {143, "the GPU could not be initialised", "hardware", "reset_gpu", error},
    {144, "NVLink error", "interconnect", "investigate", error},
    {145, "NVLink error", "interconnect", "investigate", error},
    {146, "NVLink error", "interconnect", "investigate", error},
    {147, "NVLink error", "interconnect", "investigate", error},
    {148, "NVLink error", "interconnect", "investigate", error},
    {149, "NVLink error", "interconnect", "investigate", error},
    {150, "NVLink error", "interconnect", "investigate", error},
    {154, "the action needed to recover changed", "consequence", "investigate", warning},
    {155, "NVLink error", "interconnect", "investigate", error},
    {156, "memory of the GPU is to be retired", "memory", "investigate", warning},
    {157, "retiring memory of the GPU failed", "memory", "investigate", error},
    {158, "fatal timeout", "hardware", "reset_gpu", error},
    {167, "fatal timeout on PCIe", "hardware", "investigate", error},
    {171, "uncorrectable memory error", "memory", "investigate", error},
    {172, "uncorrectable memory error", "memory", "investigate", error},
};
constexpr XidMeaning unknown{0, "not known to this version", "unknown", "investigate", error};

}  // namespace

const XidMeaning& meaning_of_xid(std::uint64_t code) {
  const auto* const found =
      std::lower_bound(std::begin(known), std::end(known), code,
                       [](const XidMeaning& one, std::uint64_t wanted) { return one.code < wanted; });
  return found != std::end(known) && found->code == code ? *found : unknown;
}

}  // namespace rankwire
