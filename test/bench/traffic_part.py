# SPDX-License-Identifier: Apache-2.0
"""Measures a scenario: every client, plain and TLS, round by round."""

import os
import statistics
import time
from contextlib import ExitStack

from driver import Failed, cores, progress
from figures import OTHERS, UNITS, added_latency, digits_for, figures_of, ratios, spread, steal_percent
from report import Table, aims_table
from scenarios import ALL, TRANSPORTS


def cpu_times():
    with open("/proc/stat", encoding="utf-8") as file:
        return file.readline()


def measure(bench, name, scenario, report, known):
    """`known` keeps the figures of all scenarios: (scenario, client, transport) → one dict for each round."""
    begin, before = time.monotonic(), cpu_times()
    clients = [client for client in scenario.clients if client in bench.clients]
    failures, called = [], {}
    runs = run_together(bench, scenario, clients) if scenario.together else run_in_turns(bench, name, scenario, clients)
    for client, transport, turn, result in runs:
        if isinstance(result, Failed):
            failures.append(str(result))
            continue
        figures = figures_of(result, scenario.unit, scenario.sessions, scenario.pace)
        known.setdefault((name, client, transport), []).append(figures)
        report.line(kind="run", scenario=name, transport=transport, client=client, round=turn, **figures,
                    **({"calls": result["system_calls"]} if "system_calls" in result else {}))
        if "system_calls" in result:
            called[client, transport] = by_name(result["system_calls"], result["received"] + result["sent"])
    progress("")
    compare_latency(name, clients, known)
    show(name, scenario, clients, report, known, called)
    noise = steal_percent(before, cpu_times())
    print(f"  Noise: {noise:.1f} % of the time stolen by the host, load average {os.getloadavg()[0]:.1f}; "
          f"{time.monotonic() - begin:.0f} s.")
    for transport in TRANSPORTS:
        for client in clients:
            paces = [figures["pace_percent"] for figures in known.get((name, client, transport), []) if scenario.pace]
            if paces and statistics.median(paces) < 97:
                print(f"  {ALL[client].title}, {transport}: only {statistics.median(paces):.0f} % of the messages "
                      "went through; the machine was too slow.")
    for failure in failures:
        print(f"  {failure.strip()}")
    print()
    judge(name, scenario, report, known)


def run_in_turns(bench, name, scenario, clients):
    """The clients take turns in every round, because the machine's speed varies. One that has failed is left out."""
    for transport in TRANSPORTS:
        left = list(clients)
        with bench.server(scenario, transport) as server:
            for turn in range(scenario.rounds):
                for client in tuple(left):
                    progress(f"{name}, {transport}: round {turn + 1} of {scenario.rounds}, {ALL[client].title}")
                    try:
                        yield client, transport, turn + 1, bench.run_client(client, scenario, transport, server.port)
                    except Failed as failure:
                        left.remove(client)
                        yield client, transport, turn + 1, failure


def run_together(bench, scenario, clients):
    """They connect one after the other, and are measured at the same time."""
    with ExitStack() as servers:
        processes = {}
        for transport in TRANSPORTS:
            for client in clients:
                progress(f"{scenario.title}: {ALL[client].title}, {transport}")
                server = servers.enter_context(bench.server(scenario, transport))
                processes[client, transport] = bench.start_client(client, scenario, transport, [server.port], [cores()[1]])
                server.wait_for_window()
        progress(f"{scenario.title}: {scenario.seconds[1]:g} s")
        for (client, transport), process in processes.items():
            try:
                result, = bench.results_of(process, client, scenario, transport)
                yield client, transport, 1, result
            except Failed as failure:
                yield client, transport, 1, failure


def compare_latency(name, clients, known):
    for transport in TRANSPORTS:
        floor = known.get((name, "raw", transport), [])
        for client in clients:
            ours = known.get((name, client, transport), [])
            if client != "raw" and floor and ours and "p50_us" in floor[0]:
                for figures, added in zip(ours, added_latency(ours, floor)):
                    figures.update(added)


def by_name(calls, messages):
    """The most frequent system calls, for each message."""
    return ", ".join(f"{call} {count / messages:.2f}" for call, count in calls.most_common(4) if count > messages / 100)


def show(name, scenario, clients, report, known, called):
    window = f" of {scenario.seconds[1]:g} s" if scenario.seconds[1] else ""
    print(f"{name}: {scenario.title}\nmedian (min-max) of {scenario.rounds} round{'s' * (scenario.rounds > 1)}{window}\n")
    table = Table("", UNITS[scenario.unit][0], *(OTHERS[column][0] for column in scenario.columns),
                  *(["of which"] if scenario.traced else []))
    for transport in TRANSPORTS:
        for client in clients:
            rounds = known.get((name, client, transport))
            if not rounds:
                continue
            costs = [figures["cost"] for figures in rounds]
            cells = []
            for column in scenario.columns:
                values = [figures[column] for figures in rounds if column in figures]
                cells.append(spread(values, OTHERS[column][1]) if values else "")
            table.add(f"{ALL[client].title}, {transport}", spread(costs, digits_for(statistics.median(costs))), *cells,
                      *([called[client, transport]] if scenario.traced else []))
            report.line(kind="median", scenario=name, transport=transport, client=client,
                        **{figure: statistics.median(figures[figure] for figures in rounds) for figure in rounds[0]})
    table.print()
    if scenario.note:
        print(f"  {scenario.note}")


def judge(name, scenario, report, known):
    table = aims_table()
    for transport in TRANSPORTS:
        for aim in scenario.aims:
            ours = known.get((name, aim.client, transport), [])
            if transport not in aim.limits or not ours:
                continue
            values = [figures[aim.figure] for figures in ours]
            title = OTHERS[aim.figure][0] if aim.figure in OTHERS else "CPU"
            digits = OTHERS[aim.figure][1] if aim.figure in OTHERS else 2
            if aim.against:
                theirs = known.get((aim.scenario or name, aim.against, transport), [])
                if not theirs:
                    continue
                values = ratios(values, [figures[aim.figure] for figures in theirs])
                digits = 2
                if aim.scenario:
                    title += f", {name} / {aim.scenario}"
                else:
                    title += f", {'SDK' if aim.client == 'sdk' else ALL[aim.client].title} / {ALL[aim.against].title}"
            report.aim(table, f"{title}, {transport}", values, aim.limits[transport], digits, scenario=name,
                       transport=transport, against=aim.against, figure=aim.figure)
    if len(table.rows) > 1:
        table.print()
