#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Uses the chat as people do, in a pipe and in a terminal, against its built-in emulator.

    chat_test.py PROGRAM
"""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import termios
import time
import unittest
from pathlib import Path

PROGRAM = str(Path(sys.argv.pop()).resolve())
PATIENCE = 60
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


def environment(folder, **more):
    keyless = {name: value for name, value in os.environ.items()
               if name not in ("GOOGLE_API_KEY", "GEMINI_API_KEY", "NO_COLOR")}
    return {**keyless, "XDG_STATE_HOME": folder, "PATH": "/usr/bin:/bin", "TERM": "xterm", **more}


class Terminal:
    """The chat in a terminal of its own."""

    def __init__(self, folder, **more):
        self.shown = ""
        self.seen = 0
        self.master, slave = pty.openpty()
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.chat = subprocess.Popen([PROGRAM], stdin=slave, stdout=slave, stderr=slave, cwd=folder,
                                     env=environment(folder, **more), start_new_session=True)

    def type(self, text):
        os.write(self.master, text.encode())

    def expect(self, text):
        """Waits until `text` is shown, after what was expected before."""
        end = time.monotonic() + PATIENCE
        while (found := self.shown.find(text, self.seen)) < 0:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.master], [], [], left)[0]:
                raise AssertionError(f"no {text!r} in {self.shown!r}")
            self.shown = ESCAPES.sub("", self.shown + os.read(self.master, 65536).decode(errors="replace"))
        self.seen = found + len(text)

    def end(self):
        if self.chat.poll() is None:
            self.chat.kill()
            self.chat.wait(PATIENCE)

    def has_left_within(self, seconds):
        try:
            self.chat.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def leave(self):
        """Its exit code, once it has left a terminal that is as it was."""
        code = self.chat.wait(PATIENCE)
        assert termios.tcgetattr(self.slave)[:4] == self.before[:4], "the terminal is not as it was"
        os.close(self.master)
        os.close(self.slave)
        return code


class ChatTest(unittest.TestCase):
    def setUp(self):
        kept = tempfile.TemporaryDirectory()
        self.addCleanup(kept.cleanup)
        self.folder = kept.name

    def pipe(self, lines, *args, **more):
        return subprocess.run([PROGRAM, *args], input=lines, capture_output=True, timeout=PATIENCE, cwd=self.folder,
                              env=environment(self.folder, **more))

    def terminal(self, **more):
        opened = Terminal(self.folder, **more)
        self.addCleanup(opened.end)
        return opened

    def test_a_pipe_gets_the_answer_and_nothing_else(self):
        done = self.pipe(b"hello")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout.decode(), r"\A[^\x00-\x09\x0b-\x1f]+\n\Z")
        self.assertEqual(len(done.stderr.splitlines()), 1, "one line says that it is the emulator")

    def test_piped_lines_wait_for_their_turn_and_tools_are_run(self):
        done = self.pipe(b"hello\nWhat is the weather in Oslo?\nthanks\n/save talk.txt\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(done.stdout.splitlines()), 3)
        self.assertIn("(sample data)", done.stdout.decode())
        self.assertIn("get_weather(city: Oslo) →", done.stderr.decode())
        talk = (Path(self.folder) / "talk.txt").read_text(encoding="utf-8")
        self.assertEqual(re.findall(r"^(you|model): ", talk, re.MULTILINE), ["you", "model"] * 3)

    def test_answers_are_written_as_wav(self):
        done = self.pipe(b"/audio on answer.wav\nhello\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        wav = (Path(self.folder) / "answer.wav").read_bytes()
        self.assertEqual((wav[:4], wav[8:16]), (b"RIFF", b"WAVEfmt "))
        self.assertEqual(int.from_bytes(wav[40:44], "little"), len(wav) - 44)
        self.assertGreater(len(wav), 24000)

    def test_what_cannot_work_is_told_in_one_sentence(self):
        for args, more, told in (
                (["--model", "none-such"], {}, "model"),
                (["--url", "http://127.0.0.1:1"], {}, "nothing listens there"),
                (["--url", "nonsense"], {"GEMINI_API_KEY": "any"}, "https://"),
                (["--url", "https://localhost"], {}, "GEMINI_API_KEY"),
                (["--vertex"], {"GCE_METADATA_HOST": "127.0.0.1:1"}, "gcloud auth application-default login"),
                (["--project", "p"], {"GOOGLE_APPLICATION_CREDENTIALS": "/nowhere"}, "Credential file /nowhere"),
                (["--vertex", "--project", "p", "--url", "http://127.0.0.1:1"],
                 {"GOOGLE_APPLICATION_CREDENTIALS": "/nowhere"}, "Credential file /nowhere"),
                (["--text"], {}, "--text")):
            done = self.pipe(b"hello\n", *args, **more)
            last = done.stderr.decode().splitlines()[-1]
            self.assertEqual(done.returncode, 1, args)
            self.assertIn(told, last)
            self.assertTrue(last.startswith("gemini-live-chat: "), last)
            self.assertEqual(done.stdout, b"")

    def test_text_that_is_not_utf8_is_refused_and_the_chat_goes_on(self):
        done = self.pipe(b"\xff\xfe\nhello\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("UTF-8", done.stderr.decode())
        self.assertEqual(len(done.stdout.splitlines()), 1)

    def test_a_line_interrupts_the_answer(self):
        screen = self.terminal()
        screen.expect("connected to")
        screen.type("/story\n")
        screen.expect("Once upon")
        screen.type("thanks\n")
        screen.expect("interrupted")
        screen.expect("With pleasure")
        screen.expect("out tokens")
        screen.type("/quit\n")
        self.assertEqual(screen.leave(), 0)

    def test_ctrl_c_stops_the_answer_and_twice_leaves(self):
        screen = self.terminal()
        screen.expect("connected to")
        screen.type("/story\n")
        screen.expect("Once upon")
        screen.chat.send_signal(signal.SIGINT)
        screen.expect("stopped")
        left = False
        while not left:  # on a slow machine the next may come later than counts as twice
            screen.chat.send_signal(signal.SIGINT)
            left = screen.has_left_within(1)
        self.assertEqual(screen.leave(), 0)

    def test_a_lost_connection_comes_back(self):
        screen = self.terminal()
        screen.expect("connected to")
        screen.type("hello\n")
        screen.expect("out tokens")
        screen.type("/drop\n")
        screen.expect("cut off")
        screen.expect("the conversation goes on")
        screen.type("hello\n")
        screen.expect("out tokens")
        screen.type("\x04")
        self.assertEqual(screen.leave(), 0)

    def test_words_of_any_script_are_edited_and_remembered(self):
        screen = self.terminal()
        screen.expect("connected to")
        screen.type("Grüße 你好x\x7f 🎉\n")
        screen.expect("You said: Grüße 你好 🎉")
        screen.expect("out tokens")
        screen.type("\x04")
        self.assertEqual(screen.leave(), 0)
        again = self.terminal()
        again.expect("connected to")
        again.type("\x1b[A\n")
        again.expect("You said: Grüße 你好 🎉")
        again.chat.send_signal(signal.SIGTERM)
        self.assertEqual(again.leave(), 128 + signal.SIGTERM)


if __name__ == "__main__":
    unittest.main(verbosity=2)
