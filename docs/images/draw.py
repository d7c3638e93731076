#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws the pictures of the docs from the code.

    draw.py [--check] [ROOT]

- rooms.svg: the rooms of lib/ and which may include which, from ROOMS of test/layering.py.
- session.svg: the life of a session, from the statuses of include/gemini/live/session_event.hpp and the transitions of
  lib/engine/reconnect_fsm.cpp.

The code defines what is drawn; the tables below define where. A room, status or arrow without a place is an error, and so
is a place without one. With --check nothing is written; a picture that differs is an error.
"""

import re
import sys
from html import escape
from pathlib import Path

STYLE = """
    text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; fill: #1f2328; }
    .name { font-weight: 600; font-size: 15px; }
    .note { font-size: 12px; fill: #57606a; }
    .label { fill: #424a53; }
    .caption { font-size: 12.5px; fill: #57606a; }
    .box { stroke-width: 1.4; }
    .pure { fill: #e6f4ea; stroke: #3b8a57; }
    .waits { fill: #e7f0fd; stroke: #3f74c4; }
    .good { fill: #e7f0fd; stroke: #3f74c4; }
    .open { fill: #e6f4ea; stroke: #3b8a57; }
    .over { fill: #f3f4f6; stroke: #7d8590; }
    .bad { fill: #fdeceb; stroke: #c4504a; }
    .frame { fill: #8c95a01a; stroke: #8c95a0; stroke-dasharray: 5 4; }
    .arrow { fill: none; stroke: #57606a; stroke-width: 1.5; }
    .head { fill: #57606a; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .note, .caption { fill: #9da7b3; }
      .label { fill: #c3ccd5; }
      .pure, .open { fill: #14301f; stroke: #4aa56c; }
      .waits, .good { fill: #14263f; stroke: #5b92e0; }
      .over { fill: #21262d; stroke: #8b949e; }
      .bad { fill: #3a1a1a; stroke: #d9645d; }
      .frame { stroke: #6e7681; }
      .arrow { stroke: #9da7b3; }
      .head { fill: #9da7b3; }
    }
"""


def fail(what):
    sys.exit(f"docs/images/draw.py: {what}")


def text(x, y, words, kind, anchor="middle"):
    return f'  <text x="{x:g}" y="{y:g}" class="{kind}" text-anchor="{anchor}">{escape(words, quote=False)}</text>'


def box(left, top, right, bottom, kind):
    return (f'  <rect x="{left}" y="{top}" width="{right - left}" height="{bottom - top}" rx="9" '
            f'class="box {kind}"/>')


def labeled_box(left, top, right, bottom, kind, lines):
    """The first line is the name, the others are notes."""
    drawn = [box(left, top, right, bottom, kind)]
    height = 16 * len(lines)
    y = (top + bottom - height) / 2 + 13
    for number, line in enumerate(lines):
        drawn.append(text((left + right) / 2, y + 16 * number, line, "name" if number == 0 else "note"))
    return drawn


def arrow(points):
    """A line with rounded corners through the points, with a head at its end."""
    path = [f"M{points[0][0]:g} {points[0][1]:g}"]
    radius = 9

    def towards(start, end, distance):
        length = abs(end[0] - start[0]) + abs(end[1] - start[1])  # lines are horizontal or vertical
        share = min(distance / length, 0.5)
        return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share

    for before, corner, after in zip(points, points[1:], points[2:]):
        a, b = towards(corner, before, radius), towards(corner, after, radius)
        path.append(f"L{a[0]:g} {a[1]:g} Q{corner[0]:g} {corner[1]:g} {b[0]:g} {b[1]:g}")
    (x0, y0), (x, y) = points[-2], points[-1]
    dx, dy = (x > x0) - (x < x0), (y > y0) - (y < y0)
    path.append(f"L{x - 5 * dx:g} {y - 5 * dy:g}")
    head = [(x, y), (x - 8 * dx - 4.5 * dy, y - 8 * dy - 4.5 * dx), (x - 8 * dx + 4.5 * dy, y - 8 * dy + 4.5 * dx)]
    return [f'  <path class="arrow" d="{" ".join(path)}"/>',
            f'  <polygon class="head" points="{" ".join(f"{a:g},{b:g}" for a, b in head)}"/>']


def picture(width, height, title, description, parts):
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img" aria-labelledby="title description">',
        "  <!-- Drawn by docs/images/draw.py (./dev docs). -->",
        f'  <title id="title">{escape(title)}</title>',
        f'  <desc id="description">{escape(description)}</desc>',
        f"  <style>{STYLE}  </style>", *parts, "</svg>", ""])


# rooms ---------------------------------------------------------------------------------------------------------------

# Room → its row (0 is the lowest), left and right edge, name and what it holds.
ROOM_PLACES = {
    "base": (0, 14, 786, "base", "errors, text, time"),
    "engine": (1, 14, 140, "engine", "decides, never waits"),
    "protocol": (1, 148, 330, "protocol", "one table of the wire"),
    "async": (1, 348, 786, "async", "event, semaphore, clock, alarm"),
    "transport": (2, 231, 471, "transport", "WebSocket, HTTP, TLS"),
    "auth": (3, 174, 330, "auth", "keys, tokens, OAuth"),
    "telemetry": (3, 14, 96, "telemetry", "metrics"),
    "viewer": (3, 104, 166, "viewer", "pages"),
    "session": (4, 14, 330, "session", "what a program calls, and the driver behind it"),
    "tools": (5, 14, 330, "tools", "answers function calls"),
    "mcp": (4, 348, 444, "mcp", "tools of others"),
    "emulator/rules": (2, 490, 716, "rules", "what the service accepts"),
    "emulator/google": (3, 490, 578, "google", "OAuth"),
    "emulator/persona": (3, 588, 676, "persona", "answers"),
    "emulator/script": (3, 686, 776, "script", "recordings"),
    "emulator/world": (4, 490, 556, "world", "virtual"),
    "emulator/server": (4, 566, 704, "server", "on a connection"),
    "emulator": (4, 714, 776, "main", "program"),
}
# Arrow → the x of a vertical line, or points: "left", "right", "top", "bottom" of a room, or coordinates.
ROOM_ROUTES = {
    ("async", "base"): 567,
    ("protocol", "base"): 247,
    ("engine", "base"): 80,
    ("transport", "async"): 404,
    ("transport", "engine"): [("bottom", 240), "between", ("top", 110)],
    ("auth", "protocol"): 224,
    ("auth", "transport"): ["right", 366],
    ("session", "auth"): 247,
    ("tools", "session"): 172,
    ("viewer", "protocol"): 158,
    ("session", "telemetry"): 55,
    ("telemetry", "protocol"): [("bottom", 55), "between", ("top", 152)],
    ("mcp", "auth"): [("bottom", 396), "between", ("top", 300)],
    ("emulator/rules", "protocol"): [("bottom", 560), "between", ("top", 300)],
    ("emulator/persona", "emulator/rules"): 632,
    ("emulator/script", "emulator/rules"): 701,
    ("emulator/script", "async"): 746,
    ("emulator/google", "emulator/rules"): 535,
    ("emulator/google", "transport"): ["left", 426],
    ("emulator/world", "transport"): ["left", 460],
    ("emulator/server", "emulator/google"): 572,
    ("emulator/server", "emulator/persona"): 632,
    ("emulator/server", "emulator/script"): 692,
    ("emulator", "emulator/script"): 744,
}
LIBRARY_NAMES = {"libwebsockets": "libwebsockets", "openssl": "OpenSSL", "uv": "libuv", "cares": "c-ares", "simdjson": "simdjson"}
UNSAID = {"fmt", "system", "asio"}  # fmt and system calls are everywhere; the color says Asio
ROW, HEIGHT, TOP = 98, 64, 42


def room_box(room):
    row, left, right, *_ = ROOM_PLACES[room]
    top = TOP + (5 - row) * ROW
    height = 46 if row == 0 else HEIGHT
    return left, top, right, top + height


def needed_arrows(rooms):
    """The arrows that do not follow from others."""
    direct = {room: {other if other in rooms else other.rpartition("/")[0] for other in allowed} & set(rooms)
              for room, allowed in rooms.items()}

    def reached(start):
        seen, waiting = set(), [start]
        while waiting:
            for other in direct[waiting.pop()] - seen:
                seen.add(other)
                waiting.append(other)
        return seen

    return {(room, other) for room in direct for other in direct[room]
            if not any(other in reached(via) for via in direct[room] - {other})}


def room_arrow(pair):
    start, end = (room_box(room) for room in pair)
    route = ROOM_ROUTES[pair]
    if not isinstance(route, list):
        return arrow([(route, start[3]), (route, end[1])])
    if route[0] in ("left", "right"):
        y = (start[1] + start[3]) / 2
        return arrow([(start[0] if route[0] == "left" else start[2], y), (route[1], y), (route[1], end[1])])
    (_, from_x), _, (_, to_x) = route
    middle = (start[3] + end[1]) / 2
    return arrow([(from_x, start[3]), (from_x, middle), (to_x, middle), (to_x, end[1])])


def rooms_picture(root):
    sys.path.insert(0, str(root / "test"))
    sys.dont_write_bytecode = True
    from layering import ROOMS
    known = set(LIBRARY_NAMES) | UNSAID | set(ROOMS)
    for what, here, there in (("room", set(ROOMS), set(ROOM_PLACES)),
                              ("arrow", needed_arrows(ROOMS), set(ROOM_ROUTES)),
                              ("library", {one for allowed in ROOMS.values() for one in allowed if not one.endswith(".hpp")}
                               | known, known)):
        for one in sorted(here - there, key=str):
            fail(f"the {what} {one} of test/layering.py has no place in the picture")
        for one in sorted(there - here, key=str):
            fail(f"there is no {what} {one} in test/layering.py")
    bottom = room_box("emulator/rules")[3] + 12
    top = room_box("emulator")[1] - 28
    parts = [box(478, top, 788, bottom, "frame"), text(490, top + 18, "lib/emulator", "note", "start"),
             text(16, 32, "lib", "note", "start")]
    for pair in sorted(ROOM_ROUTES):
        parts += room_arrow(pair)
    for room, (row, left, right, name, holds) in ROOM_PLACES.items():
        others = [LIBRARY_NAMES[one] for one in sorted(ROOMS[room]) if one in LIBRARY_NAMES]
        lines = [name, holds] + ([" · ".join(others)] if others else [])
        if row == 0:
            lines = [name, holds]
        parts += labeled_box(*room_box(room), "waits" if "asio" in ROOMS[room] else "pure", lines)
    y = room_box("base")[3] + 30
    parts += [box(14, y - 12, 30, y + 2, "pure"), text(38, y, "sees no Asio", "caption", "start"),
              box(128, y - 12, 144, y + 2, "waits"), text(152, y, "may use Asio", "caption", "start"),
              *arrow([(250, y - 5), (282, y - 5)]), text(290, y, "may include. Arrows that follow from others are left out.",
                                                        "caption", "start")]
    return picture(800, y + 18, "The rooms of the library",
                   "Which room of lib may include which; the table is ROOMS of test/layering.py.", parts)


# a session's life ----------------------------------------------------------------------------------------------------

# Status → left, top, right edge, color, and what is true in it.
STATUS_PLACES = {
    "disconnected": (46, 96, 172, "over", "messages wait"),
    "connecting": (246, 96, 390, "good", "dial, upgrade, setup"),
    "connected": (502, 96, 654, "open", "both directions open"),
    "reconnecting": (502, 236, 654, "good", "backoff, then resume"),
    "failed": (246, 366, 442, "bad", "the stream throws the cause"),
    "closed": (574, 366, 726, "over", "the stream has ended"),
}
STATUS_HEIGHT = 50
# From, to → the points of the arrow, then the place of its label: x, y, anchor.
STATUS_ROUTES = {
    ("disconnected", "connecting"): ([(172, 121), (246, 121)], (208, 112, "middle")),
    ("connecting", "connecting"): ([(290, 96), (290, 70), (346, 70), (346, 96)], (318, 62, "middle")),
    ("connecting", "connected"): ([(390, 109), (502, 109)], (445, 100, "middle")),
    ("connecting", "failed"): ([(280, 146), (280, 366)], (270, 236, "end")),
    ("connected", "connected"): ([(550, 96), (550, 70), (606, 70), (606, 96)], (578, 62, "middle")),
    ("connected", "reconnecting"): ([(538, 146), (538, 236)], (528, 196, "end")),
    ("connected", "failed"): ([(502, 134), (408, 134), (408, 366)], (398, 236, "end")),
    ("reconnecting", "reconnecting"): ([(654, 249), (682, 249), (682, 273), (654, 273)], (690, 266, "start")),
    ("reconnecting", "connected"): ([(618, 236), (618, 146)], (628, 196, "start")),
    ("reconnecting", "failed"): ([(538, 286), (538, 391), (442, 391)], (528, 336, "end")),
}
FRAME = (14, 36, 786, 308)  # around the statuses that close() ends
CLOSING = ([(650, 308), (650, 366)], (660, 342, "start"))


def statuses(root):
    source = (root / "include/gemini/live/session_event.hpp").read_text(encoding="utf-8")
    for body in re.findall(r"enum class \w+ \{(.*?)\};", source, re.DOTALL):
        names = re.findall(r"^\s*(\w+)\s*[,=/\n]", re.sub(r"//[^\n]*", "", body) + "\n", re.MULTILINE)
        if "disconnected" in names:
            return names
    return fail("session_event.hpp has no enumeration with the status disconnected")


def transitions(root):
    source = (root / "lib/engine/reconnect_fsm.cpp").read_text(encoding="utf-8")
    found = re.findall(r'transition\{\w+::(\w+),\s*"([^"]*)",\s*\w+::(\w+)\}', source)
    return [(before, event, after) for before, event, after in found] or fail("reconnect_fsm.cpp has no transitions")


def label(words, place):
    """One line or, beside a vertical line, one for each cause."""
    x, y, anchor = place
    lines = words.split(", ") if anchor != "middle" else [words]
    return [text(x, y + 16 * number - 8 * (len(lines) - 1), line + ("," if number + 1 < len(lines) else ""), "label", anchor)
            for number, line in enumerate(lines)]


def session_picture(root):
    rows = transitions(root)
    names = statuses(root)
    in_frame = {name for name in names if STATUS_PLACES.get(name, (0, 999))[1] < FRAME[3]}
    closing = {before for before, event, after in rows if event == "close()" and after == "closed"}
    others = {(before, after): event for before, event, after in rows if event != "close()"}
    for what, here, there in (("status", set(names), set(STATUS_PLACES)), ("transition", set(others), set(STATUS_ROUTES)),
                              ("close() of", closing, in_frame)):
        for one in sorted(here - there, key=str):
            fail(f"the {what} {one} has no place in the picture")
        for one in sorted(there - here, key=str):
            fail(f"the code has no {what} {one}")
    parts = [box(*FRAME, "frame"), '  <circle cx="27" cy="121" r="5" class="head"/>', *arrow([(27, 121), (46, 121)])]
    for pair, (points, place) in STATUS_ROUTES.items():
        parts += arrow(points) + label(others[pair], place)
    parts += arrow(CLOSING[0]) + label("close() at any time", CLOSING[1])
    for name, (left, top, right, kind, note) in STATUS_PLACES.items():
        parts += labeled_box(left, top, right, top + STATUS_HEIGHT, kind, [name, note])
    return picture(800, 432, "The life of a session",
                   "The statuses of a session and what leads from one to another.", parts)


PICTURES = {"rooms.svg": rooms_picture, "session.svg": session_picture}


def main(arguments):
    check = "--check" in arguments
    paths = [argument for argument in arguments if argument != "--check"]
    root = Path(paths[0] if paths else Path(__file__).parent.parent.parent).resolve()
    differ = []
    for name, draw in PICTURES.items():
        path, drawn = root / "docs/images" / name, draw(root)
        if not check:
            path.write_text(drawn, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != drawn:
            differ.append(f"{path}: differs from the code; ./dev docs draws it anew")
    print("\n".join(differ) or f"{len(PICTURES)} pictures agree with the code")
    return bool(differ)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
