#include "base/file_system.hpp"

namespace rankwire {

Result<FileSystemSpace> FileSystem::space(const std::string& path) {
  return Error(ErrorKind::unavailable, "reading the space of " + path + ": not known");
}

Result<std::string> FileSystem::read_link(const std::string& path) {
  return Error(ErrorKind::unavailable, "reading link " + path + ": there are none");
}

Result<std::string> read_file(FileSystem& files, const std::string& path, std::uint64_t size_max) {
  auto file = files.open(path, {});
  if (!file) return file.error();
  std::string text;
  for (;;) {
    constexpr std::size_t step = 64 * 1024;
    const std::size_t size = text.size();
    text.resize(size + step);
    auto count = (*file)->read_at(size, text.data() + size, step);
    if (!count) return count.error();
    text.resize(size + *count);
    if (*count == 0) return text;
    if (text.size() > size_max)
      return Error(ErrorKind::invalid, "reading " + path + ": larger than " + std::to_string(size_max) + " bytes");
  }
}

Result<void> write_file_atomically(FileSystem& files, const std::string& path, std::string_view bytes, bool sync,
                                   std::uint32_t permissions) {
  const std::string temporary = path + ".tmp";
  {
    OpenMode mode{.write = true, .create = true, .truncate = true, .follow_symlinks = false};
    mode.permissions = permissions;
    auto file = files.open(temporary, mode);
    if (!file) return file.error();
    RANKWIRE_TRY((*file)->write_at(0, bytes));
    if (sync) RANKWIRE_TRY((*file)->sync());
  }
  RANKWIRE_TRY(files.rename(temporary, path));
  if (!sync) return {};
  const std::size_t slash = path.rfind('/');
  return files.sync_directory(slash == std::string::npos ? "." : path.substr(0, slash));
}

}  // namespace rankwire
