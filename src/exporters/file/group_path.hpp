// Where a resource's data goes when its attribute is part of the path. The attribute is data: it
// must not lead out of the directory that the configuration names.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/file_system.hpp"

namespace rankwire::file {

// `pattern` with its * replaced. A value may name sub-directories ("team/job") but has no empty, "."
// or ".." part, no control characters, and parts of at most 200 bytes.
Result<std::string> group_path(std::string_view pattern, std::string_view value);

// Makes the directories of `path` below `base`, and fails as `invalid` where one is a symbolic link: whoever may write
// there must not be able to lead us elsewhere.
Result<void> make_group_directory(FileSystem& files, const std::string& base, const std::string& path,
                                  std::uint32_t permissions);

}  // namespace rankwire::file
