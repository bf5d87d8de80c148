// Fields, rules and conversions of queues, batches and retries. Rules hold for what is enabled only,
// as upstream.
#include "component/settings/delivery_settings.hpp"

#include <algorithm>

namespace rankwire {

std::vector<std::string> in_lower_case(std::vector<std::string> keys) {
  for (std::string& key : keys)
    for (char& c : key)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return keys;
}

void check_metadata_keys(config::Validator& v, const std::vector<std::string>& keys) {
  constexpr std::size_t count_max = 64;
  if (keys.size() > count_max) v.error("metadata_keys", "must not be more than 64");
  std::vector<std::string> seen = in_lower_case(keys);
  std::sort(seen.begin(), seen.end());
  if (!seen.empty() && seen.front().empty()) v.error("metadata_keys", "must not be empty");
  const auto twice = std::adjacent_find(seen.begin(), seen.end());
  if (twice != seen.end())
    v.error("metadata_keys", "\"" + *twice + "\" is there twice; upper and lower case are the same");
}

void PartitionConfig::fields(config::Fields& f) {
  f.field("metadata_keys", metadata_keys, "Headers of the request: records with different values are batched apart.");
}

void PartitionConfig::validate(config::Validator& v) const { check_metadata_keys(v, metadata_keys); }

void BatchConfig::fields(config::Fields& f) {
  f.field("flush_timeout", flush_timeout, "Longest time a record waits for its batch to fill.");
  f.choice("sizer", sizer, {{"items", static_cast<int>(Sizing::items)}, {"bytes", static_cast<int>(Sizing::bytes)}},
           "What sizes count; unset: as sending_queue.sizer, or items.");
  f.field("min_size", min_size, "A batch is sent when it is this large.");
  f.field("max_size", max_size, "Larger batches are split; 0: never.");
  f.section("partition", partition, "Which records may share a batch.");
}

void BatchConfig::validate(config::Validator& v) const {
  if (flush_timeout <= Duration{0}) v.error("flush_timeout", "must be positive");
  if (max_size != 0 && max_size < min_size) v.error("max_size", "must be at least min_size, or 0");
}

void QueueConfig::fields(config::Fields& f) {
  f.field("enabled", enabled, "False: each batch is sent on the thread of its receiver.");
  f.field("num_consumers", num_consumers, "Batches sent at the same time.");
  f.field("queue_size", queue_size, "Capacity, in units of sizer.");
  f.choice("sizer", sizer,
           {{"requests", static_cast<int>(Sizer::requests)},
            {"items", static_cast<int>(Sizer::items)},
            {"bytes", static_cast<int>(Sizer::bytes)}},
           "What queue_size counts.");
  f.field("block_on_overflow", block_on_overflow, "A full queue makes receivers wait instead of refusing.");
  f.field("wait_for_result", wait_for_result, "Receivers wait until the destination has the batch.");
  f.field("storage", storage, "Storage extension that keeps the queue on disk.");
  f.optional_section("batch", batch, "Fixed batching instead of the adaptive one.");
}

void QueueConfig::validate(config::Validator& v) const {
  if (!enabled) return;
  constexpr std::uint64_t consumers_max = 1000;
  if (num_consumers == 0 || num_consumers > consumers_max) v.error("num_consumers", "must be from 1 to 1000");
  if (queue_size == 0) v.error("queue_size", "must be positive");
  if (wait_for_result && storage)
    v.error("wait_for_result", "cannot be combined with storage", "remove one of the two");
  if (batch && batch_sizer() == sizer && batch->min_size > queue_size)
    v.error("batch::min_size", "must not be larger than queue_size when both count the same");
}

Sizer QueueConfig::batch_sizer() const {
  if (!batch) return Sizer::items;
  switch (batch->sizer) {
    case BatchConfig::Sizing::items: return Sizer::items;
    case BatchConfig::Sizing::bytes: return Sizer::bytes;
    case BatchConfig::Sizing::inherited: break;
  }
  return sizer == Sizer::bytes ? Sizer::bytes : Sizer::items;
}

void RetryConfig::fields(config::Fields& f) {
  f.field("enabled", enabled, "False: a batch that fails once is dropped.");
  f.field("initial_interval", initial_interval, "Wait before the first retry.");
  f.field("randomization_factor", randomization_factor, "Each wait varies by up to this part of itself.");
  f.field("multiplier", multiplier, "Each wait is this many times the one before.");
  f.field("max_interval", max_interval, "Longest wait.");
  f.field("max_elapsed_time", max_elapsed_time, "After this a batch is dropped; 0: never.");
}

void RetryConfig::validate(config::Validator& v) const {
  if (!enabled) return;
  if (initial_interval < Duration{0}) v.error("initial_interval", "must not be negative");
  if (randomization_factor < 0 || randomization_factor > 1) v.error("randomization_factor", "must be from 0 to 1");
  if (multiplier < 0) v.error("multiplier", "must not be negative");
  if (max_interval < Duration{0}) v.error("max_interval", "must not be negative");
  if (max_elapsed_time < Duration{0}) v.error("max_elapsed_time", "must not be negative");
  if (max_elapsed_time <= Duration{0}) return;
  if (max_elapsed_time < initial_interval) v.error("max_elapsed_time", "must be at least initial_interval");
  if (max_elapsed_time < max_interval) v.error("max_elapsed_time", "must be at least max_interval");
}

DeliveryPolicy delivery_policy(const std::optional<QueueConfig>& queue, const RetryConfig& retry) {
  DeliveryPolicy policy;
  policy.retry = {.enabled = retry.enabled,
                  .initial_interval = retry.initial_interval,
                  .randomization_factor = retry.randomization_factor,
                  .multiplier = retry.multiplier,
                  .max_interval = retry.max_interval,
                  .max_elapsed_time = retry.max_elapsed_time};
  if (!queue || !queue->enabled) return policy;
  policy.queue = QueuePolicy{.num_consumers = queue->num_consumers,
                             .queue_size = queue->queue_size,
                             .sizer = queue->sizer,
                             .block_on_overflow = queue->block_on_overflow,
                             .wait_for_result = queue->wait_for_result,
                             .storage = queue->storage};
  if (queue->batch)
    policy.queue->batch = BatchPolicy{.flush_timeout = queue->batch->flush_timeout,
                                      .sizer = queue->batch_sizer(),
                                      .min_size = queue->batch->min_size,
                                      .max_size = queue->batch->max_size,
                                      .metadata_keys = in_lower_case(queue->batch->partition.metadata_keys)};
  return policy;
}

}  // namespace rankwire
