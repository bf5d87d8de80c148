#include "receivers/file_log/parse/line_parser.hpp"

#include <algorithm>
#include <cstring>

#include "receivers/file_log/parse/kubernetes_path.hpp"
#include "receivers/file_log/parse/operators/build.hpp"

namespace rankwire::file_log {

namespace {

// The sets of an AttributeBlock.
constexpr std::size_t resource_set = 0;
constexpr std::size_t plain_set = 1;
constexpr std::size_t container_sets = 2;  // Six: two streams by three tags.
enum TagIndex : std::size_t { full_tag, partial_tag, no_tag, tag_count };

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// The largest size up to `size_max` that does not cut a UTF-8 sequence.
std::size_t cut_at_character(std::string_view data, std::size_t size_max) {
  std::size_t size = size_max;
  for (int i = 0; i < 3 && size > 1 && size < data.size() && (data[size] & 0xC0) == 0x80; ++i) --size;
  return (data[size] & 0xC0) == 0x80 ? size_max : size;
}

void append_file_facts(const FileAttributeChoice& choice, const FileFacts& facts, AttributeTexts& to) {
  const auto add = [&to](bool is_chosen, const char* key, std::string_view value) {
    if (is_chosen) to.emplace_back(key, value);
  };
  const std::string& resolved = facts.path_resolved.empty() ? facts.path : facts.path_resolved;
  add(choice.name, "log.file.name", base_name(facts.path));
  add(choice.path, "log.file.path", facts.path);
  add(choice.name_resolved, "log.file.name_resolved", base_name(resolved));
  add(choice.path_resolved, "log.file.path_resolved", resolved);
  add(choice.owner_name, "log.file.owner.name", facts.owner_name);
  add(choice.owner_group_name, "log.file.owner.group.name", facts.owner_group_name);
  add(choice.permissions, "log.file.permissions", facts.permissions);
}

void append_kubernetes(const FileFacts& facts, AttributeTexts& to) {
  KubernetesPath found;
  // The resolved path knows more: uid and restart count.
  const bool has_resolved = read_kubernetes_path(facts.path_resolved, found) && !found.pod_uid.empty();
  if (!has_resolved && !read_kubernetes_path(facts.path, found)) {
    if (!read_kubernetes_path(facts.path_resolved, found)) return;
  }
  const auto add = [&to](const char* key, std::string_view value) {
    if (!value.empty()) to.emplace_back(key, value);
  };
  add("k8s.namespace.name", found.namespace_name);
  add("k8s.pod.name", found.pod_name);
  add("k8s.pod.uid", found.pod_uid);
  add("k8s.container.name", found.container_name);
  add("k8s.container.restart_count", found.restart_count);
}

}  // namespace

LineParser::LineParser(std::shared_ptr<const LinePlan> plan, FileFacts facts)
    : plan_(std::move(plan)),
      facts_(std::move(facts)),
      joiner_(plan_->container.has_value() ? plan_->container->size_max : 0) {
  run_.log = plan_->log;
  run_.file = &facts_.path;
  run_.drops = &drops_;
  if (plan_->graph != nullptr) run_.states = plan_->graph->make_states();
  if (plan_->header != nullptr) header_.emplace(plan_->header);
}

void LineParser::build_attributes() {
  AttributeTexts resource = plan_->resource;
  AttributeTexts plain = plan_->attributes;
  append_file_facts(plan_->file, facts_, plain);
  std::vector<AttributeTexts> sets;
  if (plan_->container.has_value()) {
    if (plan_->container->adds_metadata) append_kubernetes(facts_, resource);
    for (const char* stream : {"stdout", "stderr"}) {
      for (const char* tag : {"F", "P", ""}) {
        AttributeTexts set = plain;
        set.emplace_back("log.iostream", stream);
        if (*tag != '\0') set.emplace_back("logtag", tag);
        sets.push_back(std::move(set));
      }
    }
  }
  sets.insert(sets.begin(), {resource, plain});
  if (!header_) {
    block_ = AttributeBlock(sets, plan_);
    return;
  }
  using Owners = std::pair<std::shared_ptr<const void>, std::shared_ptr<const void>>;
  block_ = AttributeBlock(sets, std::make_shared<Owners>(plan_, header_->memory()), header_->attributes());
}

// How much of `data` belongs to the header. What stood before `offset` was taken by another parser.
std::size_t LineParser::parse_header(std::string_view data, std::uint64_t offset, bool is_end) {
  if (offset != 0 && !facts_.start.empty()) header_->take_again(std::exchange(facts_.start, {}), offset);
  if (header_->is_done()) return 0;
  const bool has_mark = offset == 0 && data.starts_with(byte_order_mark);
  const std::size_t mark = has_mark ? byte_order_mark.size() : 0;
  const std::size_t taken = header_->take(data.substr(mark), is_end);
  return taken == 0 ? 0 : mark + taken;
}

void LineParser::begin(LogBatch& out, std::size_t size) {
  if (block_.memory() == nullptr) build_attributes();
  observed_unix_nanos_ = plan_->clock->unix_nanos();
  now_ = plan_->clock->now();
  sink_.begin(out, block_, block_.set(resource_set), static_cast<std::uint32_t>(size / line_size_mean_ + 4));
  run_.sink = &sink_;
  run_.now = now_;
  run_.unix_nanos = observed_unix_nanos_;
  run_.file_resource = block_.set(resource_set);
  run_.file_attributes = block_.set(plain_set);
}

void LineParser::end() {
  for (const auto& state : run_.states)
    if (state != nullptr) state->end_call(run_);
}

LogRecord& LineParser::new_record() {
  if (plan_->graph == nullptr) [[likely]]
    return sink_.add();
  entry_ = {};
  return entry_.record;
}

void LineParser::finish(std::uint64_t offset) {
  if (plan_->graph == nullptr) [[likely]]
    return;
  entry_.resource = run_.file_resource;
  entry_.offset = offset;
  plan_->graph->first().process(entry_, run_);
}

std::size_t LineParser::parse(std::string_view data, std::uint64_t offset, bool is_end, LogBatch& out) {
  if (header_ && !header_->is_done()) {
    const std::size_t size = parse_header(data, offset, is_end);
    const std::size_t rest = data.size() - size;
    if (header_->is_done() && size != 0) return size + parse(data.substr(size), offset + size, is_end, out);
    if (!header_->is_done()) {
      untaken_size_ = rest;
      untaken_since_ = plan_->clock->now();
      return size;
    }
  }
  begin(out, data.size());
  std::size_t taken = 0;
  if (offset == 0 && plan_->decoder->encoding() == text::Encoding::utf8 && data.starts_with(byte_order_mark))
    taken = byte_order_mark.size();
  const std::uint64_t number_before = record_number_;
  if (plan_->cutter == nullptr) {
    taken += cut_lines(data.substr(taken), offset + taken);
    if (is_end && taken != data.size() && !is_skipping_) take_raw(data.substr(taken), offset + taken);
    if (is_end) taken = data.size();
  } else {
    taken += cut_entries(data.substr(taken), offset + taken, is_end);
  }
  if (record_number_ != number_before)
    line_size_mean_ = std::max<std::size_t>(taken / (record_number_ - number_before), 16);
  const std::size_t untaken = data.size() - taken;
  if (taken != 0 || untaken != untaken_size_) untaken_since_ = now_;
  untaken_size_ = untaken;
  end();
  return taken;
}

std::size_t LineParser::skip_rest_of_line(std::string_view data) {
  const std::size_t end = data.find('\n');
  is_skipping_ = end == std::string_view::npos;
  return is_skipping_ ? data.size() : end + 1;
}

std::size_t LineParser::cut_lines(std::string_view data, std::uint64_t offset) {
  if (data.empty()) return 0;
  std::size_t taken = is_skipping_ ? skip_rest_of_line(data) : 0;
  const char* const start = data.data();
  const auto* last = static_cast<const char*>(memrchr(start + taken, '\n', data.size() - taken));
  if (last != nullptr) {
    const char* at = start + taken;
    const char* const end = last + 1;
    is_known_valid_ = plan_->decoder->encoding() == text::Encoding::utf8 &&
                      text::is_valid_utf8({at, static_cast<std::size_t>(end - at)});
    may_be_usual_ = is_known_valid_ && plan_->container.has_value() && plan_->graph == nullptr &&
                    plan_->container->format != ContainerFormat::docker && !plan_->file.record_number &&
                    !plan_->file.record_offset;
    while (at != end) {
      const auto* line_end = static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at)));
      auto size = static_cast<std::size_t>(line_end - at);
      if (size > plan_->line_size_max) [[unlikely]]
        at += cut_long_line({at, size + 1}, offset + static_cast<std::size_t>(at - start));
      else if (!may_be_usual_ || !take_usual_line(at, size))
        take_raw({at, size}, offset + static_cast<std::size_t>(at - start));
      at = line_end + 1;
      is_skipping_ = false;
    }
    taken = static_cast<std::size_t>(end - start);
  }
  is_known_valid_ = may_be_usual_ = false;
  if (data.size() - taken > plan_->line_size_max) taken += cut_long_line(data.substr(taken), offset + taken);
  return taken;
}

// Takes what is longer than the maximum from a line whose end may be unknown yet; with a known end
// (a last line feed) also takes the remainder.
std::size_t LineParser::cut_long_line(std::string_view data, std::uint64_t offset) {
  const bool has_end = data.back() == '\n';
  std::size_t taken = 0;
  const std::size_t size = data.size() - (has_end ? 1 : 0);
  while (size - taken > plan_->line_size_max) {
    const std::size_t piece = cut_at_character(data.substr(taken), plan_->line_size_max);
    take_raw(data.substr(taken, piece), offset + taken);
    taken += piece;
    if (plan_->truncates) {
      is_skipping_ = !has_end;
      return data.size();
    }
  }
  if (!has_end) return taken;
  take_raw(data.substr(taken, size - taken), offset + taken);
  return data.size();
}

// How much of `text` may be one record.
std::size_t LineParser::piece_size(std::string_view text) const {
  if (text.size() <= plan_->line_size_max) return text.size();
  return plan_->decoder->unit_size() == 2 ? plan_->line_size_max & ~std::size_t{1}
                                          : cut_at_character(text, plan_->line_size_max);
}

std::size_t LineParser::cut_entries(std::string_view data, std::uint64_t offset, bool is_end) {
  std::size_t taken = 0;
  std::size_t searched = untaken_size_;
  while (taken != data.size()) {
    std::string_view rest = data.substr(taken);
    LineCutter::Cut cut = plan_->cutter->next(rest, std::min(searched, rest.size()), is_end);
    searched = 0;
    if (cut.taken == 0 && rest.size() <= plan_->line_size_max) break;
    if (cut.taken == 0) {
      const std::size_t size = piece_size(rest);
      cut = {size, rest.substr(0, size)};
    }
    std::uint64_t at = offset + taken;
    for (std::string_view text = cut.text; !text.empty();) {
      const std::size_t size = piece_size(text);
      take_raw(text.substr(0, size), at);
      text.remove_prefix(plan_->truncates ? text.size() : size);
      at += size;
    }
    taken += cut.taken;
  }
  return taken;
}

std::string_view LineParser::trimmed(std::string_view line, bool keeps_trailing) const {
  if (!plan_->keeps_leading_space)
    while (!line.empty() && is_space(line.front())) line.remove_prefix(1);
  if (!keeps_trailing)
    while (!line.empty() && is_space(line.back())) line.remove_suffix(1);
  else if (plan_->cutter == nullptr && !line.empty() && line.back() == '\r')
    line.remove_suffix(1);  // Part of the line end.
  return line;
}

// What `take_container_line` does for nearly all lines, without asking about everything that a line could be.
bool LineParser::take_usual_line(const char* line, std::size_t size) {
  // 2026-11-22T15:00:00.123456789Z stdout F message
  constexpr std::size_t head_size = 40;
  std::uint64_t time = 0;
  if (size < head_size || std::memcmp(line + 30, " std", 4) != 0 || std::memcmp(line + 37, " F ", 3) != 0) return false;
  const bool is_error_stream = std::memcmp(line + 34, "err", 3) == 0;
  if (!is_error_stream && std::memcmp(line + 34, "out", 3) != 0) return false;
  if (joiner_.holds(is_error_stream) || !time_.read_in_same_second(line, time)) return false;
  std::string_view message(line + head_size, size - head_size);
  if (!plan_->keeps_trailing_space)
    while (!message.empty() && is_space(message.back())) message.remove_suffix(1);
  else if (message.ends_with('\r'))
    message.remove_suffix(1);
  LogRecord& record = sink_.add();
  record.time_unix_nanos = time;
  record.observed_time_unix_nanos = observed_unix_nanos_;
  record.body = Value::of(message);
  record.attributes = block_.set(container_sets + (is_error_stream ? std::size_t{tag_count} : 0) + full_tag);
  ++record_number_;
  return true;
}

void LineParser::take_raw(std::string_view raw, std::uint64_t offset) {
  if (!is_known_valid_) [[unlikely]]
    raw = plan_->decoder->decode(raw, sink_.arena());
  take_line(raw, offset);
}

void LineParser::take_line(std::string_view line, std::uint64_t offset) {
  if (plan_->container.has_value()) {
    take_container_line(line, offset);
    return;
  }
  // The space at the end of a partial line belongs to its message.
  ContainerLine parsed;
  const bool is_partial = plan_->has_container_operator && read_cri_line(line, time_, parsed) && parsed.is_partial;
  line = trimmed(line, plan_->keeps_trailing_space || is_partial);
  if (line.empty()) return;
  add_plain(plan_->decoder->encoding() == text::Encoding::raw_bytes ? Value::of_bytes(line) : Value::of(line), offset);
}

void LineParser::take_container_line(std::string_view line, std::uint64_t offset) {
  // The space at the end of a partial line belongs to the message; it is trimmed once joined.
  line = trimmed(line, true);
  if (line.empty()) return;
  const ContainerStage& stage = *plan_->container;
  ContainerLine parsed;
  if (!read_container_line(line, stage.format, time_, sink_.arena(), parsed)) [[unlikely]] {
    if (stage.on_error == OnError::send || stage.on_error == OnError::drop)
      plan_->log->warn("line is not of the container format", {{"file", facts_.path}, {"offset", offset}});
    if (stage.on_error == OnError::drop || stage.on_error == OnError::drop_quiet)
      ++drops_.unparsable;
    else
      add_plain(Value::of(trimmed(line, plan_->keeps_trailing_space)), offset);
    return;
  }
  if (joiner_.take(parsed, offset, now_, sink_.arena())) add_container(parsed, offset);
}

void LineParser::add_position(Attributes& attributes, std::uint64_t offset) {
  Arena& arena = sink_.arena();
  if (plan_->file.record_number)
    set(attributes, arena, "log.file.record_number", Value::of(static_cast<std::int64_t>(record_number_)));
  if (plan_->file.record_offset)
    set(attributes, arena, "log.file.record_offset", Value::of(static_cast<std::int64_t>(offset)));
}

void LineParser::add_plain(Value body, std::uint64_t offset) {
  LogRecord& record = new_record();
  record.observed_time_unix_nanos = observed_unix_nanos_;
  record.body = body;
  record.attributes = block_.set(plain_set);
  ++record_number_;
  if (plan_->file.record_number || plan_->file.record_offset) add_position(record.attributes, offset);
  finish(offset);
}

void LineParser::add_container(const ContainerLine& line, std::uint64_t offset) {
  std::string_view message = line.message;
  // A Docker message keeps its own line end.
  if (!line.is_docker && !plan_->keeps_trailing_space)
    while (!message.empty() && is_space(message.back())) message.remove_suffix(1);
  LogRecord& record = new_record();
  record.time_unix_nanos = line.time_unix_nanos;
  record.observed_time_unix_nanos = observed_unix_nanos_;
  record.body = Value::of(message);
  const bool is_error_stream = line.stream == "stderr";
  const TagIndex tag = line.tag.empty() ? no_tag : line.tag == "F" ? full_tag : partial_tag;
  record.attributes = block_.set(container_sets + (is_error_stream ? std::size_t{tag_count} : 0) + tag);
  ++record_number_;
  Arena& arena = sink_.arena();
  if (line.tag.size() > 1) [[unlikely]]
    set(record.attributes, arena, "logtag", Value::of(arena.copy(line.tag)));
  if (!is_error_stream && line.stream != "stdout") [[unlikely]]
    set(record.attributes, arena, "log.iostream", Value::of(arena.copy(line.stream)));
  for (const KeyValue& extra : line.extra) set(record.attributes, arena, extra.key, extra.value);
  if (plan_->file.record_number || plan_->file.record_offset) add_position(record.attributes, offset);
  finish(offset);
}

std::optional<std::uint64_t> LineParser::held_from() const {
  std::optional<std::uint64_t> from = joiner_.held_from();
  for (const auto& state : run_.states)
    if (const auto held = state == nullptr ? std::nullopt : state->held_from(); held.has_value())
      from = std::min(from.value_or(*held), *held);
  return from;
}

std::optional<Instant> LineParser::flush_due() const {
  std::optional<Instant> due;
  if (untaken_size_ != 0 && plan_->flush_period.count() > 0) due = untaken_since_ + plan_->flush_period;
  if (const auto oldest = joiner_.oldest(); oldest.has_value()) {
    const Instant at = *oldest + plan_->container->flush_period;
    due = std::min(due.value_or(at), at);
  }
  for (const auto& state : run_.states)
    if (const auto at = state == nullptr ? std::nullopt : state->due(); at.has_value())
      due = std::min(due.value_or(*at), *at);
  return due;
}

std::size_t LineParser::flush(Instant now, std::string_view untaken, std::uint64_t offset, LogBatch& out) {
  const bool is_all = now == Instant::max();
  if (header_ && !header_->is_done() && !untaken.empty() && (is_all || now >= untaken_since_ + plan_->flush_period)) {
    const std::size_t size = parse_header(untaken, offset, true);
    untaken_size_ = untaken.size() - size;
    if (size != 0) return size;
  }
  begin(out, untaken.size());
  std::size_t taken = 0;
  // What waited is gone from the file, or cannot be read now: nothing is due until `parse` sees it again.
  if (untaken.empty()) untaken_size_ = 0;
  const bool may_flush = plan_->flush_period.count() > 0 || is_all;
  if (!untaken.empty() && may_flush && (is_all || now >= untaken_since_ + plan_->flush_period)) {
    if (plan_->cutter == nullptr)
      take_raw(untaken, offset);
    else
      cut_entries(untaken, offset, true);
    taken = untaken.size();
    untaken_size_ = 0;
  }
  if (plan_->container.has_value()) {
    const Instant since = is_all ? now : now - plan_->container->flush_period;
    for (ContainerLine line; joiner_.release(since, sink_.arena(), line);) add_container(line, offset);
  }
  for (const auto& state : run_.states)
    if (state != nullptr) state->flush(now, run_);
  end();
  return taken;
}

void LineParser::continue_from(FileParser& previous) {
  auto* other = dynamic_cast<LineParser*>(&previous);
  if (other == nullptr || other->plan_ != plan_) return;
  joiner_.continue_from(other->joiner_);
  for (std::size_t i = 0; i < run_.states.size(); ++i)
    if (run_.states[i] != nullptr) run_.states[i]->continue_from(*other->run_.states[i]);
}

FileParser::Drops LineParser::take_drops() { return std::exchange(drops_, {}); }

bool LineParser::is_replaceable() const {
  return !header_ && !plan_->file.record_number && !is_skipping_ && untaken_size_ == 0 && !held_from();
}

}  // namespace rankwire::file_log
