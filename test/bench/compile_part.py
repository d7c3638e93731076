# SPDX-License-Identifier: Apache-2.0
"""The compile time of a user's file that includes the SDK, compared with Asio alone."""

import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from driver import HERE, progress
from figures import spread
from report import Table

INCLUDE = HERE.parents[1] / "include"
UNITS = {
    "empty unit": "",
    "#include <asio.hpp>": "#include <asio.hpp>\n",
    "#include <gemini/live.hpp>": "#include <gemini/live.hpp>\n",
    "both": "#include <asio.hpp>\n#include <gemini/live.hpp>\n",
}


def measure(report, quick):
    compiler = os.environ.get("CXX", "g++")
    times = 1 if quick else 3
    environment = {**os.environ, "CCACHE_DISABLE": "1"}
    print(f"compile: {compiler} -std=c++20 -O0; median (min-max) of {times}\n")
    table = Table("", "-fsyntax-only s", "-c s", "preprocessed lines")
    with tempfile.TemporaryDirectory() as folder:
        def compile_unit(source, *how):
            begin = time.monotonic()
            output = subprocess.run([compiler, "-std=c++20", "-O0", f"-I{INCLUDE}", source, *how],
                                    env=environment, check=True, stdout=subprocess.PIPE, text=True, timeout=120).stdout
            return time.monotonic() - begin, output

        sources = {}
        for number, (title, text) in enumerate(UNITS.items()):
            sources[title] = Path(folder) / f"unit{number}.cpp"
            sources[title].write_text(text, encoding="utf-8")
        syntax = {title: [] for title in UNITS}
        whole = {title: [] for title in UNITS}
        for turn in range(times):
            for title, source in sources.items():
                progress(f"compile: {turn + 1} of {times}, {title}")
                syntax[title].append(compile_unit(source, "-fsyntax-only")[0])
                whole[title].append(compile_unit(source, "-c", "-o", os.devnull)[0])
        progress("")
        for title, source in sources.items():
            lines = compile_unit(source, "-E", "-P")[1].count("\n")
            table.add(title, spread(syntax[title], 2), spread(whole[title], 2), f"{lines:,}")
            report.line(kind="compile", unit=title, syntax_s=statistics.median(syntax[title]),
                        compile_s=statistics.median(whole[title]), lines=lines)
    table.print()
