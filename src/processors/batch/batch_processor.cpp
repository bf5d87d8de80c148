#include "processors/batch/batch_processor.hpp"

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
    f.field("metadata_keys", metadata_keys, "Refused: see Limits.");
    f.field("metadata_cardinality_limit", metadata_cardinality_limit, "Belongs to metadata_keys.",
            {.min = 0, .max = count_max});
  }
  void validate(config::Validator& v) const {
    if (send_batch_max_size != 0 && send_batch_max_size < send_batch_size)
      v.error("send_batch_max_size", "must be greater than or equal to send_batch_size");
    if (!metadata_keys.empty())
      v.error("metadata_keys",
              "is not supported: no exporter of this binary reads the metadata of clients, so keeping their records "
              "apart would only make more and smaller requests",
              "remove it; `attributes` with from_context keeps a header as an attribute");
  }
};

class BatchSetting final : public Processor {
 public:
  explicit BatchSetting(BatchPolicy policy) : policy_(policy) {}
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
                     .max_size = config.send_batch_max_size};
  // Upstream: without a timeout the size is not waited for.
  if (config.timeout == Duration::zero()) policy.min_size = 0;
  return std::unique_ptr<Processor>(std::make_unique<BatchSetting>(policy));
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
