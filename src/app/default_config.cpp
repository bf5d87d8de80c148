// Tails the container logs of this machine into rotated files of a local folder, RANKWIRE_DATA or
// ./rankwire-data. Bounded in disk; positions are kept, so that a restart goes on where it stopped.
#include "app/default_config.hpp"

namespace rankwire::app {

const std::string_view default_config = R"(
extensions:
  file_storage:
    directory: ${env:RANKWIRE_DATA:-rankwire-data}/state
    create_directory: true

receivers:
  file_log:
    include:
      - /var/log/pods/*/*/*.log
      - /var/log/containers/*.log
    include_file_path: true
    start_at: end
    storage: file_storage
    operators:
      - type: container

exporters:
  file:
    path: ${env:RANKWIRE_DATA:-rankwire-data}/logs.jsonl
    create_directory: true
    rotation:
      max_megabytes: 100
      max_backups: 10

service:
  extensions: [file_storage]
  pipelines:
    logs:
      receivers: [file_log]
      exporters: [file]
)";

}  // namespace rankwire::app
