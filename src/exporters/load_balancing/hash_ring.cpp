#include "exporters/load_balancing/hash_ring.hpp"

#include <libdeflate.h>

#include <algorithm>

#include "base/require.hpp"

namespace rankwire::load_balancing {
namespace {

constexpr std::uint32_t circumference = 36'000;
constexpr unsigned places_of_each = 100;

std::uint32_t position_of(std::string_view key) { return libdeflate_crc32(0, key.data(), key.size()) % circumference; }

}  // namespace

HashRing::HashRing(const std::vector<std::string>& endpoints) {
  require(!endpoints.empty(), "a ring has endpoints");
  std::vector<bool> is_taken(circumference);
  for (std::uint32_t endpoint = 0; endpoint < endpoints.size(); ++endpoint) {
    std::string name = endpoints[endpoint] + '\0';
    for (unsigned i = 0; i < places_of_each; ++i) {
      name.back() = static_cast<char>(i);
      const std::uint32_t position = position_of(name);
      if (is_taken[position]) continue;
      is_taken[position] = true;
      places_.push_back({position, endpoint});
    }
  }
  // Only with so many endpoints that others have all its places can one be without any.
  std::sort(places_.begin(), places_.end(), [](const Place& a, const Place& b) { return a.position < b.position; });
}

std::size_t HashRing::find(std::string_view key, const std::vector<bool>& is_away) const {
  const std::uint32_t position = position_of(key);
  const auto first = std::lower_bound(places_.begin(), places_.end(), position,
                                      [](const Place& place, std::uint32_t wanted) { return place.position < wanted; });
  const std::size_t start = first == places_.end() ? 0 : static_cast<std::size_t>(first - places_.begin());
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const std::uint32_t endpoint = places_[(start + i) % places_.size()].endpoint;
    if (!is_away[endpoint]) return endpoint;
  }
  return places_[start].endpoint;
}

}  // namespace rankwire::load_balancing
