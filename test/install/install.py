#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Installs a build, then builds and runs a program against what was installed, by pkg-config alone.

    install.py BUILD-DIRECTORY
"""

import json
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAM = Path(__file__).resolve().parent.parent / "embed" / "conversation.cpp"


def build_and_run(folder, *how):
    """Compiles the program with what pkg-config says about the libraries, and runs it."""
    flags = subprocess.check_output(
        ["pkg-config", *how, "--cflags", "--libs", "gemini-live-emulator", "gemini-live"], text=True)
    program = folder / "installed-conversation"
    command = ["c++", "-std=c++20", str(PROGRAM), "-o", str(program), *shlex.split(flags)]
    print("+", *command, flush=True)
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    subprocess.run([program], check=True, stdin=subprocess.DEVNULL, timeout=60)


def main(build):
    options = {option["name"]: option["value"] for option in
               json.loads(subprocess.check_output(["meson", "introspect", "--buildoptions", build]))}
    with tempfile.TemporaryDirectory(prefix="gemini-live-install.") as folder:
        subprocess.run(["meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", folder], check=True)
        prefix = Path(folder + options["prefix"])
        libraries = prefix / options["libdir"]
        os.environ["PKG_CONFIG_PATH"] = str(libraries / "pkgconfig")
        os.environ["LD_LIBRARY_PATH"] = str(libraries)
        build_and_run(Path(folder), f"--define-variable=prefix={prefix}")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
