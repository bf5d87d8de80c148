#include "receivers/file_log/file_log_config.hpp"

#include "receivers/file_log/ordering.hpp"
#include "text/time_layout.hpp"

namespace rankwire::file_log {

void SortConfig::fields(config::Fields& f) {
  f.choice("sort_type", sort_type,
           {{"numeric", static_cast<int>(Type::numeric)},
            {"alphabetical", static_cast<int>(Type::alphabetical)},
            {"timestamp", static_cast<int>(Type::timestamp)},
            {"mtime", static_cast<int>(Type::mtime)}},
           "What to order by.");
  f.field("regex_key", regex_key, "Named group of `regex` that holds the value.");
  f.field("ascending", ascending, "Smallest first.");
  f.field("layout", layout, "Of a timestamp, as for strptime.");
  f.field("location", location, "Time zone of a timestamp; UTC by default.");
}

void OrderingConfig::fields(config::Fields& f) {
  f.field("regex", regex, "Read from the file name with named groups.");
  f.field("top_n", top_n, "How many files of each group are read.", {.min = 1});
  f.field("group_by", group_by, "Regular expression over the path; its groups make up the file's group.");
  f.list("sort_by", sort_by, "In order of weight.");
}

void OrderingConfig::validate(config::Validator& v) const {
  if (!is_regex(regex)) v.error("regex", "is not a regular expression");
  if (!group_by.empty() && !is_regex(group_by)) v.error("group_by", "is not a regular expression");
  for (const SortConfig& sort : sort_by) {
    if (sort.sort_type == SortConfig::Type::mtime) continue;
    if (regex.empty())
      v.error("regex", "must be set when sorting by anything but mtime");
    else if (!sort.regex_key.empty() && is_regex(regex) && !has_group(regex, sort.regex_key))
      v.error("sort_by", "regex has no group named " + sort.regex_key);
    if (sort.regex_key.empty()) v.error("sort_by", "regex_key must be set");
    if (sort.sort_type == SortConfig::Type::timestamp) {
      const auto layout =
          text::TimeLayout::make("strptime", sort.layout, sort.location.empty() ? "UTC" : sort.location);
      if (!layout) v.error("sort_by", layout.error().message());
    }
  }
}

void RetryOnFailureConfig::fields(config::Fields& f) {
  f.field("enabled", enabled, "Accepted; lines that were refused are always read again.");
  f.field("initial_interval", initial_interval, "Pause after the first failure.", {.min = 0});
  f.field("max_interval", max_interval, "Longest pause.", {.min = 0});
  f.field("max_elapsed_time", max_elapsed_time, "Accepted; nothing is ever given up.", {.min = 0});
}

void FileLogConfig::fields(config::Fields& f) {
  f.field("include", include, "Patterns of the files to read.");
  f.field("exclude", exclude, "Patterns of files not to read.");
  f.field("exclude_older_than", exclude_older_than, "Ignores files not changed for so long; 0: none.", {.min = 0});
  f.optional_section("ordering_criteria", ordering_criteria, "Reads only the first files in an order.");
  f.choice("start_at", start_at,
           {{"beginning", static_cast<int>(StartAt::beginning)}, {"end", static_cast<int>(StartAt::end)}},
           "Where to start in files that are there at the very first start.");
  f.field("poll_interval", poll_interval, "Between looks where the system does not notify of changes.",
          {.min = 1'000'000});
  f.field("max_concurrent_files", max_concurrent_files, "Files held open at once; idle ones are closed.", {.min = 2});
  f.field("max_batches", max_batches, "Without effect: every file has its turn.", {.max = 2147483647});
  f.field("initial_buffer_size", initial_buffer_size, "Without effect: buffers size themselves.");
  f.field("fingerprint_size", fingerprint_size, "Bytes that tell files with the same identity apart.",
          {.min = 16, .max = 1 << 20});
  f.choice("compression", compression,
           {{"", static_cast<int>(Compression::none)},
            {"gzip", static_cast<int>(Compression::gzip)},
            {"auto", static_cast<int>(Compression::automatic)}},
           "Of the files: `auto` goes by the ending .gz.");
  f.choice("on_truncate", on_truncate,
           {{"ignore", static_cast<int>(OnTruncate::ignore)},
            {"read_whole_file", static_cast<int>(OnTruncate::read_whole_file)},
            {"read_new", static_cast<int>(OnTruncate::read_new)}},
           "Where to go on in a file that was truncated: at its start, or (`read_new`) at its end.");
  f.field("acquire_fs_lock", acquire_fs_lock, "Skips files that another process has locked.");
  f.field("file_cache_advise", file_cache_advise, "Tells the system to drop what was read from its cache.");
  f.field("delete_after_read", delete_after_read, "Deletes files once their lines were delivered.");
  f.field("polls_to_archive", polls_to_archive,
          "For how many poll_intervals a file that is gone is remembered, should it come back.", {.max = 1e9});
  f.field("storage", storage, "Extension that keeps the positions across restarts.");
  f.section("retry_on_failure", retry_on_failure, "Pauses after a failed delivery.");
  f.squash(parser);
}

void FileLogConfig::validate(config::Validator& v) const {
  if (include.empty()) v.error("include", "must name at least one pattern");
  for (const auto& [key, patterns] : {std::pair{"include", &include}, std::pair{"exclude", &exclude}})
    for (const std::string& pattern : *patterns)
      if (const auto globs = Glob::parse(pattern); !globs) v.error(key, globs.error().message());
  if (parser.header.has_value() && start_at == StartAt::end)
    v.error("header", "needs start_at: beginning, or the header would not be read");
  if (delete_after_read && start_at == StartAt::end)
    v.error("delete_after_read", "needs start_at: beginning, or lines would be deleted unread");
}

namespace {

Duration archive_time(const FileLogConfig& config) {
  constexpr Duration longest = std::chrono::hours(24 * 365);
  const double nanos = static_cast<double>(config.polls_to_archive) * static_cast<double>(config.poll_interval.count());
  return nanos < static_cast<double>(longest.count()) ? Duration(static_cast<std::int64_t>(nanos)) : longest;
}

}  // namespace

TailOptions tail_options(const FileLogConfig& config, FileSystem& files) {
  TailOptions options;
  const auto compile = [](const std::vector<std::string>& patterns, std::vector<Glob>& globs) {
    for (const std::string& pattern : patterns)
      if (auto parsed = Glob::parse(pattern)) globs.insert(globs.end(), parsed->begin(), parsed->end());
  };
  compile(config.include, options.include);
  compile(config.exclude, options.exclude);
  options.exclude_older_than = config.exclude_older_than;
  options.start_at = config.start_at;
  options.compression = config.compression;
  options.on_truncate = config.on_truncate;
  options.fingerprint_size = static_cast<std::uint32_t>(config.fingerprint_size.count);
  options.open_files_max = config.max_concurrent_files;
  options.poll_interval = config.poll_interval;
  options.retry_delay = std::max<Duration>(config.retry_on_failure.initial_interval, std::chrono::milliseconds(10));
  options.retry_delay_max = std::max(config.retry_on_failure.max_interval, options.retry_delay);
  options.archive_time = archive_time(config);
  options.must_lock = config.acquire_fs_lock;
  options.must_drop_cache = config.file_cache_advise;
  options.must_delete = config.delete_after_read;
  options.has_owner_facts = config.parser.include_file_owner_name || config.parser.include_file_owner_group_name ||
                            config.parser.include_file_permissions;
  options.has_header = config.parser.header.has_value();
  if (config.ordering_criteria) options.choose = make_ordering(*config.ordering_criteria, files);
  return options;
}

}  // namespace rankwire::file_log
