#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests what the benchmarks decide and compute without a measurement."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import figures  # noqa: E402
import page  # noqa: E402
from cores_part import placement  # noqa: E402
from scenarios import CLIENTS, SCENARIOS, TRANSPORTS  # noqa: E402


def run(**changes):
    return {"received": 0, "sent": 0, "cpu_s": 1.0, "wall_s": 2.0, "news": 0, "mallocs": 0, "resident_one_kb": 0,
            "resident_all_kb": 0, "latency_ns": [], **changes}


class Percentiles(unittest.TestCase):
    def test_are_values_that_occurred(self):
        hundred = list(range(100, 0, -1))
        self.assertEqual(figures.percentile(hundred, 0.5), 50)
        self.assertEqual(figures.percentile(hundred, 0.99), 99)
        self.assertEqual(figures.percentile(hundred, 1), 100)

    def test_the_highest_of_few_is_the_last_percentile(self):
        self.assertEqual(figures.percentile([3, 1, 2], 0.999), 3)
        self.assertEqual(figures.percentile([7], 0.5), 7)


class Costs(unittest.TestCase):
    def test_a_message_in_either_direction_counts(self):
        self.assertAlmostEqual(figures.figures_of(run(received=30, sent=20), "message", 1)["cost"], 20_000)

    def test_a_call_minute_is_of_each_call(self):
        # 1 s of CPU in 2 s for 10 calls: 30 s a minute, 3 s for each
        self.assertAlmostEqual(figures.figures_of(run(), "call-minute", 10)["cost"], 3000)

    def test_the_first_connection_is_not_part_of_a_storm(self):
        storm = figures.figures_of(run(), "connection", 101)
        self.assertAlmostEqual(storm["cost"], 10_000)
        self.assertAlmostEqual(storm["connections_per_s"], 50)

    def test_memory_is_that_of_the_sessions_after_the_first(self):
        self.assertEqual(figures.figures_of(run(resident_one_kb=100, resident_all_kb=300), "minute", 11)["kb_per_session"], 20)
        self.assertNotIn("kb_per_session", figures.figures_of(run(), "minute", 1))

    def test_what_was_not_counted_is_no_figure(self):
        counted = run(received=4, news=2, mallocs=1, system_calls={"recvfrom": 4, "epoll_wait": 4})
        self.assertEqual(figures.figures_of(counted, "message", 1)["news"], 0.5)
        self.assertEqual(figures.figures_of(counted, "message", 1)["mallocs"], 0.25)
        self.assertEqual(figures.figures_of(counted, "message", 1)["system_calls"], 2)
        del counted["news"], counted["mallocs"], counted["system_calls"]
        for figure in ("news", "mallocs", "system_calls", "p50_us", "pace_percent"):
            self.assertNotIn(figure, figures.figures_of(counted, "message", 1))

    def test_the_pace_is_kept_or_not(self):
        self.assertEqual(SCENARIOS["calls"].pace, 50 * 50 + 50 * 20)
        self.assertIsNone(SCENARIOS["receive"].pace)
        self.assertEqual(figures.figures_of(run(received=60, sent=20), "message", 1, pace=50)["pace_percent"], 80)

    def test_latencies_are_microseconds(self):
        timed = figures.figures_of(run(received=2, latency_ns=[5000, 9000]), "message", 1)
        self.assertEqual((timed["p50_us"], timed["p999_us"]), (5, 9))


class Comparisons(unittest.TestCase):
    def test_ratios_are_those_within_a_round(self):
        self.assertEqual(figures.ratios([1, 20], [2, 10]), [0.5, 2])

    def test_a_round_that_one_has_lost_does_not_count(self):
        self.assertEqual(figures.ratios([1, 2, 3], [1]), [1])

    def test_added_latency_is_the_difference_within_a_round(self):
        timed = [{"p50_us": 50, "p99_us": 90, "p999_us": 200}, {"p50_us": 70, "p99_us": 80, "p999_us": 80}]
        self.assertEqual(figures.added_latency(timed, timed[::-1])[0],
                         {"added_p50_us": -20, "added_p99_us": 10, "added_p999_us": 120})

    def test_a_limit_that_is_reached_is_met(self):
        self.assertEqual(figures.verdict(0.6, 0.6), "ok")
        self.assertEqual(figures.verdict(0.61, 0.6), "MISSED")
        self.assertEqual(figures.verdict(1.9, 1.9, at_least=True), "ok")
        self.assertEqual(figures.verdict(1.89, 1.9, at_least=True), "MISSED")

    def test_spread_shows_median_and_extremes(self):
        self.assertEqual(figures.spread([3, 1, 2], 1), "2.0 (1.0-3.0)")
        self.assertEqual(figures.spread([1234.4], 0), "1,234")

    def test_three_digits_are_shown(self):
        self.assertEqual([figures.digits_for(value) for value in (0.0123, 1.5, 22, 345, 6789, 0)], [3, 2, 1, 0, 0, 2])


class SystemCalls(unittest.TestCase):
    def test_those_between_the_marks_are_counted_by_name(self):
        trace = """\
7 openat(AT_FDCWD, "/etc/hosts") = 3
7 getrusage(RUSAGE_SELF, {ru_utime={tv_sec=0}}) = 0
7 epoll_wait(4,  <unfinished ...>
8 futex(0x7f, FUTEX_WAIT) = 0
7 <... epoll_wait resumed>[{events=EPOLLIN}], 256, -1) = 1
7 recvfrom(5, "..."..., 65536, 0, NULL, NULL) = 3400
7 --- SIGALRM {si_signo=SIGALRM} ---
7 recvfrom(5, 0x7f, 65536, 0, NULL, NULL) = -1 EAGAIN (Resource temporarily unavailable)
7 getrusage(RUSAGE_SELF, {ru_utime={tv_sec=1}}) = 0
7 write(1, "{}", 2) = 2
7 +++ exited with 0 +++
""".splitlines()
        self.assertEqual(figures.system_calls_between(trace), {"epoll_wait": 1, "futex": 1, "recvfrom": 2})

    def test_without_pids_and_without_an_end(self):
        self.assertEqual(figures.system_calls_between(["getrusage(0) = 0", "read(3) = 1"]), {})
        self.assertEqual(figures.system_calls_between(["getrusage(0) = 0", "read(3) = 1", "getrusage(0) = 0"]), {"read": 1})


class Noise(unittest.TestCase):
    def test_steal_is_a_share_of_all_time(self):
        before = "cpu  100 0 100 800 0 0 0 10 0 0"
        after = "cpu  150 0 100 890 0 0 0 70 5 0"
        self.assertEqual(figures.steal_percent(before, after), 30)


class Cores(unittest.TestCase):
    def test_servers_are_elsewhere_if_there_is_room(self):
        self.assertEqual(placement([0, 1, 2, 3]), ([0, 1], [2, 3], True))
        self.assertEqual(placement([4, 6]), ([4, 6], [4, 6], False))


class Scenarios(unittest.TestCase):
    def test_all_can_be_passed_to_the_programs(self):
        for name, scenario in SCENARIOS.items():
            for transport in TRANSPORTS:
                with self.subTest(name, transport=transport):
                    arguments = {**scenario.arguments(transport), **scenario.quick().arguments(transport)}
                    self.assertEqual(arguments["transport"], transport)
                    self.assertIn(arguments["down"], ("none", "flood", "paced", "echo", "acks"))
                    self.assertIn(scenario.unit, figures.UNITS)
                    self.assertLessEqual(set(scenario.columns), set(figures.OTHERS))

    def test_aims_are_about_what_is_measured(self):
        for name, scenario in SCENARIOS.items():
            for aim in scenario.aims:
                with self.subTest(name, aim=aim):
                    self.assertIn(aim.against, ("", *scenario.clients))
                    self.assertIn(aim.scenario, ("", *SCENARIOS))
                    self.assertLessEqual(set(aim.limits), set(TRANSPORTS))


def line(scenario, client, cost):
    return {"kind": "median", "scenario": scenario, "client": client, "transport": "plain", "cost": cost}


class Page(unittest.TestCase):
    AIMS = [{"scenario": "calls", "what": "CPU, SDK / libwebsockets, plain", "verdict": "MISSED"},
            {"scenario": "echo", "what": "CPU", "verdict": "ok"}]

    def test_each_lost_row_is_explained(self):
        page_without = "# Performance\n\n## Lost\n\nNothing.\n\n## More\n"
        self.assertEqual(list(page.faults_of_lost(page_without, self.AIMS)),
                         ["section Lost does not name “calls: CPU, SDK / libwebsockets, plain”: say why it is missed"])
        page_with = page_without.replace("Nothing.", "**calls: CPU, SDK / libwebsockets, plain**: a reason.")
        self.assertEqual(list(page.faults_of_lost(page_with, self.AIMS)), [])

    def test_a_row_that_is_won_is_not_explained(self):
        faults = list(page.faults_of_lost("## Lost\n\n**echo: CPU**: it was slow.\n", self.AIMS[1:]))
        self.assertEqual(faults, ["section Lost names “echo: CPU”, which is not missed"])

    def test_figures_stand_between_the_marks(self):
        taken = page.Figures('{"kind": "machine", "date": "2026-01-01", "text": "a machine", "load": 0.1}')
        self.assertEqual(page.with_figures("a\n<!-- figures machine -->\nold\n<!-- end -->\nb", taken),
                         "a\n<!-- figures machine -->\n2026-01-01, a machine, load average 0.1 before.\n<!-- end -->\nb")

    def test_the_chart_has_a_mark_for_each_client_and_row(self):
        taken = page.Figures("")
        lines = [line("receive", client, 1 + number) for number, client in enumerate(CLIENTS)] + \
                [line("echo", client, 1) for client in ("sdk", "raw")]
        taken.medians = {(each["scenario"], each["client"], each["transport"]): each for each in lines}
        drawn = page.chart(taken)
        legend = len(CLIENTS) - 1
        self.assertEqual(drawn.count('class="mark'), legend + len(CLIENTS) - 1 + 1)

    def test_what_a_round_has_counted_is_not_kept(self):
        self.assertEqual(page.summary(['{"kind": "run"}\n', '{"kind": "aim"}\n']), '{"kind": "aim"}\n')


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
