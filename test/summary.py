#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts the cases of a `meson test` run: summary.py BUILD/meson-logs/testlog.json

Programs of Catch2 and of Python's unittest count by their test cases, a script whose last line is
"N passed, N failed" by those numbers, anything else as one case. A program that crashed, timed out, ran nothing or
printed a secret has failed, whatever else it printed. Prints the failures, then "N passed, N failed" alone on the
last line. Exits with 1 when anything failed or nothing ran.
"""

import json
import re
import sys

PLAIN = re.compile(r"^(?:\w+: )?(\d+) passed, (\d+) failed\s*$", re.MULTILINE)
ALL_PASSED = re.compile(r"^All tests passed \(\d+ assertions? in (\d+) test cases?\)", re.MULTILINE)
SOME_FAILED = re.compile(r"^test cases: +\d+ (?:\| +(\d+) passed )?(?:\| +(\d+) failed)?", re.MULTILINE)
UNITTEST = re.compile(r"^Ran (\d+) tests? in .*\n\n(?:OK|FAILED \((.*)\))", re.MULTILINE)

# Secrets of the tests, also in base64 at any of its three offsets: keys and tokens, tokens of the fake
# Google, handles of the emulator.
SECRET = re.compile(r"canary|Y2FuYXJ|NhbmFye|jYW5hcn|fake-google-[A-Za-z0-9]|PRIVATE KEY-----\\*n?[A-Za-z0-9+/]{16}|e0a1a7ed-[0-9a-f]{4}-4")


def count(test):
    """Returns (passed, failed) of one entry of the log."""
    output = test.get("stdout", "") + test.get("stderr", "")
    if found := ALL_PASSED.findall(output):
        passed, failed = int(found[-1]), 0
    elif found := SOME_FAILED.findall(output) or PLAIN.findall(output):
        passed, failed = (int(number or 0) for number in found[-1])
    elif found := UNITTEST.findall(output):
        failed = sum(int(number) for number in re.findall(r"(?:failures|errors)=(\d+)", found[-1][1]))
        passed = int(found[-1][0]) - failed
    elif "No tests ran" in output or "No test cases matched" in output:
        passed, failed = 0, 0
    else:
        passed, failed = (1, 0) if test["result"] == "OK" else (0, 1)
    if failed == 0 and (test["result"] != "OK" or passed == 0):
        failed = 1
    if failed == 0 and (secret := SECRET.search(output)):
        print(f"{test['name']} prints a secret: {secret[0]}")
        failed = 1
    return passed, failed


def main(log):
    try:
        with open(log, encoding="utf-8") as lines:
            tests = [json.loads(line) for line in lines]
    except FileNotFoundError:
        print(f"{log} does not exist: the tests could not be started")
        tests = []
    all_passed = all_failed = 0
    for test in tests:
        passed, failed = count(test)
        all_passed += passed
        all_failed += failed
        if failed:
            print(f"FAILED  {test['name']}: {failed} of {passed + failed}, {test['result']}")
    seconds = max((t["starttime"] + t["duration"] for t in tests), default=0) - min(
        (t["starttime"] for t in tests), default=0)
    print(f"\n{len(tests)} programs in {seconds:.0f} s")
    print(f"{all_passed} passed, {all_failed} failed")
    return 0 if all_passed and not all_failed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
