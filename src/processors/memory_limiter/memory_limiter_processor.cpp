#include "processors/memory_limiter/memory_limiter_processor.hpp"

#include "processors/memory_limiter/total_memory.hpp"

namespace rankwire::memory_limiter {
namespace {

struct MemoryLimiterConfig {
  Duration check_interval{0};
  std::uint64_t limit_mib = 0;
  std::uint64_t spike_limit_mib = 0;
  std::uint64_t limit_percentage = 0;
  std::uint64_t spike_limit_percentage = 0;

  void fields(config::Fields& f) {
    constexpr double mib_max = 1u << 30;
    f.field("check_interval", check_interval, "How often memory is measured; must be set.", {.min = 0});
    f.field("limit_mib", limit_mib, "The most memory the process may use, in MiB. Wins over limit_percentage.",
            {.min = 0, .max = mib_max});
    f.field("spike_limit_mib", spike_limit_mib, "Nothing more is taken from limit minus this on; 0: 20 % of the limit.",
            {.min = 0, .max = mib_max});
    f.field("limit_percentage", limit_percentage, "The limit, in per cent of the memory this process may have.",
            {.min = 0, .max = 100});
    f.field("spike_limit_percentage", spike_limit_percentage, "As spike_limit_mib, in per cent of that memory.",
            {.min = 0, .max = 100});
    constexpr std::string_view why = "there is no garbage collector to run";
    f.ignored("min_gc_interval_when_soft_limited", why);
    f.ignored("min_gc_interval_when_hard_limited", why);
    f.ignored("max_gc_interval_when_soft_limited", why);
    f.ignored("max_gc_interval_when_hard_limited", why);
  }
  void validate(config::Validator& v) const {
    if (check_interval <= Duration::zero()) v.error("check_interval", "must be greater than zero", "for example 1s");
    if (limit_mib == 0 && limit_percentage == 0) v.error("", "limit_mib or limit_percentage must be greater than zero");
    if (limit_mib != 0 && spike_limit_mib >= limit_mib) v.error("spike_limit_mib", "must be smaller than limit_mib");
    if (limit_mib == 0 && limit_percentage != 0 && spike_limit_percentage >= limit_percentage)
      v.error("spike_limit_percentage", "must be smaller than limit_percentage");
  }
};

MemoryLimit limit_of(std::uint64_t limit, std::uint64_t spike, Duration check_interval) {
  return {{limit}, {spike != 0 ? spike : limit / 5}, check_interval};
}

class MemoryLimiter final : public Processor {
 public:
  explicit MemoryLimiter(MemoryLimit limit) : limit_(limit) {}
  Result<void> process(SignalBatch&) override { return {}; }
  bool is_setting() const override { return true; }
  std::optional<MemoryLimit> memory_limit() const override { return limit_; }

 private:
  const MemoryLimit limit_;
};

Result<std::unique_ptr<Processor>> create(const MemoryLimiterConfig& config, const ComponentContext& context) {
  MemoryLimit limit;
  if (config.limit_mib != 0) {
    limit = limit_of(config.limit_mib << 20, config.spike_limit_mib << 20, config.check_interval);
  } else {
    auto total = total_memory(context.environment.files);
    if (!total) return std::move(total).error();
    const std::uint64_t percent = total->count / 100;
    limit = limit_of(percent * config.limit_percentage, percent * config.spike_limit_percentage, config.check_interval);
  }
  return std::unique_ptr<Processor>(std::make_unique<MemoryLimiter>(limit));
}

}  // namespace

ProcessorFactory memory_limiter_factory() {
  return make_factory<MemoryLimiterConfig, Processor>(
      {.type = "memory_limiter",
       .aliases = {},
       .summary = "Bounds the memory of the process: over the limit, senders wait and files are not read on.",
       .signals = {Signal::logs, Signal::metrics, Signal::traces},
       .stability = Stability::beta},
      create);
}

}  // namespace rankwire::memory_limiter
