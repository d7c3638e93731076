#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Uses the chat as its users do, in a pipe and in a terminal, against its built-in emulator, and against scripts for
the program named by GEMINI_LIVE_EMULATOR.

    chat_test.py PROGRAM
"""

import codecs
import fcntl
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest
from pathlib import Path

from screen import Screen

PROGRAM = str(Path(sys.argv.pop()).resolve())
PATIENCE = 60
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


def environment(folder, **more):
    keyless = {name: value for name, value in os.environ.items()
               if name not in ("GOOGLE_API_KEY", "GEMINI_API_KEY", "NO_COLOR")}
    return {**keyless, "XDG_STATE_HOME": folder, "PATH": "/usr/bin:/bin", "TERM": "xterm", **more}


def waiting_in(pipe):
    """Returns the number of unread bytes."""
    return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0]


TOOL_SERVER = """
import json, sys
for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message:
        continue
    result = {"initialize": {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
                             "serverInfo": {"name": "x", "version": "1"}},
              "tools/list": {"tools": [{"name": "look_up", "inputSchema": {"type": "object"}}, {"name": "broken"}]},
              "tools/call": {"content": [{"type": "text", "text": "found"}]}}[message["method"]]
    print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)
"""


class Terminal:
    """The chat in a terminal of its own."""

    def __init__(self, folder, *args, rows=24, columns=80, **more):
        self.shown = ""
        self.seen = 0
        self.screen = Screen(rows, columns)
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.chat = subprocess.Popen([PROGRAM, *args], stdin=slave, stdout=slave, stderr=slave, cwd=folder,
                                     env=environment(folder, **more), start_new_session=True,
                                     preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    def type(self, text):
        os.write(self.master, text.encode())

    def expect(self, text):
        """Waits until `text` is shown, after what was expected before."""
        end = time.monotonic() + PATIENCE
        while (found := self.shown.find(text, self.seen)) < 0:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.master], [], [], left)[0]:
                raise AssertionError(f"no {text!r} in {self.shown!r}")
            self.read()
        self.seen = found + len(text)

    def read(self):
        more = self.decoder.decode(os.read(self.master, 65536))
        self.screen.feed(more)
        self.shown = ESCAPES.sub("", self.shown + more)

    def see(self, *texts):
        """Waits until the screen shows each of `texts`, in this order; returns all of its rows as one text, with
        wrapped rows joined."""
        end = time.monotonic() + PATIENCE
        while True:
            text = " ".join(self.screen.text().split())
            at = 0
            for each in texts:
                at = text.find(each, at) if at >= 0 else -1
                at += len(each) if at >= 0 else 0
            if at >= 0:
                return text
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.master], [], [], left)[0]:
                raise AssertionError(f"no {texts} on the screen:\n{self.screen.text()}")
            self.read()

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
        """Returns its exit code, after checking that the terminal has been restored."""
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

    def script(self, *steps):
        """Returns the URL of a server that does this on each connection, after a setup."""
        file = Path(self.folder, "script")
        ready = [{"expect": "setup"}, {"send": {"setupComplete": {}}}]
        file.write_text("".join(json.dumps(each) + "\n" for each in [*ready, *steps]), encoding="utf-8")
        return self.emulator("--script", str(file))

    def emulator(self, *args):
        """Returns the URL of a separate emulator."""
        server = subprocess.Popen([os.environ["GEMINI_LIVE_EMULATOR"], "--quiet", *args], stdout=subprocess.PIPE,
                                  text=True)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        return re.search(r"listens on (\S+)", server.stdout.readline()).group(1)

    def terminal(self, *args, **more):
        opened = Terminal(self.folder, *args, **more)
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
                (["--model", "gemini-3.8-live", "--text"], {}, "--text"),
                (["--text"], {"GEMINI_API_KEY": "any"}, "--text"),
                (["--url", "https://localhost:1", "--ca", "/nowhere"], {"GEMINI_API_KEY": "any"}, "--ca"),
                (["--url", "ftp://localhost"], {"GEMINI_API_KEY": "any"}, "--url"),
                (["--url", "http://example.com"], {"GEMINI_API_KEY": "any"}, "--url"),
                (["--url", "http://example.com"], {"GEMINI_API_KEY": "any"}, "GEMINI_LIVE_ALLOW_PLAIN_TEXT=true"),
                (["--location", "us east"], {}, "--location"),
                (["--model", "a?b"], {}, "--model"),
                (["--system", b"\xff"], {}, "--system"),
                ([], {"GEMINI_API_KEY": "any", "GOOGLE_GEMINI_BASE_URL": "nonsense"}, "GOOGLE_GEMINI_BASE_URL")):
            done = self.pipe(b"hello\n", *args, **more)
            last = done.stderr.decode().splitlines()[-1]
            self.assertEqual(done.returncode, 1, args)
            self.assertIn(told, last)
            self.assertTrue(last.startswith("gemini-live-chat: "), last)
            self.assertNotIn("::", last.replace("[::1]", "").replace("::1", ""), args)
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
        while not left:  # on a slow machine the next one may come too late to count as the second in a row
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

    # In a pipe ---------------------------------------------------------------------------

    def test_a_pipe_goes_on_after_an_error_of_the_server(self):
        done = self.pipe(b"/error\nhello\n")
        self.assertIn("The server says: The service is currently unavailable.", done.stderr.decode())
        self.assertEqual(len(done.stdout.splitlines()), 1, "the next question is answered")
        self.assertEqual(done.returncode, 1, "one was not")

    def test_a_pipe_ends_when_the_server_refuses_what_is_said(self):
        refused = {"error": {"code": 400, "message": "This model takes no realtime text.", "status": "INVALID_ARGUMENT"}}
        for more in ([], [{"send": {"serverContent": {"turnComplete": True}}}]):
            url = self.script({"await": "realtimeInput.text"}, {"send": refused}, *more, {"stall": True})
            done = self.pipe(b"hello\n", "--url", url)
            self.assertIn("The server says: This model takes no realtime text.", done.stderr.decode())
            self.assertEqual((done.returncode, done.stdout), (1, b""))

    def test_a_pipe_ends_after_a_message_that_cannot_be_read(self):
        url = self.script({"await": "realtimeInput.text"},
                          {"send": {"serverContent": {"outputTranscription": {"text": "Half an "}}}},
                          {"send": "{\"serverContent\": {\"turnComplete\": true}"}, {"stall": True})
        done = self.pipe(b"hello\n", "--url", url)
        self.assertEqual((done.returncode, done.stdout), (1, b"Half an \n"))
        self.assertIn("No whole answer has come", done.stderr.decode())

    def test_a_member_that_cannot_be_read_does_not_cost_the_answer(self):
        url = self.script({"await": "realtimeInput.text"},
                          {"send": {"serverContent": {"outputTranscription": {"text": "Whole."}},
                                    "usageMetadata": {"promptTokenCount": "many"}}},
                          {"send": {"serverContent": {"turnComplete": True}}}, {"stall": True})
        done = self.pipe(b"hello\n", "--url", url)
        self.assertEqual((done.returncode, done.stdout), (0, b"Whole.\n"), done.stderr)

    def test_a_pipe_says_so_when_the_model_says_nothing(self):
        url = self.script({"await": "realtimeInput.text"}, {"send": {"serverContent": {"turnComplete": True}}},
                          {"stall": True})
        done = self.pipe(b"hello\n", "--url", url)
        self.assertEqual((done.returncode, done.stdout), (1, b""))
        self.assertIn("The model said nothing", done.stderr.decode())

    def test_a_pipe_waits_for_the_answer_to_a_function_whose_turn_was_closed_before(self):
        def said(text):
            return {"send": {"serverContent": {"outputTranscription": {"text": text}}}}
        over = {"send": {"serverContent": {"turnComplete": True}}}
        call = {"send": {"toolCall": {"functionCalls": [{"id": "1", "name": "get_weather", "args": {"city": "Oslo"}}]}}}
        for before, between in (([], []), ([said("Let me look. ")], []), ([], [said("One moment. ")])):
            url = self.script({"await": "realtimeInput.text"}, *before, call, *between, over,
                              {"await": "toolResponse"}, said("It rains."), over,
                              {"await": "realtimeInput.text"}, said("Bye."), over, {"stall": True})
            done = self.pipe(b"weather?\nthanks\n", "--url", url)
            self.assertEqual(done.returncode, 0, done.stderr)
            words = " ".join(done.stdout.decode().split())
            self.assertTrue(words.endswith("It rains. Bye."), words)

    def test_tools_of_a_server_are_the_models_too(self):
        server = Path(self.folder) / "server.py"
        server.write_text(TOOL_SERVER, encoding="utf-8")
        url = self.script({"await": "realtimeInput.text"},
                          {"send": {"toolCall": {"functionCalls": [{"id": "1", "name": "look_up", "args": {}}]}}},
                          {"await": "toolResponse"}, {"send": {"serverContent": {"outputTranscription": {"text": "Found it."}}}},
                          {"send": {"serverContent": {"turnComplete": True}}}, {"stall": True})
        done = self.pipe(b"look it up\n", "--url", url, "--mcp", f"python3 '{server}'")
        self.assertEqual((done.returncode, done.stdout), (0, b"Found it.\n"), done.stderr)
        told = done.stderr.decode()
        self.assertRegex(told, r"Tools of python3 '.*server.py': look_up\.")
        self.assertIn("Left out the tool broken: Its inputSchema is not an object.", told)
        self.assertRegex(told, r"⚙ look_up: answered after \d+ ms")

    def test_a_server_of_tools_that_cannot_be_used_is_told_in_one_sentence(self):
        for server, told in (("no-such-program-anywhere", "exited with status 127"), ("true", "exited with status 0"),
                             ("http://127.0.0.1:1/mcp", "nothing listens there"), ("http://example.com/mcp", "unencrypted")):
            done = self.pipe(b"hello\n", "--mcp", server)
            self.assertEqual((done.returncode, done.stdout), (1, b""), server)
            last = done.stderr.decode().splitlines()[-1]
            self.assertIn(f"--mcp '{server}': ", last)
            self.assertIn(told, last)

    def test_late_words_belong_to_the_answer_before(self):
        url = self.script({"await": "realtimeInput.text"},
                          {"send": {"serverContent": {"outputTranscription": {"text": "One"}}}},
                          {"send": {"serverContent": {"turnComplete": True}}},
                          {"send": {"serverContent": {"outputTranscription": {"text": " two."}}}},
                          {"await": "realtimeInput.text"},
                          {"send": {"serverContent": {"outputTranscription": {"text": "Three."}}}},
                          {"send": {"serverContent": {"turnComplete": True}}}, {"stall": True})
        done = self.pipe(b"hello\nthanks\n", "--url", url)
        self.assertEqual((done.returncode, done.stdout), (0, b"One two.\nThree.\n"), done.stderr)

    def test_a_pipe_ends_when_a_connection_that_ends_cuts_the_answer(self):
        url = self.script({"await": "realtimeInput.text"},
                          {"send": {"serverContent": {"outputTranscription": {"text": "Half an "}}}}, {"drop": True})
        done = self.pipe(b"hello\n", "--url", url)
        self.assertEqual((done.returncode, done.stdout), (1, b"Half an \n"))
        self.assertIn("The answer was cut off; ask again.", done.stderr.decode())

    def test_a_server_that_cannot_be_reached_is_told_once(self):
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))  # and never listens
            url = f"http://127.0.0.1:{closed.getsockname()[1]}"
            done = self.pipe(b"hello\n", "--url", url)
            self.assertEqual((done.returncode, done.stdout), (1, b""))
            self.assertEqual(done.stderr.decode().count("nothing listens there"), 1)
            self.assertEqual(len(done.stderr.splitlines()), 1)
            screen = self.terminal("--url", url)
            screen.expect("gemini-live-chat: ")
            self.assertEqual(screen.leave(), 1)
            rows = [row for row in screen.screen.rows() if "No connection to" in row]
            self.assertEqual(len(rows), 1, screen.screen.text())

    def test_a_model_that_waits_for_more_has_ended_its_answer(self):
        url = self.script({"await": "realtimeInput.text"},
                          {"send": {"serverContent": {"outputTranscription": {"text": "Go on."}}}},
                          {"send": {"serverContent": {"waitingForInput": True}}}, {"stall": True})
        done = self.pipe(b"hello\n", "--url", url)
        self.assertEqual((done.returncode, done.stdout), (0, b"Go on.\n"), done.stderr)

    def test_a_pipe_plays_answers_to_their_end(self):
        player = Path(self.folder, "aplay")
        player.write_text('#!/bin/sh\ncat > heard\nread go < go\necho ended >> ended\n', encoding="utf-8")
        player.chmod(0o755)
        os.mkfifo(Path(self.folder, "go"))
        chat = subprocess.Popen([PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                cwd=self.folder, env=environment(self.folder, PATH=f"{self.folder}:/usr/bin:/bin"))
        self.addCleanup(chat.kill)
        chat.stdin.write(b"/audio on\nhello\n")
        chat.stdin.close()
        with open(Path(self.folder, "go"), "w", encoding="utf-8") as go:  # waits until the player has received everything
            go.write("on\n")
        self.assertEqual(chat.wait(PATIENCE), 0)
        chat.stdout.close()
        chat.stderr.close()
        self.assertEqual(Path(self.folder, "ended").read_text(encoding="utf-8"), "ended\n")

    def test_text_asks_the_emulator_for_a_model_that_writes(self):
        done = self.pipe(b"hello\n", "--text")
        self.assertEqual((done.returncode, len(done.stdout.splitlines())), (0, 1), done.stderr)

    def test_a_mistyped_command_does_not_go_to_the_model(self):
        done = self.pipe(b"/stroy\n/quti\n/audoi on\n/system \xff\n/AUDIO OFF\n")
        self.assertEqual((done.returncode, done.stdout), (0, b""))
        for told in ("did you mean /story?", "did you mean /quit?", "did you mean /audio?", "/system cannot be sent"):
            self.assertIn(told, done.stderr.decode())
        done = self.pipe(b"//stroy\n")
        self.assertEqual((done.returncode, len(done.stdout.splitlines())), (0, 1), done.stderr)

    def test_audio_on_without_a_player_writes_no_file(self):
        done = self.pipe(b"/audio on\nhello\n", PATH="/nowhere")
        self.assertEqual((done.returncode, len(done.stdout.splitlines())), (0, 1), done.stderr)
        self.assertIn("/audio on answers.wav", done.stderr.decode())
        self.assertEqual([each.name for each in Path(self.folder).iterdir()], [])

    def test_what_cannot_be_written_is_told_and_the_chat_goes_on(self):
        done = self.pipe(b"/save /nowhere/talk.txt\n/audio on /nowhere/a.wav\nhello\n/save ~/talk.txt\n",
                         HOME=self.folder)
        self.assertEqual((done.returncode, len(done.stdout.splitlines())), (0, 1), done.stderr)
        self.assertIn("Cannot write /nowhere/talk.txt: No such file or directory;", done.stderr.decode())
        self.assertIn("Cannot write /nowhere/a.wav: No such file or directory;", done.stderr.decode())
        self.assertTrue(Path(self.folder, "talk.txt").exists())

    def test_answers_that_cannot_be_written_are_no_success(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([PROGRAM], input=b"hello\n", stdout=full, stderr=subprocess.PIPE, timeout=PATIENCE,
                                  cwd=self.folder, env=environment(self.folder))
        self.assertEqual(done.returncode, 1)
        self.assertIn("could not be written", done.stderr.decode())

    def test_what_a_server_refuses_is_told_in_its_words_and_in_terms_of_options(self):
        for refusal, told in (
                ({"refuse": 404, "body": "<html>not here</html>"}, "check --url"),
                ({"refuse": 400, "body": '{"error": {"code": 400, "message": "API key not valid."}}'}, "API key not valid."),
                ({"close": 1008, "reason": "models/x is not found for API version v1beta"}, "check --model"),
                ({"close": 1007, "reason": "Invalid JSON payload received. Unknown name \"x\""}, "Unknown name"),
                ({"close": 1007, "reason": "Request contains an invalid argument."}, "--voice")):
            script = Path(self.folder, "script")
            script.write_text(json.dumps(refusal) + "\n", encoding="utf-8")
            done = self.pipe(b"hello\n", "--url", self.emulator("--script", str(script)))
            self.assertEqual((done.returncode, done.stdout), (1, b""))
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            self.assertIn(told, done.stderr.decode())
            self.assertNotRegex(done.stderr.decode(), r"[a-z_]::[a-z_]")

    def test_ctrl_c_ends_a_pipe_at_any_moment(self):
        for args in ([], ["--url", "http://127.0.0.1:1"]):
            chat = subprocess.Popen([PROGRAM, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE, cwd=self.folder, env=environment(self.folder))
            self.addCleanup(chat.communicate)
            chat.stdin.write(b"/story\n")
            chat.stdin.flush()
            if not args:
                self.assertTrue(chat.stdout.read(4))
            chat.send_signal(signal.SIGINT)
            self.assertIn(chat.wait(PATIENCE), (128 + signal.SIGINT, -signal.SIGINT))

    def test_a_signal_costs_no_words_that_wait_for_the_reader(self):
        words = "word " * 40_000 # more than a pipe holds
        url = self.script({"await": "realtimeInput.text"},
                          {"send": {"serverContent": {"outputTranscription": {"text": words}}}},
                          {"send": {"serverContent": {"turnComplete": True}}}, {"stall": True})
        chat = subprocess.Popen([PROGRAM, "--url", url], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, cwd=self.folder, env=environment(self.folder))
        self.addCleanup(chat.communicate)
        chat.stdin.write(b"hello\n")
        chat.stdin.flush()
        full = fcntl.fcntl(chat.stdout, fcntl.F_GETPIPE_SZ)
        end = time.monotonic() + PATIENCE
        while waiting_in(chat.stdout) < full:
            self.assertLess(time.monotonic(), end)
        for _ in range(20):  # the first one may only shorten what is being written
            chat.send_signal(signal.SIGINT)
            if select.select([chat.stderr], [], [], 0.01)[0]:
                break
        told, why = chat.communicate(timeout=PATIENCE)
        self.assertEqual("".join(told.decode().split()), "".join(words.split()))
        self.assertEqual(why, b"")

    # On the screen -----------------------------------------------------------------------

    def test_the_screen_shows_a_tools_result_and_the_answer_to_it(self):
        screen = self.terminal()
        screen.see("connected to")
        screen.type("What is the weather in Oslo?\n")
        text = screen.see("you › What is the weather", "⚙ get_weather(city: Oslo) →", "model › Here is what I found for Oslo",
                          "out tokens", "you ›")
        self.assertEqual(text.count("get_weather"), 1)
        self.assertEqual(text.count("(sample data)"), 2)
        screen.type("\x04")
        self.assertEqual(screen.leave(), 0)

    def test_the_screen_shows_an_interruption_and_the_answer_to_it(self):
        screen = self.terminal()
        screen.see("connected to")
        screen.type("/story\n")
        screen.see("model › Once upon")
        screen.type("thanks\n")
        text = screen.see("you › thanks", "interrupted", "model › ", "out tokens", "you ›")
        self.assertNotIn("perfect order", text)
        self.assertRegex(text, r"you › thanks interrupted[^›]*model › (With pleasure|You are welcome)")
        screen.type("\x04")
        self.assertEqual(screen.leave(), 0)

    def test_the_screen_shows_a_cut_and_the_answer_to_the_next_question(self):
        for lead, told in (("/goaway 5", "moved to a new connection"), ("/drop", "connected again")):
            screen = self.terminal()
            screen.see("connected to")
            screen.type(lead + "\n")
            if lead != "/drop":
                screen.see("you › /goaway 5", "model ›")
                screen.type("/story\n")
                screen.see("model › Once upon")
            screen.see("The answer was cut off; ask again.", told)
            screen.type("hello\n")
            text = screen.see(told, "you › hello", "model › ", "out tokens", "you ›")
            self.assertEqual(text.count("ask again"), 1, text)
            screen.type("\x04")
            self.assertEqual(screen.leave(), 0)

    def test_words_are_not_broken_in_the_middle_however_narrow_the_screen(self):
        url = self.emulator("--pace", "0.1")
        story = self.pipe(b"/story\n", "--url", url).stdout.decode().split()
        for columns in (17, 33):
            screen = self.terminal("--url", url, rows=60, columns=columns)
            screen.see("connected to")
            screen.type("/story\n")
            screen.see("perfect", "order.", "out", "tokens")
            shown = screen.screen.text()
            answer = shown[shown.index("model ›"):shown.index(" in ·")]
            self.assertEqual(answer.split()[2:len(story) + 2], story)
            screen.type("\x04")
            self.assertEqual(screen.leave(), 0)

    def test_words_are_whole_on_a_terminal_that_cannot_go_back(self):
        screen = self.terminal("--url", self.emulator("--pace", "0.1"), columns=25, TERM="dumb")
        screen.see("you ›")
        screen.type("/story\n")
        screen.see("perfect", "order.", "you ›")
        text = screen.screen.text()
        for word in ("morning,", "fragmented.", "acknowledged", "closed"):
            self.assertIn(word, text)
        screen.type("\x04")
        self.assertEqual(screen.leave(), 0)

    def test_a_stopped_model_says_no_more(self):
        screen = self.terminal("--model", "gemini-3.1-flash-live-preview")  # it answers the message that stops it
        screen.see("connected to")
        screen.type("/story\n")
        screen.see("Once upon")
        screen.type("\x03")
        screen.see("stopped", "out tokens")
        screen.type("thanks\n")
        text = screen.see("you › thanks", "model › ", "out tokens")
        after = text[text.index("stopped"):]
        self.assertEqual(after.count("model ›"), 1, text)
        self.assertRegex(after, r"model › (With pleasure|You are welcome)")
        screen.type("\x04")
        self.assertEqual(screen.leave(), 0)

    def test_wide_characters_are_not_halved(self):
        screen = self.terminal(columns=21)
        screen.see("connected to")
        screen.type("你好世界你好世界你好世界\n")
        text = screen.see("model › You said:", "out tokens")
        answer = "".join(text[text.index("model ›"):].split())
        self.assertIn("你好世界你好世界你好世界", answer)
        screen.type("\x04")
        self.assertEqual(screen.leave(), 0)

    def test_ctrl_c_after_typing_drops_the_line_and_does_not_leave(self):
        screen = self.terminal()
        screen.see("connected to")
        screen.type("/story\n")
        screen.see("Once upon")
        screen.type("\x03")
        screen.see("stopped", "out tokens")
        screen.type("tell me")
        screen.see("you › tell me")
        screen.type("\x03")
        screen.see("Ctrl-C again leaves")
        self.assertNotIn("tell me", screen.screen.text())
        screen.type("hello\n")
        screen.see("you › hello", "model › ", "out tokens")
        screen.type("\x04")
        self.assertEqual(screen.leave(), 0)

    def test_ctrl_c_ends_the_close_that_a_server_does_not_answer(self):
        screen = self.terminal("--url", self.script({"stall": True}))
        screen.see("connected to")
        screen.type("/quit\n")
        left = False
        while not left:
            screen.chat.send_signal(signal.SIGINT)
            left = screen.has_left_within(0.2)
        self.assertEqual(screen.leave(), 0)

    def test_a_mistyped_command_is_told_on_the_screen(self):
        screen = self.terminal()
        screen.see("connected to")
        screen.type("/stroy\n")
        screen.see("you › /stroy", "There is no /stroy; did you mean /story?")
        screen.type("/story\n")
        screen.see("model › Once upon")
        screen.type("\x04")
        self.assertEqual(screen.leave(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
