# SPDX-License-Identifier: Apache-2.0
"""Does the SDK scale? One io_context on one core, two in one process on two cores, and two processes, which share
nothing and so show what the machine can do."""

import dataclasses
import os
import statistics

from driver import progress
from figures import ratios, spread
from report import Table, aims_table
from scenarios import SCENARIOS, TRANSPORTS

ONE, TWO, APART = "one io_context", "two io_contexts", "two processes"


def placement(usable):
    """The cores of two servers and two clients, and whether servers and clients are apart."""
    if len(usable) >= 4:
        return usable[:2], usable[2:4], True
    return usable[:2], usable[:2], False


def siblings():
    """Whether the first two cores are two threads of one."""
    try:
        with open("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list", encoding="utf-8") as file:
            return file.read().strip() != "0"
    except OSError:
        return False


def measure(bench, report, rounds, quick):
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        print("cores: there is only one core, so nothing can be measured.\n")
        return
    server_cores, client_cores, apart = placement(usable)
    scenario = SCENARIOS["receive"]
    scenario = scenario.quick() if quick else dataclasses.replace(scenario, rounds=rounds or 3)

    def once(transport, ports, how):
        """Messages a second and CPU us a message, of all together."""
        if how == APART:
            processes = [bench.start_client("sdk", scenario, transport, [port], [core])
                         for port, core in zip(ports, client_cores)]
        else:
            count = 1 if how == ONE else 2
            processes = [bench.start_client("sdk", scenario, transport, ports[:count], client_cores[:count])]
        results = [result for process in processes for result in bench.results_of(process, "sdk", scenario, transport)]
        rate = sum(result["received"] / result["wall_s"] for result in results)
        cost = 1e6 * sum(result["cpu_s"] for result in results) / sum(result["received"] for result in results)
        return rate, cost

    print(f"cores: the SDK receives flat out; median (min-max) of {scenario.rounds} round{'s' * (scenario.rounds > 1)}")
    if apart:
        print("Servers are on cores of their own.\n")
    else:
        print("With so few cores, each io_context shares its core with its own server. So the sum of messages also shows how\n"
              "the servers scale; two processes, which share nothing, show what is possible"
              f"{': the cores are two threads of one' if siblings() else ''}.\n")
    table, aims = Table("", "messages/s", "CPU us/message", "messages/s, times one"), aims_table()
    for transport in TRANSPORTS:
        rates, costs = {ONE: [], TWO: [], APART: []}, {ONE: [], TWO: [], APART: []}
        with bench.server(scenario, transport, server_cores[0]) as first, \
             bench.server(scenario, transport, server_cores[1]) as second:
            for turn in range(scenario.rounds):
                for how in rates:
                    progress(f"cores, {transport}: round {turn + 1} of {scenario.rounds}, {how}")
                    rate, cost = once(transport, [first.port, second.port], how)
                    rates[how].append(rate)
                    costs[how].append(cost)
                    report.line(kind="run", scenario="cores", transport=transport, client=how, round=turn + 1,
                                messages_per_s=rate, cost=cost)
        progress("")
        for how in rates:
            table.add(f"{how}, {transport}", spread(rates[how], 0), spread(costs[how], 2),
                      spread(ratios(rates[how], rates[ONE]), 2))
            report.line(kind="median", scenario="cores", transport=transport, client=how,
                        messages_per_s=statistics.median(rates[how]), cost=statistics.median(costs[how]))
        if apart:
            report.aim(aims, f"messages/s, {TWO} / one, {transport}", ratios(rates[TWO], rates[ONE]), 1.9, 2, at_least=True,
                       scenario="cores", transport=transport, against=ONE, figure="messages_per_s")
        else: # 1.9 of the 2 that two processes stand for
            report.aim(aims, f"messages/s, {TWO} / {APART}, {transport}", ratios(rates[TWO], rates[APART]), 0.95, 2,
                       at_least=True, scenario="cores", transport=transport, against=APART, figure="messages_per_s")
    table.print()
    aims.print()
