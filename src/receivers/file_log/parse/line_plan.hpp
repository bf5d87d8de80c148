// What all files of one receiver share: the configuration, compiled. Immutable after start.
#pragma once

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/counters.hpp"
#include "base/log.hpp"
#include "receivers/file_log/parse/attribute_block.hpp"
#include "receivers/file_log/parse/container_line.hpp"
#include "receivers/file_log/parse/line_cutter.hpp"
#include "text/encoding.hpp"

namespace rankwire::file_log {

class OperatorGraph;
struct HeaderPlan;

// What happens to an entry that an operator cannot process.
enum class OnError : std::uint8_t { send, send_quiet, drop, drop_quiet };

// The container operator, when it comes first and has nothing unusual: the hot path.
struct ContainerStage {
  ContainerFormat format = ContainerFormat::automatic;
  bool adds_metadata = true;
  std::size_t size_max = 1024 * 1024;
  OnError on_error = OnError::send;
  Duration flush_period = std::chrono::seconds(5);
};

// Which facts about the file become attributes.
struct FileAttributeChoice {
  bool name = true, path = false, name_resolved = false, path_resolved = false;
  bool owner_name = false, owner_group_name = false, permissions = false;
  bool record_number = false, record_offset = false;
};

struct LinePlan {
  std::unique_ptr<text::Decoder> decoder;
  std::unique_ptr<LineCutter> cutter;  // Null: lines end with a line feed byte.
  bool keeps_leading_space = false;
  bool keeps_trailing_space = false;
  bool truncates = false;
  std::size_t line_size_max = 1024 * 1024;
  Duration flush_period = std::chrono::milliseconds(500);
  AttributeTexts attributes;
  AttributeTexts resource;
  FileAttributeChoice file;
  std::optional<ContainerStage> container;
  bool has_container_operator = false;         // In the graph.
  std::shared_ptr<const OperatorGraph> graph;  // Null: records are appended as they are.
  std::shared_ptr<const HeaderPlan> header;    // Null: files have none.
  Clock* clock = nullptr;
  Logger* log = nullptr;
};

}  // namespace rankwire::file_log
