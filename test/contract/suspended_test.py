#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Suspends a process for longer than its session tolerates silence; the session must continue:
suspended_test.py EMULATOR HELD_SESSION"""

import signal
import subprocess
import sys
import time
import unittest

EMULATOR, HELD_SESSION = sys.argv[1:3]
SUSPENDED = 2.0  # seconds; the session tolerates 0.7


class Suspended(unittest.TestCase):
    def setUp(self):
        self.emulator = subprocess.Popen([EMULATOR, "--port", "0", "--pace", "0", "--quiet"],
                                         stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.end, self.emulator)
        url = self.emulator.stdout.readline().split()[-1]
        self.session = subprocess.Popen([HELD_SESSION, url], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.end, self.session)
        self.assertEqual(self.session.stdout.readline(), "connected\n")

    def end(self, process):
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream:
                stream.close()

    def ask(self):
        self.session.stdin.write("?\n")
        self.session.stdin.flush()
        return self.session.stdout.readline()

    def suspend(self, process):
        process.send_signal(signal.SIGSTOP)
        time.sleep(SUSPENDED)
        process.send_signal(signal.SIGCONT)

    def test_the_clients_process_keeps_its_connection(self):
        for _ in range(3):
            self.suspend(self.session)
            self.assertEqual(self.ask(), "answered, 0 losses, 1 attempts, 0 contexts lost\n")

    def test_the_servers_process_is_taken_for_dead_and_found_again(self):
        for _ in range(2):  # the first handle has arrived by the time of the second answer
            self.assertEqual(self.ask(), "answered, 0 losses, 1 attempts, 0 contexts lost\n")
        self.suspend(self.emulator)
        answer = self.ask()
        self.assertRegex(answer, r"^answered, 1 losses, \d+ attempts, 0 contexts lost\n$")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
