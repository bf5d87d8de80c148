// Of the files of one group, the first `top_n` in a given order (ordering_criteria).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/file_system.hpp"

namespace rankwire::file_log {

struct OrderingConfig;

// Removes the paths that are not to be read. `config` is valid; `files` outlives the function.
std::function<void(std::vector<std::string>&)> make_ordering(const OrderingConfig& config, FileSystem& files);

// Whether `regex` compiles and has a group of that name.
bool has_group(const std::string& regex, const std::string& group);
bool is_regex(const std::string& regex);

}  // namespace rankwire::file_log
