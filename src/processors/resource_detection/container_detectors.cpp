// Docker, by its daemon, and ECS, by the metadata endpoint of the task.
#include <algorithm>

#include "net/http_client.hpp"
#include "processors/resource_detection/detectors.hpp"
#include "text/json_value.hpp"

namespace rankwire::resource_detection {
namespace {

constexpr std::size_t json_bytes_max = 1 << 20;

Result<Value> object_of(const std::string& text, Arena& arena, const char* what) {
  Value value;
  if (!text::read_json_object(text, text::NumberForm::real, arena, value))
    return Error(ErrorKind::unavailable, std::string(what) + " is not a JSON object");
  return value;
}

std::string text_in(const Value& object, std::string_view name) {
  const Value* value = object.type() == ValueType::map ? find(object.entries(), name) : nullptr;
  return value != nullptr && value->is_text() ? std::string(value->text()) : std::string();
}

class DockerDetector final : public Detector {
 public:
  DockerDetector(const DockerConfig& config, const Surroundings& surroundings)
      : config_(config), surroundings_(surroundings) {}

  Result<Found> detect(Deadline deadline, std::stop_token stop) override {
    constexpr std::string_view unix_scheme = "unix://";
    std::string host = surroundings_.variable("DOCKER_HOST");
    if (host.empty()) host = std::string(unix_scheme) + surroundings_.root + "/var/run/docker.sock";
    if (!host.starts_with(unix_scheme))
      return Error(ErrorKind::invalid, "DOCKER_HOST: only unix:// is supported, not another scheme");
    socket_ = host.substr(unix_scheme.size());
    Arena arena;
    const auto info = ask("/info", arena, deadline, stop);
    if (!info) return Error(info.error()).during("asking Docker");
    Collector collector(config_.resource_attributes.switches);
    collector.add("host.name", text_in(*info, "Name"));
    std::string os = text_in(*info, "OSType");
    collector.add("os.type", std::move(os));
    if (collector.wants("container.name") || collector.wants("container.image.name"))
      RANKWIRE_TRY(add_container(collector, arena, deadline, stop));
    return collector.take();
  }

 private:
  // The name of a container's host is its id, unless somebody chose another.
  Result<void> add_container(Collector& collector, Arena& arena, Deadline deadline, std::stop_token stop) {
    auto id = read_file(surroundings_.environment.files, surroundings_.root + "/etc/hostname", 4096);
    if (!id) return {};
    while (!id->empty() && id->back() == '\n') id->pop_back();
    const bool is_id = !id->empty() && std::all_of(id->begin(), id->end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
             c == '.';
    });
    if (!is_id) return {};
    const auto container = ask("/containers/" + *id + "/json", arena, deadline, stop);
    if (!container && container.error().kind() == ErrorKind::invalid) return {};  // We run outside of any.
    if (!container) return Error(container.error());
    std::string name = text_in(*container, "Name");
    if (name.starts_with('/')) name.erase(0, 1);
    collector.add("container.name", std::move(name));
    const Value* config = find(container->entries(), "Config");
    if (config != nullptr) collector.add("container.image.name", text_in(*config, "Image"));
    return {};
  }

  Result<Value> ask(const std::string& target, Arena& arena, Deadline deadline, const std::stop_token& stop) {
    auto answer = surroundings_.get_over_unix(socket_, target, surroundings_.environment.clock, deadline, stop);
    if (!answer) return std::move(answer).error();
    if (answer->status == 404) return Error(ErrorKind::invalid, "there is no " + target);
    if (answer->status != 200)
      return Error(ErrorKind::unavailable, "the daemon answered with status " + std::to_string(answer->status));
    return object_of(answer->body, arena, "the daemon's answer");
  }

  const DockerConfig config_;
  const Surroundings surroundings_;
  std::string socket_;
};

// The parts of "arn:aws:ecs:region:account:task/cluster/id".
struct TaskArn {
  std::string region, account, id;

  static TaskArn parse(const std::string& arn) {
    std::vector<std::string> parts(1);
    for (const char c : arn) {
      if (c == ':')
        parts.emplace_back();
      else
        parts.back() += c;
    }
    constexpr std::size_t parts_min = 6;
    if (parts.size() < parts_min) return {};
    return {parts[3], parts[4], parts[5].substr(parts[5].rfind('/') + 1)};
  }
};

class EcsDetector final : public Detector {
 public:
  EcsDetector(const EcsConfig& config, const Surroundings& surroundings)
      : config_(config), surroundings_(surroundings) {}

  Result<Found> detect(Deadline deadline, std::stop_token stop) override {
    std::string address = surroundings_.variable("ECS_CONTAINER_METADATA_URI_V4");
    if (address.empty()) address = surroundings_.variable("ECS_CONTAINER_METADATA_URI");
    if (address.empty()) return Found();
    auto base = net::Url::parse(address);
    if (!base || base->scheme != "http")
      return Error(ErrorKind::invalid, "ECS_CONTAINER_METADATA_URI_V4 is not an http address");
    Arena arena;
    const auto task = ask(*base, "/task", arena, deadline, stop);
    if (!task) return Error(task.error()).during("asking for the ECS task");
    const auto self = ask(*base, "", arena, deadline, stop);
    if (!self) return Error(self.error()).during("asking for the ECS container");
    Collector collector(config_.resource_attributes.switches);
    const TaskArn arn = TaskArn::parse(text_in(*task, "TaskARN"));
    collector.add("cloud.provider", "aws");
    collector.add("cloud.platform", "aws_ecs");
    add_task(collector, *task, arn);
    add_logs(collector, *task, text_in(*self, "DockerId"), arn.account);
    return collector.take();
  }

 private:
  Result<Value> ask(const net::Url& base, const char* below, Arena& arena, Deadline deadline, std::stop_token stop) {
    net::HttpClientOptions options;
    options.base = base;
    options.response_bytes_max = json_bytes_max;
    net::HttpClient client(std::move(options), surroundings_.environment.network, surroundings_.environment.clock);
    std::string target = base.target;
    while (target.ends_with('/')) target.pop_back();
    target += below;
    if (target.empty()) target = "/";
    auto answer = client.send({.method = "GET", .target = target, .headers = {}, .body = {}}, deadline, stop);
    if (!answer) return std::move(answer).error();
    if (answer->status != 200)
      return Error(ErrorKind::unavailable, "the endpoint answered with status " + std::to_string(answer->status));
    return object_of(answer->body, arena, "the endpoint's answer");
  }

  static void add_task(Collector& collector, const Value& task, const TaskArn& arn) {
    collector.add("aws.ecs.task.arn", text_in(task, "TaskARN"));
    collector.add("aws.ecs.task.family", text_in(task, "Family"));
    collector.add("aws.ecs.task.revision", text_in(task, "Revision"));
    collector.add("aws.ecs.task.id", arn.id);
    collector.add("cloud.account.id", arn.account);
    collector.add("cloud.region", arn.region);
    collector.add("cloud.availability_zone", text_in(task, "AvailabilityZone"));
    const std::string cluster = text_in(task, "Cluster");
    const bool is_arn = cluster.find(':') != std::string::npos;
    if (!cluster.empty())
      collector.add("aws.ecs.cluster.arn",
                    is_arn ? cluster : "arn:aws:ecs:" + arn.region + ":" + arn.account + ":cluster/" + cluster);
    std::string type = text_in(task, "LaunchType");
    std::transform(type.begin(), type.end(), type.begin(), [](unsigned char c) { return std::tolower(c); });
    if (type == "ec2" || type == "fargate") collector.add("aws.ecs.launchtype", type);
  }

  // Where the other containers of the task write their logs.
  static void add_logs(Collector& collector, const Value& task, const std::string& self, const std::string& account) {
    std::vector<std::string> groups, group_arns, streams, stream_arns;
    const Value* containers = find(task.entries(), "Containers");
    if (containers == nullptr || containers->type() != ValueType::array) return;
    for (const Value& container : containers->items()) {
      if (container.type() != ValueType::map) continue;
      const Value* options = find(container.entries(), "LogOptions");
      if (text_in(container, "Type") != "NORMAL" || text_in(container, "KnownStatus") != "RUNNING" ||
          text_in(container, "LogDriver") != "awslogs" || text_in(container, "DockerId") == self || options == nullptr)
        continue;
      const std::string group = text_in(*options, "awslogs-group"), stream = text_in(*options, "awslogs-stream");
      const std::string arn =
          "arn:aws:logs:" + text_in(*options, "awslogs-region") + ":" + account + ":log-group:" + group;
      groups.push_back(group);
      group_arns.push_back(arn);
      streams.push_back(stream);
      stream_arns.push_back(arn + ":log-stream:" + stream);
    }
    collector.add("aws.log.group.names", std::move(groups));
    collector.add("aws.log.group.arns", std::move(group_arns));
    collector.add("aws.log.stream.names", std::move(streams));
    collector.add("aws.log.stream.arns", std::move(stream_arns));
  }

  const EcsConfig config_;
  const Surroundings surroundings_;
};

}  // namespace

std::unique_ptr<Detector> make_docker_detector(const DockerConfig& config, const Surroundings& surroundings) {
  return std::make_unique<DockerDetector>(config, surroundings);
}

std::unique_ptr<Detector> make_ecs_detector(const EcsConfig& config, const Surroundings& surroundings) {
  return std::make_unique<EcsDetector>(config, surroundings);
}

}  // namespace rankwire::resource_detection
