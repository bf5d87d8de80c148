#include "exposition/target.hpp"

#include <doctest/doctest.h>

#include "exposition/target_fixture.hpp"

namespace rankwire::exposition {
namespace {

TEST_CASE("counters and gauges are points of their family, with what is said of it") {
  Scraped scraped;
  CHECK(scraped.page("# HELP req_total All\\nof it.\n# TYPE req_total counter\nreq_total{code=\"200\",empty=\"\"} 5\n"
                     "req_total{code=\"500\"} 1 7\n# TYPE temp gauge\ntemp 0.5\nother 3\n") ==
        Lines{"req_total{code=200} 5r @0-1000000", "req_total{code=500} 1r @0-7000000", "temp{} 0.5r @0-1000000",
              "other{} 3r @0-1000000"});
  const Metric& counter = scraped.metric(0);
  CHECK(counter.type == MetricType::sum);
  CHECK(counter.is_monotonic);
  CHECK(counter.temporality == Temporality::cumulative);
  CHECK(counter.description == "All\nof it.");
  CHECK(find(counter.metadata, "prometheus.type")->text() == "counter");
  CHECK(scraped.metric(1).type == MetricType::gauge);
  CHECK(find(scraped.metric(2).metadata, "prometheus.type")->text() == "unknown");
  CHECK(scraped.target.counts().scraped == 4);
  CHECK(scraped.target.counts().added == 4);
  const MetricScope& scope = scraped.batches[0].metrics().resources[0].scopes[0];
  CHECK(scope.scope.name.ends_with("/receiver/prometheusreceiver"));
}

TEST_CASE("a page seen before is not parsed again, and its end is told") {
  Scraped scraped;
  const std::string page = "# TYPE a counter\na{x=\"1\"} 1\na{x=\"2\"} 1\nb 3\n";
  CHECK(scraped.page(page).size() == 3);
  CHECK(scraped.rules.relabelled == 3);
  CHECK(scraped.page(page).size() == 3);
  CHECK(scraped.rules.relabelled == 3);
  CHECK(scraped.rules.asked == 2 + 7);  // And for the family, by each name that its series may have.
  CHECK(scraped.target.counts().added == 0);
  CHECK(scraped.page("# TYPE a counter\na{x=\"2\"} 4\n", Format::text, 9) ==
        Lines{"a{x=2} 4r @0-9000000", "a{x=1} none @0-9000000", "b{} none @0-9000000"});
  CHECK(scraped.metric(0).numbers[1].flags == 1);
  CHECK(scraped.target.counts().stale == 2);
  CHECK(scraped.page("# TYPE a counter\na{x=\"2\"} 4\nb 1\n").size() == 2);
  CHECK(scraped.target.counts().added == 1);
}

TEST_CASE("the same series written in another way has not ended") {
  Scraped scraped;
  scraped.page("a{x=\"1\",y=\"2\"} 1\n");
  CHECK(scraped.page("a{y=\"2\", x=\"1\"} 2\n") == Lines{"a{x=1,y=2} 2r @0-1000000"});
}

TEST_CASE("series with timestamps end without a mark, unless that is asked for") {
  Scraped scraped;
  scraped.page("a 1 5\n");
  CHECK(scraped.page("b 1\n").size() == 1);
  Scraped tracking(TargetOptions{.tracks_timestamps_staleness = true});
  tracking.page("a 1 5\n");
  CHECK(tracking.page("b 1\n").size() == 2);
  Scraped without(TargetOptions{.honors_timestamps = false});
  CHECK(without.page("a 1 5\n") == Lines{"a{} 1r @0-1000000"});
  CHECK(without.page("b 1\n").size() == 2);
}

TEST_CASE("names that are not wanted are stepped over, and series may be dropped or renamed") {
  Scraped scraped;
  scraped.rules.unwanted = "go_";
  for (int i = 0; i < 3; ++i) {
    CHECK(scraped.page("go_gc{9=} 1\ngo_gc 2\nkept 1\nkept{drop=\"1\"} 2\nold 4\ngo_mem 1\n") ==
          Lines{"kept{} 1r @0-1000000", "new{} 4r @0-1000000"});
    CHECK(scraped.target.counts().scraped == 6);
    CHECK(scraped.target.counts().unwanted == 3);
    CHECK(scraped.target.counts().kept == 2);
  }
  CHECK(scraped.rules.relabelled == 3);
}

TEST_CASE("a histogram is put together from its series in any order") {
  Scraped scraped;
  const std::string type = "# TYPE h histogram\n";
  CHECK(scraped.page(type + "h_sum{x=\"1\"} 9\nh_bucket{le=\"+Inf\",x=\"1\"} 6\nh_bucket{x=\"1\",le=\"1\"} 2\n"
                            "h_bucket{x=\"2\",le=\"1\"} 1\nh_count{x=\"2\"} 1\n"
                            "h_bucket{x=\"1\",le=\"2\"} 5\nh_count{x=\"1\"} 6\nh_created{x=\"1\"} 1.5\n") ==
        Lines{"h{x=2} 1[1,0] @0-1000000", "h{x=1} 6/9[2,3,1] @1500000000-1000000"});
  CHECK(scraped.metric().type == MetricType::histogram);
  CHECK(scraped.metric().histograms[1].explicit_bounds.size() == 2);
  CHECK(scraped.page(type + "h_bucket{x=\"2\",le=\"1\"} 2\nh_count{x=\"2\"} 2\n") ==
        Lines{"h{x=2} 2[2,0] @0-1000000", "h{x=1} 0[0,0,0] @0-1000000"});
  CHECK(scraped.metric().histograms[1].flags == 1);
  CHECK(scraped.page(type + "h_bucket{le=\"x\"} 1\nh_bucket 1\nh_count 3\n").front() == "h{} 3[3] @0-1000000");
  CHECK(scraped.target.counts().misfits == 2);
}

TEST_CASE("a summary has quantiles") {
  Scraped scraped;
  CHECK(scraped.page("# TYPE s summary\ns{quantile=\"0.9\"} 7\ns{quantile=\"0.5\"} 3\ns_sum 20\ns_count 4\n") ==
        Lines{"s{} 4/20 @0-1000000"});
  const SummaryPoint& point = scraped.metric().summaries[0];
  REQUIRE(point.quantiles.size() == 2);
  CHECK(point.quantiles[0].quantile == 0.5);
  CHECK(point.quantiles[0].value == 3);
}

TEST_CASE("OpenMetrics: totals, creation times, units, information and exemplars") {
  Scraped scraped;
  CHECK(scraped.page(
            "# TYPE a_seconds counter\n# UNIT a_seconds seconds\n# HELP a_seconds Text.\n"
            "a_seconds_total 5 # {trace_id=\"0102030405060708090a0b0c0d0e0f10\",span_id=\"0102\",k=\"v\"} 2 3.5\n"
            "a_seconds_created 1600000000.5\n# TYPE i info\ni_info{v=\"1\"} 1\n# EOF\n",
            Format::open_metrics) ==
        Lines{"a_seconds_total{} 5r @1600000000500000000-1000000", "i{v=1} 1r @0-1000000"});
  const Metric& counter = scraped.metric(0);
  CHECK(counter.unit == "s");
  CHECK(counter.description == "Text.");
  const Exemplar& exemplar = counter.numbers[0].exemplars[0];
  CHECK(exemplar.value.real == 2);
  CHECK(exemplar.time_unix_nanos == 3500000000);
  CHECK(exemplar.trace_id.bytes[15] == 0x10);
  CHECK(exemplar.span_id.bytes[6] == 1);
  CHECK(exemplar.filtered_attributes.size() == 1);
  CHECK_FALSE(scraped.metric(1).is_monotonic);
  CHECK(scraped.metric(1).type == MetricType::sum);
  Scraped trimming(TargetOptions{.trims_metric_suffixes = true});
  CHECK(trimming.page("# TYPE a_seconds counter\n# UNIT a_seconds seconds\na_seconds_total 5\n# EOF\n",
                      Format::open_metrics) == Lines{"a{} 5r @0-1000000"});
}

TEST_CASE("target_info describes the resource, otel_scope labels and information the scope") {
  TargetOptions options{.job = "j", .instance = "10.0.0.1:80"};
  options.discovered = {{"__scheme__", "https"},
                        {"__meta_kubernetes_pod_name", "p"},
                        {"__meta_kubernetes_pod_controller_name", "d"},
                        {"__meta_kubernetes_pod_controller_kind", "DaemonSet"}};
  Scraped scraped(std::move(options));
  CHECK(scraped.page("a{otel_scope_name=\"s\",otel_scope_version=\"1\",x=\"y\"} 1\nb 2\n"
                     "target_info{service_version=\"7\",job=\"j\",instance=\"10.0.0.1:80\"} 1\n"
                     "otel_scope_info{otel_scope_name=\"s\",otel_scope_version=\"1\",lib=\"l\"} 1\n"
                     "c{job=\"other\",instance=\"localhost:1\"} 3\n") ==
        Lines{"a{x=y} 1r @0-1000000", "b{} 2r @0-1000000", "c{} 3r @0-1000000"});
  const auto& resources = scraped.batches[0].metrics().resources;
  REQUIRE(resources.size() == 2);
  CHECK(testing::text_of(resources[0].resource.attributes) ==
        "{service.name=j,server.address=10.0.0.1,service.instance.id=10.0.0.1:80,server.port=80,url.scheme=https,"
        "k8s.pod.name=p,k8s.daemonset.name=d,service_version=7}");
  CHECK(find(resources[1].resource.attributes, "server.address") == nullptr);
  REQUIRE(resources[0].scopes.size() == 2);
  CHECK(resources[0].scopes[0].scope.name == "s");
  CHECK(testing::text_of(resources[0].scopes[0].scope.attributes) == "{lib=l}");
}

TEST_CASE("a page with an error gives nothing but stale marks, and a lost one too") {
  Scraped scraped;
  scraped.page("a 1\nb 2\n");
  CHECK(scraped.page("a 1\nc 2\nb x\n") == Lines{"a{} none @0-1000000", "b{} none @0-1000000"});
  CHECK(scraped.error == "line 3, column 3: expected a number");
  CHECK(scraped.page("a 1\nb 2\n") == Lines{"a{} 1r @0-1000000", "b{} 2r @0-1000000"});
  CHECK(scraped.target.counts().added == 0);
  scraped.target.lost(5);
  CHECK(scraped.take() == Lines{"a{} none @0-5000000", "b{} none @0-5000000"});
  scraped.target.lost(6);
  CHECK(scraped.take().empty());
}

TEST_CASE("reports are series of the target, stale when it ends") {
  Scraped scraped;
  std::string page = "a 1\n";
  REQUIRE(scraped.target.read(page, Format::text, 1, scraped.rules));
  scraped.target.report("up", 1, 1);
  scraped.target.report("scrape_duration_seconds", 0.25, 1);
  CHECK(scraped.take() ==
        Lines{"a{} 1r @0-1000000", "up{} 1r @0-1000000", "scrape_duration_seconds{} 0.25r @0-1000000"});
  CHECK(scraped.metric(1).description == "The scraping was successful");
  CHECK(scraped.metric(2).unit == "s");
  scraped.target.lost(2);
  scraped.target.report("up", 0, 2);
  CHECK(scraped.take() == Lines{"a{} none @0-2000000", "up{} 0r @0-2000000"});
  scraped.target.end(3);
  CHECK(scraped.take() == Lines{"up{} none @0-3000000", "scrape_duration_seconds{} none @0-3000000"});
}

TEST_CASE("limits fail the scrape by their names") {
  const auto error = [](TargetLimits limits, std::string_view page) {
    Scraped scraped(TargetOptions{.limits = limits});
    CHECK(scraped.page(page).empty());
    return scraped.error;
  };
  CHECK(error({.samples_max = 2}, "a 1\nb 2\nc 3\n") ==
        "sample_limit: the page has 3 samples after relabelling, and may have 2");
  CHECK(error({.labels_max = 2}, "a{b=\"c\",d=\"e\"} 1\n") ==
        "line 1: label_limit: the number of labels of a is 3, and may be 2");
  CHECK(
      error({.label_name_bytes_max = 8}, "a 1\na{long_name=\"c\"} 1\n").starts_with("line 2: label_name_length_limit"));
  CHECK(error({.label_value_bytes_max = 3}, "a{b=\"cdef\"} 1\n").starts_with("line 1: label_value_length_limit"));
  CHECK(error({}, "a{b=\"1\",b=\"2\"} 1\n") == "line 1: the label b twice");
}

TEST_CASE("the same line twice counts once; with timestamps the last of a time counts") {
  Scraped scraped;
  CHECK(scraped.page("a 1\na 2\n") == Lines{"a{} 1r @0-1000000"});
  CHECK(scraped.target.counts().duplicates == 1);
  CHECK(scraped.page("a 1 5\na 2 5\na 3 6\n") == Lines{"a{} 2r @0-5000000"});
  CHECK(scraped.target.counts().misfits == 1);
}

TEST_CASE("a type that changes moves the series to its new family") {
  Scraped scraped;
  CHECK(scraped.page("a 1\n# TYPE a counter\n") == Lines{"a{} 1r @0-1000000"});
  CHECK(scraped.metric().type == MetricType::gauge);
  CHECK(scraped.page("a 1\n# TYPE a counter\n") == Lines{"a{} 1r @0-1000000"});
  CHECK(scraped.metric().type == MetricType::sum);
  CHECK(scraped.rules.relabelled == 2);
}

TEST_CASE("large pages come in several batches, and series that come and go leave no memory behind") {
  Scraped scraped(TargetOptions{.limits = {.batch_points_max = 100}});
  std::string page = "# TYPE h histogram\n";
  for (int i = 0; i < 250; ++i) {
    const std::string label = "{x=\"" + std::to_string(i) + "\"";
    page += "h_bucket" + label + ",le=\"1\"} 1\nh_sum" + label + "} 1\nh_count" + label + "} 1\n";
  }
  CHECK(scraped.page(page).size() == 250);
  CHECK(scraped.batches.size() == 3);
  std::size_t bytes_max = 0;
  for (int round = 0; round < 40; ++round) {
    std::string changing;
    for (int i = 0; i < 2000; ++i) changing += "m{id=\"" + std::to_string(round * 2000 + i) + "\"} 1\n";
    CHECK(scraped.page(changing).size() == (round == 0 ? 2250u : 4000u));
    bytes_max = std::max<std::size_t>(bytes_max, scraped.target.memory_bytes().count);
  }
  CHECK(bytes_max < 6000 * 400);
}

TEST_CASE("content types") {
  CHECK(format_of("text/plain; version=0.0.4") == Format::text);
  CHECK(format_of("application/openmetrics-text; version=1.0.0; charset=utf-8") == Format::open_metrics);
  CHECK(format_of("application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited") ==
        Format::protobuf);
  CHECK(format_of("application/vnd.google.protobuf; encoding=text") == std::nullopt);
  CHECK(format_of("text/html") == std::nullopt);
  CHECK(format_of("") == std::nullopt);
}

}  // namespace
}  // namespace rankwire::exposition
