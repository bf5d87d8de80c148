#include "queue/queue_tools.hpp"

#include <algorithm>

#include "queue/segment_reader.hpp"

namespace rankwire::queue {
namespace {

constexpr int depth_max = 4;

struct Opened {
  std::shared_ptr<File> file;
  std::uint64_t number = 0;
  std::uint32_t size = 0;
  Result<SegmentHeader> header;
  std::vector<Ack> acks;
};

Result<std::vector<std::uint64_t>> segment_numbers(FileSystem& files, const std::string& directory) {
  auto entries = files.list(directory);
  if (!entries) return std::move(entries).error();
  std::vector<std::uint64_t> numbers;
  bool is_queue = false;
  for (const DirectoryEntry& entry : *entries) {
    if (entry.name == "lock") is_queue = true;
    if (const auto number = number_of(entry.name, segment_suffix)) numbers.push_back(*number);
  }
  if (!is_queue && numbers.empty()) return Error(ErrorKind::invalid, directory + " holds no queue");
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

Result<Opened> open_segment(FileSystem& files, const std::string& directory, std::uint64_t number) {
  const std::string path = directory + "/" + file_name(number, segment_suffix);
  auto file = files.open(path, {});
  if (!file) return std::move(file).error();
  auto status = (*file)->status();
  if (!status) return std::move(status).error();
  char bytes[segment_header_size];
  auto count = (*file)->read_at(0, bytes, sizeof bytes);
  Opened opened{.file = std::move(*file), .number = number, .header = SegmentHeader{}};
  opened.size = static_cast<std::uint32_t>(std::min<std::uint64_t>(status->size, UINT32_MAX));
  opened.header = decode_segment_header({bytes, count ? *count : 0});
  if (!opened.header && opened.header.error().kind() == ErrorKind::invalid)
    return Error(opened.header.error()).during(path);
  const std::uint64_t created = opened.header ? opened.header->created_unix_nanos : 0;
  auto acks = read_acks(files, directory + "/" + file_name(number, ack_suffix), created);
  if (!acks) return std::move(acks).error();
  opened.acks = std::move(*acks);
  return opened;
}

void count_record(SegmentReport& report, const RecordHeader& header, bool is_done) {
  report.stored += 1;
  report.records += header.record_count;
  if (is_done) {
    report.stored_done += 1;
    report.records_done += header.record_count;
    return;
  }
  const std::uint64_t pushed = header.pushed_unix_nanos;
  if (report.oldest_unix_nanos == 0 || pushed < report.oldest_unix_nanos) report.oldest_unix_nanos = pushed;
  report.newest_unix_nanos = std::max(report.newest_unix_nanos, pushed);
}

Result<SegmentReport> inspect_segment(const Opened& opened) {
  SegmentReport report{.name = file_name(opened.number, segment_suffix), .size = {opened.size}};
  report.is_header_intact = opened.header.has_value() || opened.size < segment_header_size;
  SegmentReader reader(opened.file, opened.number);
  for (;;) {
    auto step = reader.next(opened.size);
    if (!step) return std::move(step).error();
    if (step->kind == StepKind::end) return report;
    const bool is_done = is_acknowledged(opened.acks, step->from);
    if (step->kind == StepKind::record) {
      report.is_sealed = step->header.kind == RecordKind::seal;
      if (!report.is_sealed) count_record(report, step->header, is_done);
    } else if (step->kind == StepKind::torn && (step->is_known || step->to - step->from < record_header_size)) {
      report.is_torn = true;
    } else if (!is_done) {
      report.damaged += 1;
      report.damaged_bytes += step->to - step->from;
    }
  }
}

void add(SegmentReport& total, const SegmentReport& segment) {
  total.size += segment.size;
  total.stored += segment.stored;
  total.records += segment.records;
  total.stored_done += segment.stored_done;
  total.records_done += segment.records_done;
  total.damaged += segment.damaged;
  total.damaged_bytes += segment.damaged_bytes;
  total.is_torn |= segment.is_torn;
  total.is_header_intact &= segment.is_header_intact;
  if (segment.oldest_unix_nanos != 0)
    total.oldest_unix_nanos =
        std::min(total.oldest_unix_nanos == 0 ? UINT64_MAX : total.oldest_unix_nanos, segment.oldest_unix_nanos);
  total.newest_unix_nanos = std::max(total.newest_unix_nanos, segment.newest_unix_nanos);
}

std::string time_text(std::uint64_t unix_nanos) {
  if (unix_nanos == 0) return "-";
  const auto seconds = static_cast<std::time_t>(unix_nanos / 1'000'000'000);
  std::tm parts{};
  char text[32];
  if (::gmtime_r(&seconds, &parts) == nullptr) return "-";
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::string line(const SegmentReport& report) {
  std::string text = report.name + ": " + std::to_string(report.size.count) + " bytes, " +
                     std::to_string(report.stored) + " stored (" + std::to_string(report.records) + " records), " +
                     std::to_string(report.stored_done) + " of them acknowledged (" +
                     std::to_string(report.records_done) + " records)";
  if (report.oldest_unix_nanos != 0)
    text +=
        ", waiting since " + time_text(report.oldest_unix_nanos) + ", newest " + time_text(report.newest_unix_nanos);
  if (report.damaged != 0)
    text += ", DAMAGED at " + std::to_string(report.damaged) + " places (" + std::to_string(report.damaged_bytes) +
            " bytes)";
  if (!report.is_header_intact) text += ", segment header DAMAGED";
  if (report.is_torn) text += ", ends in an interrupted write";
  return text + "\n";
}

}  // namespace

Result<QueueReport> inspect(FileSystem& files, const std::string& directory) {
  auto numbers = segment_numbers(files, directory);
  if (!numbers) return std::move(numbers).error();
  QueueReport report;
  report.total.name = directory;
  if (auto lock = files.open(directory + "/lock", {}); lock) report.is_in_use = !(*lock)->lock();
  for (const std::uint64_t number : *numbers) {
    auto opened = open_segment(files, directory, number);
    if (!opened && is_missing(opened.error())) continue;  // Sent and removed meanwhile.
    if (!opened) return std::move(opened).error();
    if (opened->header) report.signal = opened->header->signal;
    auto segment = inspect_segment(*opened);
    if (!segment) return std::move(segment).error();
    add(report.total, *segment);
    report.segments.push_back(std::move(*segment));
  }
  return report;
}

std::string to_text(const QueueReport& report, bool is_verbose) {
  std::string text;
  if (is_verbose)
    for (const SegmentReport& segment : report.segments) text += line(segment);
  text += std::string(to_string(report.signal)) + ", " + std::to_string(report.segments.size()) + " segments" +
          (report.is_in_use ? ", in use" : "") + "\n";
  return text + line(report.total);
}

Result<std::uint64_t> replay(FileSystem& files, const std::string& directory,
                             const std::function<Result<void>(const WireBatch&)>& sink) {
  auto numbers = segment_numbers(files, directory);
  if (!numbers) return std::move(numbers).error();
  std::uint64_t records = 0;
  for (const std::uint64_t number : *numbers) {
    auto opened = open_segment(files, directory, number);
    if (!opened && is_missing(opened.error())) continue;
    if (!opened) return std::move(opened).error();
    SegmentReader reader(opened->file, number);
    for (;;) {
      auto step = reader.next(opened->size);
      if (!step) return std::move(step).error();
      if (step->kind == StepKind::end) break;
      if (step->kind != StepKind::record || step->header.kind != RecordKind::data) continue;
      if (step->payload.empty() || is_acknowledged(opened->acks, step->from)) continue;
      WireBatch batch{.signal = step->header.signal, .record_count = step->header.record_count};
      batch.chunks.push_back(std::make_shared<const Buffer>(Buffer::copy_of(step->payload)));
      batch.size = {step->payload.size()};
      RANKWIRE_TRY(sink(batch));
      records += batch.record_count;
    }
  }
  return records;
}

namespace {

Result<void> collect_queues(FileSystem& files, const std::string& directory, int depth,
                            std::vector<std::string>& found) {
  auto entries = files.list(directory);
  if (!entries) return std::move(entries).error();
  const bool has_segments = std::any_of(entries->begin(), entries->end(), [](const DirectoryEntry& entry) {
    return number_of(entry.name, segment_suffix).has_value();
  });
  if (has_segments) found.push_back(directory);
  if (depth == depth_max) return {};
  for (const DirectoryEntry& entry : *entries)
    if (entry.type == FileType::directory)
      RANKWIRE_TRY(collect_queues(files, directory + "/" + entry.name, depth + 1, found));
  return {};
}

}  // namespace

Result<std::vector<std::string>> find_queues(FileSystem& files, const std::string& directory) {
  std::vector<std::string> found;
  RANKWIRE_TRY(collect_queues(files, directory, 0, found));
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace rankwire::queue
