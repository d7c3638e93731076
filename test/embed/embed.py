#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds the project in this folder with the library as its subproject, and holds a conversation.
Then installs everything, and builds the same program against the installation with pkg-config --static.

    embed.py SOURCE-ROOT BUILD-DIRECTORY

The build of the library itself has compiled the same sources: where it did so with the same
arguments, its objects are reused (reuse.py).
"""

import json
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "install"))
from install import build_and_run, options_of  # noqa: E402
from reuse import split  # noqa: E402


def run(*command):
    print("+", *command, flush=True)
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def built_of_ours(build):
    """Names of the targets that the subproject makes."""
    targets = json.loads(subprocess.check_output(["meson", "introspect", "--targets", build]))
    return {(target["name"], target["type"]) for target in targets if target.get("subproject") == "gemini-live"}


def compiled_as(build):
    """The compiler of a build, and the options that decide how it compiles."""
    units = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
    options = options_of(build)
    names = ("buildtype", "optimization", "debug", "b_ndebug", "unity_size")
    wanted = [f"-D{name}={str(options[name]).lower()}" for name in names if options[name] != "custom"]
    return split(shlex.split(units[0]["command"]))[0], wanted


def main(root, whole_build):
    os.nice(19)  # other tests run at the same time, some with deadlines
    with tempfile.TemporaryDirectory(prefix="gemini-live-embed.") as folder:
        project = Path(folder) / "project"
        build, prefix = project / "build", Path(folder) / "prefix"
        (project / "subprojects").mkdir(parents=True)
        for name in ("meson.build", "conversation.cpp"):
            (project / name).write_bytes((HERE / name).read_bytes())
        (project / "subprojects" / "gemini-live").symlink_to(root, target_is_directory=True)

        compiler, options = compiled_as(whole_build)
        os.environ["CXX"] = shlex.join([sys.executable, str(HERE / "reuse.py"), str(whole_build), compiler])
        run("meson", "setup", build, project, *options, "-Dunity=subprojects", f"-Dprefix={prefix}", "-Dlibdir=lib")
        others = {(name, kind) for name, kind in built_of_ours(build) if "library" not in kind}
        if others:
            sys.exit(f"a subproject should build its libraries only, and builds also {sorted(others)}")
        run("meson", "compile", "-C", build)
        run("meson", "test", "-C", build, "--print-errorlogs", "--timeout-multiplier", "4", "conversation")

        run("meson", "install", "-C", build, "--no-rebuild", "--quiet")
        os.environ["PKG_CONFIG_PATH"] = str(prefix / "lib" / "pkgconfig")
        build_and_run(Path(folder), "--static")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
