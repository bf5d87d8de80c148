#include <doctest/doctest.h>

#include "exposition/proto_fixture.hpp"
#include "exposition/target_fixture.hpp"

namespace rankwire::exposition {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::string counters() {
  const std::string exemplar =
      proto::bytes(2, proto::label("trace_id", "0a") + proto::real(2, 3) + proto::time(3, 7, 5'000'000));
  return proto::family(
             "req_total", 0,
             {proto::label("code", "200") + proto::bytes(3, proto::real(1, 5) + exemplar + proto::time(3, 100)),
              proto::label("code", "500") + proto::bytes(3, proto::real(1, 1)) + proto::number(6, 9)},
             "Requests.", "requests") +
         proto::family("temp", 1, {proto::bytes(2, proto::real(1, 0.5))}) +
         proto::family("plain", 3, {proto::bytes(5, proto::real(1, 2))});
}

TEST_CASE("protobuf: counters, gauges and what has no type") {
  Scraped scraped;
  const Lines expected{"req_total{code=200} 5r @100000000000-1000000", "req_total{code=500} 1r @0-9000000",
                       "temp{} 0.5r @0-1000000", "plain{} 2r @0-1000000"};
  CHECK(scraped.page(counters(), Format::protobuf) == expected);
  CHECK(scraped.error == "");
  CHECK(scraped.metric(0).is_monotonic);
  CHECK(scraped.metric(0).description == "Requests.");
  CHECK(scraped.metric(0).unit == "requests");
  const Exemplar& exemplar = scraped.metric(0).numbers[0].exemplars[0];
  CHECK(exemplar.time_unix_nanos == 7'005'000'000);
  CHECK(exemplar.trace_id.bytes[15] == 0x0a);
  CHECK(scraped.rules.relabelled == 4);
  CHECK(scraped.page(counters(), Format::protobuf) == expected);
  CHECK(scraped.rules.relabelled == 4);
  CHECK(scraped.page(proto::family("temp", 1, {proto::bytes(2, proto::real(1, 1))}), Format::protobuf).size() == 3);
  CHECK(scraped.target.counts().stale == 2);  // The one with a timestamp ends without a mark.
}

TEST_CASE("protobuf: summaries and classic histograms are what their text would be") {
  Scraped scraped;
  const std::string summary = proto::number(1, 4) + proto::real(2, 20) +
                              proto::bytes(3, proto::real(1, 0.5) + proto::real(2, 3)) +
                              proto::bytes(3, proto::real(1, 0.9) + proto::real(2, 7)) + proto::time(4, 50);
  const std::string histogram = proto::number(1, 6) + proto::real(2, 9) + proto::bucket(2, 1) + proto::bucket(5, 2);
  const std::string page = proto::family("s", 2, {proto::bytes(4, summary)}) +
                           proto::family("h", 4, {proto::label("x", "1") + proto::bytes(7, histogram)});
  for (int i = 0; i < 2; ++i) {
    CHECK(scraped.page(page, Format::protobuf) ==
          Lines{"s{} 4/20 @50000000000-1000000", "h{x=1} 6/9[2,3,1] @0-1000000"});
    CHECK(scraped.metric(0).summaries[0].quantiles.size() == 2);
    CHECK(scraped.target.counts().scraped == 9);
  }
  CHECK(scraped.page("# TYPE h histogram\nh_count{x=\"1\"} 1\nh_bucket{x=\"1\",le=\"1\"} 1\n") ==
        Lines{"h{x=1} 1[1,0] @0-1000000", "s{} 0/0 @0-1000000"});
}

std::string native(std::string_view more = {}) {
  return proto::bytes(7, proto::number(1, 10) + proto::real(2, 30) + proto::signed_number(5, 3) +
                             proto::real(6, 0.001) + proto::number(7, 1) + proto::span(12, -2, 2) +
                             proto::span(12, 1, 1) + proto::deltas(13, {1, 2, -1}) + proto::span(9, 5, 1) +
                             proto::deltas(10, {3}) + std::string(more));
}

TEST_CASE("protobuf: native histograms are exponential ones, where they are asked for") {
  const std::string page = proto::family("n", 4, {native(proto::bucket(4, 1) + proto::bucket(10, infinity))});
  Scraped classic;
  CHECK(classic.page(page, Format::protobuf) == Lines{"n{} 10/30[4,6] @0-1000000"});
  Scraped scraped(TargetOptions{.scrapes_native_histograms = true});
  for (int i = 0; i < 2; ++i)
    CHECK(scraped.page(page, Format::protobuf) == Lines{"n{} 10/30s3z1+-3[1,3,0,2]-4[3] @0-1000000"});
  CHECK(scraped.metric().type == MetricType::exponential_histogram);
  CHECK(scraped.metric().exponential_histograms[0].zero_threshold == 0.001);
  CHECK(scraped.page("", Format::protobuf) == Lines{"n{} 0s0 @0-1000000"});
  CHECK(scraped.metric().exponential_histograms[0].flags == 1);
  Scraped both(TargetOptions{.scrapes_native_histograms = true, .always_scrapes_classic_histograms = true});
  CHECK(both.page(page, Format::protobuf).size() == 2);
}

TEST_CASE("protobuf: native histograms have limits, and what does not fit together is a misfit") {
  TargetOptions options{.scrapes_native_histograms = true};
  options.limits.histogram_buckets_max = 3;
  Scraped scraped(options);
  CHECK(scraped.page(proto::family("n", 4, {native()}), Format::protobuf) ==
        Lines{"n{} 10/30s1z1+-1[4,2]-1[3] @0-1000000"});
  Scraped other(TargetOptions{.scrapes_native_histograms = true});
  for (const std::string& wrong :
       {proto::span(12, 0, 3) + proto::deltas(13, {1}), proto::span(12, 0, 1) + proto::deltas(13, {-1}),
        proto::span(12, 0, 1) + proto::span(12, -1, 1) + proto::deltas(13, {1, 1}),
        proto::span(12, 0, 1) + proto::span(12, 2'000'000'000, 1) + proto::deltas(13, {1, 1})}) {
    CHECK(other.page(proto::family("n", 4, {proto::bytes(7, wrong)}), Format::protobuf).empty());
    CHECK(other.error == "");
    CHECK(other.target.counts().misfits == 1);
  }
}

TEST_CASE("protobuf: what is truncated or wrong fails the scrape with its place") {
  const std::string page = counters();
  for (std::size_t size = 1; size < page.size(); ++size) {
    Scraped scraped;
    scraped.page(page.substr(0, size), Format::protobuf);
    if (scraped.error.empty())
      CHECK(scraped.batches.size() == 1);  // Between two families.
    else
      CHECK(scraped.error.starts_with("byte "));
  }
  Scraped scraped;
  CHECK(scraped.page(proto::family("", 1, {proto::bytes(2, "")}), Format::protobuf).empty());
  CHECK(scraped.error.ends_with("a metric name that is empty or not UTF-8"));
  CHECK(scraped.page(proto::family("a", 9, {proto::bytes(2, "")}), Format::protobuf).empty());
  CHECK(scraped.error.ends_with("an unknown metric type"));
  CHECK(scraped.page(proto::family("a", 1, {proto::label("b", "\xff")}), Format::protobuf).empty());
  CHECK(scraped.error.starts_with("a series of a: "));
  CHECK(scraped.page(proto::family("\xff", 1, {}), Format::protobuf).empty());
  CHECK(scraped.error == "");  // Without metrics it is nothing.
}

TEST_CASE("protobuf: families that are not wanted are stepped over") {
  Scraped scraped;
  scraped.rules.unwanted = "req";
  CHECK(scraped.page(counters(), Format::protobuf) == Lines{"temp{} 0.5r @0-1000000", "plain{} 2r @0-1000000"});
  CHECK(scraped.target.counts().unwanted == 2);
  CHECK(scraped.target.counts().scraped == 4);
}

}  // namespace
}  // namespace rankwire::exposition
