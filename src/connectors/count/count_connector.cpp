#include "connectors/count/count_connector.hpp"

#include "component/tally_connector.hpp"

namespace rankwire::count {
namespace {

template <class Section>
void count_all(Section& section, const char* name, const char* description) {
  section.emplace_back().first = name;
  section.back().second.description = description;
}

struct CountConfig {
  // As the original calls itself in what it makes.
  static constexpr const char* scope_name =
      "github.com/open-telemetry/opentelemetry-collector-contrib/connector/countconnector";

  CountConfig() {
    count_all(metrics.spans, "trace.span.count", "The number of spans observed.");
    count_all(metrics.spanevents, "trace.span.event.count", "The number of span events observed.");
    count_all(metrics.metrics, "metric.count", "The number of metrics observed.");
    count_all(metrics.datapoints, "metric.datapoint.count", "The number of data points observed.");
    count_all(metrics.logs, "log.record.count", "The number of log records observed.");
  }
  void fields(config::Fields& f) {
    f.squash(metrics);
    f.unsupported("profiles", "there are no pipelines of profiles");
  }

  ottl::TallyConfig<false> metrics;
};

}  // namespace

ConnectorFactory count_factory() { return tally_factory<CountConfig>("count", "Counts records as metrics."); }

}  // namespace rankwire::count
