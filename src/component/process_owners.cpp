#include "component/process_owners.hpp"

#include "text/cgroup_path.hpp"

namespace rankwire {
namespace {

constexpr std::uint64_t file_size_max = 64 << 10;
constexpr auto remembered_for = std::chrono::seconds(10);
constexpr std::size_t remembered_max = 4096;

ProcessOwner read_owner(FileSystem& files, const std::string& path) {
  const auto text = read_file(files, path, file_size_max);
  if (!text) return {};
  text::CgroupOwner owner = text::owner_in_cgroups(*text);
  return {std::string(owner.container), std::move(owner.pod_uid)};
}

}  // namespace

const ProcessOwner& ProcessOwners::owner_of(std::int64_t process) {
  const Instant now = clock_.now();
  if (now >= known_until_ || known_.size() >= remembered_max) {
    known_.clear();
    known_until_ = now + remembered_for;
  }
  const auto [at, is_new] = known_.try_emplace(process);
  if (is_new && process > 0) at->second = read_owner(files_, root_ + "/proc/" + std::to_string(process) + "/cgroup");
  return at->second;
}

}  // namespace rankwire
