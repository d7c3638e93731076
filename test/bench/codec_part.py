# SPDX-License-Identifier: Apache-2.0
"""Reading and writing an audio message, without a network, beside what it consists of."""

import json
import statistics
import subprocess
from pathlib import Path

from driver import cores, pinned, progress
from figures import ratios, spread
from report import Table, aims_table


def measure(programs, report, quick):
    def run(program):
        progress(program)
        done = subprocess.run(pinned(cores()[1], [programs / program, "0.05" if quick else "0.7"]),
                              stdout=subprocess.PIPE, text=True, check=True, timeout=120)
        return {figures["id"]: figures for figures in map(json.loads, done.stdout.splitlines())}

    wide, portable = run("bench-codec"), run("bench-codec-portable")
    progress("")
    print("codec: one 3.4 KB audio message (2,400 bytes of PCM, 3,200 characters of base64); median (min-max) of 7, "
          "one thread\n")
    table = Table("", "ns", "GB/s of text")

    def row(figures, note=""):
        rates = [figures["bytes"] / ns for ns in figures["ns"]]
        table.add(figures["what"] + note, spread(figures["ns"], 0), spread(rates, 1))
        report.line(kind="codec", what=figures["what"] + note, ns=statistics.median(figures["ns"]),
                    gb_per_s=statistics.median(rates))
        return rates

    rates = {name: row(figures) for name, figures in wide.items()}
    for name in ("base64 decode", "base64 encode", "decode", "encode"):
        row(portable[name], ", without AVX2")
    table.print()

    aims = aims_table()
    parts = [walk + base64 for walk, base64 in zip(wide["walk"]["ns"], wide["base64 decode"]["ns"])]
    report.aim(aims, "decode / (On-Demand walk + base64 decode)", ratios(wide["decode"]["ns"], parts), 3, 2,
               scenario="codec", figure="decode")
    if "avx2" in Path("/proc/cpuinfo").read_text(encoding="utf-8"):
        for name in ("base64 decode", "base64 encode"):
            report.aim(aims, f"{name}, GB/s of text", rates[name], 10, 1, at_least=True, scenario="codec", figure=name)
    aims.print()
