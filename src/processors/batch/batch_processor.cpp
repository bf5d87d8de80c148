#include "processors/batch/batch_processor.hpp"

#include "component/settings/delivery_settings.hpp"

namespace rankwire::batch {
namespace {

struct BatchConfig {
  Duration timeout = std::chrono::milliseconds(200);
  std::uint64_t send_batch_size = 8192;
  std::uint64_t send_batch_max_size = 0;
  std::vector<std::string> metadata_keys;
  std::uint64_t metadata_cardinality_limit = 1000;

  void fields(config::Fields& f) {
    constexpr double count_max = UINT32_MAX;
    f.field("timeout", timeout, "Sent after this time, whatever the size; 0: at once.", {.min = 0});
    f.field("send_batch_size", send_batch_size, "Sent when there are this many records; 0: at once.",
            {.min = 0, .max = count_max});
    f.field("send_batch_max_size", send_batch_max_size, "Larger batches are split; 0: never.",
            {.min = 0, .max = count_max});
    f.field("metadata_keys", metadata_keys, "Headers of the request: records with different values are batched apart.");
    f.field("metadata_cardinality_limit", metadata_cardinality_limit,
            "Further combinations of their values are refused; 0: never.", {.min = 0, .max = count_max});
  }
  void validate(config::Validator& v) const {
    if (send_batch_max_size != 0 && send_batch_max_size < send_batch_size)
      v.error("send_batch_max_size", "must be greater than or equal to send_batch_size");
    check_metadata_keys(v, metadata_keys);
  }
};

class BatchSetting final : public Processor {
 public:
  explicit BatchSetting(BatchPolicy policy) : policy_(std::move(policy)) {}
  Result<void> process(SignalBatch&) override { return {}; }
  bool is_setting() const override { return true; }
  std::optional<BatchPolicy> batch_policy() const override { return policy_; }

 private:
  const BatchPolicy policy_;
};

Result<std::unique_ptr<Processor>> create(const BatchConfig& config, const ComponentContext&) {
  BatchPolicy policy{.flush_timeout = config.timeout,
                     .sizer = Sizer::items,
                     .min_size = config.send_batch_size,
                     .max_size = config.send_batch_max_size,
                     .metadata_keys = in_lower_case(config.metadata_keys)};
  if (!policy.metadata_keys.empty()) policy.partitions_max = config.metadata_cardinality_limit;
  // Upstream: without a timeout the size is not waited for.
  if (config.timeout == Duration::zero()) policy.min_size = 0;
  return std::unique_ptr<Processor>(std::make_unique<BatchSetting>(std::move(policy)));
}

}  // namespace

ProcessorFactory batch_factory() {
  return make_factory<BatchConfig, Processor>(
      {.type = "batch",
       .aliases = {},
       .summary = "Says how large the batches are that the exporters' queues send.",
       .signals = {Signal::logs, Signal::metrics, Signal::traces},
       .stability = Stability::beta,
       .sets_batching = true},
      create);
}

}  // namespace rankwire::batch
