// The Linux implementation of DirectoryWatcher.
#pragma once

#include "base/file_system.hpp"

namespace rankwire {

Result<std::unique_ptr<DirectoryWatcher>> make_inotify_watcher();

}  // namespace rankwire
