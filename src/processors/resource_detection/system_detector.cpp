// This machine: names from the kernel and /etc, the processor from /proc/cpuinfo, addresses from the interfaces.
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <sys/utsname.h>

#include <algorithm>
#include <charconv>

#include "processors/resource_detection/detectors.hpp"

namespace rankwire::resource_detection {
namespace {

constexpr std::uint64_t file_bytes_max = 4 << 20;

std::string trimmed(std::string_view text) {
  constexpr const char* space = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(space);
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(space) - begin + 1));
}

// Calls `each` with every line until it says that this was enough.
template <class Each>
void for_each_line(std::string_view text, Each each) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (each(text.substr(0, end))) return;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// The value of the first line with this key before the separator, without quotes.
std::string value_in(std::string_view text, std::string_view key, char separator) {
  std::string value;
  for_each_line(text, [&](std::string_view line) {
    const std::size_t at = line.find(separator);
    if (at == std::string_view::npos || trimmed(line.substr(0, at)) != key) return false;
    value = trimmed(line.substr(at + 1));
    return true;
  });
  if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front())
    value = value.substr(1, value.size() - 2);
  return value;
}

// The name that /etc/hosts has first in the line of this host.
std::string canonical_name(std::string_view hosts, std::string_view host) {
  std::string found;
  for_each_line(hosts, [&](std::string_view line) {
    line = line.substr(0, line.find('#'));
    std::vector<std::string> words(1);
    for (const char c : line) {
      if (c != ' ' && c != '\t')
        words.back() += c;
      else if (!words.back().empty())
        words.emplace_back();
    }
    if (words.back().empty()) words.pop_back();
    if (words.size() < 2 || std::find(words.begin() + 1, words.end(), host) == words.end()) return false;
    found = words[1];
    return found.find('.') != std::string::npos;
  });
  return found.find('.') == std::string::npos ? std::string() : found;
}

std::string architecture(std::string_view machine) {
  if (machine == "x86_64") return "amd64";
  if (machine == "aarch64") return "arm64";
  if (machine.starts_with("arm")) return "arm32";
  if (machine == "i686" || machine == "i386") return "x86";
  return std::string(machine.starts_with("ppc64") ? "ppc64" : machine);
}

struct Interfaces {
  std::vector<std::string> names, addresses, hardware;

  static void add_once(std::vector<std::string>& list, std::string text) {
    if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(std::move(text));
  }

  // The names of all; addresses of those that are up, without loopback.
  static Interfaces read() {
    Interfaces all;
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) != 0) return all;
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, ::freeifaddrs);
    for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
      add_once(all.names, entry->ifa_name);
      if ((entry->ifa_flags & IFF_UP) == 0 || (entry->ifa_flags & IFF_LOOPBACK) != 0) continue;
      if (entry->ifa_addr != nullptr) all.add(*entry->ifa_addr);
    }
    return all;
  }

  void add(const sockaddr& address) {
    char text[INET6_ADDRSTRLEN] = {};
    if (address.sa_family == AF_INET) {
      const auto& from = reinterpret_cast<const sockaddr_in&>(address);
      add_once(addresses, ::inet_ntop(AF_INET, &from.sin_addr, text, sizeof text));
    } else if (address.sa_family == AF_INET6) {
      const auto& from = reinterpret_cast<const sockaddr_in6&>(address);
      add_once(addresses, ::inet_ntop(AF_INET6, &from.sin6_addr, text, sizeof text));
    } else if (address.sa_family == AF_PACKET) {
      const auto& from = reinterpret_cast<const sockaddr_ll&>(address);
      std::string mac;
      for (int i = 0; i < from.sll_halen && i < 8; ++i) {
        if (i != 0) mac += '-';
        mac += "0123456789ABCDEF"[from.sll_addr[i] >> 4];
        mac += "0123456789ABCDEF"[from.sll_addr[i] & 15];
      }
      if (!mac.empty()) add_once(hardware, std::move(mac));
    }
  }
};

class SystemDetector final : public Detector {
 public:
  SystemDetector(const SystemConfig& config, const Surroundings& surroundings)
      : config_(config), surroundings_(surroundings) {}

  Result<Found> detect(Deadline, std::stop_token) override {
    utsname names{};
    if (::uname(&names) != 0) return Error(ErrorKind::unavailable, "the system does not tell its name");
    Collector collector(config_.resource_attributes.switches);
    const std::string host = host_name(names.nodename);
    if (host.empty()) return Error(ErrorKind::unavailable, "no source tells the name of the host");
    collector.add("host.name", host);
    collector.add("os.type", "linux");
    collector.add("host.arch", architecture(names.machine));
    add_os(collector, names);
    add_processor(collector);
    std::string id = trimmed(text_of("/etc/machine-id"));
    if (id.empty()) id = trimmed(text_of("/var/lib/dbus/machine-id"));
    collector.add("host.id", std::move(id));
    if (collector.wants("host.ip") || collector.wants("host.mac") || collector.wants("host.interface")) {
      Interfaces interfaces = Interfaces::read();
      collector.add("host.ip", std::move(interfaces.addresses));
      collector.add("host.mac", std::move(interfaces.hardware));
      collector.add("host.interface", std::move(interfaces.names));
    }
    return collector.take();
  }

 private:
  std::string host_name(const std::string& node) const {
    for (const std::string& source : config_.hostname_sources) {
      std::string name = source == "os" ? node : canonical_name(text_of("/etc/hosts"), node);
      if (!name.empty()) return name;
    }
    return {};
  }

  void add_os(Collector& collector, const utsname& names) const {
    const std::string release = text_of("/etc/os-release");
    const std::string name = value_in(release, "ID", '=');
    // Debian's point release is in a file of its own.
    std::string version = name == "debian" ? trimmed(text_of("/etc/debian_version")) : std::string();
    if (version.empty()) version = value_in(release, "VERSION_ID", '=');
    collector.add("os.name", name);
    collector.add("os.version", std::move(version));
    std::string build = value_in(release, "BUILD_ID", '=');
    collector.add("os.build.id", build.empty() ? std::string(names.release) : std::move(build));
    const std::string kernel = std::string(names.sysname) + " " + names.nodename + " " + names.release + " " +
                               names.version + " " + names.machine;
    const std::string pretty = value_in(release, "PRETTY_NAME", '=');
    collector.add("os.description", pretty.empty() ? kernel : pretty + " (" + kernel + ")");
  }

  void add_processor(Collector& collector) const {
    const std::string text = text_of("/proc/cpuinfo");
    collector.add("host.cpu.vendor.id", value_in(text, "vendor_id", ':'));
    collector.add("host.cpu.family", value_in(text, "cpu family", ':'));
    collector.add("host.cpu.model.id", value_in(text, "model", ':'));
    collector.add("host.cpu.model.name", value_in(text, "model name", ':'));
    collector.add("host.cpu.stepping", value_in(text, "stepping", ':'));
    const std::string cache = value_in(text, "cache size", ':');
    std::int64_t kilobytes = 0;
    if (std::from_chars(cache.data(), cache.data() + cache.size(), kilobytes).ec == std::errc())
      collector.add("host.cpu.cache.l2.size", kilobytes);
  }

  std::string text_of(const char* path) const {
    auto text = read_file(surroundings_.environment.files, surroundings_.root + path, file_bytes_max);
    return text ? std::move(*text) : std::string();
  }

  const SystemConfig config_;
  const Surroundings surroundings_;
};

}  // namespace

std::unique_ptr<Detector> make_system_detector(const SystemConfig& config, const Surroundings& surroundings) {
  return std::make_unique<SystemDetector>(config, surroundings);
}

}  // namespace rankwire::resource_detection
