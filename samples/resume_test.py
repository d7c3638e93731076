#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills 05_resume in the middle of an answer and starts it again: resume_test.py SAMPLE EMULATOR"""

import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path


def start(command, **more):
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **more)


def say(program, words):
    program.stdin.write(words + "\n")
    program.stdin.flush()


def main(sample, emulator):
    server = subprocess.Popen([emulator, "--port", "0"], stdout=subprocess.PIPE, text=True)
    try:
        url = re.search(r"listens on (\S+)", server.stdout.readline()).group(1)
        with tempfile.TemporaryDirectory() as folder:
            where = {"cwd": folder, "env": {**os.environ, "GEMINI_API_KEY": "any", "GOOGLE_API_KEY": ""}}
            signal.alarm(60)  # it does not hang, it fails
            first = start([sample, url], **where)
            assert first.stdout.readline() == "We begin.\n"
            say(first, "the cat is on the mat")
            assert first.stdout.readline().strip()
            say(first, "tell me a story")
            assert first.stdout.read(8)
            first.kill()
            first.wait()
            kept = list(Path(folder, "conversations").iterdir())
            assert len([each for each in kept if each.suffix == ".json"]) == 1, kept
            assert all(each.stat().st_mode & 0o777 == 0o600 for each in kept), kept

            second = start([sample, url], **where)
            assert second.stdout.readline() == "We go on where we were.\n"
            answer, _ = second.communicate("what did I say before?\n", timeout=60)
            assert "the cat is on the mat" in answer, answer
            assert second.returncode == 0
    finally:
        server.terminate()
        server.wait()


main(*map(os.path.abspath, sys.argv[1:]))  # 05_resume runs in a directory of its own
