# SPDX-License-Identifier: Apache-2.0
"""Runs servers and clients, each a process of its own on the core that is meant for it."""

import filecmp
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from figures import system_calls_between
from scenarios import ALL

HERE = Path(__file__).resolve().parent
MOST_SECONDS = 45 # for what a client does before and after its window; it ends itself after 240


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def cores():
    """Returns a core for the server, and another for the client if there is one."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[1 % len(usable)]


def pinned(cpu, command):
    return ["taskset", "--cpu-list", str(cpu), *map(str, command)]


def words(arguments):
    return [f"{name}={value}" for name, value in arguments.items()]


class Failed(Exception):
    """A client has failed; the text says which, and why."""


class Bench:
    """The programs of a build directory, and what they need."""

    def __init__(self, build, folder):
        self.programs = build / "test" / "bench"
        self.folder = Path(folder)
        self.certificate, self.key = self.folder / "certificate.pem", self.folder / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                        "-out", self.certificate, "-keyout", self.key], check=True, capture_output=True)
        self.node = install_node(build)
        self.clients = [name for name, client in ALL.items() if self.node or not client.on_node]

    def command(self, client):
        if ALL[client].on_node:
            return [self.node / "node_modules" / ".bin" / "node", self.node / f"{client}_client.mjs"]
        return [self.programs / f"bench-client-{ALL[client].program or client}"]

    def start_client(self, client, scenario, transport, ports, cpus, trace=None):
        arguments = {**scenario.arguments(transport), **ALL[client].arguments, "port": ",".join(map(str, ports)), "cpu": ",".join(map(str, cpus)),
                     "ca": self.certificate}
        tracing = ["strace", "-f", "-qq", "--signal=none", "-o", trace] if trace else []
        return subprocess.Popen(
            pinned(",".join(map(str, cpus)), [*tracing, *self.command(client), *words(arguments)]),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "NODE_EXTRA_CA_CERTS": str(self.certificate)})

    def results_of(self, process, client, scenario, transport):
        """What each thread of a client printed."""
        try:
            out, errors = process.communicate(timeout=MOST_SECONDS + sum(scenario.seconds))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise Failed(f"{ALL[client].title} did not end: {scenario.title}, {transport}") from None
        if process.returncode != 0 or not out:
            raise Failed(f"{ALL[client].title} failed (exit {process.returncode}): {scenario.title}, {transport}\n"
                         f"{errors[-2000:]}")
        return [json.loads(line) for line in out.splitlines()]

    def run_client(self, client, scenario, transport, port):
        """One measurement, with what strace has counted if the scenario is traced."""
        trace = self.folder / "trace" if scenario.traced else None
        process = self.start_client(client, scenario, transport, [port], [cores()[1]], trace)
        result, = self.results_of(process, client, scenario, transport)
        if trace:
            with open(trace, encoding="utf-8", errors="replace") as lines:
                result["system_calls"] = system_calls_between(lines)
            trace.unlink()
        return result

    def server(self, scenario, transport, cpu=None):
        return Server(self, scenario, transport, cores()[0] if cpu is None else cpu)


class Server:
    """Runs as long as the context."""

    def __init__(self, bench, scenario, transport, cpu):
        arguments = {**scenario.arguments(transport), "certificate": bench.certificate, "key": bench.key}
        self.process = subprocess.Popen(pinned(cpu, [bench.programs / "bench-server", *words(arguments)]),
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def wait_for_window(self):
        """Until a client is connected and warmed up, or has failed to be."""
        select.select([self.process.stdout], [], [], MOST_SECONDS)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.process.stdout.close()


def install_node(build):
    """Installs Node.js and its clients into the build directory, once. Returns the folder, or None without a network."""
    folder = build / "node"
    folder.mkdir(exist_ok=True)
    wanted, installed = HERE / "package.json", folder / "installed.json"
    if not installed.exists() or not filecmp.cmp(wanted, installed, shallow=False):
        progress("npm install")
        shutil.copy(wanted, folder / "package.json")
        done = subprocess.run(["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"],
                              cwd=folder, timeout=600, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        progress("")
        if done.returncode != 0:
            print(f"Without the clients on Node.js: npm install failed.\n{done.stdout[-1000:]}", file=sys.stderr)
            return None
        shutil.copy(wanted, installed)
    for program in HERE.glob("*.mjs"):
        shutil.copy(program, folder)
    return folder
