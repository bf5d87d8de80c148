#include "kubernetes/object_watch.hpp"

#include <algorithm>

#include "base/arena.hpp"
#include "kubernetes/object_splitter.hpp"
#include "kubernetes/pod.hpp"
#include "text/json_value.hpp"

namespace rankwire::kubernetes {
namespace {

bool read(std::string_view json, Arena& arena, Value& value) {
  return text::read_json_object(json, text::NumberForm::integer_where_exact, arena, value);
}

// A watch that ends sooner than this and said nothing new counts as failed: else a server that always hangs up would be
// asked without a pause.
constexpr Duration watch_time_min = std::chrono::seconds(1);

}  // namespace

ObjectWatch::ObjectWatch(WatchOptions options, ApiClient& client, Clock& clock, Random& random, Logger& log,
                         Counters& counters, WatchSink& sink)
    : options_(std::move(options)),
      client_(client),
      clock_(clock),
      random_(random),
      log_(log),
      sink_(sink),
      lists_(counters.counter("rankwire_kubernetes_lists_total", "Lists read from the API server.",
                              {{"component", options_.owner}})),
      watches_(counters.counter("rankwire_kubernetes_watches_total", "Watches begun at the API server.",
                                {{"component", options_.owner}})),
      failures_(counters.counter("rankwire_kubernetes_failures_total",
                                 "Lists and watches that failed and are tried again.",
                                 {{"component", options_.owner}})),
      events_(counters.counter("rankwire_kubernetes_events_total", "Changes heard of from the API server.",
                               {{"component", options_.owner}})),
      unreadable_(counters.counter("rankwire_kubernetes_unreadable_objects_total",
                                   "Objects of the API server that were too long or made no sense.",
                                   {{"component", options_.owner}})),
      version_(options_.version) {}

void ObjectWatch::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    Result<void> done = version_.empty() ? list(stop) : watch(stop);
    if (done) continue;
    if (stop.stop_requested()) return;
    // What the server no longer knows is listed anew, at once unless that fails too.
    const bool has_expired = done.error().kind() == ErrorKind::corrupt;
    if (has_expired) version_.clear();
    if (has_expired && failed_ == 0) {
      failed_ = 1;
      continue;
    }
    wait_after(done.error(), stop);
  }
}

void ObjectWatch::wait_after(const Error& error, const std::stop_token& stop) {
  failures_.add();
  ++failed_;
  log_.warn("the Kubernetes API is asked again later",
            {{"component", options_.owner}, {"path", options_.path}, {"error", error.message()}});
  Duration wait = std::min<Duration>(options_.retry_max, options_.retry_first * (1LL << std::min(failed_ - 1, 10U)));
  // Agents of a thousand nodes must not come back at the same moment.
  wait = std::chrono::duration_cast<Duration>(wait * (0.5 + random_.unit()));
  if (error.retry_after())
    wait = std::max<Duration>(wait, std::min<Duration>(*error.retry_after(), options_.retry_max));
  clock_.wait_until(clock_.now() + wait, stop);
}

std::string ObjectWatch::target(const std::string& query) const {
  return options_.path + "?" + query + (options_.selectors.empty() ? "" : "&" + options_.selectors);
}

Result<void> ObjectWatch::list(const std::stop_token& stop) {
  sink_.listing_begins();
  std::string next_page;
  do { RANKWIRE_TRY(list_page(next_page, stop)); } while (!next_page.empty());
  has_listed_ = true;
  lists_.add();
  sink_.listing_ended();
  return {};
}

Result<void> ObjectWatch::list_page(std::string& next_page, const std::stop_token& stop) {
  std::string query = "limit=" + std::to_string(options_.page_size);
  if (!next_page.empty())
    query += "&continue=" + net::query_escaped(next_page);
  else if (options_.is_small && !has_listed_)
    query += "&resourceVersion=0";
  ObjectSplitter splitter(Shape::list, options_.object_bytes_max,
                          [this](std::string_view item) { return take_item(item); });
  RANKWIRE_TRY(client_.get(
      target(query), [&](std::string_view piece) { return splitter.feed(piece); }, options_.answer_time, stop));
  passed_over(splitter.too_long());
  Arena arena;
  Value envelope;
  if (!splitter.is_complete() || !read(splitter.envelope(), arena, envelope))
    return Error(ErrorKind::unavailable, "the API server's list is not a JSON object");
  next_page = text_at(envelope, {"metadata", "continue"});
  const std::string_view version = text_at(envelope, {"metadata", "resourceVersion"});
  if (version.empty()) return Error(ErrorKind::unavailable, "the API server's list has no resourceVersion");
  if (next_page.empty()) version_ = version;
  return {};
}

Result<void> ObjectWatch::take_item(std::string_view json) {
  Arena arena;
  Value object;
  if (read(json, arena, object))
    sink_.put(object);
  else
    passed_over(1);
  return {};
}

void ObjectWatch::passed_over(std::uint64_t objects) {
  if (objects == 0) return;
  unreadable_.add(objects);
  log_.warn("objects of the Kubernetes API were too long or made no sense",
            {{"component", options_.owner}, {"path", options_.path}, {"objects", objects}});
}

Result<void> ObjectWatch::watch(const std::stop_token& stop) {
  const Instant begin = clock_.now();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(options_.watch_time * (1.0 + random_.unit()));
  const std::string version_before = version_;
  std::uint64_t too_long = 0;
  ObjectSplitter splitter(Shape::documents, options_.object_bytes_max,
                          [this](std::string_view event) { return take_event(event); });
  watches_.add();
  Result<void> ended = client_.get(
      target("watch=1&allowWatchBookmarks=true&timeoutSeconds=" + std::to_string(seconds.count()) +
             "&resourceVersion=" + net::query_escaped(version_)),
      [&](std::string_view piece) {
        Result<void> fed = splitter.feed(piece);
        passed_over(splitter.too_long() - too_long);
        too_long = splitter.too_long();
        return fed;
      },
      seconds + options_.answer_time, stop);
  const bool has_served = version_ != version_before || clock_.now() - begin >= watch_time_min;
  const bool may_resume = ended || ended.error().kind() == ErrorKind::unavailable;
  if (has_served && may_resume) {
    // Breaks are a matter of course, and every moment without a watch is one in which pods are not known.
    failed_ = 0;
    failures_.add(ended ? 0 : 1);
    return {};
  }
  if (!ended) return ended;
  return Error(ErrorKind::unavailable, "the API server ended a watch at once");
}

Result<void> ObjectWatch::take_event(std::string_view json) {
  Arena arena;
  Value event;
  if (!read(json, arena, event)) {
    passed_over(1);
    return {};
  }
  const std::string_view type = text_at(event, {"type"});
  const Value* object = at(event, {"object"});
  if (object == nullptr || object->type() != ValueType::map) {
    passed_over(1);
    return {};
  }
  if (type == "ERROR") {
    const Value* code = at(*object, {"code"});
    const bool has_expired = code != nullptr && code->type() == ValueType::integer && code->integer() == 410;
    return Error(has_expired ? ErrorKind::corrupt : ErrorKind::unavailable,
                 "the API server ended a watch: " + std::string(text_at(*object, {"message"}).substr(0, 500)));
  }
  events_.add();
  if (const std::string_view version = text_at(*object, {"metadata", "resourceVersion"}); !version.empty())
    version_ = version;
  if (type == "ADDED")
    sink_.put(*object);
  else if (type == "MODIFIED")
    sink_.changed(*object);
  else if (type == "DELETED")
    sink_.removed(*object);
  else if (type != "BOOKMARK")
    passed_over(1);
  return {};
}

}  // namespace rankwire::kubernetes
