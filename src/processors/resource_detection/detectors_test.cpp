#include "processors/resource_detection/detectors.hpp"

#include <net/if.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "processors/resource_detection/detection_fixture.hpp"

namespace rankwire::resource_detection {
namespace {

bool has(const Lines& lines, const std::string& line) {
  return std::find(lines.begin(), lines.end(), line) != lines.end();
}

bool says(const Lines& lines, const std::string& part) {
  return lines.size() == 1 && lines[0].starts_with("error: ") && lines[0].find(part) != std::string::npos;
}

TEST_CASE("env: pairs of OTEL_RESOURCE_ATTRIBUTES, all or nothing") {
  DetectorFixture t;
  const auto detector = make_env_detector(t.surroundings());
  const auto of = [&](const std::string& text) {
    t.variables["OTEL_RESOURCE_ATTRIBUTES"] = text;
    return t.detect(*detector);
  };
  CHECK(of("a=1, b = two words ,c=x%2Cy%3D+z") == Lines{"a=1", "b=two words", "c=x,y= z"});
  CHECK(of("a=") == Lines{"a="});
  CHECK(of("a=b=c,") == Lines{"a=b=c"});
  CHECK(of("").empty());
  CHECK(of("  ").empty());
  for (const char* text : {"a", "a=1,b", "=1", "a=%4", "a=%zz", "a=\xc3\xa9", ",a=1"})
    CHECK_MESSAGE(says(of(text), "OTEL"), text);
  CHECK(says(of("a=" + std::string(257, 'x')), "too long"));
  t.variables = {{"OTEL_RESOURCE", "old=1"}};
  CHECK(t.detect(*detector) == Lines{"old=1"});
}

TEST_CASE("k8snode: the name is that of the variable, and the variable must be there") {
  DetectorFixture t;
  const auto detector = make_k8snode_detector({}, t.surroundings());
  CHECK(says(t.detect(*detector), "K8S_NODE_NAME"));
  t.variables["K8S_NODE_NAME"] = "node-4";
  CHECK(t.detect(*detector) == Lines{"k8s.node.name=node-4"});
  K8sNodeConfig other;
  other.node_from_env_var = "MY_NODE";
  t.variables["MY_NODE"] = "node-5";
  CHECK(t.detect(*make_k8snode_detector(other, t.surroundings())) == Lines{"k8s.node.name=node-5"});
}

TEST_CASE("system: by default the host's name and the kind of system") {
  DetectorFixture t;
  const Lines lines = t.detect(*make_system_detector({}, t.surroundings()));
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].starts_with("host.name="));
  CHECK(lines[1] == "os.type=linux");
  CHECK(t.schema_url == current_schema_url);
}

TEST_CASE("system: what is switched on is read from the files of the system") {
  DetectorFixture t;
  char host[256] = {};
  REQUIRE(::gethostname(host, sizeof host - 1) == 0);
  t.write("/etc/hosts",
          "# " + std::string(host) + " wrong.example\n10.0.0.1\t" + std::string("node.example.com ") + host + "\n");
  t.write("/etc/machine-id", "0123abcd\n");
  t.write("/etc/os-release", "PRETTY_NAME=\"Some Linux 3\"\nID=some\nVERSION_ID='3.1'\nBUILD_ID=b7\n");
  t.write("/proc/cpuinfo",
          "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 106\nmodel name\t: Xeon\n"
          "stepping\t: 6\ncache size\t: 49152 KB\n\nprocessor\t: 1\nvendor_id\t: Other\n");
  SystemConfig config;
  for (auto& [name, is_on] : config.resource_attributes.switches) is_on = true;
  const Lines lines = t.detect(*make_system_detector(config, t.surroundings()));
  for (const char* line :
       {"host.name=node.example.com", "host.id=0123abcd", "os.name=some", "os.version=3.1", "os.build.id=b7",
        "host.cpu.vendor.id=GenuineIntel", "host.cpu.family=6", "host.cpu.model.id=106", "host.cpu.model.name=Xeon",
        "host.cpu.stepping=6", "host.cpu.cache.l2.size=49152"})
    CHECK_MESSAGE(has(lines, line), line);
  const auto description =
      std::find_if(lines.begin(), lines.end(), [](const auto& line) { return line.starts_with("os.description="); });
  REQUIRE(description != lines.end());
  CHECK(description->starts_with("os.description=Some Linux 3 (Linux "));
  config.hostname_sources = {"os"};
  CHECK(has(t.detect(*make_system_detector(config, t.surroundings())), "host.name=" + std::string(host)));
}

TEST_CASE("system: architecture and interfaces are those that the kernel tells of") {
  DetectorFixture t;
  SystemConfig config;
  enable(config.resource_attributes, {"host.arch", "host.interface", "host.mac"});
  const Lines lines = t.detect(*make_system_detector(config, t.surroundings()));
  std::string names, used;
  struct if_nameindex* all = ::if_nameindex();
  REQUIRE(all != nullptr);
  for (const struct if_nameindex* entry = all; entry->if_index != 0; ++entry) {
    names += (names.empty() ? "" : ",") + std::string(entry->if_name);
    const std::string folder = "/sys/class/net/" + std::string(entry->if_name);
    std::string flags, mac;
    std::ifstream(folder + "/flags") >> flags;
    std::ifstream(folder + "/address") >> mac;
    const unsigned long bits = std::stoul(flags.empty() ? "0" : flags, nullptr, 16);
    if ((bits & IFF_UP) == 0 || (bits & IFF_LOOPBACK) != 0 || mac.empty()) continue;
    for (char& c : mac) c = c == ':' ? '-' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    if (used.find(mac) == std::string::npos) used += (used.empty() ? "" : ",") + mac;
  }
  ::if_freenameindex(all);
  CHECK_MESSAGE(has(lines, "host.interface=[" + names + "]"), names);
  CHECK_MESSAGE((used.empty() || has(lines, "host.mac=[" + used + "]")), used);
  utsname machine{};
  REQUIRE(::uname(&machine) == 0);
  const bool is_arm = machine.machine == std::string("aarch64");
  CHECK_MESSAGE(has(lines, is_arm ? "host.arch=arm64" : "host.arch=amd64"), machine.machine);
}

TEST_CASE("ec2: identity and hostname, with a token") {
  DetectorFixture t;
  MetadataServer server;
  server.set_instance();
  t.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = server.url();
  CHECK(t.detect(*make_ec2_detector({}, t.surroundings())) ==
        Lines{"cloud.account.id=123456789012", "cloud.availability_zone=us-east-1a", "cloud.platform=aws_ec2",
              "cloud.provider=aws", "cloud.region=us-east-1", "host.id=i-0abc", "host.image.id=ami-1",
              "host.name=ip-10-0-0-1.ec2.internal", "host.type=p4d.24xlarge"});
}

TEST_CASE("ec2: attributes can be switched off") {
  DetectorFixture t;
  MetadataServer server;
  server.set_instance();
  t.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = server.url();
  Ec2Config config;
  for (auto& [name, is_on] : config.resource_attributes.switches) is_on = name == "host.id";
  CHECK(t.detect(*make_ec2_detector(config, t.surroundings())) == Lines{"host.id=i-0abc"});
}

TEST_CASE("ec2: tags that match, from the metadata") {
  DetectorFixture t;
  MetadataServer server;
  server.set_instance();
  server.set("/latest/meta-data/tags/instance", "Name\nteam\ncost-center\ngone");
  server.set("/latest/meta-data/tags/instance/team", "ml");
  server.set("/latest/meta-data/tags/instance/cost-center", "42");
  t.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = server.url();
  Ec2Config config;
  config.tags = {"^team$", "^cost-", "^gone$"};
  config.tags_from_imds = true;
  const Lines lines = t.detect(*make_ec2_detector(config, t.surroundings()));
  CHECK(has(lines, "ec2.tag.team=ml"));
  CHECK(has(lines, "ec2.tag.cost-center=42"));
  CHECK(lines.size() == 11);
}

TEST_CASE("ec2: instances that do not allow tags in metadata give the rest") {
  DetectorFixture t;
  MetadataServer server;
  server.set_instance();
  t.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = server.url();
  Ec2Config config;
  config.tags = {"."};
  config.tags_from_imds = true;
  CHECK(t.detect(*make_ec2_detector(config, t.surroundings())).size() == 9);
}

TEST_CASE("ec2: version 1 is tried where there are no tokens, also where the answer never comes") {
  for (const auto tokens : {MetadataServer::Tokens::unwanted, MetadataServer::Tokens::unanswered}) {
    DetectorFixture t;
    MetadataServer server(tokens);
    server.set_instance();
    t.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = server.url();
    CHECK(t.detect(*make_ec2_detector({}, t.surroundings())).size() == 9);
  }
}

TEST_CASE("ec2: passing failures are tried again, as often as configured") {
  DetectorFixture t;
  MetadataServer server;
  server.set_instance();
  t.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = server.url();
  Ec2Config config;
  config.max_backoff = std::chrono::milliseconds(1);
  server.fail_next(2);
  CHECK(t.detect(*make_ec2_detector(config, t.surroundings())).size() == 9);
  config.max_attempts = 2;
  server.fail_next(2);
  CHECK(says(t.detect(*make_ec2_detector(config, t.surroundings())), "503"));
}

TEST_CASE("ec2: a service that answers nothing takes no longer than the deadline") {
  DetectorFixture t;
  testing::RawServer silent([](testing::RawConnection& connection) { connection.drain(); });
  t.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = "http://127.0.0.1:" + std::to_string(silent.port());
  const Instant begin = t.clock.now();
  CHECK(t.detect(*make_ec2_detector({}, t.surroundings()), std::chrono::milliseconds(300))[0].starts_with("error: "));
  CHECK(t.clock.now() - begin < std::chrono::seconds(5));
}

TEST_CASE("ec2: garbage, other schemes and a disabled service are errors") {
  DetectorFixture t;
  MetadataServer server;
  server.set("/latest/dynamic/instance-identity/document", "<html>");
  t.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = server.url();
  CHECK(says(t.detect(*make_ec2_detector({}, t.surroundings())), "not JSON"));
  t.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = "https://example.com";
  CHECK(says(t.detect(*make_ec2_detector({}, t.surroundings())), "by http"));
  t.variables["AWS_EC2_METADATA_DISABLED"] = "true";
  CHECK(says(t.detect(*make_ec2_detector({}, t.surroundings())), "AWS_EC2_METADATA_DISABLED"));
}

TEST_CASE("eks: told by the token files of roles, or by who issued the service account's token") {
  DetectorFixture t;
  const auto detector = make_eks_detector({}, t.surroundings());
  const Lines expected = {"cloud.platform=aws_eks", "cloud.provider=aws"};
  CHECK(t.detect(*detector).empty());
  t.variables["KUBERNETES_SERVICE_HOST"] = "10.0.0.1";
  CHECK(t.detect(*detector).empty());
  t.variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token";
  CHECK(t.detect(*detector) == expected);
  t.variables.erase("AWS_WEB_IDENTITY_TOKEN_FILE");
  t.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] =
      "/var/run/secrets/pods.eks.amazonaws.com/eks-pod-identity-token";
  CHECK(t.detect(*detector) == expected);
  t.variables.erase("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  // {"iss":"https://oidc.eks.us-east-1.amazonaws.com/id/ABC"}
  t.write("/var/run/secrets/kubernetes.io/serviceaccount/token",
          "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL29pZGMuZWtzLnVzLWVhc3QtMS5hbWF6b25hd3MuY29tL2lk"
          "L0FCQyJ9.c2ln");
  CHECK(t.detect(*detector) == expected);
  for (const char* token : {"", "x", "a.b", "a.%.c", "a.e30.c"}) {
    t.write("/var/run/secrets/kubernetes.io/serviceaccount/token", token);
    CHECK(t.detect(*detector).empty());
  }
}

TEST_CASE("eks: what is switched on comes from the instance, the cluster's name from its tags") {
  DetectorFixture t;
  MetadataServer server;
  server.set_instance();
  server.set("/latest/meta-data/tags/instance", "Name\nkubernetes.io/cluster/east");
  t.variables = {{"KUBERNETES_SERVICE_HOST", "10.0.0.1"},
                 {"AWS_WEB_IDENTITY_TOKEN_FILE", "/eks.amazonaws.com/token"},
                 {"AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url()}};
  EksConfig config;
  enable(config.resource_attributes, {"host.id", "k8s.cluster.name"});
  CHECK(t.detect(*make_eks_detector(config, t.surroundings())) ==
        Lines{"cloud.platform=aws_eks", "cloud.provider=aws", "host.id=i-0abc", "k8s.cluster.name=east"});
  server.set("/latest/meta-data/tags/instance", "aws:eks:cluster-name");
  server.set("/latest/meta-data/tags/instance/aws:eks:cluster-name", "west");
  CHECK(has(t.detect(*make_eks_detector(config, t.surroundings())), "k8s.cluster.name=west"));
}

TEST_CASE("ecs: the task, its cluster and where the other containers log") {
  DetectorFixture t;
  const auto detector = make_ecs_detector({}, t.surroundings());
  CHECK(t.detect(*detector).empty());
  MetadataServer server;
  server.set("/v4/abc", R"({"DockerId":"self"})");
  server.set("/v4/abc/task", R"({"Cluster":"prod","TaskARN":"arn:aws:ecs:eu-west-1:42:task/prod/77","Family":"f",
      "Revision":"5","LaunchType":"FARGATE","AvailabilityZone":"eu-west-1b","Containers":[
      {"DockerId":"self","Type":"NORMAL","KnownStatus":"RUNNING","LogDriver":"awslogs","LogOptions":
        {"awslogs-group":"no"}},
      {"DockerId":"other","Type":"NORMAL","KnownStatus":"RUNNING","LogDriver":"awslogs","LogOptions":
        {"awslogs-group":"g","awslogs-region":"eu-west-1","awslogs-stream":"s"}},
      {"DockerId":"pause","Type":"CNI_PAUSE","KnownStatus":"RUNNING"}, 7]})");
  t.variables["ECS_CONTAINER_METADATA_URI_V4"] = server.url() + "/v4/abc";
  CHECK(t.detect(*detector) ==
        Lines{"aws.ecs.cluster.arn=arn:aws:ecs:eu-west-1:42:cluster/prod", "aws.ecs.launchtype=fargate",
              "aws.ecs.task.arn=arn:aws:ecs:eu-west-1:42:task/prod/77", "aws.ecs.task.family=f", "aws.ecs.task.id=77",
              "aws.ecs.task.revision=5", "aws.log.group.arns=[arn:aws:logs:eu-west-1:42:log-group:g]",
              "aws.log.group.names=[g]", "aws.log.stream.arns=[arn:aws:logs:eu-west-1:42:log-group:g:log-stream:s]",
              "aws.log.stream.names=[s]", "cloud.account.id=42", "cloud.availability_zone=eu-west-1b",
              "cloud.platform=aws_ecs", "cloud.provider=aws", "cloud.region=eu-west-1"});
  server.set("/v4/abc/task", "[]");
  CHECK(says(t.detect(*detector), "JSON object"));
}

// A Docker daemon that knows one container.
class DockerSocket {
 public:
  explicit DockerSocket(const std::string& path) : listener_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener_, 8) == 0);
    worker_ = Worker("docker", [this](std::stop_token) { serve(); });  // Not before: accept() needs a listener.
  }
  ~DockerSocket() {
    ::shutdown(listener_, SHUT_RDWR);
    worker_.join();
    ::close(listener_);
  }

 private:
  void serve() {
    for (;;) {
      const int fd = ::accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      testing::RawConnection connection(fd, 0);
      const std::string head = connection.read_head();
      const auto send = [&connection](const std::string& body) { connection.send("HTTP/1.0 200 OK\r\n\r\n" + body); };
      if (head.starts_with("GET /info "))
        send(R"({"Name":"machine","OSType":"linux"})");
      else if (head.starts_with("GET /containers/c0ffee/json "))
        send(R"({"Name":"/agent","Config":{"Image":"rankwire:1"}})");
      else
        connection.send("HTTP/1.0 404 Not Found\r\n\r\n{}");
    }
  }

  int listener_;
  Worker worker_;
};

TEST_CASE("docker: what the daemon answers is HTTP with a status of three digits, or nothing of use") {
  const auto answer = parse_unix_answer("HTTP/1.0 204 No Content\r\nA: b\r\n\r\nbody\r\n\r\nmore");
  REQUIRE(answer);
  CHECK(answer->status == 204);
  CHECK(answer->body == "body\r\n\r\nmore");
  for (const char* text : {"", "HTTP/1.0 200 OK\r\nA: b\r\n", "HTTP/1.0 -12 X\r\n\r\n", "HTTP/1.0 2x0 X\r\n\r\n",
                           "HTTP/1.0 20\r\n\r\n0", "HTTP/2.0 200 OK\r\n\r\n", "\r\n\r\n"})
    CHECK_FALSE(parse_unix_answer(text));
}

TEST_CASE("docker: the daemon's name and system, and the container that the agent runs in") {
  DetectorFixture t;
  std::filesystem::create_directories(t.directory.path() + "/var/run");
  CHECK(says(t.detect(*make_docker_detector({}, t.surroundings())), "connecting"));
  const DockerSocket docker(t.directory.path() + "/var/run/docker.sock");
  CHECK(t.detect(*make_docker_detector({}, t.surroundings())) == Lines{"host.name=machine", "os.type=linux"});
  DockerConfig config;
  enable(config.resource_attributes, {"container.name", "container.image.name"});
  t.write("/etc/hostname", "c0ffee\n");
  CHECK(t.detect(*make_docker_detector(config, t.surroundings())) ==
        Lines{"container.image.name=rankwire:1", "container.name=agent", "host.name=machine", "os.type=linux"});
  t.write("/etc/hostname", "not-a-container\n");
  CHECK(t.detect(*make_docker_detector(config, t.surroundings())).size() == 2);
  t.variables["DOCKER_HOST"] = "tcp://127.0.0.1:2375";
  CHECK(says(t.detect(*make_docker_detector({}, t.surroundings())), "unix://"));
}

}  // namespace
}  // namespace rankwire::resource_detection
