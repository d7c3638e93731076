#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that the documentation agrees with the code.

    docs_check.py [--write] [ROOT]

- A block ```cpp name=NAME equals the lines between `// doc:begin NAME` and `// doc:end` in a source
  under samples/ or test/; a C++ block without a name is an offense, since it is never compiled.
- A table between <!-- table NAME --> and <!-- end --> equals the one in the code.
- Relative links have targets.
- docs/reliability.md names in “quotation marks” only tests that exist.
- The dashboard docs/grafana/gemini-live.json asks for no metric, and no label, that does not exist.

With --write, blocks and tables are updated.
"""

import json
import re
import sys
import textwrap
from pathlib import Path

BLOCK = re.compile(r"^```cpp(?: name=(\w+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARKED = re.compile(r"^[ \t]*// doc:begin (\w+)\n(.*?)^[ \t]*// doc:end$", re.MULTILINE | re.DOTALL)
TABLE = re.compile(r"(<!-- table (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)(?:#[^)]*)?\)")
TEST_CASE = re.compile(r'TEST_CASE\(\s*((?:"[^"]*"\s*)+)')
TEST_METHOD = re.compile(r"^    def test_(\w+)\(", re.MULTILINE)
QUOTED = re.compile(r"“([^”]+)”")
STRING = r'"((?:[^"\\]|\\.)*)"'


def marked_parts(root):
    parts = {}
    for folder in ("samples", "test"):
        for source in sorted((root / folder).rglob("*.[ch]pp")):
            for name, text in MARKED.findall(source.read_text(encoding="utf-8")):
                if name in parts:
                    sys.exit(f"{source}: {name} is marked twice")
                parts[name] = textwrap.dedent(text)
    return parts


def tests(root):
    """The names of all test cases; those in Python have underscores for spaces."""
    def found(pattern, files):
        return (name for source in (root / "test").rglob(files) for name in pattern.findall(source.read_text(encoding="utf-8")))

    cases = {"".join(re.findall(r'"([^"]*)"', pieces)) for pieces in found(TEST_CASE, "*.cpp")}
    return cases | {name.replace("_", " ") for name in found(TEST_METHOD, "*.py")}


def table(heads, rows):
    return "".join(f"| {' | '.join(row)} |\n" for row in [heads, ["---"] * len(heads), *rows])


def error_table(root):
    source = (root / "lib/base/error.cpp").read_text(encoding="utf-8")
    rows = re.findall(rf"row\{{errc::(\w+),\s*{STRING},\s*{STRING},\s*condition::(\w+)\}}", source)
    return table(["`errc`", "what happened", "`condition`"],
                 [[f"`{value}`", text, f"`{condition}`"] for value, _, text, condition in rows])


def complaints(root):
    """The constants of lib/base/complaint.hpp: name → its text."""
    source = (root / "lib/base/complaint.hpp").read_text(encoding="utf-8")
    found = re.findall(r'string_view (\w+) =\s*((?:"[^"]*"\s*)+);', source)
    return {name: "".join(re.findall(r'"([^"]*)"', text)) for name, text in found}


def reason_cell(literal, constant, known):
    text = known[constant] if constant else literal
    return " or ".join(f"“{part}”" for part in text.split("|")) if text else "any"


def close_table(root):
    source = (root / "lib/engine/failure_classifier.cpp").read_text(encoding="utf-8")
    known = complaints(root)
    rows = re.findall(rf"close_row\{{(\d+),\s*(?:{STRING}|complaint::(\w+)),\s*stage::(\w+),\s*handle::(\w+),\s*(\w+),"
                      rf"\s*errc::(\w+),\s*{STRING}\}}", source)
    shown = []
    for code, reason, constant, stage, handle, action, value, _ in rows:
        when = [part for part, said in (("before setupComplete", stage == "before_setup"),
                                        ("while open", stage == "open"), ("a handle was used", handle == "used")) if said]
        any_code = "any" if reason or constant else "any other"
        then = action.replace("_", " ") + (", a few times" if (action, value) == ("resume", "rejected") else "")
        shown.append([code if code != "0" else any_code, reason_cell(reason, constant, known), ", ".join(when) or "any",
                      f"`{value}`", then])
    return table(["close code", "reason contains", "when", "`errc`", "then"], shown)


def failure_table(root):
    source = (root / "lib/engine/failure_classifier.cpp").read_text(encoding="utf-8")
    rows = re.findall(rf"failure_row\{{errc::(\w+),\s*phase::(\w+),\s*(\d+),\s*{STRING},\s*connection::(\w+),\s*(\w+)\}}",
                      source)
    shown = []
    for value, phase, below, reason, connection, action in rows:
        what = [part for part, said in ((f"HTTP below {below}", below != "0"), (f"reason contains “{reason}”", reason),
                                        ("a refused upgrade", phase == "upgrade" and below == "0" and not reason)) if said]
        shown.append([f"`{value}`", ", ".join(what) or "any",
                      {"any": "any", "first": "the first", "later": "after one that has worked"}[connection],
                      action.replace("_", " ")])
    return table(["`errc`", "what", "which connection", "then"], shown)


def status_picture(root):
    source = (root / "lib/engine/reconnect_fsm.cpp").read_text(encoding="utf-8")
    rows = re.findall(rf"transition\{{status::(\w+),\s*{STRING},\s*status::(\w+)\}}", source)
    lines = [f"    {before} --> {after}: {event}" for before, event, after in rows]
    return "\n".join(["```mermaid", "stateDiagram-v2", "    [*] --> disconnected", *lines, "    closed --> [*]",
                      "    error --> [*]", "```", ""])


def metrics(root):
    """The metrics of lib/telemetry/metric_store.cpp: name → (type, what it says, its labels)."""
    source = (root / "lib/telemetry/metric_store.cpp").read_text(encoding="utf-8")
    found = {}
    for name, text, rest in re.findall(rf'"(gemini_live_\w+)",\s*{STRING}(.*?)(?="gemini_live_|\Z)', source, re.DOTALL):
        labels = re.findall(r'\{"(\w+)", ', rest.split("page.family")[0]) if "_total" in name else []
        kind = "counter" if name.endswith("_total") else "histogram"
        if name.endswith("_bytes") or name in ("gemini_live_sessions_open", "gemini_live_longest_outage_seconds"):
            kind = "gauge"
        if name.startswith("gemini_live_time_to_"):
            labels = ["origin"]
        found[name] = (kind, text, list(dict.fromkeys(labels)))
    return found


def metrics_table(root):
    return table(["metric", "type", "labels", "what it says"],
                 [[f"`{name}`", kind, ", ".join(f"`{label}`" for label in labels), text]
                  for name, (kind, text, labels) in metrics(root).items()])


def span_names_table(root):
    source = (root / "lib/telemetry/span_names.hpp").read_text(encoding="utf-8")
    rows = re.findall(r'auto \w+ =\s*"([^"]+)";\s*// (.*)', source)
    return table(["name", "what it is"], [[f"`{name}`", comment] for name, comment in rows])


def dashboard_offenses(root):
    path = root / "docs/grafana/gemini-live.json"
    known = metrics(root)
    labels = {label for _, _, some in known.values() for label in some} | {"le"}
    queries = [target["expr"] for panel in json.loads(path.read_text(encoding="utf-8"))["panels"] for target in panel["targets"]]
    for query in queries:
        for name in re.findall(r"gemini_live_\w+", query):
            kind = known.get(re.sub(r"_(bucket|sum|count)$", "", name), known.get(name, ["none"]))[0]
            if kind == "none" or (kind == "histogram") != name.endswith(("_bucket", "_sum", "_count")):
                yield f"{path}: there is no metric {name}"
        for group in re.findall(r"by \(([^)]*)\)", query):
            for label in group.split(", "):
                if label not in labels:
                    yield f"{path}: there is no label {label}"


TABLES = {"metrics": metrics_table, "span_names": span_names_table, "errors": error_table, "close_codes": close_table, "failures": failure_table, "statuses": status_picture}


def main(arguments):
    write = "--write" in arguments
    paths = [argument for argument in arguments if argument != "--write"]
    root = Path(paths[0] if paths else Path(__file__).parent.parent).resolve()
    parts = marked_parts(root)
    offenses = []
    pages = [*root.glob("*.md"), *(root / "docs").rglob("*.md"), *(root / "samples").rglob("*.md")]
    for page in sorted(pages):
        text = page.read_text(encoding="utf-8")

        def right_block(found):
            name = found[1]
            if name not in parts:
                offenses.append(f"{page}: a C++ block names no marked part of a source: {name}")
                return found[0]
            return f"```cpp name={name}\n{parts[name]}```"

        def right_table(found):
            return found[1] + TABLES[found[2]](root) + found[4]

        right = TABLE.sub(right_table, BLOCK.sub(right_block, text))
        if right != text:
            if write:
                page.write_text(right, encoding="utf-8")
            else:
                offenses.append(f"{page}: differs from the code; test/docs_check.py --write updates it")
        offenses += [f"{page}: {link} is not there" for link in LINK.findall(text) if not (page.parent / link).exists()]
    reliability = root / "docs" / "reliability.md"
    known = tests(root)
    offenses += [f"{reliability}: there is no test “{name}”" for name in QUOTED.findall(reliability.read_text(encoding="utf-8"))
                 if name not in known]
    offenses += dashboard_offenses(root)
    print("\n".join(offenses) if offenses else f"{len(pages)} pages agree with the code")
    return 1 if offenses else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
