#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a sample as its users do, including those who disconnect abruptly, and checks for leftovers:
samples_test.py first_words|hello|terminal|voice|token|resume|music|tools SAMPLE [EMULATOR]"""

import math
import os
import queue
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

CHUNK = 3200  # bytes that the voice server reads at a time
WITHOUT_KEY = {**os.environ, "GEMINI_API_KEY": "", "GOOGLE_API_KEY": ""}
WITH_KEY = {**WITHOUT_KEY, "GEMINI_API_KEY": "any"}


class Emulator:
    """The emulator's program, and its output about clients."""

    def __init__(self, program):
        self.process = subprocess.Popen([program, "--port", "0"], stdout=subprocess.PIPE, text=True)
        self.lines = queue.Queue()
        self.url = re.search(r"listens on (\S+)", self.process.stdout.readline()).group(1)
        self.here = set()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line)

    def wait_for(self, pattern):
        """Waits for a line that matches; counts the connected clients."""
        while True:
            line = self.lines.get()
            if came := re.match(r"Client (\d+) has come", line):
                self.here.add(came[1])
            if gone := re.match(r"Client (\d+) is (gone|cut off|sent away)", line):
                self.here.discard(gone[1])
            if re.search(pattern, line):
                return

    def wait_until_alone(self):
        """Waits until the present or coming client has disconnected."""
        if not self.here:
            self.wait_for("has come")
        while self.here:
            self.wait_for("^Client")

    def end(self):
        self.process.kill()
        self.process.wait()


def start(command, **more):
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **more)


def say(program, words):
    program.stdin.write(words)
    program.stdin.flush()


def files_of(process):
    return len(os.listdir(f"/proc/{process.pid}/fd"))


def until(condition):
    while not condition():  # SIGALRM ends an endless wait
        time.sleep(0.01)


def first_words(sample, emulator_program):
    """The program of the README: a key, or a sentence that asks for one."""
    no_key = {**WITHOUT_KEY, "HOME": "/nonexistent", "GOOGLE_APPLICATION_CREDENTIALS": ""}
    done = subprocess.run([sample], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=no_key)
    assert done.returncode == 1 and "GEMINI_API_KEY" in done.stderr, done
    emulator = Emulator(emulator_program)
    try:
        with_emulator = {**WITH_KEY, "GOOGLE_GEMINI_BASE_URL": emulator.url}
        done = subprocess.run([sample], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=with_emulator)
        assert done.returncode == 0 and len(done.stdout.strip()) > 5, done
    finally:
        emulator.end()


# Samples with their own emulator. The reader of their output may disconnect.


def run_to_its_end(sample, **where):
    done = subprocess.run([sample], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=WITHOUT_KEY, **where)
    assert done.returncode == 0, done
    return done.stdout


def leave_its_output(sample, **where):
    with start([sample], env=WITHOUT_KEY, **where) as program:
        program.stdout.close()
        assert program.wait() in (0, -signal.SIGPIPE), program.returncode


def hello(sample):
    assert len(run_to_its_end(sample).strip()) > 5
    leave_its_output(sample)


def token(sample):
    assert "auth_tokens/" in run_to_its_end(sample)
    leave_its_output(sample)


def music(sample):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "music.wav")
        with start([sample], env=WITHOUT_KEY, cwd=folder) as program:
            program.kill()
        assert not file.exists()
        assert "music.wav: 10 s" in run_to_its_end(sample, cwd=folder)
        header = file.read_bytes()[:44]
        assert header[:4] == b"RIFF" and struct.unpack("<I", header[40:])[0] + 44 == file.stat().st_size
        leave_its_output(sample, cwd=folder)


def tools(sample):
    told = run_to_its_end(sample)
    for ending in "[get_weather failed]", "[book_table answered]", "[search_archive canceled]":
        assert ending in told, told
    leave_its_output(sample)


# Samples that read a keyboard. The user may leave at any time, and the server may disconnect.


def typed(sample, emulator_program, first_line=None):
    with tempfile.TemporaryDirectory() as folder:
        emulator = Emulator(emulator_program)

        def begin():
            for old in Path(folder).glob("conversations/*"):
                old.unlink()
            program = start([sample, emulator.url], env=WITH_KEY, cwd=folder)
            if first_line:
                assert program.stdout.readline() == first_line
            return program

        def hang_up(words):
            with begin() as program:
                output, _ = program.communicate(words)
                assert program.returncode == 0, (words, program.returncode)
            emulator.wait_until_alone()
            return output

        hang_up("")  # at once
        hang_up("Hel")  # in the middle of a line
        assert len(hang_up("Hello\n").strip()) > 5  # at a line's end, before the answer
        assert len(hang_up("Hello\nand").strip()) > 5
        with begin() as program:  # in the middle of the answer: the screen
            say(program, "tell me a story\n")
            assert program.stdout.read(8)
            program.stdout.close()
            program.stdin.close()
            assert program.wait() in (0, -signal.SIGPIPE), program.returncode
        emulator.wait_until_alone()
        with begin() as program:  # the program
            say(program, "tell me a story\n")
            assert program.stdout.read(8)
            program.kill()
        emulator.wait_until_alone()
        with begin() as program:  # the server
            say(program, "tell me a story\n")
            assert program.stdout.read(8)
            emulator.end()
            output, _ = program.communicate("")
            assert "please ask again" in output, output
            assert program.returncode == 0, program.returncode


def terminal(sample, emulator_program):
    typed(sample, emulator_program)


def resume(sample, emulator_program):
    typed(sample, emulator_program, "We begin.\n")


# The voice server.


def sound(seconds, loudness):
    samples = (int(loudness * math.sin(i * 440 * 2 * math.pi / 16000)) for i in range(int(seconds * 16000)))
    return b"".join(struct.pack("<h", sample) for sample in samples)


QUESTION = sound(1, 8000) + sound(1.5, 0)


def hang_up(caller):
    caller.close()


def reset(caller):
    caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    caller.close()


def say_no_more(caller):
    caller.shutdown(socket.SHUT_WR)
    while caller.recv(CHUNK):
        pass
    caller.close()


def hear(size):
    def wait(caller):
        while size > len(caller.recv(size, socket.MSG_PEEK)):
            pass
        caller.recv(size)

    return wait


def voice(sample, emulator_program):
    emulator = Emulator(emulator_program)
    server = subprocess.Popen([sample, emulator.url, "0"], stdout=subprocess.PIPE, text=True, env=WITH_KEY)
    port = int(re.search(r":(\d+);", server.stdout.readline()).group(1))

    def call(speech=b"", then=None):
        caller = socket.create_connection(("127.0.0.1", port))
        caller.sendall(speech)
        if then:
            then(caller)
        return caller

    say_no_more(call())  # the server disconnects last
    emulator.wait_until_alone()
    idle = files_of(server)

    def nothing_is_left():
        emulator.wait_until_alone()
        until(lambda: files_of(server) <= idle)
        assert server.poll() is None

    for leave in (hang_up, reset, say_no_more):
        for speech in (
            b"",  # at once
            sound(0.3, 0)[: 2 * CHUNK],  # at the boundary of a chunk
            sound(0.3, 0)[: 2 * CHUNK + 1000],  # in its middle
            sound(0.3, 0)[: 2 * CHUNK + 1001],  # in the middle of a sample
            QUESTION[: 5 * CHUNK],  # while speaking
        ):
            leave(call(speech))
            nothing_is_left()
            with call(speech) as caller:  # when the call is known to be open
                emulator.wait_for("has come")
                leave(caller)
            nothing_is_left()
        # in the middle of the answer, at a boundary and not, with unread audio
        for rest in (b"", bytes(CHUNK), bytes(1001)):
            with call(QUESTION, hear(2000)) as caller:
                caller.sendall(rest)
                leave(caller)
            nothing_is_left()

    several = [call(QUESTION, hear(1000)) for _ in range(5)]
    for caller, leave in zip(several, (hang_up, reset, say_no_more, reset, hang_up)):
        leave(caller)
    nothing_is_left()

    caller = call(QUESTION, hear(1000))
    emulator.end()  # the model's server disconnects first
    hang_up(caller)
    until(lambda: files_of(server) <= idle)
    assert server.poll() is None
    server.kill()
    server.wait()


signal.alarm(280)  # it does not hang, it fails
globals()[sys.argv[1]](*map(os.path.abspath, sys.argv[2:]))
