// The names rotation gives to older generations of a file: `0.log.20260101-120000`, `.gz` of it,
// `app.log.1`, `app.log.2.gz`, `app-20260101.log`. Order is by what the name says, because
// compressing an old generation makes its modification time the newest.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.hpp"

namespace rankwire::file_log {

struct Sibling {
  std::string name;
  std::string path;
  FileStatus status;
  bool is_gzip = false;
};

// Whether `name` may be an older generation of the file called `base`. False for `base` itself and
// for files that a rotation is still writing (`.tmp`).
bool is_sibling_name(std::string_view base, std::string_view name);

// The names that `name` may be an older generation of: "app.log" for "app.log.1.gz".
std::vector<std::string> possible_originals(const std::string& name);

struct Siblings {
  std::vector<Sibling> found;  // Oldest first.
  bool is_torn = false;        // Something was renamed or removed meanwhile: look again.
};

// Every older generation in the directory. Of `x` and `x.gz` only `x`: the second is being made from
// the first.
Siblings find_siblings(FileSystem& files, const std::string& directory, const std::string& base);

// Oldest first; exposed for tests.
void sort_oldest_first(std::vector<Sibling>& siblings, std::string_view base);

std::string directory_of(const std::string& path);
std::string name_of(const std::string& path);

}  // namespace rankwire::file_log
