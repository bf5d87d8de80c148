// The decision about one item, whatever its signal. Stateless: the same item gets the same answer everywhere.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace rankwire::probabilistic_sampler {

enum class Mode : std::uint8_t { unset, hash_seed, equalizing, proportional };

// Where the randomness came from; the label `policy`.
enum class Policy : std::uint8_t { missing, trace_id_hash, trace_id, explicit_randomness, attribute, priority };
inline constexpr std::size_t policy_count = 6;

enum class Problem : std::uint8_t {
  none,
  unparsable,         // Of the sampling information that came with it.
  randomness_in_use,  // hash_seed must not overwrite what others have decided by.
  threshold_in_use,
  missing_randomness,
  inconsistent_threshold  // By its own threshold the item should not be here.
};
inline constexpr std::size_t problem_count = 6;

struct Drawn {
  std::uint64_t randomness;
  Policy policy;
};

struct Item {
  bool is_parsable = true;
  std::optional<std::uint64_t> randomness, threshold;  // That came with it.
  std::optional<std::uint64_t> trace_id;               // The randomness in its trace id.
  std::optional<Drawn> hashed;                         // Of hash_seed.
  std::optional<std::uint64_t> priority;               // A threshold that goes before everything.
  bool writes_missing_randomness = false;              // Spans do, log records do not.
};

struct Decision {
  bool is_kept = false;
  bool must_write = false;  // Of what is kept: these two.
  std::optional<std::uint64_t> randomness, threshold;
  Policy policy = Policy::missing;
  Problem problem = Problem::none;
};

class Sampler {
 public:
  Sampler(Mode mode, float percentage, int precision, bool fails_closed);
  bool is_hashing() const { return mode_ == Mode::hash_seed; }
  Decision decide(const Item& item) const;

 private:
  Drawn draw(const Item& item, Decision& decision) const;
  std::uint64_t threshold_for(const std::optional<std::uint64_t>& arriving) const;

  Mode mode_;
  bool is_never_ = false;
  bool fails_closed_;
  int precision_;
  double ratio_ = 0;
  std::uint64_t threshold_ = 0;
};

}  // namespace rankwire::probabilistic_sampler
