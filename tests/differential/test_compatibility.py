"""docs/compatibility.md says what the registry of this binary says."""

import os
import subprocess
import sys

import cases

TOOL = os.path.join(cases.HERE, "..", "..", "tools", "compatibility.py")


def test_the_document_is_what_the_registry_says():
    result = subprocess.run([sys.executable, TOOL, "--check"], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
