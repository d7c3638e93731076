#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Uses the emulator as its users do: from a shell, with a client in Python.

    emulator_program_test.py PROGRAM
"""

import base64
import json
import os
import re
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM = str(Path(sys.argv.pop()).resolve())
PATIENCE = 60
PATH = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
VERTEX_PATH = "/ws/google.cloud.aiplatform.v1beta1.LlmBidiService/BidiGenerateContent"
SETUP = {"setup": {"model": "models/gemini-3.8-live", "outputAudioTranscription": {}}}


class Emulator:
    """Runs the program as long as a test needs it."""

    def __init__(self, *arguments, **environment):
        self.program = subprocess.Popen([PROGRAM, "--pace", "0", *arguments], stdout=subprocess.PIPE, text=True,
                                        env={**os.environ, **environment})
        first = self.program.stdout.readline()
        self.url = re.search(r"listens on (\S+)", first).group(1)
        self.port = int(self.url.rpartition(":")[2])

    def end(self, with_signal=signal.SIGINT):
        """Returns what it has printed since its first line."""
        self.program.send_signal(with_signal)
        shown = self.program.stdout.read()
        self.program.wait(PATIENCE)
        return shown

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.program.poll() is None:
            self.program.kill()
            self.program.wait(PATIENCE)
        self.program.stdout.close()


class Client:
    """A minimal WebSocket client."""

    def __init__(self, port, path=PATH + "?key=any", trust=None):
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        if trust:
            self.socket = ssl.create_default_context(cafile=trust).wrap_socket(self.socket, server_hostname="localhost")
        self.stream = self.socket.makefile("rwb")
        self.stream.write((f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nUpgrade: websocket\r\n"
                           "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").encode())
        self.stream.flush()
        self.status = int(self.stream.readline().split()[1])
        while self.status == 101 and self.stream.readline() != b"\r\n":
            pass

    def send(self, message):
        text = json.dumps(message).encode()
        length = struct.pack("!B", 0x80 | len(text)) if len(text) < 126 else struct.pack("!BH", 0x80 | 126, len(text))
        self.stream.write(b"\x81" + length + bytes(4) + text)  # masked with zeros
        self.stream.flush()

    def receive(self):
        """Returns the next message, or the code and reason of the close."""
        first, size = self.stream.read(2)
        if size == 126:
            size, = struct.unpack("!H", self.stream.read(2))
        payload = self.stream.read(size)
        if first & 15 == 8:
            return struct.unpack("!H", payload[:2])[0], payload[2:].decode()
        return json.loads(payload)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()
        self.socket.close()


def run(*arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False)


class Options(unittest.TestCase):
    def test_help_and_version(self):
        self.assertIn("--port", run("--help").stdout)
        self.assertRegex(run("--version").stdout, r"^gemini-live-emulator [0-9]+\.[0-9]+")

    def test_what_is_wrong_is_said_in_a_sentence(self):
        for arguments, sentence in ((["--port", "70000"], "--port takes a number from 0 to 65535"),
                                    (["--pace", "fast"], "--pace takes a number"), (["stray"], "not an option"),
                                    (["--cert", "/dev/null"], "--cert goes with --tls"),
                                    (["--script", "/nowhere"], "/nowhere cannot be read."),
                                    (["--script", "/"], "/ cannot be read.")):
            with self.subTest(arguments):
                ended = run(*arguments)
                self.assertEqual(ended.returncode, 2)
                self.assertIn(sentence, ended.stderr)

    def test_more_that_is_wrong_is_said_in_a_sentence(self):
        for arguments, sentence in ((["--model-alias", "old"], "--model-alias takes OLD=NEW"),
                                    (["--lifetime", "long"], "--lifetime takes a number"),
                                    (["--notice", "-1"], "--notice takes a number")):
            with self.subTest(arguments):
                ended = run(*arguments)
                self.assertEqual(ended.returncode, 2)
                self.assertIn(sentence, ended.stderr)
        for arguments, sentence in ((["--address", "0.0.0.0"], "allow_remote"),
                                    (["--tls", "--host-name", "a,DNS:b"], "is no host name")):
            with self.subTest(arguments):
                ended = run(*arguments)
                self.assertEqual(ended.returncode, 1)
                self.assertIn(sentence, ended.stderr)

    def test_it_ends_in_peace_however_early_it_is_told_to(self):
        for _ in range(10):
            with Emulator() as emulator: # only the first line is certain to be there
                emulator.end(signal.SIGTERM)
                self.assertEqual(emulator.program.returncode, 0)

    def test_a_port_that_is_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            ended = run("--port", str(taken.getsockname()[1]))
        self.assertEqual(ended.returncode, 1)
        self.assertRegex(ended.stderr, r"^gemini-live-emulator: .+")


class Once(unittest.TestCase):
    """Plays a script once; the exit code is its result."""

    def play(self, script, messages, *arguments):
        """Returns exit code and stderr after a client that sends the messages and reads up to the close."""
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
            file.write(script)
            file.flush()
            program = subprocess.Popen([PROGRAM, "--quiet", "--once", "--script", file.name, *arguments], text=True,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            port = int(re.search(r":(\d+)$", program.stdout.readline()).group(1))
            with Client(port) as client:
                for message in messages:
                    client.send(message)
                client.receive()
            errors = program.communicate(timeout=PATIENCE)[1]
            return program.returncode, errors

    def test_a_script_that_is_fulfilled(self):
        self.assertEqual(self.play('{"expect": "setup", "within": 30}', [SETUP]), (0, ""))

    def test_an_unfulfilled_step_says_what_was_expected_and_what_came(self):
        for script, messages, what in (
                ('{"expect": {"setup": {"tools": {}}}}', [{"a": 1}],
                 "Line 1 of the script expects {setup: {tools: {}}}; {a: 1} came instead."),
                ('{"await": "toolResponse", "within": 0.2}', [{"a": 1}],
                 'Line 1 of the script awaits "toolResponse" within 0.2 s; {a: 1} came instead.'),
                ('{"send": {}}\n{"wait": 0.01}\n{"expect": "setup"}', [],
                 'Line 3 of the script expects "setup"; the connection ended before.')):
            with self.subTest(script):
                self.assertEqual(self.play(script, messages), (1, f"gemini-live-emulator: Client 1: {what}\n"))

    def test_who_never_comes(self):
        with Emulator("--once", "--quiet") as emulator:
            emulator.end()
            self.assertEqual(emulator.program.returncode, 1)

    def test_without_a_script_it_serves_one_client(self):
        with Emulator("--once", "--quiet") as emulator:
            with Client(emulator.port) as client:
                client.send(SETUP)
                self.assertIn("setupComplete", client.receive())
            self.assertEqual(emulator.program.wait(PATIENCE), 0)


class Quirks(unittest.TestCase):
    def first(self, *arguments):
        """Returns what follows setupComplete at once."""
        with Emulator(*arguments) as emulator, Client(emulator.port) as client:
            client.send(SETUP)
            self.assertIn("setupComplete", client.receive())
            client.send({"realtimeInput": {"text": "Hello"}})
            return client.receive()

    def test_a_behavior_is_switched_by_name_or_by_model(self):
        nothing = {"serverContent": {}}
        for arguments in (["--quirk", "empty-content"], ["--quirk", "empty-content=on"],
                          ["--quirks-of", "gemini-3.1-flash-live-preview"]):
            with self.subTest(arguments):
                self.assertEqual(self.first(*arguments), nothing)
        for arguments in ([], ["--quirk", "empty-content=off"], ["--quirks-of", "none"],
                          ["--quirks-of", "gemini-3.1-flash-live-preview", "--quirk", "empty-content=off",
                           "--quirk", "unasked-handles=off"],
                          ["--quirk", "empty-content=off", "--quirk", "unasked-handles=off",
                           "--quirks-of", "gemini-3.1-flash-live-preview"]):
            with self.subTest(arguments):
                self.assertIn("outputTranscription", self.first(*arguments)["serverContent"])

    def test_what_is_no_behavior_is_told_with_those_that_are(self):
        for arguments, sentence in ((["--quirk", "odd"], 'empty-content, merged-transcriptions'),
                                    (["--quirk", "empty-content=maybe"], "NAME=on or NAME=off"),
                                    (["--quirks-of", "gemini-0"], 'does not serve the model "gemini-0"')):
            with self.subTest(arguments):
                ended = run(*arguments)
                self.assertEqual(ended.returncode, 2)
                self.assertIn(sentence, ended.stderr)


class Conversations(unittest.TestCase):
    def test_retired_names_of_models(self):
        old = {"setup": {"model": "models/gemini-2.0-flash-live-001"}}
        for arguments in (["--model-alias", "gemini-2.0-flash-live-001=gemini-3.8-live"], ["--any-model"]):
            with self.subTest(arguments), Emulator(*arguments) as emulator, Client(emulator.port) as client:
                client.send(old)
                self.assertIn("setupComplete", client.receive())
        with Emulator() as emulator, Client(emulator.port) as client:
            client.send(old)
            self.assertEqual(client.receive()[0], 1008)

    def test_a_refusal_is_explained(self):
        with Emulator() as emulator:
            with Client(emulator.port) as client:
                client.send({"setup": {**SETUP["setup"], "generationConfig": {"enableAffectiveDialog": True}}})
                self.assertEqual(client.receive(), (1007, "Request contains an invalid argument."))
            self.assertIn("setup.generation_config.enable_affective_dialog: gemini-3.8-live has none", emulator.end())

    def test_connections_that_end(self):
        with Emulator("--lifetime", "0.2", "--notice", "0.1") as emulator, Client(emulator.port) as client:
            client.send(SETUP)
            self.assertIn("setupComplete", client.receive())
            self.assertEqual(client.receive(), {"goAway": {"timeLeft": "0.1s"}})
            self.assertEqual(client.receive()[0], 1008)

    def test_a_token_of_somebody_else(self):
        path = PATH.replace("v1beta", "v1alpha") + "Constrained?access_token=auth_tokens/other"
        with Emulator("--any-token") as emulator, Client(emulator.port, path) as client:
            client.send(SETUP)
            self.assertIn("setupComplete", client.receive())

    def test_it_says_where_it_is_and_shows_what_is_said(self):
        with Emulator() as emulator:
            with Client(emulator.port) as client:
                client.send(SETUP)
                self.assertIn("setupComplete", client.receive())
                client.send({"realtimeInput": {"audio": {"mimeType": "audio/pcm;rate=16000",
                                                         "data": base64.b64encode(bytes(3200)).decode()}}})
                client.send({"realtimeInput": {"text": "Hello"}})
                while not client.receive().get("serverContent", {}).get("turnComplete"):
                    pass
            shown = emulator.end()
            self.assertEqual(emulator.program.returncode, 0)
        for line in ("GOOGLE_GEMINI_BASE_URL=" + emulator.url, "Client 1 has come: Gemini API v1beta, with an API key.",
                     "< {setupComplete: {}}", "> {realtimeInput: {audio: [audio 3200 B]}}",
                     '> {realtimeInput: {text: "Hello"}}'):
            self.assertIn(line, shown)
        self.assertRegex(shown, r"(?m)^< \{serverContent: .*\[audio [0-9]+ B\]")
        self.assertNotIn("\x1b", shown)

    def test_a_refusal_is_shown(self):
        with Emulator("--key", "right") as emulator:
            with Client(emulator.port, PATH + "?key=wrong") as client:
                client.send(SETUP)
                self.assertEqual(client.receive(), (1007, "API key not valid. Please pass a valid API key."))
            with Client(emulator.port, "/elsewhere") as client:
                self.assertEqual(client.status, 404)
            shown = emulator.end(signal.SIGTERM)
        self.assertIn("Client 1 is sent away with 1007: API key not valid. Please pass a valid API key.", shown)
        self.assertIn("An upgrade of /elsewhere was refused with 404.", shown)
        self.assertNotIn("wrong", shown)

    def test_a_script_is_played(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "outage.jsonl"
            file.write_text('{"connection": 1}\n{"refuse": 503}\n'
                            '{"connection": 2}\n{"await": {"setup": {}}}\n{"close": 1011, "reason": "Enough."}\n')
            with Emulator("--script", file) as emulator:
                with Client(emulator.port) as client:
                    self.assertEqual(client.status, 503)
                with Client(emulator.port) as client:
                    client.send(SETUP)
                    self.assertEqual(client.receive(), (1011, "Enough."))
                with Client(emulator.port) as client:
                    client.send(SETUP)
                    self.assertIn("setupComplete", client.receive())
            file.write_text('\n{"wait": "long"}')
            ended = run("--script", file)
        self.assertEqual(ended.returncode, 1)
        self.assertEqual(ended.stderr,
                         "gemini-live-emulator: Line 2 of the script: wait must be a number from 0 to 3600.\n")

    def test_a_recording_is_played_back(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "recording.jsonl"
            file.write_text('{"at": 0, "connection": 1, "opened": true}\n'
                            '{"at": 0, "connection": 1, "sent": {"setup": {}}}\n'
                            '{"at": 90000, "connection": 1, "received": {"setupComplete": {}}}\n'
                            '{"at": 99000, "connection": 1, "closed": 1011, "reason": "Enough."}\n')
            with Emulator("--replay", file) as emulator, Client(emulator.port) as client:
                client.send(SETUP)
                self.assertEqual(client.receive(), {"setupComplete": {}})
                self.assertEqual(client.receive(), (1011, "Enough."))
            file.write_text("{}")
            ended = run("--replay", file)
        self.assertEqual(ended.returncode, 1)
        self.assertEqual(ended.stderr, 'gemini-live-emulator: Line 1 of the recording: it has no time "at".\n')

    def test_no_client_moves_the_cursor(self):
        with Emulator("--verbose") as emulator:
            with Client(emulator.port) as client:
                client.send({"\x1b[2J": "\x1b[2J"})
                self.assertEqual(client.receive()[0], 1007)
            shown = emulator.end()
        self.assertIn('Unknown name "?[2J"', shown)
        self.assertNotIn("\x1b", shown)

    def test_tokens_of_a_google_of_its_own(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "credentials.json"
            file.write_text("what was here before, for all to read")
            with Emulator("--google", str(file)) as emulator:
                account = json.loads(file.read_text())
                self.assertEqual(file.stat().st_mode & 0o777, 0o600)
                self.assertEqual(account["type"], "service_account")
                port = int(account["token_uri"].split(":")[2].partition("/")[0])
                with socket.create_connection(("127.0.0.1", port), PATIENCE) as asking:
                    asking.sendall(b"POST /token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx")
                    self.assertIn(b"400", asking.recv(12))
                with Client(emulator.port, VERTEX_PATH) as client:
                    self.assertEqual(client.status, 401)
                shown = emulator.end()
                self.assertEqual(emulator.program.returncode, 0)
            self.assertIn(f"GOOGLE_APPLICATION_CREDENTIALS={file}", shown)
            self.assertIn(f"GOOGLE_VERTEX_BASE_URL={emulator.url}", shown)
            self.assertIn("A call for an OAuth token was answered with 400.", shown)
            self.assertNotIn("PRIVATE KEY", shown)
        self.assertIn("/nowhere/file cannot be written.", run("--google", "/nowhere/file").stderr)

    def test_quiet_and_encrypted(self):
        with tempfile.TemporaryDirectory() as folder:
            certificate = os.path.join(folder, "certificate.pem")
            with Emulator("--quiet", "--tls", "--cert", certificate) as emulator:
                self.assertTrue(emulator.url.startswith("https://localhost:"))
                with Client(emulator.port, trust=certificate) as client:
                    client.send(SETUP)
                    self.assertIn("setupComplete", client.receive())
                self.assertNotIn("setupComplete", emulator.end())


if __name__ == "__main__":
    unittest.main(verbosity=2)
