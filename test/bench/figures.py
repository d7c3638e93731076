# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks compute from what was counted: pure functions, tested by bench_test.py."""

import collections
import math
import re
import statistics

# What the cost of a scenario is counted for: its title, and the cost in one run.
UNITS = {
    "message": ("CPU us/message", lambda run, _: 1e6 * run["cpu_s"] / (run["received"] + run["sent"])),
    "round trip": ("CPU us/round trip", lambda run, _: 1e6 * run["cpu_s"] / run["received"]),
    "call-minute": ("CPU ms/call-minute", lambda run, sessions: 6e4 * run["cpu_s"] / (run["wall_s"] * sessions)),
    "connection": ("CPU us/connection", lambda run, sessions: 1e6 * run["cpu_s"] / (sessions - 1)),
    "minute": ("CPU ms/minute", lambda run, _: 6e4 * run["cpu_s"] / run["wall_s"]),
}
# The other figures: title, digits.
OTHERS = {
    "messages_per_s": ("messages/s", 0),
    "connections_per_s": ("connections/s", 0),
    "busy_percent": ("core busy %", 0),
    "p50_us": ("p50 us", 0),
    "p99_us": ("p99 us", 0),
    "p999_us": ("p99.9 us", 0),
    "added_p50_us": ("added p50 us", 0),
    "added_p99_us": ("added p99 us", 0),
    "added_p999_us": ("added p99.9 us", 0),
    "kb_per_session": ("KB/session", 1),
    "news": ("operator new/message", 2),
    "mallocs": ("malloc in C/message", 2),
    "system_calls": ("system calls/message", 2),
}


LATENCIES = ("p50_us", "p99_us", "p999_us")


def percentile(values, share):
    """The smallest value that at least this share of all values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def figures_of(run, unit, sessions, pace=None):
    """The figures of one run of a client, from what it printed. `pace`: the messages a second that there should be."""
    messages = run["received"] + run["sent"]
    figures = {
        "cost": UNITS[unit][1](run, sessions),
        "messages_per_s": messages / run["wall_s"],
        "connections_per_s": (sessions - 1) / run["wall_s"],
        "busy_percent": 100 * run["cpu_s"] / run["wall_s"],
    }
    if sessions > 1:
        figures["kb_per_session"] = (run["resident_all_kb"] - run["resident_one_kb"]) / (sessions - 1)
    if run["latency_ns"]:
        for name, share in zip(LATENCIES, (0.5, 0.99, 0.999)):
            figures[name] = percentile(run["latency_ns"], share) / 1e3
    if pace:
        figures["pace_percent"] = 100 * figures["messages_per_s"] / pace
    if messages:
        for name in ("news", "mallocs"):
            if name in run:
                figures[name] = run[name] / messages
        if "system_calls" in run:
            figures["system_calls"] = sum(run["system_calls"].values()) / messages
    return figures


def ratios(ours, theirs):
    """The ratio in each round: the machine's speed varies more between rounds than within one."""
    return [mine / other for mine, other in zip(ours, theirs)]


def added_latency(ours, floor):
    """What a client adds to the latency of the least possible one, in each round."""
    return [{f"added_{name}": mine[name] - least[name] for name in LATENCIES} for mine, least in zip(ours, floor)]


def verdict(value, limit, at_least=False):
    return "ok" if (value >= limit if at_least else value <= limit) else "MISSED"


def spread(values, digits):
    """Median and extremes, as text."""
    if len(values) == 1:
        return f"{values[0]:,.{digits}f}"
    return f"{statistics.median(values):,.{digits}f} ({min(values):,.{digits}f}-{max(values):,.{digits}f})"


def digits_for(value):
    """So many digits behind the point that three are significant, but at most three."""
    return min(3, max(0, 2 - math.floor(math.log10(value)))) if value > 0 else 2


CALL = re.compile(r"^(?:\d+\s+)?(\w+)\(")


def system_calls_between(lines, mark="getrusage"):
    """Counts the system calls that strace saw between the first and the last call of `mark`, by name."""
    counted = collections.Counter()
    since_mark = None # what came since the last mark, which counts if another one follows
    for line in lines:
        found = CALL.match(line)
        if not found: # the end of a call that was interrupted, a signal, an exit
            continue
        if found[1] == mark:
            if since_mark is not None:
                counted += since_mark
            since_mark = collections.Counter()
        elif since_mark is not None:
            since_mark[found[1]] += 1
    return counted


def steal_percent(before, after):
    """The share of the time that the host took from this machine, from the first lines of /proc/stat."""
    spent = [int(late) - int(early) for early, late in zip(before.split()[1:9], after.split()[1:9])]
    return 100 * spent[7] / max(1, sum(spent))
