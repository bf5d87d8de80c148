#include "component/partition.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <cstring>

namespace rankwire {

// A client chooses its values, so the digest must be one for which nobody finds two texts. Sizes come
// before texts: no two lists of values are written the same.
Partition partition_of(const std::vector<std::string>& keys, const ClientRef& client) {
  std::string values;
  const auto add_number = [&](std::uint64_t number) {
    values.append(reinterpret_cast<const char*>(&number), sizeof number);
  };
  for (const std::string& key : keys) {
    const std::size_t at = values.size();
    std::uint64_t count = 0;
    add_number(0);
    if (client) {
      for (const auto& [name, value] : client->metadata) {
        if (name != key) continue;
        ++count;
        add_number(value.size());
        values += value;
      }
    }
    std::memcpy(values.data() + at, &count, sizeof count);
  }
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(values.data()), values.size(), digest);
  Partition partition;
  std::memcpy(partition.digest.data(), digest, sizeof partition.digest);
  return partition;
}

ClientRef only(const std::vector<std::string>& keys, const ClientRef& client) {
  if (!client) return nullptr;
  auto kept = std::make_shared<Client>();
  kept->transport = client->transport;
  for (const auto& header : client->metadata)
    if (std::find(keys.begin(), keys.end(), header.first) != keys.end()) kept->metadata.push_back(header);
  return kept->metadata.empty() ? nullptr : kept;
}

}  // namespace rankwire
