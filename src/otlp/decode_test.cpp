// Decoding of bytes made by hand: what well-formed, odd and broken requests become.
#include <doctest/doctest.h>

#include "otlp/otlp.hpp"
#include "otlp/wire_bytes.hpp"

namespace rankwire::otlp {

namespace {

using namespace wire_bytes;

std::string full_record() {
  return fixed64(1, 1'700'000'000'000'000'001u) + number(2, 17) + bytes(3, "ERROR") +
         bytes(5, bytes(1, "loss is nan")) + key_value(6, "rank", number(3, 13)) +
         key_value(6, "pod", bytes(1, "train-4")) + number(7, 2) + fixed32(8, 1) + bytes(9, "0123456789abcdef") +
         bytes(10, "01234567") + fixed64(11, 9) + bytes(12, "step");
}

// Decodes the body of a request of one log record with these fields.
Result<LogBatch> decode_record(const std::string& request) { return decode_logs(request); }

const LogRecord& only_record(const LogBatch& batch) {
  REQUIRE(batch.resources.size() == 1);
  REQUIRE(batch.resources[0].scopes.size() == 1);
  REQUIRE(batch.resources[0].scopes[0].records.size() == 1);
  return batch.resources[0].scopes[0].records[0];
}

void check_refused(const std::string& request, std::string_view reason) {
  const auto decoded = decode_logs(request);
  REQUIRE_FALSE(decoded.has_value());
  CHECK(decoded.error().kind() == ErrorKind::invalid);
  CHECK_MESSAGE(decoded.error().message().find(reason) != std::string::npos, decoded.error().message());
  CHECK_FALSE(count_records(Signal::logs, request).has_value());
}

}  // namespace

TEST_CASE("every field of a log record is decoded") {
  const std::string request = bytes(
      1, bytes(1, key_value(1, "host", bytes(1, "node-4")) + number(2, 3) + bytes(3, bytes(2, "host"))) +
             bytes(2, bytes(1, bytes(1, "lib") + bytes(2, "1.2")) + bytes(2, full_record()) + bytes(3, "scope-url")) +
             bytes(3, "resource-url"));
  const auto batch = decode_logs(request);
  REQUIRE(batch.has_value());
  const LogResource& resource = batch->resources[0];
  CHECK(find(resource.resource.attributes, "host")->text() == "node-4");
  CHECK(resource.resource.dropped_attributes_count == 3);
  CHECK(resource.resource.entities[0].type == "host");
  CHECK(resource.schema_url == "resource-url");
  CHECK(resource.scopes[0].scope.name == "lib");
  CHECK(resource.scopes[0].scope.version == "1.2");
  CHECK(resource.scopes[0].schema_url == "scope-url");
  const LogRecord& record = only_record(*batch);
  CHECK(record.time_unix_nanos == 1'700'000'000'000'000'001u);
  CHECK(record.observed_time_unix_nanos == 9);
  CHECK(record.severity_number == 17);
  CHECK(record.severity_text == "ERROR");
  CHECK(record.body.text() == "loss is nan");
  CHECK(record.attributes.size() == 2);
  CHECK(find(record.attributes, "rank")->integer() == 13);
  CHECK(record.dropped_attributes_count == 2);
  CHECK(record.flags == 1);
  CHECK(record.trace_id.bytes[15] == 'f');
  CHECK(record.span_id.bytes[0] == '0');
  CHECK(record.event_name == "step");
}

TEST_CASE("strings are views into the request, not copies") {
  const std::string request = log_request(full_record());
  const auto batch = decode_logs(request);
  const std::string_view body = only_record(*batch).body.text();
  CHECK(body.data() > request.data());
  CHECK(body.data() < request.data() + request.size());
}

TEST_CASE("an empty request, empty groups and an empty record are valid") {
  CHECK(decode_logs("")->record_count() == 0);
  CHECK(decode_logs(bytes(1, ""))->resources.size() == 1);
  const std::string request = log_request("");
  CHECK(only_record(*decode_logs(request)).body.type() == ValueType::empty);
  CHECK(*count_records(Signal::logs, request) == 1);
}

TEST_CASE("every type of value is decoded, nested ones too") {
  const std::string nested =
      bytes(6, bytes(1, bytes(1, "k") + bytes(2, bytes(5, bytes(1, number(2, 1)) + bytes(1, "")))));
  const std::string real_one = fixed64(4, 0x3ff0000000000000u);
  const std::string request =
      log_request(bytes(5, nested) + key_value(6, "r", real_one) + key_value(6, "b", bytes(7, "\xff")) +
                  key_value(6, "i", number(3, static_cast<std::uint64_t>(-5))));
  const auto batch = decode_logs(request);
  const LogRecord& record = only_record(*batch);
  const Attributes map = record.body.entries();
  REQUIRE(map.size() == 1);
  const List<Value> items = map[0].value.items();
  REQUIRE(items.size() == 2);
  CHECK(items[0].boolean());
  CHECK(items[1].type() == ValueType::empty);
  CHECK(find(record.attributes, "r")->real() == 1.0);
  CHECK(find(record.attributes, "b")->text() == "\xff");
  CHECK(find(record.attributes, "i")->integer() == -5);
}

TEST_CASE("unknown fields of every wire type are skipped, also groups within groups") {
  const std::string group = tag(90, 3) + number(1, 5) + tag(91, 3) + bytes(2, "x") + tag(91, 4) + tag(90, 4);
  const std::string unknown = number(99, 1) + fixed64(98, 1) + bytes(97, "junk") + fixed32(96, 1) + group;
  const std::string request = unknown + log_request(unknown + full_record() + unknown) + unknown;
  const auto batch = decode_logs(request);
  REQUIRE(batch.has_value());
  CHECK(only_record(*batch).severity_text == "ERROR");
  CHECK(*count_records(Signal::logs, request) == 1);
}

TEST_CASE("a known field with another wire type is refused") {
  check_refused(log_request(number(5, 1)), "wrong wire type");
  check_refused(log_request(bytes(1, "12345678")), "wrong wire type");
  check_refused(number(1, 1), "wrong wire type");
}

TEST_CASE("wire types that do not exist are refused by decoding and by counting, whatever the field") {
  for (unsigned number = 1; number <= 16; ++number)
    for (const unsigned type : {6u, 7u}) {
      CAPTURE(number);
      check_refused(std::string(1, static_cast<char>(number << 3 | type)) + std::string(12, '\1'), "");
    }
}

TEST_CASE("a request cut anywhere within a record is refused, with the place") {
  const std::string whole = log_request(full_record());
  for (std::size_t size = 1; size < whole.size(); ++size) check_refused(whole.substr(0, size), "at byte");
}

TEST_CASE("a trace id must have 16 bytes or none") {
  check_refused(log_request(bytes(9, "short")), "wrong length");
  CHECK(decode_logs(log_request(bytes(9, ""))).has_value());
}

TEST_CASE("values nested up to the bound are decoded and one more is refused") {
  const auto nested = [](int depth) {
    std::string value = number(2, 1);
    for (int i = 0; i < depth; ++i) value = bytes(5, bytes(1, value));
    return log_request(bytes(5, value));
  };
  CHECK(decode_logs(nested(nesting_max)).has_value());
  CHECK(count_records(Signal::logs, nested(nesting_max)).has_value());
  check_refused(nested(nesting_max + 1), "nested too deeply");
  check_refused(nested(20'000), "nested too deeply");
}

TEST_CASE("groups nested without end are refused") {
  std::string groups;
  for (int i = 0; i < 10'000; ++i) groups += tag(90, 3);
  check_refused(groups, "nested too deeply");
  check_refused(tag(90, 4), "bad wire type");
  check_refused(std::string(20, '\xff'), "bad field tag");
  check_refused(std::string("\x02\x00", 2), "field number 0");
}

TEST_CASE("text that is not UTF-8 is repaired, or refused when asked to") {
  const std::string request = log_request(bytes(5, bytes(1, "a\xff\xc3(\xe2\x82\xac")));
  const auto repaired = decode_logs(request);
  REQUIRE(repaired.has_value());
  CHECK(only_record(*repaired).body.text() == "a\xef\xbf\xbd\xef\xbf\xbd(\xe2\x82\xac");
  CHECK_FALSE(decode_logs(request, {.repair_utf8 = false}).has_value());
  CHECK(*count_records(Signal::logs, request) == 1);
}

TEST_CASE("a message that comes in pieces is merged") {
  const std::string request = bytes(1, bytes(1, key_value(1, "a", number(3, 1))) + bytes(2, bytes(2, "")) +
                                           bytes(1, key_value(1, "b", number(3, 2))));
  const auto batch = decode_logs(request);
  CHECK(batch->resources[0].resource.attributes.size() == 2);
  const std::string twice = log_request(bytes(5, bytes(1, "first")) + bytes(5, bytes(1, "second")));
  CHECK(only_record(*decode_record(twice)).body.text() == "second");
}

TEST_CASE("a request that would take far more memory than bytes is refused when bounded") {
  std::string records;
  for (int i = 0; i < 100'000; ++i) records += bytes(2, "");
  const std::string request = bytes(1, bytes(2, records));
  CHECK(decode_logs(request).has_value());
  const auto bounded = decode_logs(request, {.memory_max = 1_MiB});
  REQUIRE_FALSE(bounded.has_value());
  CHECK(bounded.error().kind() == ErrorKind::refused);

  std::string attributes;
  for (int i = 0; i < 100'000; ++i) attributes += bytes(6, "");
  CHECK_FALSE(decode_logs(log_request(attributes), {.memory_max = 1_MiB}).has_value());
}

TEST_CASE("chunks of a wire batch decode into one batch that keeps them alive") {
  WireBatch wire{.signal = Signal::logs, .chunks = {}, .record_count = 2, .size = {}};
  for (int i = 0; i < 2; ++i)
    wire.chunks.push_back(std::make_shared<const Buffer>(Buffer::copy_of(log_request(full_record()))));
  auto batch = decode(wire);
  wire.chunks.clear();
  REQUIRE(batch.has_value());
  CHECK(batch->record_count() == 2);
  CHECK(batch->logs().resources[1].scopes[0].records[0].severity_text == "ERROR");
}

}  // namespace rankwire::otlp
