#include "receivers/kmsg/kmsg_receiver.hpp"

#include <array>

#include "text/encoding.hpp"

namespace rankwire::kmsg {
namespace {

constexpr auto retry_pause = std::chrono::seconds(1);
constexpr std::size_t unfinished_max = 64 << 10;
constexpr std::uint64_t small_file_max = 4 << 10;
constexpr std::int64_t nanos_per_micro = 1000;

constexpr std::array<std::string_view, 8> level_names{"emerg",   "alert",  "crit", "err",
                                                      "warning", "notice", "info", "debug"};
// FATAL, ERROR3, ERROR2, ERROR, WARN, INFO2, INFO, DEBUG: as OpenTelemetry maps syslog's.
constexpr std::array<std::uint32_t, 8> severities{21, 19, 18, 17, 13, 10, 9, 5};

Result<std::unique_ptr<Receiver>> create(const KmsgConfig& config, const ComponentContext& context, Intakes intakes) {
  require(intakes.logs != nullptr, "kmsg is in a pipeline of logs");
  return std::unique_ptr<Receiver>(std::make_unique<KmsgReceiver>(config, context, *intakes.logs));
}

Value owned(std::string_view text, Arena& arena) { return Value::of(arena.copy(text::repair_utf8(text, arena))); }

// What is about a container has a resource of its own, which other components join with its pod.
List<LogRecord>& records_of(const ProcessOwner& owner, LogBatch& batch) {
  Arena& arena = batch.arena();
  const bool has_owner = !owner.container.empty() || !owner.pod_uid.empty();
  const bool is_of_host = !batch.resources.empty() && batch.resources.back().resource.attributes.empty();
  if (!has_owner && is_of_host) return batch.resources.back().scopes.back().records;
  LogResource& resource = batch.resources.add(arena);
  Attributes& attributes = resource.resource.attributes;
  if (!owner.container.empty()) set(attributes, arena, "container.id", Value::of(arena.copy(owner.container)));
  if (!owner.pod_uid.empty()) set(attributes, arena, "k8s.pod.uid", Value::of(arena.copy(owner.pod_uid)));
  return resource.scopes.add(arena).records;
}

}  // namespace

KmsgReceiver::KmsgReceiver(const KmsgConfig& config, const ComponentContext& context, Intake& next)
    : config_(config),
      environment_(context.environment),
      id_(context.id),
      next_(next),
      owners_(environment_.files, environment_.clock, config.root_path),
      log_(environment_.files, environment_.clock, config.path),
      position_(std::make_shared<Position>()),
      lost_(environment_.counters.counter("rankwire_kmsg_lost_messages_total",
                                          "Messages that the kernel overwrote before they were read.",
                                          {{"receiver", id_.text()}})),
      malformed_(environment_.counters.counter("rankwire_kmsg_malformed_records_total",
                                               "What was read and is no record of the kernel.",
                                               {{"receiver", id_.text()}})) {}

KmsgReceiver::~KmsgReceiver() {
  worker_.request_stop();
  worker_.join();
  position_->close();
}

Result<void> KmsgReceiver::start(Host& host) {
  if (Result<void> opened = log_.open(); !opened)
    return Error(opened.error().kind(),
                 opened.error().message() + "; reading it needs the file in the container, and root or CAP_SYSLOG")
        .during(id_.text());
  if (Result<void> restored = restore(host); !restored) return std::move(restored).error().during(id_.text());
  if (!has_history_ && config_.start_at == KmsgConfig::Start::end) {
    is_passing_over_ = true;
    std::string bytes;
    for (bool has_more = true; has_more;) {
      has_more = read(bytes);
      bytes.erase(0, pass_on(bytes, {}));
    }
    is_passing_over_ = false;
  }
  position_->open(next_sequence_, [this](bool) { log_.wake(); });
  auto worker = Worker::start("rw-kmsg", [this](const std::stop_token& stop) { run(stop); });
  if (!worker) return std::move(worker).error();
  worker_ = std::move(*worker);
  return {};
}

// Where reading goes on: of the same boot behind what is settled; of an earlier one at the oldest message.
Result<void> KmsgReceiver::restore(Host& host) {
  if (!config_.storage) return {};
  auto* storage = dynamic_cast<StorageProvider*>(host.extension(*config_.storage));
  if (storage == nullptr)
    return Error(ErrorKind::invalid, "storage: there is no storage extension " + config_.storage->text());
  auto directory = storage->directory_for(ComponentKind::receiver, id_, "position");
  if (!directory) return std::move(directory).error();
  must_sync_ = storage->must_sync();
  const auto boot =
      read_file(environment_.files, config_.root_path + "/proc/sys/kernel/random/boot_id", small_file_max);
  if (!boot) return Error(boot.error()).during("telling one boot from another");
  position_path_ = *directory + "/position";
  const auto text = read_file(environment_.files, position_path_, small_file_max);
  if (!text && !is_missing(text.error())) return text.error();
  const auto kept = text ? decode_position(*text) : std::nullopt;
  if (text && !kept)
    environment_.log.warn("kmsg: the stored position is damaged; reading all that the kernel has",
                          {{"component", id_.text()}, {"path", position_path_}});
  stored_.boot = boot->substr(0, boot->find('\n'));
  is_known_ = kept && kept->boot == stored_.boot;
  if (is_known_) next_sequence_ = stored_.next = kept->next;
  has_history_ = text.has_value();
  return {};
}

void KmsgReceiver::run(const std::stop_token& stop) {
  std::string bytes;
  while (!stop.stop_requested()) {
    if (position_->take_lost()) {
      read_again();
      bytes.clear();
    }
    const bool has_more = read(bytes);
    bytes.erase(0, pass_on(bytes, stop));
    if (bytes.size() > unfinished_max) {
      malformed_.add();
      bytes.clear();
    }
    store();
    if (has_more || stop.stop_requested()) continue;
    if (unhealthy())
      pause(stop);
    else
      log_.wait(stop);
  }
}

bool KmsgReceiver::read(std::string& bytes) {
  const auto more = log_.read(bytes);
  set_problem(more ? std::string() : more.error().message());
  return more && *more;
}

// How much is done with.
std::size_t KmsgReceiver::pass_on(std::string_view bytes, const std::stop_token& stop) {
  for (bool is_again = false;; is_again = true) {
    if (is_again) pause(stop);
    Gathered gathered = gather(bytes);
    const std::uint64_t next = gathered.next, records = gathered.batch.record_count();
    const std::size_t taken = gathered.taken;
    const Notes notes = gathered.notes;
    if (records == 0) {
      if (!is_passing_over_ && next != next_sequence_) position_->pass_over(next);
    } else if (stop.stop_requested()) {
      if (position_path_.empty()) next_.count_dropped(records, "shutdown");
      return 0;
    } else if (!deliver(std::move(gathered.batch), next)) {
      continue;
    }
    note(notes);
    is_known_ = is_known_ || notes.records != 0;
    next_sequence_ = next;
    return taken;
  }
}

KmsgReceiver::Gathered KmsgReceiver::gather(std::string_view bytes) {
  Gathered gathered;
  gathered.next = next_sequence_;
  const std::size_t all = bytes.size();
  const auto boot =
      static_cast<std::int64_t>(environment_.clock.unix_nanos()) - environment_.clock.now().time_since_epoch().count();
  bool is_known = is_known_;
  KernelRecord whole, part;
  bool has_whole = false;
  for (std::string_view record; next_record(bytes, record);) {
    if (!read_record(record, part)) {
      ++gathered.notes.malformed;
      continue;
    }
    if (is_known && part.sequence < gathered.next) continue;
    if (is_known) gathered.notes.lost += part.sequence - gathered.next;
    is_known = true;
    ++gathered.notes.records;
    gathered.next = part.sequence + 1;
    if (part.is_rest && has_whole && whole.is_continued) {
      whole.text += part.text;
      continue;
    }
    if (has_whole) add(whole, gathered, boot);
    std::swap(whole, part);
    has_whole = true;
  }
  if (has_whole) add(whole, gathered, boot);
  gathered.taken = all - bytes.size();
  return gathered;
}

// `boot`: when the machine's monotonic clock began, in nanoseconds since 1970.
void KmsgReceiver::add(const KernelRecord& kernel, Gathered& to, std::int64_t boot) {
  Arena& arena = to.batch.arena();
  LogRecord record;
  record.severity_number = severities[kernel.level];
  const Value body = owned(kernel.text, arena);
  Subject subject;
  const bool is_event = events_.recognize(body.text(), record, arena, subject);
  const bool is_wanted = is_event || (config_.other_messages &&
                                      kernel.level <= static_cast<std::uint32_t>(config_.other_messages->min_priority));
  if (is_passing_over_ || !is_wanted) return;
  if (is_event) to.notes.events.push_back(record.event_name);
  if (subject.process > 0 && subject.owner.container.empty()) subject.owner = owners_.owner_of(subject.process);
  record.body = body;
  record.severity_text = level_names[kernel.level];
  record.observed_time_unix_nanos = environment_.clock.unix_nanos();
  const std::int64_t at = boot + static_cast<std::int64_t>(kernel.since_boot_micros) * nanos_per_micro;
  // The kernel's clock for messages runs a little apart from the monotonic one; nothing is from the future.
  record.time_unix_nanos = std::min(static_cast<std::uint64_t>(at), record.observed_time_unix_nanos);
  set(record.attributes, arena, "kernel.sequence", Value::of(static_cast<std::int64_t>(kernel.sequence)));
  if (kernel.facility != 0)
    set(record.attributes, arena, "syslog.facility.code", Value::of(static_cast<std::int64_t>(kernel.facility)));
  if (kernel.thread != 0) set(record.attributes, arena, "thread.id", Value::of(kernel.thread));
  for (const auto& [key, value] : kernel.details) {
    if (key == "SUBSYSTEM") set(record.attributes, arena, "kernel.subsystem", owned(value, arena));
    if (key == "DEVICE") set(record.attributes, arena, "kernel.device", owned(value, arena));
  }
  records_of(subject.owner, to.batch).push(arena, record);
}

// False: it is to be tried again.
bool KmsgReceiver::deliver(LogBatch batch, std::uint64_t next) {
  const std::uint64_t records = batch.record_count();
  auto admission = next_.admit(batch.memory_bytes());
  if (!admission) {
    if (admission.error().is_retryable()) return false;
    next_.count_dropped(records, "undeliverable");
    position_->pass_over(next);
    return true;
  }
  const std::uint64_t token = position_->expect(next);
  const auto completion = std::make_shared<Completion>(position_, token);
  const auto delivered = next_.deliver(std::move(*admission), std::move(batch), completion);
  if (delivered) return true;
  if (delivered.error().is_final()) {
    environment_.log.error("kmsg passes over messages that will never be taken",
                           {{"component", id_.text()}, {"error", delivered.error().message()}});
    return true;  // The completion tells when every other destination has them.
  }
  position_->withdraw(token);
  return false;
}

void KmsgReceiver::note(const Notes& notes) {
  malformed_.add(notes.malformed);
  for (const std::string_view event : notes.events)
    environment_.counters
        .counter("rankwire_kmsg_events_total", "Messages that tell of a known event.",
                 {{"receiver", id_.text()}, {"event", std::string(event)}})
        .add();
  if (notes.lost == 0) return;
  lost_.add(notes.lost);
  environment_.log.warn("kmsg: the kernel overwrote messages before they were read",
                        {{"component", id_.text()}, {"messages", notes.lost}});
}

void KmsgReceiver::read_again() {
  const std::uint64_t from = position_->settled();
  environment_.log.info("kmsg reads messages again whose delivery was given up",
                        {{"component", id_.text()}, {"from", from}});
  if (const Result<void> rewound = log_.rewind(); rewound)
    next_sequence_ = from;
  else
    environment_.log.error("kmsg cannot read messages again", {{"error", rewound.error().message()}});
}

void KmsgReceiver::store() {
  const std::uint64_t settled = position_->settled();
  if (position_path_.empty() || (has_history_ && settled == stored_.next)) return;
  const StoredPosition position{stored_.boot, settled};
  const Result<void> written =
      write_file_atomically(environment_.files, position_path_, encode_position(position), must_sync_);
  if (written) {
    stored_.next = settled;
    has_history_ = true;
  } else {
    environment_.log.error("kmsg could not store its position; a restart would repeat messages",
                           {{"component", id_.text()}, {"error", written.error().message()}});
  }
}

void KmsgReceiver::pause(const std::stop_token& stop) {
  const Instant until = environment_.clock.now() + retry_pause;
  if (!next_.has_room({}, 1)) (void)next_.wait_for_room(stop, Deadline{until});
  (void)environment_.clock.wait_until(until, stop);
}

void KmsgReceiver::stop(Deadline deadline) {
  worker_.request_stop();
  worker_.join();
  (void)position_->wait_settled(deadline.at);
  position_->close();
  store();
}

void KmsgReceiver::set_problem(std::string problem) {
  const std::lock_guard lock(mutex_);
  if (!problem.empty() && problem_.empty())
    environment_.log.error("kmsg: reading failed; trying again", {{"component", id_.text()}, {"error", problem}});
  problem_ = std::move(problem);
}

std::optional<std::string> KmsgReceiver::unhealthy() const {
  const std::lock_guard lock(mutex_);
  return problem_.empty() ? std::nullopt : std::optional(problem_);
}

ReceiverFactory kmsg_factory() {
  return make_factory<KmsgConfig, Receiver, Intakes>(
      {.type = "kmsg",
       .aliases = {},
       .summary = "Reads the kernel's log: GPU errors, out of memory, PCIe errors, links, hung tasks, storage.",
       .signals = {Signal::logs},
       .stability = Stability::beta,
       .faces_untrusted_input = true},
      create);
}

}  // namespace rankwire::kmsg
