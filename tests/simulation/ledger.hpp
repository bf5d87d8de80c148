// What was written and sent, and what arrived: the truth that the checks compare.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "signal/batch.hpp"

namespace rankwire::simulation {

// "f3-000123": the record's source and its number there.
struct RecordId {
  std::string source;
  std::uint64_t number = 0;
  auto operator<=>(const RecordId&) const = default;
};
// Out of a body that holds "id=SOURCE-NUMBER;"; nothing if there is none.
bool parse_id(std::string_view body, RecordId& id);
std::string text_of(const RecordId& id);

// What the points of a metric say, or records that may have been merged: how many there were.
struct Tally {
  double sum = 0;                        // Of deltas, and of records.
  std::map<std::string, double> latest;  // Of cumulative ones, by series: the highest.
  double total() const;
};

struct Arrivals {
  std::map<RecordId, std::uint32_t> count;
  std::set<RecordId> rejected;                        // Refused for good: counted as dropped, not lost.
  std::map<std::string, std::uint64_t> newest;        // By source: the highest number seen.
  std::map<std::string, std::uint64_t> out_of_order;  // By source: first arrivals behind a higher number.
  // Of metrics that are not known by ids of their points, by name; of records of each signal as "logs". Refused ones
  // are in it.
  std::map<std::string, Tally> tallies;
  void arrived(const RecordId& id);
};

struct Ledger {
  std::map<std::string, std::uint64_t> lines_written;  // By file.
  std::set<RecordId> excused;                          // Truncated or deleted before they could be read.
  std::set<RecordId> acknowledged;                     // By the agent, of senders.
  std::set<RecordId> sent_again;                       // Senders that heard no answer: may be there twice.
  double lines_taken = 0;                              // Off the socket of statsd.
  std::map<Signal, double> dropped;                    // Counted as such in lives that have ended.
  std::map<Signal, double> refused;                    // As figures of lives that have ended say.
  std::map<std::string, Arrivals> destinations;
};

// Never leaves the process unmasked.
inline constexpr std::string_view canary = "customer_id=4711";
inline constexpr std::string_view mask_pattern = "customer_id=\\\\d+";

}  // namespace rankwire::simulation
