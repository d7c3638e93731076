#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the SDK with a bare libwebsockets client and a Boost.Beast coroutine client.

    test/bench/run.py BUILD-DIRECTORY [--quick] [--rounds N] [--json FILE] [--only PART ...]

Everything runs over loopback. The server is pinned to one core and the client to another; each client is a
process of its own, so that its CPU time and memory can be measured. The clients take turns in every
round, because the machine's speed varies; ratios are computed within a round, then their median.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
CLIENTS = {"sdk": "this SDK", "lws": "bare libwebsockets", "beast": "Boost.Beast"}
TRANSPORTS = ("plain", "tls")

# What is measured: how the server sends, how many sessions, and the maximum for the SDK.
SCENARIOS = {
    "flood": {
        "title": "One session, 3.4 KB audio messages flat out",
        "sessions": 1,
        "aims": {"lws": 0.25, "beast": 1.0},
        "rounds": 5,
        "seconds": (0.3, 1.0),
    },
    "paced": {
        "title": "1,000 sessions on one thread, each 25 messages/s of 3.4 KB",
        "sessions": 1000,
        "aims": {"lws": 0.8, "beast": 1.1},
        "memory_aims": {"plain": 16, "tls": 60},
        "rounds": 3,
        "seconds": (1.0, 4.0),
    },
}
QUICK = {"flood": {"rounds": 2, "seconds": (0.1, 0.3)}, "paced": {"rounds": 1, "seconds": (0.5, 1.0)}}


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def cores():
    """Returns a core for the server, and another for the client if there is one."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[1 % len(usable)]


class Server:
    def __init__(self, build, scenario, transport, certificate, key):
        self.process = subprocess.Popen(
            [build / "bench-server", scenario, transport, str(cores()[0]), certificate, key],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=10)


def run_client(build, client, scenario, transport, port, ca, sessions, seconds):
    done = subprocess.run(
        [build / f"bench-client-{client}", scenario, transport, str(cores()[1]), str(port), ca, str(sessions),
         str(seconds[0]), str(seconds[1])],
        stdout=subprocess.PIPE, text=True, timeout=130)
    if done.returncode != 0 or not done.stdout:
        raise RuntimeError(f"{CLIENTS[client]} failed in {scenario}, {transport} (exit {done.returncode})")
    raw = json.loads(done.stdout)
    return {
        "cpu_us_per_message": 1e6 * raw["cpu_s"] / raw["messages"],
        "messages_per_s": raw["messages"] / raw["wall_s"],
        "busy": raw["cpu_s"] / raw["wall_s"],
        "rss_per_session_kb": (raw["resident_all_kb"] - raw["resident_one_kb"]) / max(sessions - 1, 1),
    }


def spread(values, digits):
    return f"{statistics.median(values):,.{digits}f} ({min(values):,.{digits}f}-{max(values):,.{digits}f})"


class Table:
    def __init__(self, *heads):
        self.rows = [heads]

    def add(self, *cells):
        self.rows.append(cells)

    def print(self):
        widths = [max(len(str(row[i])) for row in self.rows) for i in range(len(self.rows[0]))]
        for row in self.rows:
            first, *rest = (str(cell).ljust(width) if i == 0 else str(cell).rjust(width)
                            for i, (cell, width) in enumerate(zip(row, widths)))
            print("  " + "  ".join([first, *rest]).rstrip())
        print()


class Report:
    """Collects the verdicts, and JSON lines on request."""

    def __init__(self, path):
        self.file = open(path, "w", encoding="utf-8") if path else None
        self.missed = 0
        self.checked = 0

    def line(self, **fields):
        if self.file:
            print(json.dumps(fields), file=self.file, flush=True)

    def verdict(self, value, aim):
        self.checked += 1
        if value <= aim:
            return "ok"
        self.missed += 1
        return "MISSED"


def measure_scenario(build, name, scenario, report, certificate, key):
    rounds = scenario["rounds"]
    results = {(client, transport): [] for client in CLIENTS for transport in TRANSPORTS}
    for transport in TRANSPORTS:
        with Server(build, name, transport, certificate, key) as server:
            for turn in range(rounds):
                for client in CLIENTS:
                    progress(f"{name}, {transport}: round {turn + 1} of {rounds}, {CLIENTS[client]}")
                    figures = run_client(build, client, name, transport, server.port, certificate,
                                         scenario["sessions"], scenario["seconds"])
                    results[client, transport].append(figures)
                    report.line(part=name, transport=transport, client=client, round=turn + 1, **figures)
    progress("")

    many = scenario["sessions"] > 1
    print(f"{scenario['title']}; median (min-max) of {rounds} rounds of {scenario['seconds'][1]:g} s\n")
    table = Table("", "CPU us/message", "messages/s", "core busy", *(["KB/session"] if many else []))
    for transport in TRANSPORTS:
        for client, title in CLIENTS.items():
            of = {key: [figures[key] for figures in results[client, transport]]
                  for key in results[client, transport][0]}
            table.add(f"{title}, {transport}", spread(of["cpu_us_per_message"], 2), spread(of["messages_per_s"], 0),
                      f"{100 * statistics.median(of['busy']):.0f} %",
                      *([spread(of["rss_per_session_kb"], 1)] if many else []))
    table.print()

    aims = Table("", "measured", "aim", "")
    for transport in TRANSPORTS:
        for other, aim in scenario["aims"].items():
            ratios = [ours["cpu_us_per_message"] / theirs["cpu_us_per_message"] for ours, theirs
                      in zip(results["sdk", transport], results[other, transport])]
            value = statistics.median(ratios)
            verdict = report.verdict(value, aim)
            aims.add(f"CPU, SDK / {CLIENTS[other]}, {transport}", spread(ratios, 2), f"<= {aim}", verdict)
            report.line(part=name, transport=transport, ratio_to=other, value=value, aim=aim, verdict=verdict)
        if many:
            aim = scenario["memory_aims"][transport]
            memory = [figures["rss_per_session_kb"] for figures in results["sdk", transport]]
            value = statistics.median(memory)
            verdict = report.verdict(value, aim)
            aims.add(f"KB per session, {transport}", spread(memory, 1), f"<= {aim}", verdict)
            report.line(part=name, transport=transport, memory_kb=value, aim=aim, verdict=verdict)
    aims.print()


def measure_compile(report, quick):
    """The compile time of a user's file that includes the SDK, compared with Asio alone."""
    compiler = os.environ.get("CXX", "g++")
    units = {
        "empty unit": "",
        "#include <asio.hpp>": "#include <asio.hpp>\n",
        "#include <gemini/live.hpp>": "#include <gemini/live.hpp>\n",
        "both": "#include <asio.hpp>\n#include <gemini/live.hpp>\n",
    }
    times = 2 if quick else 5
    environment = {**os.environ, "CCACHE_DISABLE": "1"}
    print(f"Compile cost, {compiler} -std=c++20 -O0; median (min-max) of {times}\n")
    table = Table("", "-fsyntax-only s", "-c s", "preprocessed lines")
    with tempfile.TemporaryDirectory() as folder:
        def compile_unit(source, *how):
            begin = time.monotonic()
            output = subprocess.run([compiler, "-std=c++20", "-O0", f"-I{SOURCE / 'include'}", source, *how],
                                    env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
            return time.monotonic() - begin, output

        sources = {}
        for number, (title, text) in enumerate(units.items()):
            sources[title] = Path(folder) / f"unit{number}.cpp"
            sources[title].write_text(text, encoding="utf-8")
        syntax = {title: [] for title in units}
        whole = {title: [] for title in units}
        for turn in range(times):
            for title, source in sources.items():
                progress(f"compile: {turn + 1} of {times}, {title}")
                syntax[title].append(compile_unit(source, "-fsyntax-only")[0])
                whole[title].append(compile_unit(source, "-c", "-o", os.devnull)[0])
        progress("")
        for title, source in sources.items():
            lines = compile_unit(source, "-E", "-P")[1].count("\n")
            table.add(title, spread(syntax[title], 2), spread(whole[title], 2), f"{lines:,}")
            report.line(part="compile", unit=title, syntax_s=statistics.median(syntax[title]),
                        compile_s=statistics.median(whole[title]), lines=lines)
    table.print()


def measure_codec(build, report, quick):
    def run(program):
        progress(program)
        done = subprocess.run(["taskset", "-c", str(cores()[1]), build / program, "0.05" if quick else "0.7"],
                              stdout=subprocess.PIPE, text=True, check=True, timeout=60)
        return {figures["id"]: figures for figures in map(json.loads, done.stdout.splitlines())}

    wide, portable = run("bench-codec"), run("bench-codec-portable")
    progress("")
    print("One 3.4 KB audio message (2,400 bytes of PCM, 3,200 characters of base64); median (min-max) of 7, one thread\n")
    table = Table("", "ns", "GB/s of text")

    def row(figures, note=""):
        rates = [figures["bytes"] / ns for ns in figures["ns"]]
        table.add(figures["what"] + note, spread(figures["ns"], 0), spread(rates, 1))
        report.line(part="codec", what=figures["what"] + note, ns=statistics.median(figures["ns"]),
                    gb_per_s=statistics.median(rates))
        return rates

    rates = {}
    for name, figures in wide.items():
        rates[name] = row(figures)
    for name in ("base64 decode", "base64 encode", "decode", "encode"):
        row(portable[name], ", without AVX2")
    table.print()

    aims = Table("", "measured", "aim", "")
    ratios = [whole / (walk + base64) for whole, walk, base64
              in zip(wide["decode"]["ns"], wide["walk"]["ns"], wide["base64 decode"]["ns"])]
    aims.add("decode / (On-Demand walk + base64 decode)", spread(ratios, 2), "<= 3",
             report.verdict(statistics.median(ratios), 3))
    report.line(part="codec", ratio="decode", value=statistics.median(ratios), aim=3)
    if "avx2" in Path("/proc/cpuinfo").read_text(encoding="utf-8"):
        for name in ("base64 decode", "base64 encode"):
            aims.add(f"{name}, GB/s of text", spread(rates[name], 1), ">= 10",
                     report.verdict(10, statistics.median(rates[name])))
    aims.print()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=Path, help="build directory, configured with -Dbench=enabled -Dbuildtype=release")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds: a look, no measurement")
    parser.add_argument("--rounds", type=int, help="rounds of the flood and paced scenarios")
    parser.add_argument("--json", metavar="FILE", help="also write every figure as a JSON line")
    parser.add_argument("--only", nargs="+", choices=[*SCENARIOS, "compile", "codec"], help="only these parts")
    given = parser.parse_args()
    build = given.build / "test" / "bench"
    wanted = given.only or [*SCENARIOS, "compile", "codec"]
    report = Report(given.json)
    progress("building")
    built = subprocess.run(["ninja", "-C", given.build, "bench-programs"], stdout=subprocess.PIPE, text=True)
    progress("")
    if built.returncode != 0:
        sys.exit(built.stdout)

    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                  if line.startswith("model name")), platform.machine())
    server, client = cores()
    print(f"{model}, {os.cpu_count()} cores, Linux {platform.release()}; server on core {server}, client on core {client}")
    if os.getloadavg()[0] > 0.5:
        print(f"Load average {os.getloadavg()[0]:.1f}: other programs are running, which distorts the results.")
    if server == client:
        print("Only one core: server and client share it, so messages/s mean little.")
    print("The SDK receives and decodes (JSON, base64) and owns the message; the other two only receive: they join\n"
          "the fragments and own the bytes. CPU is user and system time of the client's whole process.\n"
          "KB/session is (resident set with 1,000 sessions in traffic - with 1 session in traffic) / 999.\n"
          "Ratios are the median of the ratios within each round.\n")

    with tempfile.TemporaryDirectory() as folder:
        certificate, key = Path(folder) / "certificate.pem", Path(folder) / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                        "-out", certificate, "-keyout", key], check=True, capture_output=True)
        for name, scenario in SCENARIOS.items():
            if name not in wanted:
                continue
            scenario = {**scenario, **(QUICK[name] if given.quick else {})}
            if given.rounds:
                scenario["rounds"] = given.rounds
            measure_scenario(build, name, scenario, report, certificate, key)
    if "compile" in wanted:
        measure_compile(report, given.quick)
    if "codec" in wanted:
        measure_codec(build, report, given.quick)
    if report.checked:
        met = report.checked - report.missed
        print(f"{met} of {report.checked} targets met" + (", not representative: --quick" if given.quick else ""))


if __name__ == "__main__":
    main()
