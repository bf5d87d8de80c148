// Which messages of the kernel tell that something went wrong, and what they say: an event's name, a severity and
// attributes.
#pragma once

#include <list>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "component/process_owners.hpp"
#include "signal/logs.hpp"
#include "text/pattern.hpp"

namespace rankwire::kmsg {

// What a message is about, beside the machine.
struct Subject {
  std::int64_t process = 0;
  ProcessOwner owner;
};

// Used by one thread. Remembers what earlier messages told of the same GPU or process; bounded.
class Events {
 public:
  Events();
  ~Events();

  // `text`, valid UTF-8, lives as long as the record does. False: it is no event, and the record is as it was.
  bool recognize(std::string_view text, LogRecord& record, Arena& arena, Subject& subject);

 private:
  struct Message;  // One that is being recognised.
  using Reader = bool (Events::*)(Message& message);
  struct Kind;

  bool xid(Message& message);
  bool switch_error(Message& message);
  bool lost_gpu(Message& message);
  bool gpu_name(Message& message);
  bool oom_victim(Message& message);
  bool oom_kill(Message& message);
  bool aer(Message& message);
  bool link(Message& message);
  bool hung_task(Message& message);
  bool lockup(Message& message);
  bool storage(Message& message);
  void add_gpu(Message& message, std::string_view address);

  struct Gpu {
    std::string address, uuid;
  };
  struct Victim {
    std::int64_t process = 0;
    ProcessOwner owner;
  };
  struct Patterns;

  const std::unique_ptr<const Patterns> patterns_;
  std::vector<Gpu> gpus_;
  std::list<Victim> victims_;  // Of the kernel's choice, not told as killed yet.
};

}  // namespace rankwire::kmsg
