#include "exporters/prometheus_remote_write/send_plan.hpp"

#include <algorithm>
#include <bit>

#include "net/compression.hpp"

namespace rankwire::prometheus_remote_write {
namespace {

bool is_same(const Sample& a, const Sample& b) {
  return a.histogram == nullptr && b.histogram == nullptr &&
         std::bit_cast<std::uint64_t>(a.value) == std::bit_cast<std::uint64_t>(b.value);
}

// One after the other in time, one for each millisecond: the last that was said counts.
void put_in_order(Series& series, SeriesSet& set) {
  std::vector<Sample>& all = series.samples;
  if (all.size() < 2) return;
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.time_millis < b.time_millis; });
  std::size_t kept = 0;
  for (std::size_t i = 1; i < all.size(); ++i) {
    if (all[i].time_millis != all[kept].time_millis) {
      all[++kept] = all[i];
      continue;
    }
    if (!is_same(all[i], all[kept]))
      set.lose(all[kept].point, "two values of one series for the same millisecond: the last one was sent");
    all[kept] = all[i];
  }
  all.resize(kept + 1);
}

class Planner {
 public:
  Planner(SeriesSet& set, const PlanOptions& options, SendPlan& plan)
      : set_(set), options_(options), plan_(plan), writer_(make_request_writer(options.protocol)) {}

  using Lane = std::vector<std::pair<const Series*, std::vector<const Sample*>>>;

  Result<void> metadata() {
    if (options_.protocol != Protocol::v1 || !options_.has_metadata) return {};
    plan_.rounds.emplace_back();
    for (const Family& family : set_.families) {
      writer_->add_metadata(family);
      is_empty_ = false;
      if (writer_->size() >= options_.request_bytes_max) RANKWIRE_TRY(end_request());
    }
    return end_request();
  }

  Result<void> rounds_of(Lane lane) {
    for (std::size_t round = 0; !lane.empty(); ++round) {
      std::erase_if(lane, [&](const auto& each) { return each.second.size() <= round; });
      if (lane.empty()) break;
      plan_.rounds.emplace_back();
      for (const auto& [series, samples] : lane) RANKWIRE_TRY(add(*series, *samples[round]));
      RANKWIRE_TRY(end_request());
    }
    return {};
  }

 private:
  Result<void> add(const Series& series, const Sample& sample) {
    const Family& family = set_.families[series.family];
    const std::size_t more = size_estimate(series, family, sample, options_.protocol);
    if (!request_.samples.empty() && writer_->size() + more > options_.request_bytes_max) RANKWIRE_TRY(end_request());
    writer_->add(series, family, sample);
    is_empty_ = false;
    request_.samples.push_back({series.identity, sample.time_millis});
    request_.points.push_back(sample.point);
    return {};
  }

  Result<void> end_request() {
    if (is_empty_) return {};
    is_empty_ = true;
    const Buffer plain = writer_->take();
    const std::string_view pieces[] = {plain.view()};
    auto compressed = net::compress(net::Encoding::snappy, pieces, 0);
    if (!compressed) return std::move(compressed).error().during("compressing");
    request_.body = std::move(*compressed);
    plan_.rounds.back().push_back(std::exchange(request_, {}));
    return {};
  }

  SeriesSet& set_;
  const PlanOptions& options_;
  SendPlan& plan_;
  std::unique_ptr<RequestWriter> writer_;
  PlannedRequest request_;
  bool is_empty_ = true;  // Nothing is written to the request.
};

}  // namespace

Result<SendPlan> make_plan(SeriesSet& set, const PlanOptions& options, LastSent& last_sent, const SentJournal& journal,
                           Instant now) {
  SendPlan plan;
  Planner::Lane in_order, late;
  for (Series& series : set.series) {
    put_in_order(series, set);
    const auto* last = last_sent.find(series.identity, now);
    std::vector<const Sample*> newer, older;
    for (const Sample& sample : series.samples) {
      if (journal.was_sent({series.identity, sample.time_millis})) {
        plan.has_of_last_process = true;
        continue;
      }
      if (last == nullptr || sample.time_millis > last->state)
        newer.push_back(&sample);
      else if (sample.time_millis < last->state && sample.point != SeriesSet::no_point)
        older.push_back(&sample);
      // Else it is what was sent last, given again.
    }
    if (!newer.empty()) in_order.emplace_back(&series, std::move(newer));
    if (!older.empty()) late.emplace_back(&series, std::move(older));
  }
  Planner planner(set, options, plan);
  RANKWIRE_TRY(planner.metadata());
  RANKWIRE_TRY(planner.rounds_of(std::move(in_order)));
  // By themselves: a destination that takes nothing late refuses whole requests for it.
  RANKWIRE_TRY(planner.rounds_of(std::move(late)));
  plan.lost = std::move(set.lost);
  plan.why_lost = std::move(set.why_lost);
  return plan;
}

}  // namespace rankwire::prometheus_remote_write
