# SPDX-License-Identifier: Apache-2.0
"""What a terminal shows for the bytes written to it: enough of an xterm for the chat and libedit."""

import re
import unicodedata

SEQUENCE = re.compile(r"\x1b(?:\[([0-9;?]*)([A-Za-z@])|[()][A-Z0-9]|[78=>])")
INCOMPLETE = re.compile(r"\x1b(?:\[[0-9;?]*|[()])?\Z")


def width(character):
    if unicodedata.combining(character) or character in "\u200d\ufe0f":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


class Screen:
    def __init__(self, rows=24, columns=80):
        self.columns = columns
        self.cells = [self.blank() for _ in range(rows)]
        self.scrolled = []  # rows that have scrolled off the top
        self.row = self.column = 0
        self.wraps = False  # the last column is written: the next character goes to the next row
        self.rest = ""

    def blank(self):
        return [" "] * self.columns

    def feed(self, text):
        text, self.rest = self.rest + text, ""
        at = 0
        while at < len(text):
            if text[at] != "\x1b":
                self.put(text[at])
                at += 1
            elif found := SEQUENCE.match(text, at):
                if found[2]:
                    self.obey(found[2], found[1])
                at = found.end()
            elif INCOMPLETE.match(text, at):
                self.rest = text[at:]
                return
            else:
                raise AssertionError(f"an unknown sequence: {text[at:at + 20]!r}")

    def put(self, character):
        if character == "\r":
            self.column, self.wraps = 0, False
        elif character == "\n":
            self.line_feed()
        elif character == "\b":
            self.column, self.wraps = max(0, self.column - 1), False
        elif character == "\t":
            self.column = min(self.columns - 1, self.column // 8 * 8 + 8)
        elif character >= " ":
            self.print(character)

    def print(self, character):
        size = width(character)
        if size == 0:
            before = max(0, self.column - (0 if self.wraps else 1))
            self.cells[self.row][before] += character
            return
        if self.wraps or self.column + size > self.columns:
            self.column = 0
            self.line_feed()
        row = self.cells[self.row]
        row[self.column] = character
        if size == 2:
            row[self.column + 1] = ""
        self.column += size
        self.wraps = self.column == self.columns
        if self.wraps:
            self.column -= 1

    def line_feed(self):
        self.wraps = False
        if self.row + 1 < len(self.cells):
            self.row += 1
            return
        self.scrolled.append("".join(self.cells.pop(0)).rstrip())
        self.cells.append(self.blank())

    def obey(self, command, parameters):
        numbers = [int(each or 0) for each in parameters.lstrip("?").split(";")]
        count = max(1, numbers[0])
        row = self.cells[self.row]
        if command in "ABCDGHJKPXd@":
            self.wraps = False
        if command == "A":
            self.row = max(0, self.row - count)
        elif command == "B":
            self.row = min(len(self.cells) - 1, self.row + count)
        elif command == "C":
            self.column = min(self.columns - 1, self.column + count)
        elif command == "D":
            self.column = max(0, self.column - count)
        elif command == "G":
            self.column = min(self.columns, count) - 1
        elif command == "H":
            self.row = min(len(self.cells), count) - 1
            self.column = min(self.columns, max(1, (numbers + [1])[1])) - 1
        elif command == "J":
            first = 0 if numbers[0] == 2 else self.column
            row[first:] = [" "] * (self.columns - first)
            for below in range(0 if numbers[0] == 2 else self.row + 1, len(self.cells)):
                self.cells[below] = self.blank()
        elif command == "K":
            row[self.column:] = [" "] * (self.columns - self.column)
        elif command == "P":
            row[self.column:] = (row[self.column + count:] + [" "] * count)[:self.columns - self.column]
        elif command == "X":
            row[self.column:self.column + count] = [" "] * min(count, self.columns - self.column)
        elif command == "@":
            row[self.column:] = ([" "] * count + row[self.column:])[:self.columns - self.column]
        elif command == "d":
            self.row = min(len(self.cells), count) - 1
        elif command not in "mhlr":
            raise AssertionError(f"an unknown sequence: CSI {parameters}{command}")

    def rows(self):
        """Returns all text, including the rows that have scrolled off."""
        return self.scrolled + ["".join(each).rstrip() for each in self.cells]

    def text(self):
        return "\n".join(self.rows())
