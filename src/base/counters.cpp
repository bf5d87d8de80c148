#include "base/counters.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/require.hpp"

namespace rankwire {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out;
}

std::string label_text(const Labels& labels) {
  std::string out;
  for (const auto& [name, value] : labels) {
    if (!out.empty()) out += ',';
    out += name + "=\"" + escaped(value) + '"';
  }
  return out;
}

std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char text[32];
  const bool is_whole = value == std::floor(value) && std::fabs(value) < 1e15;
  std::snprintf(text, sizeof text, is_whole ? "%.0f" : "%.9g", value);
  return text;
}

std::string series_line(const std::string& name, const std::string& labels, const std::string& value) {
  return name + (labels.empty() ? "" : "{" + labels + "}") + " " + value + "\n";
}

}  // namespace

Histogram::Histogram(std::vector<double> bounds)
    : bounds_(std::move(bounds)), buckets_(new std::atomic<std::uint64_t>[bounds_.size() + 1]()) {
  require(std::is_sorted(bounds_.begin(), bounds_.end()), "histogram bounds ascend");
}

void Histogram::observe(double value) {
  const auto at = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  buckets_[static_cast<std::size_t>(at)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

std::vector<std::uint64_t> Histogram::buckets() const {
  std::vector<std::uint64_t> counts(bounds_.size() + 1);
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i] = buckets_[i].load(std::memory_order_relaxed);
  return counts;
}

namespace {
enum class FamilyType : std::uint8_t { counter, gauge, histogram };

struct Series {
  Labels labels;
  std::unique_ptr<Counter> counter;
  std::unique_ptr<Gauge> gauge;
  std::unique_ptr<Histogram> histogram;
  std::function<double()> read;
  std::uint64_t observer_id = 0;
};

struct Family {
  FamilyType type = FamilyType::counter;
  std::string help;
  std::map<std::string, Series> series;  // By label text.
};
}  // namespace

struct Counters::Families {
  // Held while observers are read, and while one is removed. Taken before `mutex`, which is free while they are read:
  // they wait for what guards the state they look at, and whoever holds that may need a counter.
  std::mutex reading;
  std::mutex mutex;
  std::map<std::string, Family, std::less<>> by_name;  // Guarded by mutex.
  std::uint64_t next_observer = 1;                     // Guarded by mutex.

  std::shared_ptr<void> observe(std::string_view name, std::string_view help, FamilyType type, Labels labels,
                                std::function<double()> read);
  // What observers say, by their ids: those of one family, or all. Only under `reading`.
  std::map<std::uint64_t, double> observed(std::string_view family = {});

  Series& series(std::string_view name, std::string_view help, FamilyType type, Labels labels) {
    auto found = by_name.find(name);
    if (found == by_name.end()) {
      found = by_name.emplace(std::string(name), Family{}).first;
      found->second.type = type;
      found->second.help = help;
    }
    Family& family = found->second;
    require(family.type == type, "a metric keeps its type");
    std::sort(labels.begin(), labels.end());
    std::string key = label_text(labels);
    if (family.series.size() >= series_per_family_max && !family.series.contains(key)) {
      labels = {{"overflow", "true"}};
      key = label_text(labels);
    }
    Series& series = family.series[key];
    series.labels = std::move(labels);
    return series;
  }
};

Counters::Counters() : families_(std::make_unique<Families>()) {}
Counters::~Counters() = default;

Counter& Counters::counter(std::string_view name, std::string_view help, Labels labels) {
  const std::lock_guard lock(families_->mutex);
  Series& series = families_->series(name, help, FamilyType::counter, std::move(labels));
  if (!series.counter) series.counter = std::make_unique<Counter>();
  return *series.counter;
}

Gauge& Counters::gauge(std::string_view name, std::string_view help, Labels labels) {
  const std::lock_guard lock(families_->mutex);
  Series& series = families_->series(name, help, FamilyType::gauge, std::move(labels));
  if (!series.gauge) series.gauge = std::make_unique<Gauge>();
  return *series.gauge;
}

Histogram& Counters::histogram(std::string_view name, std::string_view help, std::vector<double> bounds,
                               Labels labels) {
  const std::lock_guard lock(families_->mutex);
  Series& series = families_->series(name, help, FamilyType::histogram, std::move(labels));
  if (!series.histogram) series.histogram = std::make_unique<Histogram>(std::move(bounds));
  return *series.histogram;
}

std::shared_ptr<void> Counters::Families::observe(std::string_view name, std::string_view help, FamilyType type,
                                                  Labels labels, std::function<double()> read) {
  const std::lock_guard lock(mutex);
  Series& observed = series(name, help, type, std::move(labels));
  observed.read = std::move(read);
  const std::uint64_t id = observed.observer_id = next_observer++;
  const auto remove = [this, family = std::string(name), key = label_text(observed.labels), id](void*) {
    const std::lock_guard no_reader(reading);
    const std::lock_guard guard(mutex);
    auto& all = by_name[family].series;
    // A later observer of the same series stays.
    if (auto it = all.find(key); it != all.end() && it->second.observer_id == id) all.erase(it);
  };
  return {nullptr, remove};
}

std::map<std::uint64_t, double> Counters::Families::observed(std::string_view family) {
  std::vector<std::pair<std::uint64_t, std::function<double()>>> reads;
  {
    const std::lock_guard lock(mutex);
    for (const auto& [name, one] : by_name)
      for (const auto& [key, series] : one.series)
        if (series.read && (family.empty() || family == name)) reads.emplace_back(series.observer_id, series.read);
  }
  std::map<std::uint64_t, double> values;
  for (const auto& [id, read] : reads) values[id] = read();
  return values;
}

std::shared_ptr<void> Counters::observe(std::string_view name, std::string_view help, Labels labels,
                                        std::function<double()> read) {
  return families_->observe(name, help, FamilyType::gauge, std::move(labels), std::move(read));
}

std::shared_ptr<void> Counters::observe_counter(std::string_view name, std::string_view help, Labels labels,
                                                std::function<double()> read) {
  return families_->observe(name, help, FamilyType::counter, std::move(labels), std::move(read));
}

namespace {
void append_histogram(std::string& out, const std::string& name, const std::string& key, const Histogram& histogram) {
  const std::string prefix = key.empty() ? "" : key + ",";
  const auto counts = histogram.buckets();
  std::uint64_t running = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    running += counts[i];
    const std::string bound = i < histogram.bounds().size() ? number_text(histogram.bounds()[i]) : "+Inf";
    out += series_line(name + "_bucket", prefix + "le=\"" + bound + "\"", std::to_string(running));
  }
  out += series_line(name + "_sum", key, number_text(histogram.sum()));
  out += series_line(name + "_count", key, std::to_string(running));
}
}  // namespace

std::string Counters::prometheus_text() const {
  const std::lock_guard reading(families_->reading);
  const auto observed = families_->observed();
  const std::lock_guard lock(families_->mutex);
  std::string out;
  for (const auto& [name, family] : families_->by_name) {
    if (family.series.empty()) continue;
    constexpr const char* type_names[] = {"counter", "gauge", "histogram"};
    out += "# HELP " + name + " " + family.help + "\n";
    out += "# TYPE " + name + " " + type_names[static_cast<int>(family.type)] + "\n";
    for (const auto& [key, series] : family.series) {
      const auto value = observed.find(series.observer_id);
      if (value != observed.end())
        out += series_line(name, key, number_text(value->second));
      else if (series.counter)
        out += series_line(name, key, std::to_string(series.counter->value()));
      else if (series.gauge)
        out += series_line(name, key, std::to_string(series.gauge->value()));
      else if (series.histogram)
        append_histogram(out, name, key, *series.histogram);
    }
  }
  return out;
}

std::uint64_t Counters::total(std::string_view name, const Labels& match) const {
  const std::lock_guard reading(families_->reading);
  const auto observed = families_->observed(name);
  const std::lock_guard lock(families_->mutex);
  const auto found = families_->by_name.find(name);
  if (found == families_->by_name.end()) return 0;
  std::uint64_t sum = 0;
  for (const auto& [key, series] : found->second.series) {
    const bool matches = std::all_of(match.begin(), match.end(), [&s = series](const auto& wanted) {
      return std::find(s.labels.begin(), s.labels.end(), wanted) != s.labels.end();
    });
    if (!matches) continue;
    const auto value = observed.find(series.observer_id);
    if (value != observed.end())
      sum += static_cast<std::uint64_t>(value->second);
    else if (series.counter)
      sum += series.counter->value();
    else if (series.gauge)
      sum += static_cast<std::uint64_t>(series.gauge->value());
  }
  return sum;
}

}  // namespace rankwire
