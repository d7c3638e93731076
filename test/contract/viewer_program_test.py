#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Uses the viewer as its users do, from a shell: viewer_program_test.py PROGRAM"""

import json
import re
import stat
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM = str(Path(sys.argv.pop()).resolve())
OPENED = '{"at":1,"connection":1,"opened":true}\n'


def data_of(page):
    """What the page shows, as JSON."""
    return json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL).group(1))


class Viewer(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="gemini-live-view.")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def view(self, *arguments, given=None):
        return subprocess.run([PROGRAM, *map(str, arguments)], input=given, capture_output=True, text=True, timeout=60)

    def recording(self, text, name="call.jsonl"):
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def check_refused(self, done, why):
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stdout, "")
        self.assertIn(why, done.stderr)

    def test_a_recording_becomes_a_page_on_standard_output(self):
        done = self.view(self.recording(OPENED))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue(done.stdout.startswith("<!DOCTYPE html>"))
        self.assertEqual(data_of(done.stdout)["name"], "call.jsonl")
        self.assertEqual(self.view("-", given=OPENED).stdout.count("<!DOCTYPE html>"), 1)

    def test_a_page_in_a_file_is_readable_only_by_its_owner(self):
        page = self.recording("an older file", "page.html")
        page.chmod(0o644)
        done = self.view("-o", page, self.recording(OPENED))
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertEqual(stat.S_IMODE(page.stat().st_mode), 0o600)
        self.assertEqual(len(data_of(page.read_text())["connections"]), 1)

    def test_a_line_that_cannot_be_read_is_shown_and_told(self):
        done = self.view(self.recording(OPENED.encode() + b"\n\xff broken\n" + OPENED.encode()))
        self.assertEqual(done.returncode, 0)
        self.assertIn("1 of 3 lines cannot be read", done.stderr)
        data = data_of(done.stdout)
        self.assertEqual(data["unreadable"], 1)
        self.assertEqual(data["lines"]["number"], [1, 3, 4])

    def test_a_file_that_is_missing_empty_or_no_recording_is_refused(self):
        self.check_refused(self.view(self.folder / "none"), "none cannot be read: No such file or directory.")
        self.check_refused(self.view(self.folder), "cannot be read: Is a directory.")
        self.check_refused(self.view(self.recording(" \n\n")), "is empty: nothing was recorded.")
        self.check_refused(self.view(self.recording('{"a": 1}\n')), "is not a recording of a wire_tap")
        page = self.folder / "page.html"
        self.check_refused(self.view("-o", page, self.recording("text")), "The first: It is not JSON.")
        self.assertFalse(page.exists())

    def test_wrong_options_are_refused(self):
        self.check_refused(self.view(), "one recording is needed")
        self.check_refused(self.view("a", "b"), "one recording is needed")
        self.check_refused(self.view("--loud", "a"), "see --help")
        self.check_refused(self.view("-o", self.folder / "no" / "page.html", self.recording(OPENED)), "cannot be written")

    def test_help_and_version(self):
        self.assertIn("usage: gemini-live-view", self.view("--help").stdout)
        self.assertRegex(self.view("--version").stdout, r"^gemini-live-view \d+\.\d+\.\d+\n$")

    def test_a_full_disk_is_an_error(self):
        full = Path("/dev/full")
        with full.open("w") as to:
            done = subprocess.run([PROGRAM, str(self.recording(OPENED))], stdout=to, stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, 2)
        self.assertIn("could not be written", done.stderr)

    def test_progress_is_told_only_for_large_files(self):
        line = json.dumps({"at": 1, "connection": 1, "sent": {"x": "y" * 1_000_000}}) + "\n"
        done = self.view("-o", self.folder / "page.html", self.recording(line * 70))
        self.assertEqual(done.returncode, 0)
        self.assertIn("% of 66 MB", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
