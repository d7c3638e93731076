# SPDX-License-Identifier: Apache-2.0
"""Tables for people, JSON lines for programs."""

import json
import statistics

from figures import spread, verdict


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
        print(flush=True)


class Report:
    """Collects the verdicts, and JSON lines on request."""

    def __init__(self, path):
        self.file = open(path, "w", encoding="utf-8") if path else None
        self.verdicts = []

    def line(self, **fields):
        if self.file:
            short = {name: round(value, 4) if isinstance(value, float) else value for name, value in fields.items()}
            print(json.dumps(short), file=self.file, flush=True)

    def aim(self, table, what, values, limit, digits, at_least=False, **fields):
        """Judges the median, adds a row to the table, and a line."""
        value = statistics.median(values)
        judged = verdict(value, limit, at_least)
        self.verdicts.append(judged)
        sign = ">=" if at_least else "<="
        table.add(what, spread(values, digits), f"{sign} {limit:g}", judged)
        self.line(kind="aim", what=what, value=value, low=min(values), high=max(values), sign=sign, limit=limit,
                  verdict=judged, **fields)

    def summary(self):
        met = self.verdicts.count("ok")
        return f"{met} of {len(self.verdicts)} aims met"


def aims_table():
    return Table("", "measured", "aim", "")
