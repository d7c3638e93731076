#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Installs a build, checks what its library exports, and builds and runs a program against the
installation with pkg-config alone.

    install.py BUILD-DIRECTORY
"""

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAM = Path(__file__).resolve().parent.parent / "embed" / "conversation.cpp"


def options_of(build):
    """The options of a build directory, by name."""
    return {option["name"]: option["value"] for option in
            json.loads(subprocess.check_output(["meson", "introspect", "--buildoptions", build]))}


def build_and_run(folder, *how):
    """Compiles the program with pkg-config's flags for the libraries, and runs it."""
    flags = subprocess.check_output(
        ["pkg-config", *how, "--cflags", "--libs", "gemini-live-emulator", "gemini-live"], text=True)
    program = folder / "installed-conversation"
    command = ["c++", "-std=c++20", str(PROGRAM), "-o", str(program), *shlex.split(flags)]
    print("+", *command, flush=True)
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    subprocess.run([program], check=True, stdin=subprocess.DEVNULL, timeout=60)


def check_link_errors(folder, prefix):
    """A program compiled with incompatible options does not link, and the error says why."""
    flags = shlex.split(subprocess.check_output(
        ["pkg-config", f"--define-variable=prefix={prefix}", "--cflags", "--libs", "gemini-live-emulator", "gemini-live"],
        text=True))
    definition = "-DASIO_DISABLE_STD_ALIGNED_ALLOC"
    other_asio = folder / "asio"
    version = Path(other_asio / "version.hpp")
    other_asio.mkdir()
    version.write_text("#include_next <asio/version.hpp>\n#undef ASIO_VERSION\n#define ASIO_VERSION 999999\n")
    for what, others, why in (
            ("without the definition", [flag for flag in flags if flag != definition],
             "compile_with_ASIO_DISABLE_STD_ALIGNED_ALLOC_as_pkg_config_cflags_gemini_live_says"),
            ("with another Asio", [f"-I{folder}", *flags], "gemini_live_needs_the_asio_it_was_compiled_with_not_asio_999999")):
        command = ["c++", "-std=c++20", str(PROGRAM), "-o", str(folder / "other"), *others]
        print("+", *command, flush=True)
        linked = subprocess.run(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if linked.returncode == 0 or f"undefined reference to `{why}'" not in linked.stderr:
            sys.exit(f"{what}, the program should not link, for want of {why}; the compiler said\n{linked.stderr}")


def check_exports(libraries):
    """Only what the public headers declare and what is marked for the emulator is exported."""
    marked = set()
    for header in (ROOT / "lib").rglob("*.hpp"):
        for name in re.findall(r"^(?:class )?GEMINI_LIVE_FOR_EMULATOR (?:[^(;{]*?)(operator==|\w+)\s*(?=[({;])",
                               header.read_text(encoding="utf-8"), re.MULTILINE):
            marked.add(name)
    public = " ".join(header.read_text(encoding="utf-8") for header in (ROOT / "include").rglob("*.hpp"))
    hidden = set(re.findall(r"visibility\(\"hidden\"\)\]\] (\w+)", public))
    declared = set(re.findall(r"\w+", public)) - hidden
    marked_or_public = {room: marked | declared for room in re.findall(r"namespace gemini::live::(\w+)", public)}
    symbols = subprocess.check_output(
        ["nm", "-DC", "--defined-only", "--format=just-symbols", libraries / "libgemini-live.so"], text=True).splitlines()
    rooms = {room.name for room in (ROOT / "lib").iterdir() if room.is_dir()} - {"session", "emulator"}
    wrong = []
    for symbol in symbols:
        if re.match(r"[^()]+& (asio|std)::", symbol):
            continue  # a function of another library that returns a type of ours
        ours = re.match(r"(?:(?:vtable|typeinfo|typeinfo name|guard variable) for )?gemini::live::(\w+)(?:::(\w+(?:==)?))?", symbol)
        if ours and not (ours[2] in marked_or_public.get(ours[1], marked) if ours[1] in rooms else ours[1] in declared):
            wrong.append(symbol)
    print(f"{len(symbols)} dynamic symbols", flush=True)
    if wrong:
        sys.exit("exported, though neither public nor marked for the emulator:\n" + "\n".join(wrong[:20]))


def check_programs(prefix, folder):
    """The programs run where they are installed."""
    recording = folder / "call.jsonl"
    recording.write_text('{"at":1,"connection":1,"opened":true}\n')
    page = subprocess.check_output([prefix / "bin/gemini-live-view", recording], text=True, timeout=60)
    if not page.startswith("<!DOCTYPE html>"):
        sys.exit("the installed viewer writes no page")
    subprocess.run([prefix / "bin/gemini-live-emulator", "--version"], check=True, timeout=60)


def main(build):
    options = options_of(build)
    with tempfile.TemporaryDirectory(prefix="gemini-live-install.") as folder:
        subprocess.run(["meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", folder], check=True)
        prefix = Path(folder + options["prefix"])
        libraries = prefix / options["libdir"]
        os.environ["PKG_CONFIG_PATH"] = str(libraries / "pkgconfig")
        os.environ["LD_LIBRARY_PATH"] = str(libraries)
        check_exports(libraries)
        check_programs(prefix, Path(folder))
        build_and_run(Path(folder), f"--define-variable=prefix={prefix}")
        check_link_errors(Path(folder), prefix)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
