// The scripts name every command, option and choice.
#include <doctest/doctest.h>

#include <sstream>

#include "app/commands.hpp"

namespace rankwire::app {
namespace {

std::string completion(const std::string& shell) {
  const std::vector<CommandShape> commands{
      {"", "The program.", {{"--config", "File's place.", true, true, {}}}, {}},
      {"print", "Prints.", {{"--format", "Format.", true, false, {"yaml", "json"}}}, {}},
      {"queue", "Queues.", {}, {}},
      {"queue verify", "Verifies.", {{"--deep", "Deep.", false, false, {}}}, {"one", "two"}}};
  std::ostringstream out, err;
  CHECK(print_completion(shell, commands, {out, err}) == ExitCode::ok);
  return out.str();
}

TEST_CASE("every shell's script names commands, options and choices") {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const std::string script = completion(shell);
    for (const char* word : {"print", "queue", "verify", "config", "format", "yaml json", "deep", "one"}) {
      CAPTURE(shell);
      CAPTURE(word);
      CHECK(script.find(word) != std::string::npos);
    }
  }
}

TEST_CASE("bash completes a sub-command of a sub-command, the values of an option and files") {
  const std::string script =
      completion("bash") +
      "COMP_WORDS=(rankwire queue v); COMP_CWORD=2; _rankwire; echo \"${COMPREPLY[@]}\"\n"
      "COMP_WORDS=(rankwire print --format j); COMP_CWORD=3; _rankwire; echo \"${COMPREPLY[@]}\"\n"
      "COMP_WORDS=(rankwire queue verify --); COMP_CWORD=3; _rankwire; echo \"${COMPREPLY[@]}\"\n";
  FILE* shell = ::popen(("bash -c '" +
                         [&] {
                           std::string escaped;
                           for (const char c : script) escaped += c == '\'' ? "'\\''" : std::string(1, c);
                           return escaped;
                         }() +
                         "'")
                            .c_str(),
                        "r");
  REQUIRE(shell != nullptr);
  std::string output(1000, '\0');
  output.resize(std::fread(output.data(), 1, output.size(), shell));
  CHECK_EQ(::pclose(shell), 0);
  CHECK_EQ(output, "verify\njson\n--deep\n");
}

}  // namespace
}  // namespace rankwire::app
