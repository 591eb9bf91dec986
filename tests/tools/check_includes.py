#!/usr/bin/env python3
"""Holds the sources to the map of the modules: who may include whom, and where third parties stay.

Prints each violation as file:line and exits with 1 where there is one.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()

# A module may include itself, and the modules named here.
MAY_INCLUDE = {
    "base": [],
    "async": ["base"],
    "platform": ["async", "base"],
    "crypto": ["base"],
    "telemetry": ["platform", "base"],
    "schedule": ["base"],
    "archive": ["async", "crypto", "platform", "base"],
    "http": ["crypto", "async", "platform", "base"],
    "store": ["platform", "base"],
    "target": ["archive", "http", "async", "platform", "base"],
    "notify": ["http", "crypto", "async", "platform", "base"],
    "retention": ["base"],
    "catalog": ["platform", "base"],
    "config": ["archive", "store", "target", "notify", "retention", "schedule", "platform", "base"],
    "engine": ["config", "catalog", "retention", "notify", "target", "store", "schedule", "archive",
               "telemetry", "crypto", "platform", "async", "base"],
    "bus": ["engine", "config", "catalog", "retention", "schedule", "telemetry", "platform", "async",
            "base"],
}

# Header prefix of a third party → the modules whose .cpp files (and headers named *_impl or internal
# to them) may include it.
THIRD_PARTY = {
    r"sdbus-c\+\+|org_snapshotter1": ["bus"],
    r"yaml-cpp/": ["config"],
    r"archive\.h|archive_entry\.h|libdeflate|isa-l|zstd|xxhash|zlib": ["archive"],
    r"boost/beast": ["http"],
    r"openssl/": ["crypto", "http"],
    r"sqlite3": ["catalog"],
    r"systemd/": ["bus", "telemetry"],
    r"spdlog|fmt/": ["telemetry"],
    r"cctz": ["schedule"],
    r"boost/json": list(MAY_INCLUDE),
    r"boost/asio": ["async", "platform", "http"],
    r"CLI/": [],
}
# What every header may show of Asio (architecture: awaitable and any_io_executor).
SHOWN = {"boost/asio/awaitable.hpp", "boost/asio/any_io_executor.hpp"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def included(path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        found = INCLUDE.match(line)
        if found:
            yield number, found.group(1), found.group(2)


def check_module_include(module, part, name):
    target = name.split("/")[0]
    if target not in MAY_INCLUDE:
        return None
    if target != module and target not in MAY_INCLUDE[module]:
        return f"{module} may not include {target}"
    # One target, store or notifier never includes another.
    pieces = name.split("/")
    if target == module and module in ("target", "store", "notify") and len(pieces) > 2:
        if part is not None and pieces[1] != part:
            return f"{module}/{part} may not include {module}/{pieces[1]}"
    return None


def check_third_party(module, path, name):
    if name in SHOWN:
        return None
    for pattern, owners in THIRD_PARTY.items():
        if re.match(pattern, name):
            if module not in owners:
                return f"{name} belongs to {' and '.join(owners) or 'the programs'}"
            return None
    return None


def main():
    problems = []
    for path in sorted((ROOT / "lib").rglob("*.[ch]pp")):
        relative = path.relative_to(ROOT / "lib")
        module = relative.parts[0]
        part = relative.parts[1] if len(relative.parts) > 2 else None
        if module not in MAY_INCLUDE:
            problems.append(f"{path}:1: module {module} is not in the map")
            continue
        for number, kind, name in included(path):
            problem = check_third_party(module, path, name)
            if problem is None and kind == '"':
                problem = check_module_include(module, part, name)
            if problem:
                problems.append(f"{path}:{number}: {problem}")
    for path in sorted((ROOT / "daemon").rglob("*.[ch]pp")):
        for number, _, name in included(path):
            for pattern in THIRD_PARTY:
                if re.match(pattern, name) and not re.match(r"CLI/|boost/json", name):
                    problems.append(f"{path}:{number}: {name} does not belong into a program")
    print("\n".join(problems) or "include rules: kept")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
