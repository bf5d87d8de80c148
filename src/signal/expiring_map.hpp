// State per identity that outlives batches: bounded in bytes, forgotten when it was not used for a while, counted when
// it goes. Not thread-safe: whoever owns it locks, once per batch rather than once per record.
#pragma once

#include <unordered_map>
#include <utility>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/counters.hpp"
#include "base/require.hpp"
#include "signal/identity.hpp"

namespace rankwire {

// The figures of one component's state; `labels` says whose, for example {{"processor", "cumulative_to_delta"}}.
struct StateFigures {
  StateFigures(Counters& counters, const Labels& labels)
      : entries(counters.gauge("rankwire_state_entries", "Entries of state kept between batches.", labels)),
        bytes(counters.gauge("rankwire_state_bytes", "Memory of state kept between batches.", labels)),
        expired(removed(counters, labels, "expired")),
        evicted(removed(counters, labels, "full")),
        refused(counters.counter("rankwire_state_refused_total",
                                 "New entries that were not kept because the state is full.", labels)) {}

  Gauge& entries;
  Gauge& bytes;
  Counter& expired;
  Counter& evicted;
  Counter& refused;

 private:
  static Counter& removed(Counters& counters, Labels labels, const char* reason) {
    labels.emplace_back("reason", reason);
    return counters.counter("rankwire_state_removed_total", "Entries forgotten: unused for too long, or to make room.",
                            std::move(labels));
  }
};

// What gives way when the bytes are used up. Series that all come again and again (an interval's scrape) want
// `new_entry`: with `oldest` they would push each other out and none would ever be found.
enum class WhenFull : std::uint8_t { oldest, new_entry };

struct ExpiringMapLimits {
  Bytes bytes_max;
  Duration idle_max{0};  // 0: never forgotten for its age.
  WhenFull gives_way = WhenFull::oldest;
};

template <class State>
class ExpiringMap {
 public:
  class Entry {
   public:
    State state{};
    const Identity& key() const { return *key_; }
    Instant used_at() const { return used_at_; }

   private:
    friend class ExpiringMap;
    const Identity* key_ = nullptr;
    Entry* older_ = nullptr;
    Entry* newer_ = nullptr;
    Instant used_at_{};
    std::uint64_t extra_bytes_ = 0;
  };
  struct Found {
    Entry* entry = nullptr;  // Null: refused, because the map is full.
    bool is_new = false;
  };

  ExpiringMap(ExpiringMapLimits limits, StateFigures figures) : limits_(limits), figures_(figures) {}
  ~ExpiringMap() { clear(); }
  ExpiringMap(const ExpiringMap&) = delete;
  ExpiringMap& operator=(const ExpiringMap&) = delete;

  // Null if there is none, or none young enough. Counts as a use.
  Entry* find(const Identity& key, Instant now) {
    const auto at = entries_.find(key);
    if (at == entries_.end()) return nullptr;
    if (is_idle(at->second, now)) {
      remove(at->second, figures_.expired);
      return nullptr;
    }
    touch(at->second, now);
    return &at->second;
  }
  // Entries stay where they are until they are removed. Adding one may remove others.
  Found find_or_add(const Identity& key, Instant now) {
    if (Entry* entry = find(key, now)) return {entry, false};
    expire(now);
    if (!make_room(entry_bytes)) {
      figures_.refused.add();
      return {};
    }
    const auto at = entries_.try_emplace(key).first;
    Entry& entry = at->second;
    entry.key_ = &at->first;
    entry.used_at_ = now;
    link_newest(entry);
    count(1, static_cast<std::int64_t>(entry_bytes));
    return {&entry, true};
  }
  // Says how much the state holds outside itself. False: that does not fit, and the entry is gone.
  bool resize(Entry& entry, Bytes extra) {
    const std::uint64_t before = std::exchange(entry.extra_bytes_, 0);
    count(0, -static_cast<std::int64_t>(before));
    if (!make_room(extra.count, &entry)) {
      remove(entry, figures_.refused);
      return false;
    }
    entry.extra_bytes_ = extra.count;
    count(0, static_cast<std::int64_t>(extra.count));
    return true;
  }
  void erase(Entry& entry) { drop(entry); }
  // For owners that choose what gives way: whether a new entry with so much outside itself would fit, the one unused
  // for longest (null: none), and forgetting one to make room or for its age, which is counted.
  bool has_room(Bytes extra) const { return bytes_ + entry_bytes + extra.count <= limits_.bytes_max.count; }
  Entry* oldest() { return oldest_; }
  void evict(Entry& entry) { remove(entry, figures_.evicted); }
  void expire(Entry& entry) { remove(entry, figures_.expired); }
  // Forgets what was not used for `idle_max`; costs what it removes.
  void expire(Instant now) {
    while (oldest_ != nullptr && is_idle(*oldest_, now)) remove(*oldest_, figures_.expired);
  }
  // Oldest use first. `visit(Entry&)` may erase the entry it is given.
  template <class Visit>
  void for_each(Visit visit) {
    for (Entry* entry = oldest_; entry != nullptr;) {
      Entry* const next = entry->newer_;
      visit(*entry);
      entry = next;
    }
  }
  void clear() {
    count(-static_cast<std::int64_t>(entries_.size()), -static_cast<std::int64_t>(bytes_));
    entries_.clear();
    oldest_ = newest_ = nullptr;
  }

  std::size_t size() const { return entries_.size(); }
  Bytes bytes() const { return {bytes_}; }
  // What an entry costs beside the extra bytes of its state: the node, its hash and links, its slot, malloc's header.
  static constexpr std::uint64_t entry_bytes = sizeof(std::pair<const Identity, Entry>) + 4 * sizeof(void*);

 private:
  bool is_idle(const Entry& entry, Instant now) const {
    return limits_.idle_max.count() > 0 && now - entry.used_at_ >= limits_.idle_max;
  }
  bool make_room(std::uint64_t wanted, const Entry* keep = nullptr) {
    const std::uint64_t max = limits_.bytes_max.count;
    if (wanted + (keep != nullptr ? entry_bytes : 0) > max) return false;  // Nothing else need go.
    while (bytes_ > max - wanted) {
      if (limits_.gives_way == WhenFull::new_entry || oldest_ == nullptr) return false;
      Entry* const victim = oldest_ != keep ? oldest_ : oldest_->newer_;
      if (victim == nullptr) return false;
      remove(*victim, figures_.evicted);
    }
    return true;
  }
  void touch(Entry& entry, Instant now) {
    entry.used_at_ = now;
    if (&entry == newest_) return;
    unlink(entry);
    link_newest(entry);
  }
  void link_newest(Entry& entry) {
    entry.older_ = newest_;
    entry.newer_ = nullptr;
    (newest_ != nullptr ? newest_->newer_ : oldest_) = &entry;
    newest_ = &entry;
  }
  void unlink(Entry& entry) {
    (entry.older_ != nullptr ? entry.older_->newer_ : oldest_) = entry.newer_;
    (entry.newer_ != nullptr ? entry.newer_->older_ : newest_) = entry.older_;
  }
  void remove(Entry& entry, Counter& reason) {
    reason.add();
    drop(entry);
  }
  void drop(Entry& entry) {
    unlink(entry);
    count(-1, -static_cast<std::int64_t>(entry_bytes + entry.extra_bytes_));
    const Identity key = *entry.key_;
    entries_.erase(key);
  }
  void count(std::int64_t entries, std::int64_t bytes) {
    bytes_ += static_cast<std::uint64_t>(bytes);
    figures_.entries.add(entries);
    figures_.bytes.add(bytes);
  }

  const ExpiringMapLimits limits_;
  const StateFigures figures_;
  std::unordered_map<Identity, Entry> entries_;
  Entry* oldest_ = nullptr;
  Entry* newest_ = nullptr;
  std::uint64_t bytes_ = 0;
};

}  // namespace rankwire
