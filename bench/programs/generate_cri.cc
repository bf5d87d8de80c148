// Writes CRI log files like those of a training node: step lines, NCCL lines, JSON and validation lines
// with customer ids. Deterministic: the same arguments give the same bytes.
//
//   generate_cri DIR FILES TOTAL_BYTES [numbered]   a tree as /var/log/pods has it, written at once
//
// "numbered" puts "#n=<number># " before each message, so that a sink can tell which lines came.
#include <sys/stat.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

std::uint64_t state = 42;

std::uint64_t draw(std::uint64_t bound) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state % bound;
}

std::string formatted(const char* format, auto... arguments) {
  char text[1024];
  return {text, static_cast<std::size_t>(std::snprintf(text, sizeof text, format, arguments...))};
}

std::string step_line(std::uint64_t step, int rank) {
  return formatted(
      "[default%d]: iteration %8llu/  500000 | consumed samples: %12llu | consumed tokens: %14llu | elapsed time per "
      "iteration (ms): %.1f | learning rate: %.3E | global batch size:  2048 | lm loss: %.6E | loss scale: 2048.0 | "
      "grad norm: %.3f | num zeros: 0.0 | number of skipped iterations:   0 | number of nan iterations:   0 | "
      "samples per second: %.3f | TFLOPs: %.2f |",
      rank, static_cast<unsigned long long>(step), static_cast<unsigned long long>(step * 2048),
      static_cast<unsigned long long>(step * 2048 * 2048), 10636.0 + static_cast<double>(draw(900)) / 10, 5.279e-5,
      2.0 + static_cast<double>(draw(1000)) / 1e4, 0.2 + static_cast<double>(draw(1000)) / 1e3,
      19.0 + static_cast<double>(draw(99)) / 100, 147.0 + static_cast<double>(draw(99)) / 100);
}

std::string nccl_line(int rank) {
  return formatted(
      "node-%d:3468:%llu [%d] NCCL INFO Channel %02llu/0 : %d[%d] -> %d[%d] [send] via NET/Libfabric/%d/GDRDMA comm "
      "0x%012llx nRanks 160 busId %llx",
      rank / 8, static_cast<unsigned long long>(3900 + draw(64)), rank % 8, static_cast<unsigned long long>(draw(32)),
      rank, rank % 8, (rank + 8) % 160, rank % 8, rank % 4, static_cast<unsigned long long>(draw(1ull << 40)),
      static_cast<unsigned long long>(draw(0xffff)));
}

std::string json_line(std::uint64_t step, int rank) {
  return formatted(
      "{\"level\":\"info\",\"ts\":%llu.%03llu,\"logger\":\"data.loader\",\"rank\":%d,\"step\":%llu,\"shard\":\"s3://"
      "corpus/"
      "shard-%05llu.parquet\",\"rows\":%llu,\"wait_ms\":%.2f,\"msg\":\"shard read\",\"retries\":0}",
      static_cast<unsigned long long>(1'790'000'000 + step), static_cast<unsigned long long>(draw(1000)), rank,
      static_cast<unsigned long long>(step), static_cast<unsigned long long>(draw(99999)),
      static_cast<unsigned long long>(8000 + draw(999)), static_cast<double>(draw(9999)) / 100);
}

std::string validation_line(std::uint64_t step) {
  return formatted(
      "validation | step %llu | record customer_id=%08llu segment=retail | predicted %.4f | expected %.4f | absolute "
      "error %.4f | model revision 2026-11-0%llu | split holdout-%llu",
      static_cast<unsigned long long>(step), static_cast<unsigned long long>(draw(100'000'000)),
      static_cast<double>(draw(10000)) / 1e4, static_cast<double>(draw(10000)) / 1e4,
      static_cast<double>(draw(10000)) / 1e4, static_cast<unsigned long long>(1 + draw(9)),
      static_cast<unsigned long long>(draw(16)));
}

std::string message(std::uint64_t line, int rank) {
  const std::uint64_t kind = draw(10);
  if (kind < 4) return step_line(line, rank);
  if (kind < 6) return nccl_line(rank);
  if (kind < 8) return json_line(line, rank);
  return validation_line(line);
}

bool write_file(const std::string& directory, int index, std::uint64_t size_wanted, std::uint64_t& lines,
                bool numbered) {
  const std::string pod =
      formatted("%s/training_llm-worker-%d_6f1c0b4e-0000-4000-8000-%012d", directory.c_str(), index, index);
  const std::string container = pod + "/pytorch";
  ::mkdir(pod.c_str(), 0755);
  ::mkdir(container.c_str(), 0755);
  std::FILE* file = std::fopen((container + "/0.log").c_str(), "w");
  if (file == nullptr) return false;
  std::vector<char> buffer(1 << 20);
  std::setvbuf(file, buffer.data(), _IOFBF, buffer.size());
  std::uint64_t nanos = 0, written = 0;
  for (std::uint64_t line = 0; written < size_wanted; ++line, ++lines) {
    nanos += 1000 + draw(300'000);
    const std::uint64_t second = nanos / 1'000'000'000;
    const std::string text =
        formatted("2026-11-22T%02llu:%02llu:%02llu.%09lluZ %s F ", static_cast<unsigned long long>(second / 3600 % 24),
                  static_cast<unsigned long long>(second / 60 % 60), static_cast<unsigned long long>(second % 60),
                  static_cast<unsigned long long>(nanos % 1'000'000'000), draw(8) == 0 ? "stderr" : "stdout") +
        (numbered ? formatted("#n=%010llu# ", static_cast<unsigned long long>(lines)) : "") + message(line, index) +
        "\n";
    written += text.size();
    std::fwrite(text.data(), 1, text.size(), file);
  }
  return std::fclose(file) == 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4 && count != 5) {
    std::fprintf(stderr, "usage: generate_cri DIR FILES TOTAL_BYTES [numbered]\n");
    return 2;
  }
  ::mkdir(arguments[1], 0755);
  const int files = std::atoi(arguments[2]);
  const std::uint64_t total = std::strtoull(arguments[3], nullptr, 10);
  std::uint64_t lines = 0;
  for (int i = 0; i < files; ++i)
    if (!write_file(arguments[1], i, total / static_cast<std::uint64_t>(files), lines, count == 5)) return 1;
  std::printf("%llu\n", static_cast<unsigned long long>(lines));
  return 0;
}
