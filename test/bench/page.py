#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Puts the figures of a run into docs/performance.md.

    page.py FILE      takes the figures of `./dev bench --json FILE`
    page.py --check   checks that the page fits the figures that were taken last

docs/performance.json keeps the figures, from which this writes docs/images/performance.svg and what stands between
<!-- figures NAME --> and <!-- end -->. The rest of the page is written by hand. Its section on lost rows names in
**bold** exactly the aims that were missed, each as in the table of aims.
"""

import json
import math
import re
import sys
from html import escape
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from figures import UNITS, digits_for  # noqa: E402
from scenarios import CLIENTS, SCENARIOS, TRANSPORTS  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "docs/performance.json"
PAGE = ROOT / "docs/performance.md"
CHART = ROOT / "docs/images/performance.svg"
BLOCK = re.compile(r"(<!-- figures (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
LOST = re.compile(r"^## Lost\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
SHOWN = [name for name, scenario in SCENARIOS.items() if not scenario.together and not scenario.traced]


def summary(lines):
    """Of all lines of a run those that are shown, as text."""
    return "".join(line for line in lines if json.loads(line)["kind"] in ("machine", "median", "aim"))


class Figures:
    def __init__(self, text):
        lines = [json.loads(line) for line in text.splitlines()]
        self.machine = next((line for line in lines if line["kind"] == "machine"), {})
        self.medians = {(line["scenario"], line["client"], line["transport"]): line
                        for line in lines if line["kind"] == "median"}
        self.aims = [line for line in lines if line["kind"] == "aim"]

    def median(self, scenario, client, transport, figure="cost"):
        return self.medians.get((scenario, client, transport), {}).get(figure)


# the page ------------------------------------------------------------------------------------------------------------


def markdown(heads, rows):
    return "".join(f"| {' | '.join(row)} |\n" for row in [heads, ["---"] + ["--:"] * (len(heads) - 1), *rows])


def number(value):
    return "–" if value is None else f"{value:,.{digits_for(abs(value))}f}"


def client_table(figures, rows):
    """`rows`: scenario, figure, title. A cell has plain and TLS."""
    shown = [[title, *(" / ".join(number(figures.median(scenario, client, transport, figure)) for transport in TRANSPORTS)
                       for client in CLIENTS)]
             for scenario, figure, title in rows]
    return markdown(["plain / TLS", *(client.title for client in CLIENTS.values())], shown)


def cost_table(figures):
    return client_table(figures, [(name, "cost", f"`{name}`: {UNITS[scenario.unit][0].replace('us', 'µs')}")
                                  for name, scenario in SCENARIOS.items() if not scenario.traced])


def more_table(figures):
    latency = [("calls", f"{which}{name}_us", f"`calls`: {title} µs{note}")
               for which, note in (("", ""), ("added_", ", added"))
               for name, title in (("p50", "p50"), ("p99", "p99"), ("p999", "p99.9"))]
    echo = [("echo", name, f"`echo`: {title} µs") for name, title in (("p50_us", "p50"), ("p99_us", "p99"))]
    memory = [(name, "kb_per_session", f"`{name}`: KB a session") for name in ("sessions-1000", "idle")]
    counted = [(name, figure, f"{title} a message {name}") for name in ("received", "sent")
               for figure, title in (("system_calls", "system calls"), ("news", "`operator new`"), ("mallocs", "`malloc` in C"))]
    return client_table(figures, latency + echo + memory + counted)


def row_name(aim):
    return f"{aim['scenario']}: {aim['what']}"


def aim_table(figures):
    return markdown(["", "measured", "aim", ""],
                    [[row_name(aim), number(aim["value"]), f"{aim['sign'].replace('<=', '≤').replace('>=', '≥')} "
                      f"{aim['limit']:g}", "" if aim["verdict"] == "ok" else "**missed**"] for aim in figures.aims])


def machine_line(figures):
    return f"{figures.machine['date']}, {figures.machine['text']}, load average {figures.machine['load']:.1f} before.\n"


BLOCKS = {"machine": machine_line, "cost": cost_table, "more": more_table, "aims": aim_table}


def with_figures(page, figures):
    return BLOCK.sub(lambda found: found[1] + BLOCKS[found[2]](figures) + found[4], page)


def faults_of_lost(page, aims):
    """The section on lost rows must name the missed aims, and nothing else."""
    section = LOST.search(page)
    named = set(re.findall(r"\*\*([^*]+)\*\*", section[1])) if section else set()
    missed = {row_name(aim) for aim in aims if aim["verdict"] != "ok"}
    yield from (f"section Lost does not name “{row}”: say why it is missed" for row in sorted(missed - named))
    yield from (f"section Lost names “{row}”, which is not missed" for row in sorted(named - missed))


# the chart -----------------------------------------------------------------------------------------------------------

STYLE = """
    text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; fill: #1f2328; }
    .note { font-size: 12px; fill: #57606a; }
    .grid { stroke: #8c95a0; stroke-opacity: 0.35; }
    .one { stroke: #57606a; stroke-width: 1.5; }
    .band { fill: #8c95a0; fill-opacity: 0.09; }
    .mark { stroke: #ffffff; stroke-width: 1; }
    .sdk { fill: #1a7f37; } .lws { fill: #8250df; } .beast { fill: #0969da; } .ws { fill: #9a6700; } .genai { fill: #cf222e; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .note { fill: #9da7b3; }
      .one { stroke: #9da7b3; }
      .mark { stroke: #0d1117; }
      .sdk { fill: #3fb950; } .lws { fill: #bc8cff; } .beast { fill: #58a6ff; } .ws { fill: #d29922; } .genai { fill: #ff7b72; }
    }
"""
LEFT, RIGHT, TOP, ROW = 168, 776, 62, 22 # pixels


def mark(client, x, y):
    """Each client has a color and a shape."""
    shapes = {
        "sdk": [(0, -8), (8, 0), (0, 8), (-8, 0)],
        "lws": [(-5, -5), (5, -5), (5, 5), (-5, 5)],
        "beast": None,
        "ws": [(0, -6), (6, 5), (-6, 5)],
        "genai": [(0, 6), (6, -5), (-6, -5)],
    }
    if shapes[client] is None:
        return f'  <circle class="mark {client}" cx="{x:.1f}" cy="{y:g}" r="5.5"/>'
    points = " ".join(f"{x + dx:.1f},{y + dy:g}" for dx, dy in shapes[client])
    return f'  <polygon class="mark {client}" points="{points}"/>'


def text(x, y, words, kind="", anchor="start"):
    return f'  <text x="{x:g}" y="{y:g}" class="{kind}" text-anchor="{anchor}">{escape(words, quote=False)}</text>'


def chart(figures):
    """The CPU of each client in multiples of the least possible client's."""
    rows = [(name, transport) for name in SHOWN for transport in TRANSPORTS
            if figures.median(name, "raw", transport) and figures.median(name, "sdk", transport)]
    others = [client for client in CLIENTS if client != "raw"]
    multiples = {(client, *row): figures.median(row[0], client, row[1]) / figures.median(row[0], "raw", row[1])
                 for row in rows for client in others if figures.median(row[0], client, row[1])}
    low = math.log2(min(0.8, *multiples.values()))
    high = math.log2(max(2.0, *multiples.values()) * 1.1)

    def x_of(multiple):
        return LEFT + (math.log2(multiple) - low) / (high - low) * (RIGHT - LEFT)

    bottom = TOP + ROW * len(rows)
    parts = []
    for number_of_row, (name, transport) in enumerate(rows):
        if number_of_row // 2 % 2 == 0:
            parts.append(f'  <rect class="band" x="8" y="{TOP + ROW * number_of_row}" width="{RIGHT - 8}" height="{ROW}"/>')
    for multiple in (1, 2, 4, 8, 16, 32, 64):
        if low <= math.log2(multiple) <= high:
            kind = "one" if multiple == 1 else "grid"
            parts.append(f'  <line class="{kind}" x1="{x_of(multiple):.1f}" x2="{x_of(multiple):.1f}" y1="{TOP}" y2="{bottom}"/>')
            parts.append(text(x_of(multiple), bottom + 17, f"{multiple} ×", "note", "middle"))
    for number_of_row, (name, transport) in enumerate(rows):
        y = TOP + ROW * (number_of_row + 0.5)
        parts.append(text(16, y + 4.5, name if transport == TRANSPORTS[0] else ""))
        parts.append(text(LEFT - 12, y + 4.5, transport.replace("tls", "TLS"), "note", "end"))
        # the SDK last, so that nothing hides it
        parts += [mark(client, x_of(multiples[client, name, transport]), y)
                  for client in reversed(others) if (client, name, transport) in multiples]
    place = 16
    for client in others:
        parts += [mark(client, place + 8, 20), text(place + 22, 24.5, CLIENTS[client].title)]
        place += 42 + 7.6 * len(CLIENTS[client].title)
    parts.append(text(16, 48, "CPU time in multiples of the least possible client's (less is better)", "note"))
    width, height = RIGHT + 16, bottom + 30
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img" aria-labelledby="title description">',
        "  <!-- Drawn by test/bench/page.py from docs/performance.json. -->",
        '  <title id="title">CPU time of each client</title>',
        '  <desc id="description">For each scenario, plain and TLS, the CPU time of each client divided by that of the '
        "least possible client. The tables of the page have the figures.</desc>",
        f"  <style>{STYLE}  </style>", *parts, "</svg>", ""])


def main(arguments):
    if len(arguments) != 1:
        sys.exit(__doc__)
    if arguments == ["--check"]:
        figures = Figures(KEPT.read_text(encoding="utf-8"))
        page = PAGE.read_text(encoding="utf-8")
        faults = [f"docs/performance.md: {fault}" for fault in faults_of_lost(page, figures.aims)]
        if with_figures(page, figures) != page or chart(figures) != CHART.read_text(encoding="utf-8"):
            faults.append("docs/performance.md and its chart differ from docs/performance.json: test/bench/page.py "
                          "docs/performance.json writes them")
        print("\n".join(faults) if faults else "the page fits its figures")
        return 1 if faults else 0
    kept = summary(Path(arguments[0]).read_text(encoding="utf-8").splitlines(keepends=True))
    figures = Figures(kept)
    KEPT.write_text(kept, encoding="utf-8")
    CHART.write_text(chart(figures), encoding="utf-8")
    page = with_figures(PAGE.read_text(encoding="utf-8"), figures)
    PAGE.write_text(page, encoding="utf-8")
    for fault in faults_of_lost(page, figures.aims):
        print(f"docs/performance.md: {fault}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
