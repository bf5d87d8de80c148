#include "receivers/kmsg/events.hpp"

#include <array>
#include <charconv>

#include "base/require.hpp"
#include "component/xid.hpp"
#include "text/cgroup_path.hpp"

namespace rankwire::kmsg {
namespace {

constexpr std::uint32_t info = 9, warning = 13, error = 17, fatal = 21;
constexpr std::size_t gpus_max = 64;
constexpr std::size_t victims_max = 16;

using text::Pattern;

Pattern compiled(const char* expression) {
  auto made = Pattern::compile(expression);
  require(made.has_value(), "the patterns of this file are valid");
  return std::move(*made);
}

// 0: it is none.
std::int64_t number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  return problem == std::errc() ? value : 0;
}

// "PCI:0000:38:00" as "0000:38:00", of device 0000:38:00.0.
std::string_view bare_address(std::string_view address) {
  constexpr std::string_view prefix = "PCI:";
  return address.starts_with(prefix) ? address.substr(prefix.size()) : address;
}
bool is_same_device(std::string_view a, std::string_view b) {
  return a.substr(0, a.find('.')) == b.substr(0, b.find('.'));
}

// The value behind "key=" up to a comma: of "oom-kill:constraint=A,nodemask=(null),…".
std::string_view value_behind(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + key.size());
  return text.substr(0, text.find(','));
}

}  // namespace

struct Events::Patterns {
  Pattern xid = compiled(R"(NVRM: Xid \(((?:PCI:)?[0-9a-fA-F:.]+)(?: GPU-I:(\d+))?\)[^:]*: (\d+)(?:, ?(.*))?)");
  Pattern xid_process = compiled(R"(pid='?(\d+)'?(?:, name=([^,<]+))?)");
  Pattern nvlink = compiled(R"(\bLink (\d+))");
  Pattern switch_error = compiled(R"(SXid \(((?:PCI:)?[0-9a-fA-F:.]+)\): (\d+)(?:, ?(.*))?)");
  Pattern lost =
      compiled(R"(NVRM: .*?GPU (?:at )?((?:PCI:)?[0-9a-fA-F]{4,8}:[0-9a-fA-F:.]*[0-9a-fA-F]).*has fallen off the bus)");
  Pattern gpu_name = compiled(R"(NVRM: GPU at ((?:PCI:)?[0-9a-fA-F:.]+): (GPU-[0-9a-f-]+))");
  Pattern killed =
      compiled(R"(^(.*?)[,:]? ?Killed process (\d+),? \(([^)]*)\)(?:.*anon-rss:(\d+)kB)?(?:, file-rss:(\d+)kB)?)");
  Pattern bus_error =
      compiled(R"(([0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]): (?:AER: )?PCIe Bus Error: severity=([A-Za-z -]+?) ?)"
               R"((?:\(([A-Za-z-]+)\))?, type=([^,]+),.*?\(([A-Za-z ]+)\))");
  Pattern error_received =
      compiled(R"(AER: (?:Multiple )?([Cc]orrect(?:ed|able)|[Uu]ncorrect(?:ed|able))(?: \(([A-Za-z-]+)\))? error )"
               R"((?:message )?received(?: from)?:? ([0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]))");
  Pattern link = compiled(R"((?:^|[ :])([a-z][a-z0-9_.@-]{0,14}):? (?:NIC )?[Ll]ink (?:is )?([Uu]p|[Dd]own|UP|DOWN)\b)"
                          R"((?:.*?(\d+) ?([MG])bps)?)");
  Pattern slave = compiled(R"(link status definitely (down|up) for (?:interface )?([a-z][a-z0-9_.@-]{0,14}))");
  Pattern port = compiled(R"(([a-z][a-z0-9_]*): Port:? (\d+) Link (DOWN|ACTIVE))");
  Pattern hung = compiled(R"(INFO: task (.+):(\d+) blocked for more than (\d+) seconds)");
  Pattern lockup = compiled(R"(soft lockup - CPU#(\d+) stuck for (\d+)s! \[(.+):(\d+)\])");
  Pattern nfs = compiled(R"(^nfs: server (\S+) (not responding|OK))");
  Pattern lustre_lost = compiled(R"(Connection to (\S+) \(at ([^)]+)\) was lost)");
  Pattern lustre_back = compiled(R"(Connection restored to (\S+) \(at ([^)]+)\))");
};

struct Events::Message {
  std::string_view text;
  LogRecord& record;
  Arena& arena;
  Subject& subject;

  void is(std::string_view event, std::uint32_t severity) {
    record.event_name = event;
    record.severity_number = std::max(record.severity_number, severity);
  }
  void add(std::string_view key, Value value) { set(record.attributes, arena, key, value); }
  void add_text(std::string_view key, std::string_view value) {
    if (!value.empty()) add(key, Value::of(value));
  }
  void add_process(std::string_view id, std::string_view name) {
    subject.process = number(id);
    if (subject.process > 0) add("process.pid", Value::of(subject.process));
    add_text("process.executable.name", name);
  }
};

struct Events::Kind {
  std::string_view literal;  // Without it, it is nothing of this kind: what most messages are asked.
  Reader read;
};

Events::Events() : patterns_(std::make_unique<Patterns>()) {}
Events::~Events() = default;

bool Events::recognize(std::string_view text, LogRecord& record, Arena& arena, Subject& subject) {
  static constexpr Kind kinds[] = {
      {"NVRM: Xid", &Events::xid},
      {"SXid (", &Events::switch_error},
      {"fallen off the bus", &Events::lost_gpu},
      {"NVRM: GPU at ", &Events::gpu_name},
      {"oom-kill:", &Events::oom_victim},
      {"Killed process ", &Events::oom_kill},
      {"PCIe Bus Error", &Events::aer},
      {"AER: ", &Events::aer},
      {"blocked for more than", &Events::hung_task},
      {"soft lockup", &Events::lockup},
      {"nfs: server", &Events::storage},
      {"Lustre", &Events::storage},
      {"ink", &Events::link},
  };
  Message message{text, record, arena, subject};
  for (const Kind& kind : kinds)
    if (text.find(kind.literal) != std::string_view::npos && (this->*kind.read)(message)) return true;
  return false;
}

void Events::add_gpu(Message& message, std::string_view address) {
  message.add("hw.type", Value::of("gpu"));
  message.add("hw.vendor", Value::of("NVIDIA"));
  message.add("hw.pci.address", Value::of(address));
  for (const Gpu& gpu : gpus_)
    if (is_same_device(gpu.address, address)) message.add("hw.id", Value::of(message.arena.copy(gpu.uuid)));
}

bool Events::xid(Message& message) {
  std::array<std::string_view, 4> groups;
  if (!patterns_->xid.capture(message.text, groups)) return false;
  const auto& [address, instance, code, rest] = groups;
  const XidMeaning& meaning = meaning_of_xid(static_cast<std::uint64_t>(number(code)));
  message.is("hw.gpu.xid", meaning.severity_number);
  add_gpu(message, bare_address(address));
  message.add("hw.gpu.xid.code", Value::of(number(code)));
  message.add("hw.gpu.xid.meaning", Value::of(meaning.meaning));
  message.add("hw.gpu.xid.cause", Value::of(meaning.cause));
  message.add("hw.gpu.xid.action", Value::of(meaning.action));
  if (!instance.empty()) message.add("hw.gpu.mig.instance", Value::of(number(instance)));
  std::array<std::string_view, 2> process;
  if (patterns_->xid_process.capture(rest, process)) message.add_process(process[0], process[1]);
  std::array<std::string_view, 1> nvlink;
  if (meaning.cause == "interconnect" && patterns_->nvlink.capture(rest, nvlink))
    message.add("hw.gpu.nvlink", Value::of(number(nvlink[0])));
  return true;
}

bool Events::switch_error(Message& message) {
  std::array<std::string_view, 3> groups;
  if (!patterns_->switch_error.capture(message.text, groups)) return false;
  const auto& [address, code, rest] = groups;
  message.is("hw.nvswitch.sxid", rest.starts_with("Fatal") ? fatal : error);
  message.add("hw.type", Value::of("network"));
  message.add("hw.vendor", Value::of("NVIDIA"));
  message.add("hw.pci.address", Value::of(bare_address(address)));
  message.add("hw.nvswitch.sxid.code", Value::of(number(code)));
  message.add("hw.nvswitch.sxid.is_fatal", Value::of(rest.starts_with("Fatal")));
  std::array<std::string_view, 1> nvlink;
  if (patterns_->nvlink.capture(rest, nvlink)) message.add("hw.nvswitch.link", Value::of(number(nvlink[0])));
  return true;
}

bool Events::lost_gpu(Message& message) {
  std::array<std::string_view, 1> groups;
  if (!patterns_->lost.capture(message.text, groups)) return false;
  message.is("hw.gpu.lost", error);
  add_gpu(message, bare_address(groups[0]));
  return true;
}

// Told before the first error of a GPU: no event, but it names the GPU in those that follow.
bool Events::gpu_name(Message& message) {
  std::array<std::string_view, 2> groups;
  if (!patterns_->gpu_name.capture(message.text, groups)) return false;
  const std::string_view address = bare_address(groups[0]);
  std::erase_if(gpus_, [&](const Gpu& gpu) { return is_same_device(gpu.address, address); });
  if (gpus_.size() == gpus_max) gpus_.erase(gpus_.begin());
  gpus_.push_back({std::string(address), std::string(groups[1])});
  return false;
}

bool Events::oom_victim(Message& message) {
  const std::string_view process = value_behind(message.text, ",pid=");
  if (process.empty()) return false;
  message.is("oom.victim", error);
  const std::string_view constraint = value_behind(message.text, "constraint=");
  message.add_process(process, value_behind(message.text, ",task="));
  message.add_text("oom.constraint", constraint);
  const std::string_view cgroup = value_behind(message.text, "task_memcg=");
  message.add_text("process.cgroup", cgroup);
  message.add_text("oom.cgroup", value_behind(message.text, "oom_memcg="));
  text::CgroupOwner owner = text::owner_of_cgroup(cgroup);
  message.subject.owner = {std::string(owner.container), std::move(owner.pod_uid)};
  victims_.push_back({message.subject.process, message.subject.owner});
  if (victims_.size() > victims_max) victims_.pop_front();
  return true;
}

bool Events::oom_kill(Message& message) {
  std::array<std::string_view, 5> groups;
  if (!patterns_->killed.capture(message.text, groups)) return false;
  const auto& [why, process, name, anonymous, of_files] = groups;
  message.is("oom.kill", error);
  message.add_process(process, name);
  message.add("oom.is_of_cgroup", Value::of(why.find("cgroup") != std::string_view::npos));
  constexpr std::int64_t kibibyte = 1024;
  const std::int64_t rss = (number(anonymous) + number(of_files)) * kibibyte;
  if (!anonymous.empty()) message.add("process.memory.usage", Value::of(rss));
  for (auto victim = victims_.begin(); victim != victims_.end(); ++victim) {
    if (victim->process != message.subject.process) continue;
    message.subject.owner = std::move(victim->owner);
    victims_.erase(victim);
    break;
  }
  return true;
}

bool Events::aer(Message& message) {
  std::array<std::string_view, 5> of_error;
  std::array<std::string_view, 3> received;
  std::string_view address, severity, kind;
  if (patterns_->bus_error.capture(message.text, of_error)) {
    address = of_error[0], severity = of_error[1], kind = of_error[2];
    message.add_text("hw.pcie.error.type", of_error[3]);
    message.add_text("hw.pcie.error.agent", of_error[4]);
  } else if (patterns_->error_received.capture(message.text, received)) {
    severity = received[0], kind = received[1], address = received[2];
  } else {
    return false;
  }
  const bool is_corrected = severity.starts_with('C') || severity.starts_with('c');
  const bool is_fatal = kind == "Fatal" || severity == "Fatal";
  message.is("hw.pcie.aer", is_corrected ? warning : is_fatal ? fatal : error);
  message.add("hw.pci.address", Value::of(address));
  message.add("hw.pcie.error.severity", Value::of(is_corrected ? "corrected" : is_fatal ? "fatal" : "non_fatal"));
  return true;
}

bool Events::link(Message& message) {
  std::array<std::string_view, 4> groups;
  std::array<std::string_view, 2> slave;
  std::array<std::string_view, 3> port;
  std::string_view name, state, speed, unit;
  if (message.text.find("SATA link") != std::string_view::npos) return false;
  if (patterns_->slave.capture(message.text, slave)) {
    name = slave[1], state = slave[0];
  } else if (patterns_->port.capture(message.text, port)) {
    name = port[0], state = port[2] == "ACTIVE" ? "up" : "down";
    message.add("network.interface.port", Value::of(number(port[1])));
  } else if (patterns_->link.capture(message.text, groups)) {
    name = groups[0], state = groups[1], speed = groups[2], unit = groups[3];
  } else {
    return false;
  }
  const bool is_up = state.starts_with('u') || state.starts_with('U');
  message.is("network.link", is_up ? info : warning);
  message.add("network.interface.name", Value::of(name));
  message.add("network.link.state", Value::of(is_up ? "up" : "down"));
  constexpr std::int64_t mega = 1'000'000, giga = 1'000'000'000;
  const std::int64_t bits = unit == "G" ? giga : mega;
  if (number(speed) > 0 && number(speed) <= giga) message.add("network.link.speed", Value::of(number(speed) * bits));
  return true;
}

bool Events::hung_task(Message& message) {
  std::array<std::string_view, 3> groups;
  if (!patterns_->hung.capture(message.text, groups)) return false;
  message.is("process.hung", error);
  message.add_process(groups[1], groups[0]);
  message.add("process.hung.seconds", Value::of(number(groups[2])));
  return true;
}

bool Events::lockup(Message& message) {
  std::array<std::string_view, 4> groups;
  if (!patterns_->lockup.capture(message.text, groups)) return false;
  message.is("cpu.lockup", error);
  message.add("cpu.logical_number", Value::of(number(groups[0])));
  message.add("cpu.lockup.seconds", Value::of(number(groups[1])));
  message.add_process(groups[3], groups[2]);
  return true;
}

bool Events::storage(Message& message) {
  std::array<std::string_view, 2> groups;
  const bool is_nfs = patterns_->nfs.capture(message.text, groups);
  bool is_back = is_nfs && groups[1] == "OK";
  if (!is_nfs && !patterns_->lustre_lost.capture(message.text, groups)) {
    is_back = patterns_->lustre_back.capture(message.text, groups);
    if (!is_back) return false;
  }
  message.is(is_back ? "storage.recovered" : "storage.not_responding", is_back ? info : error);
  message.add("storage.type", Value::of(is_nfs ? "nfs" : "lustre"));
  message.add("server.address", Value::of(groups[0]));
  if (!is_nfs) message.add_text("network.peer.address", groups[1]);
  return true;
}

}  // namespace rankwire::kmsg
