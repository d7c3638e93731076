#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the page of the viewer as C++: embed.py PAGE.html PAGE.css PAGE.js OUT.cpp

The style and the script replace {{style}} and {{script}} in the page; {{data}} is where it is divided.
"""
import sys
from pathlib import Path

PIECE = 8000  # characters of one literal; compilers limit it to 65,535 bytes


def literal(text):
    pieces = [text[at:at + PIECE] for at in range(0, len(text), PIECE)]
    return "\n    ".join(f'R"~~~({piece})~~~"' for piece in pieces)


page, style, script, out = (Path(argument) for argument in sys.argv[1:])
html = page.read_text(encoding="utf-8")
for mark, source in (("{{style}}", style), ("{{script}}", script)):
    if html.count(mark) != 1:
        sys.exit(f"{page}: {mark} should stand in it once")
    html = html.replace(mark, source.read_text(encoding="utf-8"))
head, tail = html.split("{{data}}\n")
out.write_text(f"""// SPDX-License-Identifier: Apache-2.0
#include "viewer/page_template.hpp"

namespace gemini::live::viewer {{

const std::string_view page_head =
    {literal(head)};

const std::string_view page_tail =
    {literal(tail)};

}} // namespace gemini::live::viewer
""", encoding="utf-8")
