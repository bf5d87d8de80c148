#include "service/logger.hpp"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace rankwire::service {
namespace {

// Messages are constant texts of the program, so there are few; this bounds a mistake.
constexpr std::size_t messages_max = 1024;

std::string_view level_text(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::warn: return "warn";
    case LogLevel::error: return "error";
  }
  return "info";
}

void append_json(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      // Control characters would let what a peer sent rewrite the terminal.
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", byte);
      out += escaped;
    } else {
      out += c;
    }
  }
  out += '"';
}

std::string time_text(std::uint64_t unix_nanos) {
  const auto seconds = static_cast<time_t>(unix_nanos / 1'000'000'000);
  tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[40];
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text + size, sizeof text - size, ".%03uZ", static_cast<unsigned>(unix_nanos / 1'000'000 % 1000));
  return text;
}

// An open output; standard ones are not closed.
class Output {
 public:
  static Result<std::shared_ptr<Output>> open(const std::string& path) {
    if (path == "stderr") return std::make_shared<Output>(STDERR_FILENO, false);
    if (path == "stdout") return std::make_shared<Output>(STDOUT_FILENO, false);
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (descriptor < 0)
      return Error(ErrorKind::invalid, "service::telemetry::logs::output_paths: cannot open " + path + ": " +
                                           std::string(std::strerror(errno)));
    return std::make_shared<Output>(descriptor, true);
  }
  Output(int descriptor, bool is_owned) : descriptor_(descriptor), is_owned_(is_owned) {}
  Output(const Output&) = delete;
  ~Output() {
    if (is_owned_) ::close(descriptor_);
  }
  // A log that cannot be written is nobody's reason to stop.
  void write(std::string_view line) const {
    while (!line.empty()) {
      const ssize_t written = ::write(descriptor_, line.data(), line.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return;
      line.remove_prefix(static_cast<std::size_t>(written));
    }
  }

 private:
  const int descriptor_;
  const bool is_owned_;
};

class StreamLogger final : public ConfigurableLogger {
 public:
  explicit StreamLogger(Clock& clock) : clock_(clock) {
    if (auto opened = Output::open("stderr")) outputs_.push_back(std::move(*opened));
  }

  Result<void> configure(const LogSettings& settings) override {
    std::vector<std::shared_ptr<Output>> outputs;
    for (const std::string& path : settings.output_paths) {
      auto opened = Output::open(path);
      if (!opened) return std::move(opened).error();
      outputs.push_back(std::move(*opened));
    }
    const std::lock_guard lock(mutex_);
    settings_ = settings;
    outputs_ = std::move(outputs);
    level_ = settings.level;
    counts_.clear();
    return {};
  }

  bool is_enabled(LogLevel level) const override { return level >= level_.load(std::memory_order_relaxed); }

  void write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) override {
    if (!is_enabled(level)) return;
    const std::lock_guard lock(mutex_);
    std::uint64_t suppressed = 0;
    if (!may_write(level, message, suppressed)) return;
    const std::string line = settings_.encoding == LogEncoding::json ? json(level, message, fields, suppressed)
                                                                     : console(level, message, fields, suppressed);
    for (const auto& output : outputs_) output->write(line);
  }

 private:
  struct Count {
    Instant tick_start;
    std::uint64_t seen = 0;        // In this tick.
    std::uint64_t suppressed = 0;  // Since the message was last written.
  };

  bool may_write(LogLevel level, std::string_view message, std::uint64_t& suppressed) {
    const LogSampling& sampling = settings_.sampling;
    if (!sampling.enabled) return true;
    if (counts_.size() >= messages_max) counts_.clear();
    Count& count = counts_[std::string(level_text(level)) + std::string(message)];
    const Instant now = clock_.now();
    if (count.seen == 0 || now - count.tick_start >= sampling.tick) {
      count.tick_start = now;
      count.seen = 0;
    }
    ++count.seen;
    const bool is_early = count.seen <= sampling.initial;
    const bool is_sampled = sampling.thereafter != 0 && count.seen > sampling.initial &&
                            (count.seen - sampling.initial) % sampling.thereafter == 0;
    if (!is_early && !is_sampled) {
      ++count.suppressed;
      return false;
    }
    suppressed = std::exchange(count.suppressed, 0);
    return true;
  }

  static void append_fields(std::string& out, const config::StringMap& initial, std::initializer_list<LogField> fields,
                            std::uint64_t suppressed, bool is_first) {
    const auto append = [&](std::string_view name, std::string_view text) {
      if (!is_first) out += ',';
      is_first = false;
      append_json(out, name);
      out += ':';
      append_json(out, text);
    };
    for (const auto& [name, value] : initial) append(name, value);
    for (const LogField& field : fields) append(field.name, field.text);
    if (suppressed != 0) append("suppressed", std::to_string(suppressed));
  }

  std::string json(LogLevel level, std::string_view message, std::initializer_list<LogField> fields,
                   std::uint64_t suppressed) const {
    std::string out = "{\"level\":\"" + std::string(level_text(level)) + "\",\"ts\":\"" +
                      time_text(clock_.unix_nanos()) + "\",\"msg\":";
    append_json(out, message);
    append_fields(out, settings_.initial_fields, fields, suppressed, false);
    out += "}\n";
    return out;
  }

  std::string console(LogLevel level, std::string_view message, std::initializer_list<LogField> fields,
                      std::uint64_t suppressed) const {
    std::string out =
        time_text(clock_.unix_nanos()) + "\t" + std::string(level_text(level)) + "\t" + std::string(message);
    if (fields.size() != 0 || !settings_.initial_fields.empty() || suppressed != 0) {
      out += "\t{";
      append_fields(out, settings_.initial_fields, fields, suppressed, true);
      out += '}';
    }
    out += '\n';
    return out;
  }

  Clock& clock_;
  std::atomic<LogLevel> level_{LogLevel::info};
  std::mutex mutex_;
  LogSettings settings_;                           // Guarded by mutex_.
  std::vector<std::shared_ptr<Output>> outputs_;   // Guarded by mutex_.
  std::unordered_map<std::string, Count> counts_;  // Guarded by mutex_.
};

}  // namespace

std::unique_ptr<ConfigurableLogger> make_logger(Clock& clock) { return std::make_unique<StreamLogger>(clock); }

}  // namespace rankwire::service
