// Any bytes as pages of text, several separated by a zero byte: parsed alone, read by one target one after another, and
// each by a target of its own, for which the page becomes the same each time once the types that it declares are known
// (they may stand behind their samples).
#include "exposition/target.hpp"
#include "exposition/text_parser.hpp"

using namespace rankwire;
using namespace rankwire::exposition;

namespace {

class Rules : public SeriesRules {
 public:
  bool wants(std::string_view name) override { return !name.starts_with("no"); }
  bool relabel(Labels& labels, Arena&) override {
    labels.push_back({"zone", "z"});
    return value_of(labels, "drop").empty();
  }
};

std::uint64_t taken_points(Target& target) {
  std::uint64_t points = 0;
  while (const std::optional<MetricBatch> batch = target.next_batch()) points += batch->record_count();
  return points;
}

void parse(std::string_view page, bool is_open_metrics) {
  TextParser parser(page, is_open_metrics, 4096);
  Arena arena;
  Labels labels;
  for (Entry entry = parser.next(); entry != Entry::end; entry = parser.next()) {
    if (entry == Entry::series && (!parser.find_key() || !parser.read_labels(labels, arena) || !parser.read_sample()))
      entry = Entry::error;
    if (entry == Entry::series && parser.exemplar() != nullptr) parser.read_exemplar_labels(labels, arena);
    if (entry == Entry::error && parser.error().message().empty()) __builtin_trap();
    if (entry == Entry::error) return;
  }
}

void read_again(std::string_view page, Format format, const TargetOptions& options, Rules& rules) {
  Target target(options);
  const bool is_read = target.read(page, format, 1000, rules).has_value();
  (void)taken_points(target);
  std::uint64_t kept[2] = {0, 0};
  for (std::uint64_t& of_page : kept) {
    if (target.read(page, format, 1001, rules).has_value() != is_read) __builtin_trap();
    of_page = target.counts().kept;
    (void)taken_points(target);
  }
  if (is_read && kept[0] != kept[1]) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Format format = data[0] % 2 == 0 ? Format::text : Format::open_metrics;
  std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  parse(input, format == Format::open_metrics);
  TargetOptions options{.job = "j", .instance = "i:1"};
  options.limits.batch_points_max = 3;
  Target target(options);
  Rules rules;
  std::int64_t time_ms = 1000;
  while (!input.empty()) {
    const std::string_view page = input.substr(0, input.find('\0'));
    input.remove_prefix(std::min(page.size() + 1, input.size()));
    read_again(page, format, options, rules);
    (void)target.read(page, format, ++time_ms, rules);
    (void)taken_points(target);
  }
  target.lost(++time_ms);
  if (taken_points(target) > size) __builtin_trap();
  return 0;
}
