#include "exporters/file/group_path.hpp"

#include <algorithm>

namespace rankwire::file {

namespace {

constexpr std::size_t part_bytes_max = 200;
constexpr std::size_t value_bytes_max = 1000;

bool is_safe_part(std::string_view part) {
  if (part.empty() || part == "." || part == ".." || part.size() > part_bytes_max) return false;
  return std::none_of(part.begin(), part.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// What stands between the slashes around the star must be safe too: "..": "*" in "dir/.*" is not.
bool is_safe_path(std::string_view path) {
  for (;;) {
    const std::size_t slash = path.find('/');
    if (!is_safe_part(path.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

}  // namespace

Result<std::string> group_path(std::string_view pattern, std::string_view value) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return Error(ErrorKind::invalid, "no * in the path");
  const std::size_t slash = pattern.rfind('/', star);
  const std::size_t begin = slash == std::string_view::npos ? 0 : slash + 1;
  std::string named(pattern.substr(begin, star - begin));
  named.append(value).append(pattern.substr(star + 1));
  if (value.size() > value_bytes_max || !is_safe_path(value) || !is_safe_path(named))
    return Error(ErrorKind::invalid, "the attribute's value is not a safe file name");
  return std::string(pattern.substr(0, begin)) + named;
}

Result<void> make_group_directory(FileSystem& files, const std::string& base, const std::string& path,
                                  std::uint32_t permissions) {
  for (std::size_t at = path.find('/', base.size() + 1); at != std::string::npos; at = path.find('/', at + 1)) {
    const std::string directory = path.substr(0, at);
    auto status = files.status(directory, false);
    if (!status && is_missing(status.error())) {
      RANKWIRE_TRY(files.make_directories(directory, permissions));
      status = files.status(directory, false);
    }
    if (!status) return std::move(status).error();
    if (status->type != FileType::directory)
      return Error(ErrorKind::invalid, directory + " is not a directory (a symbolic link is not followed)");
  }
  return {};
}

}  // namespace rankwire::file
