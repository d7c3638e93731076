#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A compiler that reuses what another build has compiled already: reuse.py BUILD COMPILER ARGUMENT...

If BUILD has compiled the same text with the same arguments, apart from where the files are, its
object is copied. Anything else is compiled.
"""

import json
import os
import re
import shlex
import shutil
import sys
from pathlib import Path

# Where files are, and what else does not change the object.
WITHOUT_EFFECT = {"-fdiagnostics-color=always", "-Werror", "-MD", "-pipe"}
FOLLOWED_BY_A_PATH = {"-MQ", "-MF", "-o", "-c"}


def split(command):
    """The compiler, without a cache in front of it, and its arguments."""
    first = next(number for number, word in enumerate(command) if word.startswith("-"))
    return command[first - 1], command[first:]


def meaning(arguments):
    """The arguments that decide what is in the object."""
    kept, arguments = [], iter(arguments)
    for argument in arguments:
        if argument in FOLLOWED_BY_A_PATH:
            next(arguments)
        elif argument not in WITHOUT_EFFECT and not argument.startswith(("-I", "-isystem")):
            kept.append(argument)
    return kept


def text_of(unit):
    """A unit of a unity build includes sources by their paths; the sources themselves count."""
    included = re.findall(r'#include[<"](.*?)[">]', unit.read_text(encoding="utf-8"))
    return [os.path.realpath(path) for path in included]


def compiled_before(build, command):
    source = Path(command[command.index("-c") + 1])
    if "unity" not in source.name:
        return None
    for unit in json.loads((build / "compile_commands.json").read_text(encoding="utf-8")):
        if Path(unit["file"]).name == source.name and meaning(split(shlex.split(unit["command"]))[1]) == meaning(command) \
                and text_of(build / unit["file"]) == text_of(source):
            return build / unit["output"]
    return None


def main(build, compiler, command):
    target = compiled_before(Path(build), command) if "-c" in command else None
    if target is None or not target.exists():
        os.execvp(compiler, [compiler, *command])
    shutil.copyfile(target, command[command.index("-o") + 1])
    Path(command[command.index("-MF") + 1]).write_text("", encoding="utf-8")
    print(f"reused {target.name}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
