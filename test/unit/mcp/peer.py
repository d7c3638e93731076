#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A server of the Model Context Protocol on standard input and output that behaves as its argument says."""
import json
import os
import signal
import subprocess
import sys
import time

behavior = sys.argv[1] if len(sys.argv) > 1 else "proper"


def say(message):
    sys.stdout.write((message if isinstance(message, str) else json.dumps(message)) + "\n")
    sys.stdout.flush()


def describe(name):
    return {"name": name, "description": name, "inputSchema": {"type": "object"}}


def content(text):
    return {"content": [{"type": "text", "text": text}]}


def result_of(method, params):
    if method == "initialize":
        return {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {"listChanged": True}},
                "serverInfo": {"name": "peer", "version": "1"}}
    if method == "tools/list":
        return {"tools": [describe("echo"), describe("environment")]}
    name, given = params["name"], params["arguments"]
    if name == "environment":
        return content(" ".join(sorted(os.environ)))
    if name == "directory":
        return content(os.getcwd())
    if name == "group":
        return content(f"{os.getpid()} {os.getpgid(0)}")
    if name == "child":  # one that outlives us, unless its group is ended
        return content(str(subprocess.Popen(["sleep", "600"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                            stderr=subprocess.DEVNULL).pid))
    return content(json.dumps(given))


def serve(message):
    method, call = message.get("method"), message.get("params", {})
    if behavior == "silent" and method != "initialize":
        return
    if method == "tools/call":
        if behavior == "dies":
            print("something went wrong: no such module", file=sys.stderr, flush=True)
            sys.exit(3)
        if behavior == "is killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if behavior == "closes its output":
            os.close(1)
            time.sleep(600)
        if behavior == "writes junk":
            say("Server is ready!\n\n{\n[1,2\r")
            say({"jsonrpc": "2.0", "id": 999, "result": {}})
            os.write(1, b"\xff\xfe\n")
        if behavior == "writes a huge line":
            say("x" * 2_000_000)
        if behavior == "writes without end":
            while True:
                os.write(1, b"x" * 65536)
        if behavior == "complains":
            os.write(2, b"a line\nhalf a ")
            os.write(2, b"line\n" + b"x" * 10_000 + b"\nlast words")
        if behavior == "reports progress":
            for step in (1, 2):
                say({"jsonrpc": "2.0", "method": "notifications/progress",
                     "params": {"progressToken": call["_meta"]["progressToken"], "progress": step, "total": 2}})
    if "id" in message and method:
        answer = json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result_of(method, call)})
        if behavior == "drips":
            for each in answer + "\n":
                os.write(1, each.encode())
            return
        say(answer)


if behavior == "ends at once":
    print("usage: peer", file=sys.stderr)
    sys.exit(2)
if behavior in ("ignores its end", "ignores all"):
    signal.signal(signal.SIGTERM, signal.SIG_IGN if behavior == "ignores all" else signal.SIG_DFL)
if behavior == "does not read":
    serve(json.loads(sys.stdin.buffer.raw.readline()))
    time.sleep(600)
for line in sys.stdin:
    serve(json.loads(line))
if behavior in ("ignores its end", "ignores all"):
    time.sleep(600)
if behavior == "ends by itself":
    print("goodbye", file=sys.stderr)
    sys.exit(0)
