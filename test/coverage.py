#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reports which parts of lib/ the tests have run: coverage.py BUILD

Reads the profiles of a build directory that ./dev coverage has built and run; prints lines and branches by
room and file, and the lines that were not run; writes annotated sources to BUILD/coverage.
"""
import collections
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]


def objects_of(build):
    """The programs and libraries that the tests run."""
    files = [path for path in build.rglob("*") if path.is_file() and not path.is_symlink()]
    programs = [path for path in files if os.access(path, os.X_OK) and path.suffix in ("", ".0")]
    return [path for path in programs if path.read_bytes()[:4] == b"\x7fELF"]


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def read_lcov(text):
    """The lines and branches of each file: how often they have been run."""
    lines, branches = collections.defaultdict(dict), collections.defaultdict(dict)
    name = ""
    for record in text.splitlines():
        kind, _, rest = record.partition(":")
        if kind == "SF":
            name = str(pathlib.Path(rest).resolve().relative_to(ROOT))
        elif kind == "DA":
            line, count = rest.split(",")[:2]
            lines[name][int(line)] = int(count)
        elif kind == "BRDA":
            place, count = rest.rsplit(",", 1)
            branches[name][place] = branches[name].get(place, 0) + (0 if count == "-" else int(count))
    return lines, branches


def ranges(numbers):
    """Line numbers in short form: 5-8, 12."""
    all_ranges = []
    for number in sorted(numbers):
        if all_ranges and number == all_ranges[-1][1] + 1:
            all_ranges[-1][1] = number
        else:
            all_ranges.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in all_ranges)


def share(counts):
    run_once = sum(1 for count in counts if count)
    return f"{run_once:>7} of {len(counts):<6} {run_once / max(1, len(counts)):>6.1%}"


def print_table(lines, branches):
    def row(what, files):
        print(f"{what:<40}{share([count for file in files for count in lines[file].values()])}"
              f"{share([count for file in files for count in branches[file].values()])}")
    rooms = collections.defaultdict(list)
    for file in sorted(lines):
        rooms[file.split("/")[1]].append(file)
    print(f"{'':<40}{'lines':>15}{'':<8}{'branches':>15}")
    for room, files in rooms.items():
        row(f"lib/{room}", files)
        for file in files:
            row("  " + file.split("/", 2)[2], [file])
    row("all", sorted(lines))
    print("\nWhat nothing has run:")
    for file in sorted(lines):
        if missed := [line for line, count in lines[file].items() if count == 0]:
            print(f"{file}:{ranges(missed)}")


def main(build):
    profiles = sorted(map(str, (build / "profiles").glob("*.profraw")))
    if not profiles:
        sys.exit(f"there are no profiles in {build}: ./dev coverage")
    merged = build / "coverage.profdata"
    run("llvm-profdata-19", "merge", "--sparse", "--failure-mode=all", *profiles, "-o", merged)
    first, *others = objects_of(build)
    common = [first, *(f"--object={other}" for other in others), f"--instr-profile={merged}"]
    print_table(*read_lcov(run("llvm-cov-19", "export", "--format=lcov", *common, ROOT / "lib")))
    run("llvm-cov-19", "show", "--format=html", f"--output-dir={build / 'coverage'}", *common, ROOT / "lib")
    print(f"\nThe sources, line by line: {build / 'coverage/index.html'}")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]).resolve())
