#include "ottl/program/fold.hpp"

#include "ottl/program/convert.hpp"

namespace rankwire::ottl {
namespace {

// Pure functions ask neither; whoever does gets always the same.
class NoClock final : public Clock {
 public:
  Instant now() const override { return {}; }
  std::uint64_t unix_nanos() const override { return 0; }
};

class NoRandom final : public Random {
 public:
  std::uint64_t next() override { return 0; }
};

template <class Use>
bool in_no_world(Arena& constants, std::string& why, Use use) {
  NoClock clock;
  NoRandom random;
  World world{clock, random};
  Frame frame(constants, world);
  if (use(frame)) return true;
  why = std::move(frame.error);
  return false;
}

}  // namespace

bool fold(const Node& node, Arena& constants, Datum& out, std::string& why) {
  return in_no_world(constants, why, [&](Frame& frame) { return node.evaluate(frame, out); });
}

bool fold_coerce(Want want, Arena& constants, Datum& datum, std::string& why) {
  return in_no_world(constants, why, [&](Frame& frame) { return coerce(frame, want, datum); });
}

}  // namespace rankwire::ottl
