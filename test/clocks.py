#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that waits never use the wall clock, which jumps: clocks.py SOURCE_ROOT

In the rooms that wait, the system clock is only for dates that others have written or will read.
"""

import pathlib
import re
import sys

DATES = {
    "lib/async/clock.hpp": "the time of day, for records",
    "lib/session/ephemeral_token.cpp": "Retry-After may be a date",
    "lib/session/handle_keeper.cpp": "a handle in a store has the date of its making",
    "lib/session/resumption_store.cpp": "so",
    "lib/transport/connect_tunnel.cpp": "Retry-After may be a date",
    "lib/transport/http_fields.cpp": "so",
    "lib/transport/http_fields.hpp": "so",
    "lib/transport/lws_handshake.cpp": "so",
}
WALL = re.compile(r"system_clock|high_resolution_clock|\bgettimeofday\b|\btime\((?:nullptr|NULL|0)\)|CLOCK_REALTIME")

root = pathlib.Path(sys.argv[1])
sources = [each for room in ("async", "engine", "session", "transport") for each in sorted((root / "lib" / room).glob("*.[ch]pp"))]
users = {str(each.relative_to(root)) for each in sources if WALL.search(each.read_text())}
for each in sorted(users - DATES.keys()):
    print(f"{each} reads the clock on the wall: waits must be on a steady one. If it is for a date, say so in test/clocks.py.")
for each in sorted(DATES.keys() - users):
    print(f"{each} no longer reads the clock on the wall: take it out of test/clocks.py.")
sys.exit(users != DATES.keys())
