#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds the API reference with Doxygen and prints the path of its first page.

    make.py [DIRECTORY]  builds it, in build/reference by default
    make.py --check      checks without Doxygen that every header has a subject and that the names in main.md exist

Fails on a warning of Doxygen (a broken reference, say), a header without a subject, and an internal name in a page.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
import filter as sources  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
INTERNAL = re.compile(r"gcc12_guard|live::detail|raced_value|\b(?:client|session)_core\b|wire_name_list")
# Doxygen 1.9.4 wrongly warns about these.
HARMLESS = re.compile(r"ignoring unsupported tag|has become obsolete")


def subjects_fit():
    headers = {path.stem for path in (ROOT / "include/gemini/live").rglob("*.hpp")} - {"gcc12_guard"}
    yield from (f"docs/reference/filter.py: SUBJECTS has no subject for {name}.hpp"
                for name in sorted(headers - set(sources.SUBJECT_OF)))
    yield from (f"docs/reference/filter.py: SUBJECTS names {name}.hpp, which is not there"
                for name in sorted(set(sources.SUBJECT_OF) - headers))


def declared_names():
    sys.path.insert(0, str(ROOT / "test"))
    import api_contracts
    return {one.name for path in (ROOT / "include").rglob("*.hpp")
            for one in api_contracts.parser(path.name, path.read_text(encoding="utf-8")).parse()
            if "gcc12_guard" not in one.words}


def names_exist(known):
    """Yields a fault for each name in the table of main.md that no header declares."""
    page = (ROOT / "docs/reference/main.md").read_text(encoding="utf-8")
    for name in sorted(set(re.findall(r"`(\w+(?:::\w+)*)`", page)) - known - {"gemini::live", "gemini::live::testing"}):
        yield f"docs/reference/main.md: no header declares {name}"


def configuration(output, version):
    number = re.search(r"version: '([^']+)'", (ROOT / "meson.build").read_text(encoding="utf-8"))
    lines = [(ROOT / "docs/reference/Doxyfile").read_text(encoding="utf-8"), f"OUTPUT_DIRECTORY = {output}",
             f"PROJECT_NUMBER = {number[1] if number else ''}"]
    if version >= (1, 9, 5):
        lines.append("HTML_COLORSTYLE = LIGHT")  # the stylesheet has both
    return "\n".join(lines) + "\n"


def words(html):
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def without_needless_links(page):
    """Removes each "More..." that leads nowhere."""
    details = {found[1]: words(found[2]) for found in re.finditer(
        r'<a id="(\w+)" name="\w+"></a>\n<h2 class="memtitle">.*?<div class="memdoc">(.*?)</div>\n?</div>', page, re.DOTALL)}

    def more(found):
        brief = words(found[1])
        return found[1] + ("" if details.get(found[2]) == brief else found[0][len(found[1]):])

    return re.sub(r'(?<=<td class="mdescRight">)([^\n]*?) <a href="[\w.]*#(\w+)">More\.\.\.</a>', more, page)


def main():
    if sys.argv[1:] == ["--check"]:
        faults = [*subjects_fit(), *names_exist(declared_names())]
        print("\n".join(faults) or "the reference knows every header")
        return bool(faults)
    output = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build/reference").resolve()
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    said = subprocess.run(["doxygen", "--version"], check=True, capture_output=True, text=True).stdout
    version = tuple(int(part) for part in re.findall(r"\d+", said)[:3])
    known = declared_names()
    (output / "names").write_text("\n".join(sorted(known)), encoding="utf-8")
    run = subprocess.run(["doxygen", "-"], cwd=ROOT, input=configuration(output, version), capture_output=True, text=True,
                         env={**os.environ, "REFERENCE_NAMES": str(output / "names")})
    faults = [*subjects_fit(), *names_exist(known)] + [line.replace(f"{ROOT}/", "") for line in run.stderr.splitlines()
                                     if line.strip() and not HARMLESS.search(line)]
    pages = sorted((output / "html").glob("*.html"))
    for script in (output / "html").glob("*.js"):  # the sidebar: names without their namespace
        text = script.read_text(encoding="utf-8")
        short = re.sub(r'^(\s*\[ ")gemini::live::(?:testing::)?', r"\1", text, flags=re.MULTILINE)
        if short != text:
            script.write_text(short, encoding="utf-8")
    for page in pages:
        text = page.read_text(encoding="utf-8")
        if page.name == "classes.html":
            text = re.sub(r'(?:&#160;|\s)*\(<a class="el" href="namespacegemini_1_1live\.html">gemini::live</a>\)', "", text)
        page.write_text(without_needless_links(text), encoding="utf-8")
    for page in pages:
        if page.name.startswith("page_"):  # also written for readers of the library's own code
            continue
        found = INTERNAL.search(re.sub(r"<title>.*?</title>", "", page.read_text(encoding="utf-8")))
        if found:
            faults.append(f"{page.name}: shows the internal name {found[0]}")
    for fault in faults:
        print(fault, file=sys.stderr)
    if run.returncode != 0 or faults or not pages:
        print(f"{len(faults)} faults in the reference", file=sys.stderr)
        return 1
    print(f"{len(pages)} pages: {output / 'html/index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
