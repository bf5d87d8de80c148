#include "receivers/host_metrics/filesystem_scraper.hpp"

#include <set>

namespace rankwire::host_metrics {
namespace {

constexpr std::string_view scope_name =
    "github.com/open-telemetry/opentelemetry-collector-contrib/receiver/hostmetricsreceiver/internal/scraper/"
    "filesystemscraper";
constexpr std::string_view root_device = "/dev/root", mapper = "/dev/mapper/";

struct Mount {
  std::string_view device_number, root, options, type;
  std::string point, source;
};

// Spaces and the like are octal in the kernel's list: "\040".
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    std::size_t digits = 0;
    while (text[i] == '\\' && digits < 3 && i + 1 + digits < text.size() && text[i + 1 + digits] >= '0' &&
           text[i + 1 + digits] <= '7')
      value = value * 8 + static_cast<unsigned>(text[i + 1 + digits++] - '0');
    const bool is_escape = digits == 3 && value < 256;
    out += is_escape ? static_cast<char>(value) : text[i];
    if (is_escape) i += digits;
  }
  return out;
}

// "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue"
std::optional<Mount> mount_of(std::string_view line) {
  const std::size_t separator = line.find(" - ");
  if (separator == std::string_view::npos) return {};
  std::string_view rest = line.substr(separator + 3);
  line = line.substr(0, separator);
  Mount mount;
  skip_words(line, 2);
  mount.device_number = next_word(line);
  mount.root = next_word(line);
  mount.point = unescaped(next_word(line));
  mount.options = next_word(line);
  mount.type = next_word(rest);
  mount.source = unescaped(next_word(rest));
  if (mount.source.empty() || mount.point.empty()) return {};
  return mount;
}

std::string_view mode_of(std::string_view options) {
  while (!options.empty()) {
    const std::size_t comma = options.find(',');
    const std::string_view one = options.substr(0, comma);
    if (one == "rw") return "rw";
    if (one == "ro") return "ro";
    options.remove_prefix(comma == std::string_view::npos ? options.size() : comma + 1);
  }
  return "unknown";
}

class FilesystemScraper final : public Scraper {
 public:
  explicit FilesystemScraper(const FilesystemConfig& config)
      : config_(config),
        devices_(config.include_devices, config.exclude_devices),
        types_(config.include_fs_types, config.exclude_fs_types),
        points_(config.include_mount_points, config.exclude_mount_points) {}

  std::string_view name() const override { return "filesystem"; }
  Result<void> scrape(HostFiles& host, Output& output) override {
    auto text = host.read("/proc/1/mountinfo");
    if (!text) text = host.read("/proc/self/mountinfo");
    if (!text) return std::move(text).error();
    const std::string mounts(*text);
    MetricWriter writer = output.host(scope_name, config_.metrics);
    Result<void> result;
    std::set<std::string, std::less<>> seen_points, seen_devices;
    std::string_view rest = mounts;
    for (std::string_view line; next_line(rest, line);) {
      std::optional<Mount> mount = mount_of(line);
      if (!mount || !is_wanted(*mount, host, seen_devices)) continue;
      if (!seen_points.insert(mount->source + " " + mount->point).second) continue;
      const auto space = host.space(mount->point);
      if (space)
        write(*mount, *space, output.arena(), writer);
      else if (!is_missing(space.error()))
        result = space.error();
    }
    writer.finish();
    return result;
  }

 private:
  // Changes the source to the device's real name.
  bool is_wanted(Mount& mount, HostFiles& host, std::set<std::string, std::less<>>& seen_devices) const {
    if (!config_.include_virtual_filesystems) {
      if (!mount.source.starts_with('/')) return false;
      // A part of a file system that is mounted elsewhere. Of btrfs all mounts are such parts: the first counts.
      const bool is_new = seen_devices.emplace(mount.device_number).second;
      if (mount.root != "/" && !(mount.type == "btrfs" && is_new)) return false;
    }
    resolve_source(mount, host);
    return devices_.takes(mount.source) && types_.takes(mount.type) && points_.takes(mount.point);
  }

  static void resolve_source(Mount& mount, HostFiles& host) {
    if (mount.source == root_device) {
      if (const auto target = host.link("/sys/dev/block/" + std::string(mount.device_number)))
        mount.source = "/dev/" + target->substr(target->rfind('/') + 1);
    } else if (mount.source.starts_with(mapper)) {
      if (const auto target = host.link(mount.source); target && target->rfind('/') != std::string::npos)
        mount.source = "/dev/" + target->substr(target->rfind('/') + 1);
    }
  }

  static void write(const Mount& mount, const FileSystemSpace& space, Arena& arena, MetricWriter& writer) {
    const Value device = text_value(arena, mount.source), mode = Value::of(mode_of(mount.options)),
                point = text_value(arena, mount.point), type = text_value(arena, mount.type);
    const std::uint64_t used = space.total_bytes - std::min(space.free_bytes, space.total_bytes);
    const std::uint64_t free = std::min(space.available_bytes, space.free_bytes);
    const std::pair<const char*, std::uint64_t> states[] = {
        {"used", used}, {"free", free}, {"reserved", space.free_bytes - free}};
    for (const auto& [state, bytes] : states)
      writer.add(FilesystemMetric::usage, bytes, {device, mode, point, type, Value::of(state)});
    const double usable = static_cast<double>(used + free);
    writer.add_real(FilesystemMetric::utilization, usable == 0 ? 0 : static_cast<double>(used) / usable,
                    {device, mode, point, type});
    const std::uint64_t free_inodes = std::min(space.free_inodes, space.total_inodes);
    writer.add(FilesystemMetric::inodes_usage, space.total_inodes - free_inodes,
               {device, mode, point, type, Value::of("used")});
    writer.add(FilesystemMetric::inodes_usage, free_inodes, {device, mode, point, type, Value::of("free")});
  }

  const FilesystemConfig config_;
  const NameFilter devices_, types_, points_;
};

}  // namespace

void FilesystemConfig::fields(config::Fields& f) {
  f.field("include_virtual_filesystems", include_virtual_filesystems,
          "Also what has no device: tmpfs, overlays, network file systems, parts mounted elsewhere.");
  f.section("include_devices", include_devices, "Only these devices.");
  f.section("exclude_devices", exclude_devices, "Not these devices.");
  f.section("include_fs_types", include_fs_types, "Only these types of file systems.");
  f.section("exclude_fs_types", exclude_fs_types, "Not these types of file systems.");
  f.section("include_mount_points", include_mount_points, "Only what is mounted here, as the host sees it.");
  f.section("exclude_mount_points", exclude_mount_points, "Not what is mounted here, as the host sees it.");
  f.section("metrics", metrics, "Which metrics are given.");
}

std::unique_ptr<Scraper> make_filesystem_scraper(const FilesystemConfig& config) {
  return std::make_unique<FilesystemScraper>(config);
}

}  // namespace rankwire::host_metrics
