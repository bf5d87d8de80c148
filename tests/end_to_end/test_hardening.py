"""The binary as a file: how it was compiled and linked, and whether it says what is in it."""

import json
import os
import re
import subprocess
import sys

import harness
import pytest


def output_of(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


@pytest.fixture(scope="module")
def headers():
    return output_of("readelf", "-hlWd", harness.RANKWIRE)


@pytest.fixture(scope="module")
def imports(headers):
    return set(re.findall(r" UND (\w+)", output_of("readelf", "-W", "--dyn-syms", harness.RANKWIRE)))


def test_it_is_position_independent(headers):
    assert re.search(r"Type:\s+DYN", headers)
    assert re.search(r"FLAGS_1.*\bPIE\b", headers)


def test_relocations_are_read_only_after_the_start(headers):
    assert "GNU_RELRO" in headers
    assert "BIND_NOW" in headers


def test_no_memory_is_both_writable_and_executable(headers):
    assert re.search(r"GNU_STACK\s+\S+ \S+ \S+ \S+ \S+ RW +0", headers), "the stack is executable"
    loads = re.findall(r"LOAD\s+\S+ \S+ \S+ \S+ \S+ (R?\s?W?\s?E?)\s", headers)
    assert loads and not any("W" in flags and "E" in flags for flags in loads)
    assert "TEXTREL" not in headers


def test_libraries_come_from_the_system_only(headers):
    assert "RPATH" not in headers and "RUNPATH" not in headers


def test_stack_protector_and_fortified_calls_are_used(imports):
    assert "__stack_chk_fail" in imports
    fortified = {name for name in imports if name.startswith("__") and name.endswith("_chk")}
    assert {"__memcpy_chk", "__snprintf_chk"} <= fortified


def test_every_source_of_ours_is_compiled_with_the_protections():
    with open(os.path.join(harness.BUILD, "compile_commands.json")) as file:
        ours = [entry for entry in json.load(file) if "/src/" in entry["file"] and entry["file"].endswith(".cpp")]
    assert ours
    for entry in ours:
        for flag in ["-fstack-protector-strong", "-D_FORTIFY_SOURCE=2", "-fstack-clash-protection"]:
            assert flag in entry["command"], f"{entry['file']} without {flag}"
        assert "-fno-stack-protector" not in entry["command"]


def test_the_bill_of_materials_names_what_the_binary_says_it_is_made_of():
    output_of(sys.executable, os.path.join(harness.ROOT, "tools", "sbom.py"), os.path.basename(harness.BUILD))
    with open(os.path.join(harness.BUILD, "rankwire.sbom.json")) as file:
        bill = json.load(file)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    listed = {(part["name"], part.get("version")) for part in bill["components"]}
    said = re.findall(r"^library (\S+) (\S+)$", output_of(harness.RANKWIRE, "version", "--verbose"), re.M)
    assert len(said) >= 14
    assert set(said) <= listed
    for name in ["libssl-dev", "libc6", "libstdc++-12-dev"]:
        assert any(each == name for each, _ in listed), f"{name} is not in {sorted(listed)}"
    assert set(bill["dependencies"][0]["dependsOn"]) == {part["bom-ref"] for part in bill["components"]}
