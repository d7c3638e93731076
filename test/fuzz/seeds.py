#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Collects seeds for fuzzing, as seeds/TARGET/NAME beside the stamp: seeds.py STAMP CORPUS VECTORS.json ...

The seeds are the files of CORPUS for each target, and the golden vectors in their wire form.
"""

import base64
import json
import re
import shutil
import sys
from pathlib import Path


def texts(case):
    """Returns the frames of this case as they were recorded."""
    if "wire" in case:
        yield case["wire"]
    values = [case["json"]] if "json" in case else case.get("frames", [])
    for value in values:
        yield json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def main():
    stamp, corpus, *vectors = map(Path, sys.argv[1:])
    folder = stamp.parent / "seeds"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(corpus, folder)

    def seed(target, name, content):
        (folder / target).mkdir(parents=True, exist_ok=True)
        (folder / target / name).write_bytes(content)

    for file in vectors:
        for case in json.loads(file.read_text(encoding="utf-8"))["cases"]:
            for number, text in enumerate(texts(case)):
                name, content = f"{file.stem}-{case['name']}-{number}", text.encode("utf-8", "surrogatepass")
                seed("round_trip", name, content)
                seed("json", name, content)
                if file.stem == "server_messages":
                    seed("decode", name, content)
                for place, data in enumerate(re.findall(r'"data":"([^"]*)"', text)):
                    seed("base64", f"{name}-{place}", data.encode())
    for size in (1, 2, 3, 27, 28, 29, 53, 100):
        seed("base64", f"bytes-{size}", bytes(range(256))[-size:])
        seed("base64", f"text-{size}", base64.b64encode(bytes(range(256))[-size:]))
        seed("base64", f"url-safe-{size}", base64.urlsafe_b64encode(bytes(range(256))[-size:]).rstrip(b"="))
    stamp.write_text("")


main()
