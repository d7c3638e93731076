#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plants bugs in the library, one at a time, and counts those that the tests find.

    run.py BUILD [ROOM...]   plants those of test/mutants/ROOM.mutants, or of all rooms
        --sample N --seed S  only N of them, chosen by S
        --only TEXT          only those whose name contains TEXT
        --jobs N             N at a time; by default one per processor
    run.py --check           checks that each of them can still be planted in exactly one place

A room's file begins with the Catch2 programs that are run for its bugs, the likeliest to find one first.
An entry is

    ## What a user would notice
    lib/base/trim.cpp
    - the present code; white space does not matter
    + the code that is planted instead; without such a line: nothing
    tests: base-test "the likeliest test*", base-test [#trim_test]
    equivalent: why nobody can notice it; it is not planted
    survives: what the tests lack; counted, but never in a sample

The build directory is not changed. The altered file is compiled by itself, without optimization, and
linked into the test programs before everything else: the linker uses the first definition of a function,
and the loader prefers the program's to a shared library's. This also affects calls within a file or a unity
build, since GCC does not inline global functions into position-independent code; Clang does. If a header is
altered, every file of the library that includes it is recompiled. A failing test must fail twice, since it
may fail by chance on a busy machine; a hanging test must hang for long.

Exits with 1 when fewer than 95 % are found, or when one cannot be planted or its tests fail without it.
"""
import argparse
import collections
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import random
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = pathlib.Path(__file__).resolve().parent
LEAST_SCORE = 0.95
WORTH_A_PRELUDE = 6  # mutants of a room


@dataclasses.dataclass
class Mutant:
    room: str
    name: str
    file: str = ""
    old: list = dataclasses.field(default_factory=list)
    new: list = dataclasses.field(default_factory=list)
    tests: list = dataclasses.field(default_factory=list)
    equivalent: str = ""
    survives: str = ""
    outcome: str = ""

    def places(self, source):
        words = [re.escape(word) for line in self.old for word in line.split()]
        return list(re.finditer(r"\s+".join(words), source)) if words else []

    def planted(self, source):
        place = self.places(source)[0]
        return source[:place.start()] + "\n".join(self.new) + source[place.end():]

    def line(self, source):
        return source.count("\n", 0, self.places(source)[0].start()) + 1


def split_tests(text):
    return [tuple(shlex.split(each)) for each in text.split(",")]


def read(room):
    """The mutants of a room."""
    programs, mutants = [], []
    for number, line in enumerate((FOLDER / f"{room}.mutants").read_text(encoding="utf-8").splitlines(), 1):
        key, _, value = line.partition(": ")
        if line.startswith("## "):
            mutants.append(Mutant(room, line[3:]))
        elif not line or line.startswith("# "):
            continue
        elif key == "tests":
            (mutants[-1].tests if mutants else programs).extend(split_tests(value))
        elif mutants and key in ("equivalent", "survives"):
            setattr(mutants[-1], key, value)
        elif mutants and line.startswith("lib/"):
            mutants[-1].file = line
        elif mutants and line.startswith("- "):
            mutants[-1].old.append(line[2:])
        elif mutants and line.startswith("+ "):
            mutants[-1].new.append(line[2:])
        else:
            sys.exit(f"{room}.mutants:{number}: cannot be read: {line}")
    for mutant in mutants:
        mutant.tests += programs
    return mutants


def check(mutants):
    """Returns whether each can be planted; names those that cannot."""
    good = True
    for mutant in mutants:
        path = ROOT / mutant.file
        count = len(mutant.places(path.read_text(encoding="utf-8"))) if path.is_file() else 0
        if count != 1:
            print(f"{mutant.room}.mutants: “{mutant.name}” fits {count} places of {mutant.file or 'no file'}")
            good = False
    names = [mutant.name for mutant in mutants]
    for name in sorted({name for name in names if names.count(name) > 1}):
        print(f"“{name}” is the name of several")
        good = False
    return good


class Broken(Exception):
    """A bug cannot be planted, or a test has no result."""


class Build:
    """How a build directory compiles files and links programs."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory).resolve()
        commands = json.loads((self.directory / "compile_commands.json").read_text(encoding="utf-8"))
        self.commands = {entry["output"]: entry["command"] for entry in commands}
        self.programs = {}
        self.linked = {}  # the objects of a program
        self.includes = {}  # of the library's objects
        self.environments = {}  # of a program in all of its tests
        self.preludes = {}
        macros = subprocess.run([*self.compiler("base"), "-dM", "-E", "-x", "c++", "/dev/null"], cwd=self.directory,
                                check=True, capture_output=True, text=True).stdout
        if "__clang__" in macros:
            sys.exit(f"{self.directory} is not built by GCC: bugs would not take effect everywhere")

    def path(self, program):
        found = [path for path in self.directory.glob(f"test/**/{program}") if path.is_file()]
        if len(found) != 1:
            sys.exit(f"there is no program {program} in {self.directory}: ./dev build")
        return str(found[0].relative_to(self.directory))

    def prepare(self, programs):
        """Builds the programs and records how they are linked."""
        for program in programs:
            self.programs[program] = self.path(program)
        subprocess.run(["ninja", "-C", self.directory, "--quiet", *self.programs.values()], check=True)
        for program, path in self.programs.items():
            commands = self.tell("commands", path)
            self.programs[program] = path, shlex.split(commands.strip().splitlines()[-1])
            self.linked[program] = set(re.findall(r" -o (lib/\S+\.o) ", commands))
        for test in json.loads(subprocess.check_output(["meson", "introspect", "--tests", self.directory])):
            program = pathlib.Path(test["cmd"][0]).name
            known = self.environments.setdefault(program, test["env"])
            self.environments[program] = dict(known.items() & test["env"].items())
        for each in self.tell("deps").strip().split("\n\n"):
            output, *includes = each.splitlines()
            if output.startswith("lib/"):
                self.includes[output.partition(":")[0]] = {os.path.normpath(path.strip()) for path in includes}

    def tell(self, *tool):
        return subprocess.run(["ninja", "-C", self.directory, "-t", *tool], check=True, capture_output=True,
                              text=True).stdout

    def units(self, mutant, program):
        """What is recompiled: the altered file, or the program's objects that include the altered header."""
        if mutant.file.endswith(".cpp"):
            return [mutant.file]
        header = os.path.relpath(ROOT / mutant.file, self.directory)
        return sorted(unit for unit in self.linked[program] if header in self.includes.get(unit, ()))

    def command(self, unit):
        """How an object is built, and from what."""
        kept, source, arguments = [], "", iter(shlex.split(self.commands[unit]))
        for argument in arguments:
            if argument == "-c":
                source = next(arguments)
            elif argument in ("-MQ", "-MF", "-o"):
                next(arguments)
            elif argument not in ("-MD", "-Werror"):
                kept.append(argument)
        return [*kept, "-O0", "-w"], source

    def compiler(self, room):
        """The command that compiles a room's files."""
        return self.command(next(unit for unit in self.commands if unit.startswith(f"lib/{room}/lib")))[0]

    def precompile(self, room, folder):
        """Precompiles the common includes of a room's files, which cuts most compile times to a third."""
        sources = [path.read_text(encoding="utf-8") for path in (ROOT / "lib" / room).rglob("*.[ch]pp")]
        headers = sorted({name for text in sources for name in re.findall(r"^#include (<.+>)$", text, re.M)})
        prelude = folder / f"{room}.hpp"
        prelude.write_text("".join(f"#include {name}\n" for name in headers), encoding="utf-8")
        subprocess.run([*self.compiler(room), "-x", "c++-header", prelude, "-o", f"{prelude}.gch"],
                       cwd=self.directory, check=True)
        self.preludes[room] = ["-include", prelude]

    def compile(self, mutant, unit, folder):
        """Compiles a unit with the bug in it."""
        altered = folder / pathlib.Path(mutant.file).relative_to("lib")
        altered.parent.mkdir(parents=True, exist_ok=True)
        altered.write_text(mutant.planted((ROOT / mutant.file).read_text(encoding="utf-8")), encoding="utf-8")
        if unit == mutant.file:
            command, source = self.compiler(mutant.room), altered
        else:
            command, source = self.command(unit)
            first = next(at for at, argument in enumerate(command) if argument.startswith("-I"))
            command.insert(first, f"-I{folder}")
        object_file = folder / f"{pathlib.Path(unit).name}.planted.o"
        subprocess.run([*command, *self.preludes.get(unit.split("/")[1], []), "-c", source, "-o", object_file],
                       cwd=self.directory, check=True, capture_output=True, text=True)
        return object_file

    def link(self, program, objects, folder):
        path, command = self.programs[program]
        at = command.index("-o")
        output = self.directory / pathlib.Path(path).parent / f"{program}-{folder.name}"
        subprocess.run([*command[:at], "-o", output, *objects, "-Wl,-z,muldefs", "-Wl,--copy-dt-needed-entries",
                        *command[at + 2:]], cwd=self.directory, check=True, capture_output=True, text=True)
        return output

    def run(self, name, program, arguments, limit):
        """Returns how a test program ends: "passed", "failed", or "hung" after the given time."""
        process = subprocess.Popen([program, "--abort", "--filenames-as-tags", *arguments], cwd=self.directory,
                                   env={**os.environ, **self.environments.get(name, {})}, start_new_session=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            return "passed" if process.wait(limit) == 0 else "failed"
        except subprocess.TimeoutExpired:
            return "hung"
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def finds(self, name, program, arguments, limit):
        """Returns whether a test program, or its replacement, hangs or fails twice."""
        outcome = self.run(name, program, arguments, limit)
        return outcome == "hung" or (outcome == "failed" and self.run(name, program, arguments, limit) != "passed")


class Limits:
    """How long the tests may run, from how long they take without a bug."""

    def __init__(self, build, tests):
        self.build = build
        self.locks = {test: threading.Lock() for test in tests}
        self.known = {}

    def of(self, test):
        """Seconds after which a program with a bug counts as hanging."""
        with self.locks[test]:
            if test not in self.known:
                program, *arguments = test
                start = time.monotonic()
                path = self.build.directory / self.build.programs[program][0]
                if self.build.finds(program, path, arguments, 600):
                    raise Broken(f"{shlex.join(test)} fails without any bug planted")
                self.known[test] = 10 + 5 * (time.monotonic() - start)
            return self.known[test]


def plant(build, mutant, limits):
    compiled, linked = {}, {}
    with tempfile.TemporaryDirectory(prefix="mutant-") as name:
        folder = pathlib.Path(name)
        try:
            for test in mutant.tests:
                program, *arguments = test
                if program not in linked:
                    units = build.units(mutant, program)
                    compiled.update({unit: build.compile(mutant, unit, folder) for unit in units if unit not in compiled})
                    linked[program] = build.link(program, [compiled[unit] for unit in units], folder)
                if build.finds(program, linked[program], arguments, limits.of(test)):
                    return "killed"
            if not compiled:
                raise Broken("nothing that is tested includes it")
            return "survived"
        except (Broken, subprocess.CalledProcessError) as failed:
            why = failed.stderr[-2000:] if isinstance(failed, subprocess.CalledProcessError) else failed
            print(f"\n{mutant.file}: “{mutant.name}” is not planted:\n{why}", file=sys.stderr)
            return "broken"
        finally:
            for path in linked.values():
                path.unlink()


class Progress:
    def __init__(self, total):
        self.total, self.outcomes, self.start = total, [], time.monotonic()

    def done(self, mutant):
        self.outcomes.append(mutant.outcome)
        count = len(self.outcomes)
        left = (time.monotonic() - self.start) / count * (self.total - count)
        if mutant.outcome == "survived":
            self.clear()
            print(f"survived: {describe(mutant)}", flush=True)
        if sys.stderr.isatty():
            print(f"\r\033[K{count} of {self.total}, {self.outcomes.count('survived')} survived, "
                  f"{left / 60:.0f} min left", end="", file=sys.stderr, flush=True)
            if count == self.total:
                self.clear()
        elif count % 25 == 0:
            print(f"{count} of {self.total} tried …", flush=True)

    def clear(self):
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def describe(mutant):
    line = mutant.line((ROOT / mutant.file).read_text(encoding="utf-8"))
    return f"{mutant.file}:{line}: {mutant.name}" + (f" ({mutant.survives})" if mutant.survives else "")


def print_table(mutants):
    rooms = list(dict.fromkeys(mutant.room for mutant in mutants))
    print(f"\n{'room':<12}{'planted':>9}{'killed':>9}{'survived':>10}{'equivalent':>12}{'score':>8}")
    for room in [*rooms, "all"]:
        those = [mutant for mutant in mutants if room in ("all", mutant.room)]
        equivalent = sum(bool(mutant.equivalent) for mutant in those)
        killed = sum(mutant.outcome == "killed" for mutant in those)
        survived = sum(mutant.outcome == "survived" for mutant in those)
        print(f"{room:<12}{len(those) - equivalent:>9}{killed:>9}{survived:>10}{equivalent:>12}"
              f"{killed / max(1, len(those) - equivalent):>8.1%}")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("build", nargs="?")
    parser.add_argument("rooms", nargs="*")
    parser.add_argument("--sample", type=int)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    rooms = sorted(path.stem for path in FOLDER.glob("*.mutants"))
    for room in options.rooms:
        if room not in rooms:
            sys.exit(f"there is no room {room}: {', '.join(rooms)}")
    mutants = [mutant for room in options.rooms or rooms for mutant in read(room) if options.only in mutant.name]
    if not check(mutants):
        return 1
    if options.check:
        print(f"{len(mutants)} bugs can be planted")
        return 0
    if not options.build:
        parser.error("which build directory?")
    if options.sample:
        found = [mutant for mutant in mutants if not mutant.equivalent and not mutant.survives]
        mutants = random.Random(options.seed).sample(found, min(options.sample, len(found)))
        mutants.sort(key=lambda mutant: mutant.room)
    to_plant = [mutant for mutant in mutants if not mutant.equivalent]
    tests = {test for mutant in to_plant for test in mutant.tests}
    build = Build(options.build)
    build.prepare({program for program, *_ in tests})
    limits = Limits(build, tests)
    progress = Progress(len(to_plant))
    with (tempfile.TemporaryDirectory(prefix="mutants-") as folder,
          concurrent.futures.ThreadPoolExecutor(options.jobs) as pool):
        counts = collections.Counter(mutant.room for mutant in to_plant)
        often = [room for room, count in counts.items() if count >= WORTH_A_PRELUDE]
        list(pool.map(lambda room: build.precompile(room, pathlib.Path(folder)), often))
        jobs = {pool.submit(plant, build, mutant, limits): mutant for mutant in to_plant}
        for job in concurrent.futures.as_completed(jobs):
            jobs[job].outcome = job.result()
            progress.done(jobs[job])
    print_table(mutants)
    killed = sum(mutant.outcome == "killed" for mutant in to_plant)
    passes = killed >= LEAST_SCORE * len(to_plant) and "broken" not in progress.outcomes
    print(f"\n{killed} of {len(to_plant)} bugs were found: " + ("enough" if passes else "too few, or one cannot be tried"))
    return 0 if passes else 1


if __name__ == "__main__":
    sys.exit(main())
