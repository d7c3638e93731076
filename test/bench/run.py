#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the SDK with other clients: run.py BUILD-DIRECTORY [--quick] [--rounds N] [--json FILE] [--only PART ...]

Everything runs over loopback. The server is pinned to one core and the client to another; each client is a process of
its own, so that its CPU time and memory can be measured. The clients take turns in every round, because the machine's
speed varies; ratios are computed within a round, then their median. scenarios.py lists what is measured.
"""

import argparse
import dataclasses
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import codec_part
import compile_part
import cores_part
import traffic_part
from driver import Bench, cores, progress
from report import Report
from scenarios import ALL, SCENARIOS

PARTS = (*SCENARIOS, "cores", "compile", "codec")


def build_programs(build):
    progress("building")
    built = subprocess.run(["ninja", "-C", build, "bench-programs"], stdout=subprocess.PIPE, text=True)
    progress("")
    if built.returncode != 0:
        sys.exit(built.stdout)


def machine():
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                  if line.startswith("model name")), platform.machine())
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release()}"


def introduce(report):
    server, client = cores()
    load = os.getloadavg()[0]
    print(f"{machine()}; server on core {server}, client on core {client}")
    if load > 0.5:
        print(f"Load average {load:.1f}: other programs are running, which distorts the results.")
    if server == client:
        print("Only one core: server and client share it, so times and messages/s mean little.")
    print("The SDK and the JavaScript SDK decode and encode (JSON, base64); the others only transfer text. CPU is user and\n"
          "system time of the client's whole process. KB/session is (resident set with all sessions - with 1) / the others.\n"
          "Ratios are the median of the ratios within each round.\n", flush=True)
    report.line(kind="machine", text=machine(), load=load, date=time.strftime("%Y-%m-%d", time.gmtime()))


def main():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=Path, help="build directory, configured with -Dbench=enabled -Dbuildtype=release")
    parser.add_argument("--quick", action="store_true", help="one short round of everything: a look, no measurement")
    parser.add_argument("--rounds", type=int, help="rounds of every scenario")
    parser.add_argument("--json", metavar="FILE", help="also write every figure as a JSON line")
    parser.add_argument("--only", nargs="+", choices=PARTS, metavar="PART", help="only these: " + ", ".join(PARTS))
    parser.add_argument("--clients", nargs="+", choices=ALL, metavar="CLIENT",
                        help="only these: " + ", ".join(ALL))
    given = parser.parse_args()
    begin = time.monotonic()
    wanted = given.only or PARTS
    report = Report(given.json)
    build_programs(given.build)
    introduce(report)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(given.build, folder)
        if given.clients:
            bench.clients = [client for client in bench.clients if client in given.clients]
        known = {}
        for name, scenario in SCENARIOS.items():
            if name not in wanted:
                continue
            if given.quick:
                scenario = scenario.quick()
            if given.rounds:
                scenario = dataclasses.replace(scenario, rounds=given.rounds)
            traffic_part.measure(bench, name, scenario, report, known)
        if "cores" in wanted:
            cores_part.measure(bench, report, given.rounds, given.quick)
        if "compile" in wanted:
            compile_part.measure(report, given.quick)
        if "codec" in wanted:
            codec_part.measure(bench.programs, report, given.quick)
    print(f"{report.summary()} in {(time.monotonic() - begin) / 60:.0f} minutes"
          f"{', not representative: --quick' if given.quick else ''}")


if __name__ == "__main__":
    main()
