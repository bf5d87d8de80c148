// `rankwire completion`: scripts made from the same description as --help, so that they cannot
// fall behind. Nothing is asked of the binary while completing.
#include <ostream>
#include <set>

#include "app/commands.hpp"

namespace rankwire::app {
namespace {

// The words that may follow `parent`: the sub-commands one level below.
std::vector<const CommandShape*> below(const std::vector<CommandShape>& commands, const std::string& parent) {
  std::vector<const CommandShape*> found;
  const std::string prefix = parent.empty() ? "" : parent + " ";
  for (const CommandShape& one : commands) {
    if (one.name.empty() || !one.name.starts_with(prefix)) continue;
    if (one.name.find(' ', prefix.size()) == std::string::npos) found.push_back(&one);
  }
  return found;
}

std::string last_word(const std::string& name) { return name.substr(name.rfind(' ') + 1); }

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) (text += text.empty() ? "" : " ") += word;
  return text;
}

// For single-quoted shell text.
std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'') {
      result += "'\\''";
    } else {
      result += c;
    }
  }
  return result + "'";
}

std::vector<std::string> words_of(const std::vector<CommandShape>& commands, const CommandShape& one) {
  std::vector<std::string> words;
  for (const CommandShape* next : below(commands, one.name)) words.push_back(last_word(next->name));
  for (const std::string& choice : one.choices) words.push_back(choice);
  for (const CommandShape::Option& option : one.options) words.push_back(option.name);
  return words;
}

void print_bash(const std::vector<CommandShape>& commands, std::ostream& out) {
  out << "# bash completion for rankwire: source <(rankwire completion bash)\n"
         "_rankwire() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= next i\n"
         "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
         "    next=\"${command:+$command }${COMP_WORDS[i]}\"\n"
         "    case $next in\n";
  std::string names;
  for (const CommandShape& one : commands) {
    if (!one.name.empty()) (names += names.empty() ? "" : "|") += quoted(one.name);
  }
  out << "      " << names << ") command=$next ;;\n    esac\n  done\n  case $before in\n";
  std::set<std::string> seen;
  for (const CommandShape& one : commands) {
    for (const CommandShape::Option& option : one.options) {
      if (!option.takes_value || !seen.insert(option.name).second) continue;
      out << "    " << option.name << ") COMPREPLY=($(compgen ";
      if (option.takes_file) {
        out << "-f";
      } else {
        out << "-W " << quoted(joined(option.choices));
      }
      out << " -- \"$word\")); return ;;\n";
    }
  }
  out << "  esac\n  case $command in\n";
  for (const CommandShape& one : commands) {
    out << "    " << quoted(one.name) << ") COMPREPLY=($(compgen -W " << quoted(joined(words_of(commands, one)))
        << " -- \"$word\")) ;;\n";
  }
  out << "  esac\n}\ncomplete -o default -F _rankwire rankwire\n";
}

void print_zsh(const std::vector<CommandShape>& commands, std::ostream& out) {
  out << "#compdef rankwire\n"
         "# zsh completion for rankwire: rankwire completion zsh > ~/.zfunc/_rankwire\n"
         "autoload -U +X bashcompinit && bashcompinit\n";
  print_bash(commands, out);
}

void print_fish(const std::vector<CommandShape>& commands, std::ostream& out) {
  out << "# fish completion for rankwire: rankwire completion fish | source\n";
  for (const CommandShape& one : commands) {
    std::string condition = one.name.empty() ? "" : " -n '__fish_seen_subcommand_from " + last_word(one.name) + "'";
    const std::string first = one.name.empty() ? " -n __fish_use_subcommand" : condition;
    for (const CommandShape* next : below(commands, one.name)) {
      out << "complete -c rankwire -f" << first << " -a " << last_word(next->name) << " -d "
          << quoted(next->description) << '\n';
    }
    for (const std::string& choice : one.choices)
      out << "complete -c rankwire -f" << condition << " -a " << choice << '\n';
    for (const CommandShape::Option& option : one.options) {
      if (!option.name.starts_with("--")) continue;
      out << "complete -c rankwire" << first << " -l " << option.name.substr(2);
      if (option.takes_value) out << (option.takes_file ? " -r -F" : " -x");
      if (!option.choices.empty()) out << " -a " << quoted(joined(option.choices));
      out << " -d " << quoted(option.description) << '\n';
    }
  }
}

}  // namespace

ExitCode print_completion(const std::string& shell, const std::vector<CommandShape>& commands, const Output& output) {
  if (shell == "zsh") {
    print_zsh(commands, output.out);
  } else if (shell == "fish") {
    print_fish(commands, output.out);
  } else {
    print_bash(commands, output.out);
  }
  return ExitCode::ok;
}

}  // namespace rankwire::app
