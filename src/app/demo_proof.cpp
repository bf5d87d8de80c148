#include "app/demo_proof.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <map>
#include <vector>

#include "base/file_system.hpp"

namespace rankwire::app {
namespace {

constexpr std::size_t step_bytes = 1 << 20;
constexpr std::size_t overlap_bytes = 256;  // Longer than any marker, so that none is cut in two.

class Reader {
 public:
  void look_at(std::string_view text, std::size_t fresh_from) {
    for (std::size_t at = text.find("#rank="); at != std::string_view::npos; at = text.find("#rank=", at + 1)) {
      const std::size_t end = text.find('#', at + 1);
      if (end == std::string_view::npos || end < fresh_from) continue;
      note(text.substr(at + 6, end - at - 6));
    }
    for (std::size_t at = text.find("customer_id="); at != std::string_view::npos;
         at = text.find("customer_id=", at + 1)) {
      const std::size_t digit = at + 12;
      if (digit < text.size() && digit >= fresh_from && text[digit] >= '0' && text[digit] <= '9') ++proof_.unmasked;
    }
  }

  DemoProof finish() {
    for (auto& [rank, numbers] : numbers_) {
      std::sort(numbers.begin(), numbers.end());
      const auto distinct = static_cast<std::size_t>(std::unique(numbers.begin(), numbers.end()) - numbers.begin());
      proof_.repeated += numbers.size() - distinct;
      proof_.received += distinct;
      if (distinct != 0) proof_.missing += numbers[distinct - 1] + 1 - distinct;
    }
    return proof_;
  }

  DemoProof proof_;

 private:
  // "3 seq=17"
  void note(std::string_view marker) {
    int rank = 0;
    const char* end = marker.data() + marker.size();
    const auto [after, code] = std::from_chars(marker.data(), end, rank);
    const std::string_view rest(after, static_cast<std::size_t>(end - after));
    std::uint64_t number = 0;
    if (code != std::errc() || !rest.starts_with(" seq=")) return;
    if (std::from_chars(rest.data() + 5, end, number).ec == std::errc()) numbers_[rank].push_back(number);
  }

  std::map<int, std::vector<std::uint64_t>> numbers_;
};

}  // namespace

Result<DemoProof> read_demo_proof(const std::string& directory) {
  const auto files = make_posix_file_system();
  const auto entries = files->list(directory);
  if (!entries) return entries.error();
  Reader reader;
  for (const DirectoryEntry& entry : *entries) {
    if (entry.type != FileType::regular) continue;
    auto file = files->open(directory + "/" + entry.name, {});
    if (!file) return file.error();
    std::string text;
    for (std::uint64_t offset = 0;;) {
      const std::size_t kept = std::min(text.size(), overlap_bytes);
      text.erase(0, text.size() - kept);
      text.resize(kept + step_bytes);
      const auto count = (*file)->read_at(offset, text.data() + kept, step_bytes);
      if (!count) return count.error();
      text.resize(kept + *count);
      if (*count == 0) break;
      reader.look_at(text, kept);
      offset += *count;
      reader.proof_.bytes += *count;
    }
  }
  return reader.finish();
}

}  // namespace rankwire::app
