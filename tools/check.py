#!/usr/bin/env python3
"""The style guide's teeth: what STYLE.md and ARCHITECTURE.md promise, as checks that fail.

tools/check.py [--fast]      --fast leaves out what needs a compiler or clang-format
"""

import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
os.chdir(ROOT)
LINE_MAX, FUNCTION_MAX, FILE_MAX = 120, 70, 500
COMPONENT_CATEGORIES = ["receivers", "processors", "exporters", "connectors", "extensions"]
README_SECTIONS = ["## Example", "## Fields", "## Telemetry", "## Limits", "## What happens when"]

# What is banned, where it is allowed, and what to use instead.
BANNED = [
    (r"std::chrono::(system|steady|high_resolution)_clock::now", ["src/base/clock"], "the Clock you were given"),
    (r"\bstd::(thread|jthread)\b", ["src/base/worker"], "Worker"),
    # A word of the pattern lets tests use it: a thread.
    (
        r"\b(Worker|Worker \w+|worker_|thread_)[({]\"(?#thread)",
        ["src/base/worker", "src/testing/"],
        "Worker::start, which can say that there is none",
    ),
    (r"\bstd::this_thread::sleep|\busleep\(|\bsleep\(", [], "a wait on the Clock or a condition"),
    (r"\bstd::rand\b|\brand\(\)|std::mt19937|std::random_device", ["src/base/random"], "the Random you were given"),
    (r"(?<![_\w.:>])(std::)?exit\(", ["src/app/main.cpp", "src/testing/"], "return an Error; only main exits"),
    (r"\bstd::(cout|cerr)\b", ["src/app/", "src/testing/"], "the Logger you were given"),
    (r"\bassert\(", [], "require(), which stays on in release"),
    (r"\bstd::regex\b", [], "RE2"),
    (r"\b(strcpy|strcat|sprintf|gets)\(", [], "a bounded call"),
    (r"\b(TODO|FIXME|XXX|HACK)\b", [], "do it, or open an issue"),
    (r"catch \(\.\.\.\)", [], "catch what the library throws, in its adapter"),
]

problems = []


def problem(path, line, text):
    problems.append(f"{path}:{line}: {text}" if line else f"{path}: {text}")


def tracked(*suffixes):
    out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True, check=True)
    return [f for f in out.stdout.split() if f.endswith(suffixes) and os.path.isfile(f)]


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def rooms_table():
    """The table of ARCHITECTURE.md: | room | may use |."""
    table = {}
    for line in read("ARCHITECTURE.md").splitlines():
        match = re.match(r"\|\s*`([a-z]+)/`\s*\|\s*([^|]*)\|", line)
        if match:
            table[match.group(1)] = set(re.findall(r"`([a-z]+)`", match.group(2)))
    return table


def check_dependencies():
    table = rooms_table()
    on_disk = {d for d in os.listdir("src") if os.path.isdir(f"src/{d}")}
    for room in on_disk - set(table):
        problem("ARCHITECTURE.md", 0, f"room src/{room}/ is not in the table")
    for room in set(table) - on_disk:
        problem("ARCHITECTURE.md", 0, f"room `{room}/` is in the table but not on disk")
    for path in tracked(".hpp", ".cpp", ".cc"):
        parts = path.split("/")
        if parts[0] != "src" or len(parts) < 3:
            continue
        room = parts[1]
        is_test = re.search(r"_((test|fuzz|bench)\.cpp|fixture\.hpp)$", path) is not None
        for number, line in enumerate(read(path).splitlines(), 1):
            match = re.match(r'#include "([^"]+)"', line)
            if not match:
                continue
            other = match.group(1).split("/")
            if other[0] == room:
                # Two components are siblings even though their rooms share a parent folder.
                if room in COMPONENT_CATEGORIES and len(other) > 2 and other[1] != parts[2]:
                    problem(path, number, f"component {parts[2]} uses its sibling {other[1]}")
                continue
            if is_test and other[0] == "testing":
                continue
            if other[0] not in table.get(room, set()):
                problem(path, number, f"room {room} may not use {other[0]} (see the table in ARCHITECTURE.md)")


def without_strings_and_comments(text):
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))

    pattern = r'R"(\w*)\((?:.|\n)*?\)\1"|"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*(?:.|\n)*?\*/|\'(?:\\.|[^\'\\\n])\''
    return re.sub(pattern, blank, text)


def function_lengths(text):
    """(first line, length) of each function body: a brace block whose opener follows `)`, at any depth of namespaces
    and classes."""
    code = without_strings_and_comments(text)
    stack, lengths, line = [], [], 1
    for index, char in enumerate(code):
        if char == "\n":
            line += 1
        elif char == "{":
            before = code[max(0, index - 400) : index].rstrip()
            before = re.sub(
                r"(const|noexcept|override|final|&&|&|mutable|->\s*[\w:<>,\s*&]+)\s*$", "", before
            ).rstrip()
            before = re.sub(r"(const|noexcept|override|final)\s*$", "", before).rstrip()
            # Inside another function this is a loop or a lambda and counts towards that function.
            inside = any(is_function for is_function, _ in stack)
            initialisers = re.search(r"\)\s*:\s*[^;{}]*[)}]\s*$", before) is not None
            is_function = not inside and (before.endswith(")") or initialisers)
            stack.append((is_function, line))
        elif char == "}" and stack:
            is_function, start = stack.pop()
            if is_function:
                lengths.append((start, line - start + 1))
    return lengths


def check_sizes_and_bans():
    for path in tracked(".hpp", ".cpp", ".cc", ".py", ".ts"):
        text = read(path)
        lines = text.splitlines()
        if len(lines) > FILE_MAX:
            problem(path, 0, f"{len(lines)} lines; a file has at most {FILE_MAX}: find its second job")
        for number, line in enumerate(lines, 1):
            if len(line) > LINE_MAX:
                problem(path, number, f"line of {len(line)} characters; at most {LINE_MAX}")
        if not path.endswith((".hpp", ".cpp", ".cc")):
            continue
        for start, length in function_lengths(text):
            if length > FUNCTION_MAX:
                problem(path, start, f"function of {length} lines; at most {FUNCTION_MAX}")
        if not path.startswith("src/"):
            continue
        if path.endswith(".hpp") and not text.startswith("//"):
            problem(path, 1, "a header opens with a comment that says what it is")
        if path.endswith(".hpp") and "#pragma once" not in text:
            problem(path, 1, "no #pragma once")
        is_test = re.search(r"_((test|fuzz|bench)\.cpp|fixture\.hpp)$", path) is not None
        code_lines = without_strings_and_comments(text).splitlines()
        for number, line in enumerate(code_lines, 1):
            for pattern, allowed, instead in BANNED:
                if is_test and ("thread" in pattern or "catch" in pattern or "clock" in pattern):
                    continue
                if re.search(pattern, line) and not any(path.startswith(prefix) for prefix in allowed):
                    problem(path, number, f"{re.search(pattern, line).group(0)!r} is banned here: use {instead}")


def check_components():
    for category in COMPONENT_CATEGORIES:
        if not os.path.isdir(f"src/{category}"):
            continue
        for name in sorted(os.listdir(f"src/{category}")):
            folder = f"src/{category}/{name}"
            readme = f"{folder}/README.md"
            if not os.path.exists(readme):
                problem(folder, 0, "no README.md")
                continue
            text = read(readme)
            for section in README_SECTIONS:
                if section not in text:
                    problem(readme, 0, f"lacks the section {section!r}")
            if not any(f.endswith("_test.cpp") for _, _, files in os.walk(folder) for f in files):
                problem(folder, 0, "has no test")
            includes = read("src/app/components.cpp") if os.path.exists("src/app/components.cpp") else ""
            if f'"{category}/{name}/' not in includes:
                problem("src/app/components.cpp", 0, f"does not list {category}/{name}")


def check_documents():
    for path in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "STYLE.md", "CHANGELOG.md", "LICENSE"]:
        if not os.path.exists(path):
            problem(path, 0, "is missing")
    for path in tracked(".md"):
        text = read(path)
        for target in re.findall(r"\]\((?!https?://|#|mailto:)([^)#]+)", text):
            if not os.path.exists(os.path.join(os.path.dirname(path), target)):
                problem(path, 0, f"links to {target}, which does not exist")


def check_format():
    files = tracked(".hpp", ".cpp", ".cc")
    out = subprocess.run(["clang-format-19", "--dry-run", "--Werror", *files], capture_output=True, text=True)
    for line in re.findall(r"^(\S+?):(\d+):\d+: error", out.stderr, re.M):
        problem(line[0], line[1], "not formatted: clang-format-19 -i")


def compile_alone(header, folder):
    """Through the compiler cache, which a check of syntax alone would miss."""
    out = os.path.join(folder, header.replace("/", "_") + ".o")
    compiler = ["ccache", "g++"] if shutil.which("ccache") else ["g++"]
    command = [*compiler, "-std=c++20", "-O0", "-w", "-Isrc", "-x", "c++", "-c", header, "-o", out]
    environment = {**os.environ, "CCACHE_BASEDIR": ROOT, "CCACHE_NOHASHDIR": "1"}
    result = subprocess.run(command, capture_output=True, text=True, env=environment)
    return header, result.stderr.splitlines()[:1] if result.returncode else []


def check_headers():
    headers = [h for h in tracked(".hpp") if h.startswith("src/")]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool, tempfile.TemporaryDirectory() as folder:
        for header, errors in pool.map(compile_alone, headers, [folder] * len(headers)):
            for error in errors:
                problem(header, 0, f"does not compile alone: {error}")


def main():
    check_dependencies()
    check_sizes_and_bans()
    check_components()
    check_documents()
    if "--fast" not in sys.argv:
        check_format()
        check_headers()
    for text in sorted(set(problems)):
        print(text)
    print(f"check: {len(set(problems))} problems" if problems else "check: nothing to complain about")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
