#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a hostile server costs a client: memory, its loop's time, and the conversation.

    ./dev torture [--quick] [--any-time] [--list] [SCENARIO...]

Each scenario is a server of raw sockets and a process with one session (test/torture/client.cpp) whose limits are
1 MiB and whose deadlines are a second. SCENARIO: any part of a row of the table; none: all of them. --quick: only those
that run for every change. --any-time: the time for which the loop was blocked is shown, but not checked. Exits with 1
when a session did not end as required, when its process used more memory than its limits and 16 MiB above the baseline,
when its loop was blocked for longer than 50 ms, or when it connected more often than its policy allows.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from peer import Server
from scenarios import MIB, SCENARIOS, TLS
from tls import Identity

AT_A_TIME = 2
MARGIN = 16 * MIB     # of memory, beyond what the limits allow
LONGEST_HOLD = 0.050  # seconds
QUEUES = 2 * MIB + (64 << 10)  # limits::inbox, outbox and history of the client


@dataclass
class Result:
    outcome: str
    seconds: float
    baseline: int = 0
    high_water: int = 0
    held: float = 0
    dials: int = 0
    complaints: list = field(default_factory=list)


def run(arguments, identity, scenario, over):
    handshake = scenario.handshake if over == TLS else None
    context = handshake(identity) if handshake else None
    with Server(scenario.serve, identity, context) as server:
        scheme = "wss" if over == TLS else "ws"
        options = [word for each in scenario.using for word in ("--with", each)]
        command = [arguments.client, *options, "--reads", scenario.reads, "--sends", scenario.sends, "--seconds", str(scenario.time),
                   "--message", str(scenario.message), "--ca", identity.certificate,
                   f"{scheme}://127.0.0.1:{server.port}"]
        began = time.monotonic()
        try:
            ended = subprocess.run(command, capture_output=True, text=True, timeout=scenario.time + 5)
        except subprocess.TimeoutExpired:
            return Result("hangs", time.monotonic() - began, complaints=["did not end by itself"])
        seconds = time.monotonic() - began
        failures = server.failures
        dials = server.accepted
    if ended.returncode != 0 or not ended.stdout:
        return Result(f"crash ({ended.returncode})", seconds, complaints=[ended.stderr[-500:] or "without a word"])
    told = json.loads(ended.stdout)
    result = Result(told["outcome"], seconds, told["baseline"], told["high_water"], told["held"], dials)
    if result.outcome not in scenario.expect.split("|"):
        result.complaints.append(f"expected: {scenario.expect.replace('|', ' or ')}; {told['words']}".rstrip("; "))
    allowed = result.baseline + scenario.message + QUEUES + MARGIN
    if result.high_water > allowed:
        result.complaints.append(f"{result.high_water / MIB:.0f} MiB in memory, {allowed / MIB:.0f} are allowed")
    if result.held > LONGEST_HOLD and not arguments.any_time:
        result.complaints.append(
            f"the loop was held for {result.held * 1000:.0f} ms, {LONGEST_HOLD * 1000:.0f} are allowed")
    if dials > scenario.dials:
        result.complaints.append(f"{dials} connections, {scenario.dials} are allowed")
    result.complaints += [f"the server of the test failed: {each}" for each in failures]
    return result


class Table:
    """Prints rows in the order of the scenarios; on a terminal in color, with the scenarios still running."""

    def __init__(self, rows):
        self.kind = max(len(scenario.kind) for scenario, _ in rows)
        self.name = max(len(scenario.name) for scenario, _ in rows)
        self.color = sys.stdout.isatty()

    def head(self):
        print(self._row("class", "scenario", "over", "base MiB", "peak MiB", "held ms", "dials", "s", "outcome"))

    def add(self, scenario, over, result):
        self.clear()
        outcome = self._paint(result.outcome, 31 if result.complaints else 32)
        print(self._row(scenario.kind, scenario.name, over, f"{result.baseline / MIB:.1f}",
                        f"{result.high_water / MIB:.1f}", f"{result.held * 1000:.1f}", result.dials,
                        f"{result.seconds:.1f}", outcome))
        for each in result.complaints:
            print(self._paint(f"{'':{self.kind}}  {each}", 31))
        sys.stdout.flush()

    def progress(self, text):
        if self.color:
            print(f"\r\033[K{text}", end="", flush=True)

    def clear(self):
        self.progress("")

    def _row(self, kind, name, over, base, peak, held, dials, seconds, outcome):
        return (f"{kind:{self.kind}}  {name:{self.name}}  {over:5}  {base:>8}  {peak:>8}  {held:>7}  {dials:>5}  "
                f"{seconds:>4}  {outcome}")

    def _paint(self, text, code):
        return f"\033[{code}m{text}\033[0m" if self.color else text


def chosen(arguments):
    rows = [(scenario, over) for scenario in SCENARIOS for over in scenario.over]
    if arguments.quick:
        rows = [row for row in rows if row[0].quick]
    wanted = [each.lower() for each in arguments.scenario]
    if wanted:
        rows = [row for row in rows
                if any(each in f"{row[0].kind} {row[0].name} {row[1]}".lower() for each in wanted)]
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--client", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="the few of every change")
    parser.add_argument("--any-time", action="store_true", help="how long the loop was held is shown, not judged")
    parser.add_argument("--list", action="store_true", help="only names the scenarios")
    parser.add_argument("scenario", nargs="*")
    arguments = parser.parse_args()
    rows = chosen(arguments)
    if not rows:
        sys.exit("torture: no scenario has this in its row; --list names them")
    if arguments.list:
        for scenario, over in rows:
            print(f"{scenario.kind} {scenario.name} {over}")
        return 0
    table = Table(rows)
    table.head()
    began = time.monotonic()
    failed = 0
    with tempfile.TemporaryDirectory() as directory, ThreadPoolExecutor(AT_A_TIME) as workers:
        identity = Identity(directory)
        running = [workers.submit(run, arguments, identity, *row) for row in rows]
        try:
            for done, (row, result) in enumerate(zip(rows, running)):
                table.progress(f"{done} of {len(rows)}, {time.monotonic() - began:.0f} s: {row[0].kind}, {row[0].name}")
                table.add(*row, result.result())
                failed += bool(result.result().complaints)
        except KeyboardInterrupt:
            workers.shutdown(wait=False, cancel_futures=True)
            raise
    print(f"\n{len(rows)} scenarios in {time.monotonic() - began:.0f} s")
    print(f"{len(rows) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
