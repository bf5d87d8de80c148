// What becomes of URLs and of statements, and where they are looked for.
#include <doctest/doctest.h>

#include "processors/redaction/db_statements.hpp"
#include "processors/redaction/redaction_processor.hpp"
#include "processors/redaction/url_sanitizer.hpp"
#include "testing/log_batches.hpp"
#include "testing/processor_test.hpp"

namespace rankwire::redaction {
namespace {

using testing::bodies_of;
using testing::log_batch;
using testing::record_at;
using testing::text_of;

std::string url(const std::string& text) {
  std::string out = text;
  sanitize_url(text, out);
  return out;
}

std::string sql(const std::string& text, bool are_double_quotes_texts = false) {
  std::string out = text;
  hide_sql(text, are_double_quotes_texts, out);
  return out;
}

std::string redis(const std::string& text) {
  std::string out = text;
  hide_redis(text, out);
  return out;
}

std::string json(const std::string& text) {
  std::string out = text;
  hide_json(text, out);
  return out;
}

struct Fixture : testing::ProcessorFixture {
  Fixture() : ProcessorFixture(redaction_factory()) {}

  std::string attributes_after(const std::string& settings, std::initializer_list<KeyValue> attributes) {
    LogBatch logs = log_batch({"body"});
    for (const KeyValue& entry : attributes) set(record_at(logs, 0).attributes, logs.arena(), entry.key, entry.value);
    SignalBatch batch = std::move(logs);
    REQUIRE((*make("{allow_all_keys: true, " + settings + "}"))->process(batch));
    return text_of(record_at(batch.logs(), 0).attributes);
  }
  std::string body_after(const std::string& settings, const std::string& body) {
    SignalBatch batch = log_batch({body});
    REQUIRE((*make("{allow_all_keys: true, " + settings + "}"))->process(batch));
    return bodies_of(batch.logs())[0];
  }
  std::string name_after(const std::string& settings, std::uint32_t kind, const char* name, const char* system = "") {
    TraceBatch traces;
    Arena& arena = traces.arena();
    Span span;
    span.kind = kind;
    span.name = name;
    if (*system != '\0') set(span.attributes, arena, "db.system", Value::of(system));
    traces.resources.push(arena, {}).scopes.push(arena, {}).records.push(arena, span);
    SignalBatch batch = std::move(traces);
    REQUIRE((*make("{allow_all_keys: true, " + settings + "}"))->process(batch));
    return std::string(batch.traces().resources[0].scopes[0].records[0].name);
  }
};

constexpr std::uint32_t server_span = 2, client_span = 3, producer_span = 4;

TEST_CASE("ids, random names, queries and fragments leave a URL, words and versions stay") {
  CHECK(url("/api/users/123e4567-e89b-12d3-a456-426614174000") == "/api/users/*");
  CHECK(url("/api/users/123/posts/456") == "/api/users/*/posts/*");
  CHECK(url("/api/users?id=123&name=john") == "/api/users");
  CHECK(url("/users/fdklsd/j4elk/23993/job/2") == "/users/*/j4elk/*/job/*");
  CHECK(url("/v1/k6-test-runs/1#top") == "/v1/k6-test-runs/*");
  CHECK(url("/products//org/3") == "/products//org/*");
  CHECK(url("GET /user_space/") == "GET /user_space/");
  CHECK(url("/a/b/c/d/e/f/g/h/i/j") == "/a/b/c/d/e/f/g/h/i");
  CHECK(url("attach12?") == "*");
  CHECK(url("") == "");
}

TEST_CASE("words are told from random letters") {
  for (const char* word : {"attach", "kubernetes", "deployment", "checkout", "usuarios", "Benutzer", "namespaces"})
    CHECK_MESSAGE(looks_like_word(word), word);
  for (const char* noise : {"fdklsd", "ljgdflgjf", "xkcdqzrt", "aqzjxkwe", "mnbvcxz"})
    CHECK_MESSAGE(!looks_like_word(noise), noise);
}

TEST_CASE("values leave SQL, its shape stays") {
  CHECK(sql("SELECT * FROM users WHERE id = 123") == "SELECT * FROM users WHERE id = ?");
  CHECK(sql("INSERT INTO users (name, age) VALUES ('John', 30)") == "INSERT INTO users (name, age) VALUES (?, ?)");
  CHECK(sql("SELECT 'it''s \\' secret', x'1f', 0x1F, 1.5e-7, .5, -3 FROM t2") == "SELECT ?, ?, ?, ?, ?, -? FROM t?");
  CHECK(sql("SELECT a -- secret\nFROM b /* secret */ WHERE c = $1") == "SELECT a \nFROM b  WHERE c = $1");
  CHECK(sql("SELECT $tag$it is 'secret'$tag$, $$secret$$") == "SELECT ?, ?");
  CHECK(sql("SELECT \"Name\" FROM t WHERE x = \"secret\"") == "SELECT \"Name\" FROM t WHERE x = \"secret\"");
  CHECK(sql("SELECT x FROM t WHERE x = \"secret\"", true) == "SELECT x FROM t WHERE x = ?");
  CHECK(sql("WHERE x = 'never ends") == "WHERE x = ?");
  CHECK(sql("WHERE x = 'never ends \\") == "WHERE x = ?");
}

TEST_CASE("values leave commands of Redis, keys and fields stay") {
  CHECK(redis("SET user:123 john") == "SET user:123 ?");
  CHECK(redis("set user:123 \"john \\\" doe\" EX 60") == "set user:123 ? EX 60");
  CHECK(redis("GET user:123") == "GET user:123");
  CHECK(redis("HSET h name john age 30") == "HSET h name ? age ?");
  CHECK(redis("MSET a 1 b 2") == "MSET a ? b ?");
  CHECK(redis("AUTH user secret") == "AUTH ?");
  CHECK(redis("LPUSH list a b c\nGET x") == "LPUSH list ?\nGET x");
  CHECK(redis("the job has set something") == "the job has set something");
}

TEST_CASE("values leave JSON, names and nesting stay, what is not JSON stays as it is") {
  CHECK(json(R"({"find": "users", "filter": {"age": 30, "ok": true, "in": [1, "a"]}})") ==
        R"({"find":"?","filter":{"age":"?","ok":"?","in":["?","?"]}})");
  for (const char* other : {"/foo/{bar}", "{\"a\": }", "{\"a\": 1", "[1,2,]x", "text", "\"text\"", ""})
    CHECK(json(other) == other);
  CHECK(json(std::string(1000, '[')) == std::string(1000, '['));
}

TEST_CASE("URLs are looked for in the listed attributes and in bodies") {
  Fixture f;
  const std::string settings = "url_sanitizer: {enabled: true, attributes: [http.url]}";
  CHECK(f.attributes_after(settings, {{"http.url", Value::of("/u/12")}, {"other", Value::of("/u/12")}}) ==
        "{http.url=/u/*,other=/u/12}");
  CHECK(f.body_after(settings, "GET /users/4711?token=x") == "GET /users/*");
  CHECK(f.body_after("url_sanitizer: {enabled: false, attributes: [http.url]}", "/u/12") == "/u/12");
}

TEST_CASE("names of client and server spans that hold a path lose their ids, unless told otherwise") {
  Fixture f;
  CHECK(f.name_after("url_sanitizer: {enabled: true}", server_span, "GET /users/12") == "GET /users/*");
  CHECK(f.name_after("url_sanitizer: {enabled: true}", producer_span, "send /users/12") == "send /users/12");
  CHECK(f.name_after("url_sanitizer: {enabled: true}", client_span, "step 12") == "step 12");
  CHECK(f.name_after("url_sanitizer: {enabled: true}", client_span, "/12/13") == "/12/13");
  CHECK(f.name_after("url_sanitizer: {enabled: true, sanitize_span_name: false}", server_span, "/users/12") ==
        "/users/12");
  CHECK(f.name_after("url_sanitizer: {enabled: true}, allowed_values: ['^GET']", server_span, "GET /users/12") ==
        "GET /users/12");
}

TEST_CASE("the database system decides how a statement is read") {
  Fixture f;
  const std::string settings =
      "db_sanitizer: {sql: {enabled: true, attributes: [db.statement]}, redis: {enabled: true, attributes: "
      "[db.statement]}, valkey: {enabled: true, attributes: [db.statement]}, memcached: {enabled: true, attributes: "
      "[db.statement]}, mongo: {enabled: true, attributes: [db.statement]}, opensearch: {enabled: true, attributes: "
      "[db.statement]}, es: {enabled: true, attributes: [db.statement]}}";
  const auto after = [&](const char* system, const char* statement) {
    std::string text = f.attributes_after(settings, {{"db.system.name", Value::of(system)},
                                                     {"db.statement", Value::of(statement)},
                                                     {"other", Value::of("SET a b")}});
    CHECK(text.ends_with(",other=SET a b}"));
    const std::size_t from = text.find("db.statement=") + 13;
    return text.substr(from, text.rfind(",other=") - from);
  };
  CHECK(after("PostgreSQL", "UPDATE a SET b = 10") == "UPDATE a SET b = ?");
  CHECK(after("mariadb", "UPDATE a SET b = \"x\"") == "UPDATE a SET b = ?");
  CHECK(after("redis", "SET user:1 x") == "SET user:1 ?");
  CHECK(after("valkey", "SET user:1 x") == "SET user:1 ?");
  CHECK(after("memcached", "set k 0 60 5\r\nsecret\r\n") == "set k 0 60 5");
  for (const char* system : {"mongodb", "opensearch", "elasticsearch"})
    CHECK(after(system, R"({"find": "users"})") == R"({"find":"?"})");
  CHECK(after("cassandra", "SET user:1 x") == "SET user:1 x");
}

TEST_CASE("without a database system a statement stays, unless guessing is allowed") {
  Fixture f;
  const std::string kinds =
      "sql: {enabled: true, attributes: [q]}, redis: {enabled: true, attributes: [q]}, mongo: {enabled: true}";
  CHECK(f.attributes_after("db_sanitizer: {" + kinds + "}", {{"q", Value::of("SET user:1 john")}}) ==
        "{q=SET user:1 john}");
  CHECK(f.attributes_after("db_sanitizer: {allow_fallback_without_system: true, " + kinds + "}",
                           {{"q", Value::of("SET user:1 john")}}) == "{q=SET user:? ?}");
}

TEST_CASE("statements in bodies and in names of spans lose their values") {
  Fixture f;
  CHECK(f.body_after("db_sanitizer: {redis: {enabled: true}}", "SET user:1 john") == "SET user:1 ?");
  CHECK(f.body_after("db_sanitizer: {sql: {enabled: true}}", "SELECT 1") == "SELECT ?");
  CHECK(f.name_after("db_sanitizer: {sql: {enabled: true}}", client_span, "SELECT 1", "mysql") == "SELECT ?");
  CHECK(f.name_after("db_sanitizer: {sql: {enabled: true}}", client_span, "SELECT 1") == "SELECT 1");
  CHECK(f.name_after("db_sanitizer: {sql: {enabled: true}}", producer_span, "SELECT 1", "mysql") == "SELECT 1");
  CHECK(f.name_after("db_sanitizer: {sql: {enabled: true}, sanitize_span_name: false}", client_span, "SELECT 1",
                     "mysql") == "SELECT 1");
}

}  // namespace
}  // namespace rankwire::redaction
