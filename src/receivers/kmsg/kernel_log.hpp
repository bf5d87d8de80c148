// The kernel's ring buffer, open for reading. Each read of /dev/kmsg gives one record; a file or FIFO in its place, as
// tests have them, gives what there is.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "base/clock.hpp"
#include "base/file_system.hpp"

namespace rankwire::kmsg {

// Used by one thread; `wake` by any.
class KernelLog {
 public:
  KernelLog(FileSystem& files, const Clock& clock, std::string path);
  ~KernelLog();

  // At the oldest record that there is.
  Result<void> open();
  // Appends what there is and can be read at once, records that have not ended perhaps; says whether there may be
  // more. The kernel may have overwritten what was not read: sequence numbers tell.
  Result<bool> read(std::string& into);
  // Back to the oldest record.
  Result<void> rewind();
  // Until there is something to read, `wake` was called or we are to stop.
  void wait(const std::stop_token& stop);
  void wake();

 private:
  void poll(int timeout_ms, bool is_for_input);

  FileSystem& files_;
  const Clock& clock_;
  const std::string path_;
  std::unique_ptr<File> file_;
  std::uint64_t offset_ = 0;  // Where there is no descriptor.
  int alarm_ = -1;            // An eventfd.
  bool is_at_end_ = false;    // Of something that ends: asking whether there is more is all one can do.
};

}  // namespace rankwire::kmsg
