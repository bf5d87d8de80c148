#!/usr/bin/env python3
"""Writes build/PRESET/rankwire.sbom.json: what the binary is made of, as CycloneDX 1.5.

tools/sbom.py [PRESET]      PRESET: release (default), debug, ...

Nothing is listed by hand. Static libraries are those on the linker's command line, headers those that the compiler
opened (both from ninja), shared libraries those that the binary asks for; dpkg says which package and version each
file came from. A file that no package owns is listed by its name and hash. The same build gives the same bytes.
"""

import functools
import hashlib
import json
import os
import re
import subprocess
import sys
import uuid

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def output_of(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=True, **options).stdout


def static_archives(build):
    """Archives from outside the tree that the link command names, and those that the compiler adds by itself."""
    command = output_of("ninja", "-C", build, "-t", "commands", "-s", "rankwire")
    found = {word for word in command.split() if word.startswith("/") and word.endswith((".a", ".so"))}
    if "-static-libstdc++" in command:
        for name in ["libstdc++.a", "libgcc.a", "libgcc_eh.a"]:
            found.add(os.path.realpath(output_of("g++", f"-print-file-name={name}").strip()))
    return {path for path in found if path.endswith(".a")}


def headers(build):
    """Headers of the system that went into the binary's own objects, tests left out."""
    objects = set(output_of("ninja", "-C", build, "-t", "inputs", "rankwire").split())
    found, wanted = set(), False
    for line in output_of("ninja", "-C", build, "-t", "deps").splitlines():
        if not line.startswith(" "):
            wanted = line.split(":")[0] in objects
        elif wanted and line.strip().startswith("/usr/"):
            found.add(os.path.realpath(line.strip()))
    return found


def shared_libraries(binary):
    needed = re.findall(r"\(NEEDED\).*\[(.+)\]", output_of("readelf", "-d", binary))
    resolved = dict(re.findall(r"(\S+) => (/\S+)", output_of("ldd", binary)))
    paths = {name: resolved.get(name) for name in needed}
    for line in re.findall(r"^\s+(/\S+) \(", output_of("ldd", binary), re.M):
        paths[os.path.basename(line)] = line
    return {os.path.realpath(path) for path in paths.values() if path}


def packages_of(paths):
    """{package: paths}; under None what no package owns. Debian moved /lib into /usr/lib: dpkg may know either name."""
    names = {name: path for path in paths for name in (path, path.removeprefix("/usr"))}
    done = subprocess.run(["dpkg-query", "-S", *sorted(names)], capture_output=True, text=True)
    owner = {}
    for line in done.stdout.splitlines():
        package, _, name = line.partition(": ")
        if name in names:
            owner[names[name]] = package.split(",")[0].split(":")[0]
    result = {}
    for path in sorted(paths):
        result.setdefault(owner.get(path), set()).add(path)
    return result


@functools.cache
def facts_of(package):
    format_ = "${Version}\t${source:Package}\t${source:Version}\t${Architecture}\n"
    return output_of("dpkg-query", "-W", "-f", format_, package).splitlines()[0].split("\t")


def component(package, linkage):
    version, source, source_version, architecture = facts_of(package)
    escaped = version.replace("+", "%2B").replace(":", "%3A")
    purl = f"pkg:deb/debian/{package}@{escaped}?arch={architecture}"
    return {
        "type": "library",
        "bom-ref": purl,
        "name": package,
        "version": version,
        "purl": purl,
        "properties": [
            {"name": "rankwire:linkage", "value": linkage},
            {"name": "rankwire:source", "value": f"{source} {source_version}"},
        ],
    }


def unowned(path, linkage):
    with open(path, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    return {
        "type": "library",
        "bom-ref": f"file:{digest}",
        "name": os.path.basename(path),
        "hashes": [{"alg": "SHA-256", "content": digest}],
        "properties": [{"name": "rankwire:linkage", "value": linkage}],
    }


def make(build):
    binary = os.path.join(build, "rankwire")
    by_linkage = [("static", static_archives(build)), ("shared", shared_libraries(binary)), ("headers", headers(build))]
    components = {}
    for linkage, paths in by_linkage:
        for package, files in packages_of(paths).items():
            entries = [component(package, linkage)] if package else [unowned(path, linkage) for path in sorted(files)]
            for entry in entries:
                # A package that gives both an archive and its headers is listed once, as what is linked.
                components.setdefault(entry["bom-ref"], entry)
    with open(binary, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    version = output_of(binary, "version").split()[-1]
    ordered = sorted(components.values(), key=lambda entry: (entry["name"], entry["bom-ref"]))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, 'rankwire:' + digest)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": "rankwire",
                "name": "rankwire",
                "version": version,
                "hashes": [{"alg": "SHA-256", "content": digest}],
            }
        },
        "components": ordered,
        "dependencies": [{"ref": "rankwire", "dependsOn": [entry["bom-ref"] for entry in ordered]}],
    }


def main():
    build = os.path.join(ROOT, "build", sys.argv[1] if len(sys.argv) > 1 else "release")
    path = os.path.join(build, "rankwire.sbom.json")
    bill = make(build)
    with open(path, "w") as file:
        json.dump(bill, file, indent=1)
        file.write("\n")
    print(f"{os.path.relpath(path, ROOT)}: {len(bill['components'])} packages")


if __name__ == "__main__":
    main()
