// Arbitrary OTLP metrics become pages, in every form, of whole lines; what comes first is an Accept header. The first
// byte picks the rules.
#include "base/require.hpp"
#include "exporters/prometheus/page_format.hpp"
#include "otlp/otlp.hpp"

namespace rankwire::prometheus_page {
namespace {

void check(std::uint8_t choice, std::string_view bytes) {
  const PageFormat liked = negotiate(bytes.substr(0, 200), true);
  static_cast<void>(takes_gzip(bytes.substr(0, 200)));
  const auto shared = std::make_shared<const Buffer>(Buffer::copy_of(bytes));
  auto batch = otlp::decode(Signal::metrics, shared, {.repair_utf8 = true, .memory_max = 1_MiB});
  if (!batch) return;
  StoreOptions options;
  options.labels.names.translation = static_cast<series::Translation>(choice % 4);
  options.labels.has_resource_labels = (choice & 4) != 0;
  options.bytes_max = 64_KiB;
  Counters counters;
  SeriesStore store(std::move(options), counters, "fuzz");
  for (int i = 0; i < 2; ++i) {  // The second time, totals are there already.
    const Receipt receipt = store.take(batch->metrics(), Instant());
    require(receipt.rejected <= batch->record_count(), "no point is rejected twice");
    const auto rows = store.rows(Instant());
    for (const PageForm form : {PageForm::text, PageForm::open_metrics, PageForm::protobuf, liked.form}) {
      const PageOptions how{.format = {form, (choice & 8) != 0}, .has_timestamps = (choice & 16) != 0};
      const std::string page = write_page(rows, store.claims(), how);
      if (form == PageForm::protobuf) continue;
      require(page.empty() || page.back() == '\n', "lines are whole");
    }
  }
}

}  // namespace
}  // namespace rankwire::prometheus_page

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  rankwire::prometheus_page::check(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
