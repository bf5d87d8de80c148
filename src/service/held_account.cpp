#include "service/held_account.hpp"

namespace rankwire::service {

void HeldAccount::add(std::int64_t records) {
  records_ += records;
  accounting_.add_queued(signal_, records);
  if (records < 0) room_.notify();
}

void HeldAccount::held(std::uint64_t records) { add(static_cast<std::int64_t>(records)); }

void HeldAccount::passed_on(std::uint64_t records) {
  add(-static_cast<std::int64_t>(records));
  accounting_.delivered(signal_, records);
}

void HeldAccount::dropped(std::uint64_t records, std::string_view reason) {
  add(-static_cast<std::int64_t>(records));
  accounting_.dropped(signal_, "processor", reason, records);
}

void HeldAccount::found(std::uint64_t records) {
  // What an earlier process left, less what this process already counts.
  const std::uint64_t parked = accounting_.unpark(name_, signal_);
  accounting_.accepted(signal_, records > parked ? records - parked : 0);
  add(static_cast<std::int64_t>(records));
}

void HeldAccount::left(std::uint64_t records) {
  add(-static_cast<std::int64_t>(records));
  accounting_.park(name_, signal_, records);
}

}  // namespace rankwire::service
