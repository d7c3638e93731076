#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures what it costs to compile this project, room by room.

    test/bench/build_time.py BUILD-DIRECTORY [--with-tests] [--json FILE]

Compiles every unit of a configured build once, one at a time and without ccache, and adds up the
CPU seconds of the compiler. Then lets Clang compile the units of the library again to list the
template instantiations that take longest.
"""

import argparse
import collections
import json
import os
import re
import resource
import shlex
import subprocess
import tempfile
from pathlib import Path

from driver import progress

CLANG = "clang++-19"
# What `./dev chat` builds; `./dev test` builds the rest as well.
CHAT = re.compile(r"lib/|samples/(libchat-decisions|gemini-live-chat)")


def group_of(output):
    """lib/session for a unit of that room, test/unit and samples for the others."""
    parts = output.split("/")
    depth = 1 if parts[0] == "samples" else 2
    return "/".join(part for part in parts[:depth] if not part.endswith(".p"))


def generate_sources(build):
    """Sources that are written by a program, and not compiled here."""
    rule = subprocess.run(["ninja", "-C", build, "-t", "targets", "rule", "CUSTOM_COMMAND"], check=True, capture_output=True, text=True)
    sources = [name for name in rule.stdout.split() if name.endswith((".cpp", ".hpp"))]
    subprocess.run(["ninja", "-C", build, *sources], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def cpu_seconds(command, folder):
    """User and system time of the compiler, its children included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, check=True, stdin=subprocess.DEVNULL, env={**os.environ, "CCACHE_DISABLE": "1"})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def instantiations(units, build):
    """Seconds for each template that Clang instantiates in the units; what it instantiates in turn counts."""
    spent = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        for number, unit in enumerate(units):
            progress(f"{CLANG}: {unit['output']}")
            trace = Path(folder) / f"{number}.json"
            flags = [flag for flag in shlex.split(unit["command"])[1:]
                     if flag.startswith(("-I", "-D", "-std", "-isystem", "-fvisibility"))]
            source = Path(build, unit["file"]).resolve()
            subprocess.run([CLANG, *flags, "-DASIO_HAS_CO_AWAIT", "-w", "-ftime-trace", "-c", source,
                            "-o", trace.with_suffix(".o")], cwd=build, check=True, stdin=subprocess.DEVNULL)
            for event in json.loads(trace.read_text(encoding="utf-8"))["traceEvents"]:
                if event.get("ph") == "X" and event["name"] in ("InstantiateClass", "InstantiateFunction"):
                    spent[event["args"].get("detail", "")] += event["dur"] / 1e6
    return spent


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=Path, help="build directory, configured")
    parser.add_argument("--with-tests", action="store_true", help="also compile the tests")
    parser.add_argument("--json", metavar="FILE", help="also write every figure as a JSON line")
    given = parser.parse_args()
    units = json.loads((given.build / "compile_commands.json").read_text(encoding="utf-8"))
    library = [unit for unit in units if unit["output"].startswith("lib/") and "main" not in unit["output"]]
    wanted = [unit for unit in units if given.with_tests or CHAT.match(unit["output"])]

    generate_sources(given.build)
    seconds = collections.defaultdict(float)
    chat = 0.0
    for number, unit in enumerate(wanted, 1):
        progress(f"{number} of {len(wanted)}: {unit['output']}")
        spent = cpu_seconds(shlex.split(unit["command"]), given.build)
        seconds[group_of(unit["output"])] += spent
        chat += spent if CHAT.match(unit["output"]) else 0
    dearest = instantiations(library, given.build).most_common(10)
    progress("")

    print(f"CPU seconds to compile, one unit at a time; load average {os.getloadavg()[0]:.1f}\n")
    for name, spent in sorted(seconds.items()):
        print(f"  {name:<20} {spent:7.1f}")
    print(f"\n  {'./dev chat':<20} {chat:7.1f}")
    if given.with_tests:
        print(f"  {'./dev test':<20} {sum(seconds.values()):7.1f}")
    print(f"\nThe ten dearest instantiations of the library, by {CLANG}; seconds in all of its units\n")
    for name, spent in dearest:
        print(f"  {spent:6.2f}  {name if len(name) < 110 else name[:60] + ' … ' + name[-46:]}")
    if given.json:
        with open(given.json, "w", encoding="utf-8") as file:
            for name, spent in sorted(seconds.items()):
                print(json.dumps({"room": name, "cpu_s": round(spent, 2)}), file=file)
            for name, spent in dearest:
                print(json.dumps({"instantiation": name, "s": round(spent, 3)}), file=file)


if __name__ == "__main__":
    main()
