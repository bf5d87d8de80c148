#include "series/metric_name.hpp"

#include <doctest/doctest.h>

namespace rankwire::series {
namespace {

std::string name_of(const char* name, MetricType type, const char* unit, bool is_monotonic = false,
                    Translation translation = Translation::underscores_with_suffixes, const char* prefix = "") {
  Metric metric;
  metric.name = name;
  metric.type = type;
  metric.unit = unit;
  metric.is_monotonic = is_monotonic;
  return metric_name(metric, {.metric_namespace = prefix, .translation = translation});
}

TEST_CASE("names get their unit and a counter's _total, once") {
  CHECK(name_of("system.io", MetricType::sum, "By", true) == "system_io_bytes_total");
  CHECK(name_of("system.io.bytes.total", MetricType::sum, "By", true) == "system_io_bytes_total");
  CHECK(name_of("total.requests", MetricType::sum, "", true) == "requests_total");
  CHECK(name_of("speed", MetricType::gauge, "m/s") == "speed_meters_per_second");
  CHECK(name_of("speed", MetricType::gauge, "{packets}/s") == "speed_per_second");
  CHECK(name_of("load", MetricType::gauge, "1") == "load_ratio");
  CHECK(name_of("load", MetricType::sum, "1") == "load");
  CHECK(name_of("hits", MetricType::gauge, "{request}") == "hits");
  CHECK(name_of("power", MetricType::gauge, "mW") == "power_mW");
  CHECK(name_of("usage", MetricType::gauge, "%") == "usage_percent");
  CHECK(name_of("a--b..c", MetricType::gauge, "") == "a_b_c");
  CHECK(name_of("3d", MetricType::gauge, "", false, Translation::underscores_with_suffixes) == "_3d");
  CHECK(name_of("3d", MetricType::gauge, "", false, Translation::underscores_with_suffixes, "my-ns") == "my_ns_3d");
  CHECK(name_of("---", MetricType::gauge, "").empty());
}

TEST_CASE("the other strategies leave suffixes or characters alone") {
  CHECK(name_of("a.b-c", MetricType::sum, "By", true, Translation::underscores_without_suffixes) == "a_b_c");
  CHECK(name_of("a.b", MetricType::sum, "By", true, Translation::utf8_with_suffixes) == "a.b_bytes_total");
  CHECK(name_of("a.b_total", MetricType::sum, "By", true, Translation::utf8_with_suffixes) == "a.b_bytes_total");
  CHECK(name_of("a.b", MetricType::sum, "By", true, Translation::none) == "a.b");
  CHECK(name_of("a.b", MetricType::sum, "By", true, Translation::none, "n") == "n_a.b");
  const NameRules plain, as_written{.metric_namespace = "", .translation = Translation::none};
  CHECK(label_name("k8s.pod/name", plain) == "k8s_pod_name");
  CHECK(label_name("3d", plain) == "key_3d");
  CHECK(label_name("_hidden", plain) == "key_hidden");
  CHECK(label_name("__reserved", plain) == "__reserved");
  CHECK(label_name("k8s.pod/name", as_written) == "k8s.pod/name");
}

}  // namespace
}  // namespace rankwire::series
