// Any bytes as what the kernel's ring buffer gave: taken apart, and looked at for events.
#include "receivers/kmsg/events.hpp"
#include "receivers/kmsg/kernel_record.hpp"
#include "signal/batch.hpp"
#include "text/encoding.hpp"

using namespace rankwire;
using namespace rankwire::kmsg;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static Events events;  // Its patterns take longer to make than all the rest.
  KernelRecord kernel;
  LogBatch batch;
  for (std::string_view record; next_record(bytes, record);) {
    if (!read_record(record, kernel)) continue;
    if (kernel.level > 7 || kernel.text.size() > record.size()) __builtin_trap();
    const std::string_view text = batch.arena().copy(text::repair_utf8(kernel.text, batch.arena()));
    LogRecord made;
    Subject subject;
    const bool is_event = events.recognize(text, made, batch.arena(), subject);
    if (is_event == made.event_name.empty()) __builtin_trap();
    if (!is_event && (made.severity_number != 0 || !made.attributes.empty())) __builtin_trap();
    for (const KeyValue& one : made.attributes)
      if (one.value.is_text() && !text::is_valid_utf8(one.value.text())) __builtin_trap();
  }
  return 0;
}
