// The lines at the start of a file that say something about all the others: they become attributes of
// every record of the file and are no records themselves.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "signal/batch.hpp"
#include "text/pattern.hpp"

namespace rankwire::file_log {

struct LinePlan;

struct HeaderPlan {
  text::Pattern pattern;
  std::shared_ptr<const LinePlan> lines;  // What is done to each line of the header: the metadata operators.
};

// Of one file.
class HeaderReader {
 public:
  explicit HeaderReader(std::shared_ptr<const HeaderPlan> plan) : plan_(std::move(plan)) {}

  // Takes the lines of the header that `data` begins with. Done as soon as a line is none.
  std::size_t take(std::string_view data, bool is_end);
  // The same for what was taken by an earlier reader of the file: its first `size` bytes.
  void take_again(std::string_view start, std::uint64_t size);
  bool is_done() const { return is_done_; }

  const std::vector<KeyValue>& attributes() const { return attributes_; }
  // Whoever uses the attributes keeps this.
  std::shared_ptr<const void> memory() const { return batch_; }

 private:
  void read(std::string_view line);

  const std::shared_ptr<const HeaderPlan> plan_;
  std::shared_ptr<LogBatch> batch_ = std::make_shared<LogBatch>();
  std::vector<KeyValue> attributes_;
  bool is_done_ = false;
};

}  // namespace rankwire::file_log
