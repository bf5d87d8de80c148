#include "app/demo_job.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>

#include "base/random.hpp"

namespace rankwire::app {

struct DemoJob::Progress {
  std::atomic<std::uint64_t> records{0};
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<std::uint64_t> rotations{0};
};

namespace {

template <class... Arguments>
std::string formatted(const char* format, Arguments... arguments) {
  char text[512];
  const int size = std::snprintf(text, sizeof text, format, arguments...);
  return {text, static_cast<std::size_t>(size < 0 ? 0 : size)};
}

// The processes of the job are not part of the agent: they write by the machine's own clock.
class Rank {
 public:
  Rank(const DemoJob::Settings& settings, int rank, std::string directory, std::atomic<std::uint64_t>& records,
       std::atomic<std::uint64_t>& bytes, std::atomic<std::uint64_t>& rotations)
      : settings_(settings),
        rank_(rank),
        path_(std::move(directory) + "/0.log"),
        random_(make_random(static_cast<std::uint64_t>(rank) + 1)),
        records_(records),
        bytes_(bytes),
        rotations_(rotations) {}

  int run() {
    if (!open()) return 1;
    const double begin = seconds_now();
    const double duration = std::chrono::duration<double>(settings_.duration).count();
    for (std::uint64_t line = 0;;) {
      const double elapsed = seconds_now() - begin;
      if (elapsed >= duration) return 0;
      const auto due = static_cast<std::uint64_t>(elapsed * static_cast<double>(settings_.lines_per_second));
      for (; line < due; ++line) {
        if (!write(line)) return 1;
        if (line % settings_.lines_per_file == settings_.lines_per_file - 1 && !rotate()) return 1;
      }
      const timespec pause{0, 2'000'000};
      (void)::clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, nullptr);
    }
  }

 private:
  static double seconds_now() {
    timespec time;
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
  }

  bool open() {
    file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    return file_ >= 0;
  }

  // As kubelet: rename, then the runtime opens a new file.
  bool rotate() {
    ::close(file_);
    const std::string target = path_ + formatted(".20260101-%06llu", static_cast<unsigned long long>(++generation_));
    ++rotations_;
    return ::rename(path_.c_str(), target.c_str()) == 0 && open();
  }

  std::string message(std::uint64_t line) {
    const std::uint64_t kind = random_->below(100);
    const auto number = static_cast<unsigned long long>(line);
    if (kind < 70)
      return formatted(
          "[rank%d] step: %llu  loss: %.5f  grad_norm: %.4f  memory: 48.87GiB(51.44%%)  tps: %llu  mfu: 25.62%%", rank_,
          number, 2.0 + random_->unit(), 0.3 + random_->unit() / 10,
          static_cast<unsigned long long>(4300 + random_->below(99)));
    if (kind < 80)
      return formatted(
          "worker-%d:3468:3905 [%d] NCCL INFO Channel %02llu/0 : %d[0] -> %d[0] via NET/Libfabric/0/GDRDMA", rank_,
          rank_, static_cast<unsigned long long>(random_->below(32)), rank_, (rank_ + 1) % settings_.ranks);
    if (kind < 99)
      return formatted("validation step=%llu customer_id=%08llu predicted=%.4f expected=%.4f", number,
                       static_cast<unsigned long long>(random_->below(100'000'000)), random_->unit(), random_->unit());
    return "Traceback (most recent call last):\n"
           "  File \"/workspace/train.py\", line 212, in training_step\n"
           "    loss = model(batch, customer_id=" +
           std::to_string(random_->below(100'000'000)) +
           ")\n"
           "RuntimeError: DataLoader worker (pid 4711) is killed by signal: Bus error.";
  }

  bool write(std::uint64_t line) {
    timespec now;
    ::clock_gettime(CLOCK_REALTIME, &now);
    char stamp[48];
    tm utc;
    ::gmtime_r(&now.tv_sec, &utc);
    const std::size_t size = std::strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc);
    std::snprintf(stamp + size, sizeof stamp - size, ".%09ldZ", now.tv_nsec);
    std::string rest = message(line), text;
    std::uint64_t records = 0;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      text.append(stamp).append(records == 0 ? " stdout F " : " stderr F ");
      text.append(rest, 0, end)
          .append(formatted(" #rank=%d seq=%llu#\n", rank_, static_cast<unsigned long long>(sequence_++)));
      rest.erase(0, end + 1);
      ++records;
    }
    if (::write(file_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) return false;
    records_ += records;
    bytes_ += text.size();
    return true;
  }

  const DemoJob::Settings& settings_;
  const int rank_;
  const std::string path_;
  const std::unique_ptr<Random> random_;
  std::atomic<std::uint64_t>& records_;
  std::atomic<std::uint64_t>& bytes_;
  std::atomic<std::uint64_t>& rotations_;
  int file_ = -1;
  std::uint64_t generation_ = 0;
  std::uint64_t sequence_ = 0;
};

Result<std::string> make_rank_directory(const std::string& root, int rank) {
  const std::string pod = root + formatted("/training_llm-worker-%d_6f1c0b4e-0000-4000-8000-%012d", rank, rank);
  const std::string container = pod + "/pytorch";
  for (const std::string& directory : {root, pod, container})
    if (::mkdir(directory.c_str(), 0755) != 0 && errno != EEXIST)
      return Error(ErrorKind::unavailable, "making directory " + directory + ": " + std::strerror(errno));
  return container;
}

}  // namespace

Result<DemoJob> DemoJob::start(const Settings& settings) {
  DemoJob job;
  void* memory = ::mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return Error(ErrorKind::refused, std::string("sharing memory: ") + std::strerror(errno));
  job.progress_ = new (memory) Progress;
  for (int rank = 0; rank < settings.ranks; ++rank) {
    const auto directory = make_rank_directory(settings.directory, rank);
    if (!directory) return directory.error();
    const pid_t process = ::fork();
    if (process < 0) return Error(ErrorKind::refused, std::string("starting a rank: ") + std::strerror(errno));
    if (process == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::signal(SIGINT, SIG_IGN);  // Ctrl-C ends the view; the parent then ends the ranks.
      Progress& shared = *job.progress_;
      ::_exit(Rank(settings, rank, *directory, shared.records, shared.bytes, shared.rotations).run());
    }
    job.ranks_.push_back(process);
  }
  return job;
}

DemoJob::DemoJob(DemoJob&& other) noexcept
    : progress_(std::exchange(other.progress_, nullptr)), ranks_(std::move(other.ranks_)) {
  other.ranks_.clear();
}

DemoJob::~DemoJob() {
  end();
  if (progress_ != nullptr) ::munmap(progress_, sizeof(Progress));
}

std::uint64_t DemoJob::records_written() const { return progress_->records.load(); }
std::uint64_t DemoJob::bytes_written() const { return progress_->bytes.load(); }
std::uint64_t DemoJob::rotations() const { return progress_->rotations.load(); }

bool DemoJob::is_running() {
  std::erase_if(ranks_, [](pid_t rank) { return ::waitpid(rank, nullptr, WNOHANG) == rank; });
  return !ranks_.empty();
}

void DemoJob::end() {
  for (const pid_t rank : ranks_) ::kill(rank, SIGTERM);
  for (const pid_t rank : ranks_) (void)::waitpid(rank, nullptr, 0);
  ranks_.clear();
}

}  // namespace rankwire::app
