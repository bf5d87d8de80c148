// Any bytes as a protobuf page, read twice by a target that takes native and classic histograms.
#include "exposition/target.hpp"

using namespace rankwire;
using namespace rankwire::exposition;

namespace {

class Rules : public SeriesRules {
 public:
  bool wants(std::string_view name) override { return !name.starts_with("no"); }
  bool relabel(Labels& labels, Arena&) override { return value_of(labels, "drop").empty(); }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  TargetOptions options{.job = "j", .instance = "i:1"};
  options.scrapes_native_histograms = true;
  options.always_scrapes_classic_histograms = data[0] % 2 == 0;
  options.limits.histogram_buckets_max = data[0] % 4 == 0 ? 2 : 0;
  options.limits.batch_points_max = 3;
  Target target(options);
  Rules rules;
  const std::string_view page(reinterpret_cast<const char*>(data + 1), size - 1);
  std::uint64_t kept[2] = {0, 0};
  for (std::uint64_t& of_page : kept) {
    (void)target.read(page, Format::protobuf, 1000, rules);
    of_page = target.counts().kept;
    while (const std::optional<MetricBatch> batch = target.next_batch())
      if (batch->empty()) __builtin_trap();
  }
  if (kept[0] != kept[1]) __builtin_trap();
  return 0;
}
