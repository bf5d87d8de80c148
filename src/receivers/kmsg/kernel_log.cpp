#include "receivers/kmsg/kernel_log.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace rankwire::kmsg {
namespace {

constexpr std::size_t record_size_max = 16 << 10;  // The kernel's own are half as long at most.
constexpr std::size_t read_size_max = 64 << 10;
constexpr auto end_pause = std::chrono::seconds(1);

}  // namespace

KernelLog::KernelLog(FileSystem& files, const Clock& clock, std::string path)
    : files_(files), clock_(clock), path_(std::move(path)) {}

KernelLog::~KernelLog() {
  if (alarm_ >= 0) ::close(alarm_);
}

Result<void> KernelLog::open() {
  auto file = files_.open(path_, {});
  if (!file) return std::move(file).error();
  file_ = std::move(*file);
  if (alarm_ < 0) alarm_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (alarm_ < 0) return Error(ErrorKind::refused, std::string("making an eventfd: ") + std::strerror(errno));
  return {};
}

Result<bool> KernelLog::read(std::string& into) {
  const int descriptor = file_->descriptor();
  is_at_end_ = false;
  for (const std::size_t begin = into.size(); into.size() - begin < read_size_max;) {
    const std::size_t size = into.size();
    into.resize(size + record_size_max);
    ssize_t count = 0;
    if (descriptor < 0) {
      const auto read = file_->read_at(offset_, into.data() + size, record_size_max);
      if (!read) {
        into.resize(size);
        return read.error();
      }
      count = static_cast<ssize_t>(*read);
      offset_ += *read;
    } else {
      count = ::read(descriptor, into.data() + size, record_size_max);
    }
    const int problem = errno;
    into.resize(size + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count > 0) continue;
    is_at_end_ = count == 0;
    if (count == 0 || problem == EAGAIN) return false;
    // EPIPE: the next record was overwritten, and the one after is read from now on.
    if (problem != EPIPE && problem != EINTR)
      return Error(ErrorKind::unavailable, "reading " + path_ + ": " + std::strerror(problem));
  }
  return true;
}

Result<void> KernelLog::rewind() {
  offset_ = 0;
  if (file_->descriptor() >= 0 && ::lseek(file_->descriptor(), 0, SEEK_SET) < 0)
    return Error(ErrorKind::unavailable, "going back in " + path_ + ": " + std::strerror(errno));
  return {};
}

void KernelLog::wait(const std::stop_token& stop) {
  const std::stop_callback stopped(stop, [this] { wake(); });
  if (file_->descriptor() < 0)
    (void)clock_.wait_until(clock_.now() + end_pause, stop);
  else if (is_at_end_)
    poll(static_cast<int>(std::chrono::milliseconds(end_pause).count()), false);
  else
    poll(-1, true);
}

void KernelLog::poll(int timeout_ms, bool is_for_input) {
  std::array<pollfd, 2> wanted{pollfd{alarm_, POLLIN, 0}, pollfd{file_->descriptor(), POLLIN, 0}};
  (void)::poll(wanted.data(), is_for_input ? 2 : 1, timeout_ms);
  std::uint64_t rung = 0;
  (void)!::read(alarm_, &rung, sizeof rung);
}

void KernelLog::wake() {
  const std::uint64_t once = 1;
  (void)!::write(alarm_, &once, sizeof once);
}

}  // namespace rankwire::kmsg
