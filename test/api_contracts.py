#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the comments of the public headers.

    api_contracts.py [ROOT]       lists what is missing as file:line: what; the last line counts it
    api_contracts.py --list       lists every operation and the parts of its contract
    api_contracts.py --self-test  proves that every rule applies where it should, and nowhere else

An *operation* is a public function that returns an awaitable or an async_generator. Its comment has a contract of four
parts, each in lines of its own, in this order, at the end of the comment:

    /// Completion: when the message has been accepted into the outbox.
    /// Errors: errc::closed after `close()`.
    /// Cancellation: a message is accepted whole or not at all.
    /// Threads: any.

- A part can refer to another operation of the same class or file: "Errors: as `send`; also errc::misuse for …". An
  operation elsewhere is named with its class: as `session::send`. The operation referred to has the full text.
- Parts with the same text are combined: "Completion, cancellation, threads: as `send`."
- Every errc::x that a comment of any kind names exists.

Every public name has a comment: types, enumerators, functions, data members, aliases, constants. Exempt are

- what the language defines: destructors, copies and moves, deleted and defaulted functions, operators (except calls and
  conversions to a type other than bool);
- a constructor that only initializes members: its body is empty, in the header;
- an `override`, which its base documents, and a specialization, which its template documents;
- an overload that follows another one of its name without a blank line: the first one's comment is for all;
- a free function whose only parameter is an unnamed enumeration, such as to_string(status);
- enumerators with wire names: their enumeration has wire_names(), or its comment says "Wire: …";
- data members with wire names in snake_case, as docs/wire.md lists them, in a type whose comment says
  "Wire: …" (or which is nested in such a type);
- `gcc12_guard` members, and whatever is in a namespace `detail`.
"""
import pathlib
import re
import sys
from dataclasses import dataclass, field

PARTS = ["Completion", "Errors", "Cancellation", "Threads"]
PART_NAMES = "|".join(PARTS + [part.lower() for part in PARTS])
LABEL = re.compile(rf"((?:{PART_NAMES})(?:(?:, (?:and )?| and )(?:{PART_NAMES}))*):(?:\s+|$)(.*)")
STRAY = re.compile(rf"[.;] (?:{'|'.join(PARTS)})(?:(?:,| and) (?:{PART_NAMES}))*: ")
REFERENCE = re.compile(r"as ((?:`[\w:]+(?:\(\))?`(?:, (?:and )?| and )?)+)")

TOKEN = re.compile(
    r"""(?P<doc>///<?[^\n]*)|(?P<comment>//[^\n]*|/\*.*?\*/)|(?P<directive>^[ \t]*\#(?:[^\n\\]|\\.|\\\n)*)
    |(?P<string>R"(?P<mark>[^(]*)\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+')
    |(?P<word>[A-Za-z_]\w*)|(?P<number>\d(?:'?[\w.])*)|(?P<sign>::|->|<<|\[\[|\]\]|[=!<]=|&&|\|\||\.\.\.|[^\w\s])""",
    re.VERBOSE | re.MULTILINE | re.DOTALL)
CLOSES = {"(": ")", "[": "]", "[[": "]]", "{": "}"}


@dataclass
class token:
    kind: str
    text: str
    line: int
    end: int  # its last line
    docs: list = field(default_factory=list)  # lines of the comment before it


@dataclass
class entity:
    kind: str  # type, alias, enumerator, function, data
    name: str  # with its classes
    line: int
    docs: list
    header: str
    parent: object = None
    words: list = field(default_factory=list)  # the declaration's tokens, as texts
    first: int = 0  # lines of the declaration
    last: int = 0
    arguments: list = field(default_factory=list)
    result: list = field(default_factory=list)
    tail: list = field(default_factory=list)
    has_body: bool = False
    body: list = field(default_factory=list)
    shares: object = None  # the overload whose comment this one shares

    @property
    def short(self):
        return self.name.split("::")[-1]

    @property
    def comment(self):
        return (self.shares or self).docs


def tokenize(source):
    """The tokens of a header; comments after a declaration (`///<`) stay in the list."""
    tokens, docs = [], []
    trailing = None
    for found in TOKEN.finditer(source):
        kind, text = found.lastgroup if found.lastgroup != "mark" else "string", found[0]
        line = source.count("\n", 0, found.start()) + 1
        if kind in ("comment", "directive"):
            continue
        if kind == "doc":
            begins = text.startswith("///<")
            words = re.sub(r"^ ", "", text[4:] if begins else text[3:])
            if begins and not (tokens and tokens[-1] is trailing and trailing.end == line - 1):
                trailing = token("after", "///<", line, line, [words])
                tokens.append(trailing)
            elif begins:
                trailing.docs.append(words)
                trailing.end = line
            else:
                docs.append(words)
            continue
        tokens.append(token("string" if kind == "mark" else kind, text, line, line + text.count("\n"), docs))
        docs = []
    return tokens


class parser:
    """Finds the public declarations of a header. Understands only the C++ that the headers use."""

    def __init__(self, header, source):
        self.header, self.tokens, self.at = header, tokenize(source), 0
        self.found = []
        self.enums_of_wire = set()

    def parse(self):
        self.scope(None, "", public=True)
        for one in self.found:
            if one.kind == "function" and one.short == "wire_names" and one.arguments:
                self.enums_of_wire.add(one.arguments[0])
        return self.found

    def peek(self):
        return self.tokens[self.at].text if self.at < len(self.tokens) else ""

    def skip_balanced(self):
        """Skips the bracket at the present token; returns its contents."""
        begin, waiting = self.at, []
        while self.at < len(self.tokens):
            one = self.tokens[self.at]
            if one.kind not in ("string", "after"):
                if one.text in CLOSES:
                    waiting.append(CLOSES[one.text])
                elif waiting and one.text == waiting[-1]:
                    waiting.pop()
                elif waiting and one.text == "]]" and waiting[-2:] == ["]", "]"]:
                    waiting = waiting[:-2]
            self.at += 1
            if not waiting:
                break
        return [one for one in self.tokens[begin + 1:self.at - 1] if one.kind != "after"]

    def skip_angles(self):
        depth = 0
        while self.at < len(self.tokens):
            text = self.peek()
            if text in CLOSES:
                self.skip_balanced()
                continue
            depth += (text == "<") - (text == ">")
            self.at += 1
            if depth == 0:
                return

    def scope(self, parent, prefix, public):
        """Reads declarations up to the end of the scope, including its `}`."""
        while self.at < len(self.tokens):
            one = self.tokens[self.at]
            if one.text == "}" and one.kind == "sign":
                self.at += 1
                return
            if one.text == ";":
                self.at += 1
            elif one.kind == "after":
                self.attach(one)
                self.at += 1
            elif one.text in ("public", "private", "protected") and self.tokens[self.at + 1].text == ":":
                public = one.text != "private"
                self.at += 2
            elif one.text in ("inline", "namespace") and self.is_namespace():
                self.namespace()
            else:
                self.declaration(parent, prefix, public)

    def attach(self, comment):
        """Attaches a comment after a declaration to the last declaration found there."""
        if self.found and self.latest is self.found[-1] and not self.latest.docs:
            self.latest.docs = comment.docs

    latest = None

    def is_namespace(self):
        return self.peek() == "namespace" or self.tokens[self.at + 1].text == "namespace"

    def namespace(self):
        name = []
        while self.peek() not in ("{", ";"):
            name.append(self.peek())
            self.at += 1
        if self.peek() == ";" or "detail" in name:
            self.skip_balanced() if self.peek() == "{" else None
            return
        self.at += 1
        path = [word for word in name if word not in ("namespace", "inline", "::", "gemini", "live")]
        self.scope(None, "".join(f"{word}::" for word in path), True)

    def declaration(self, parent, prefix, public):
        first = self.tokens[self.at]
        docs = list(first.docs)
        words, lines = [], []  # of the declaration, without attributes and template header
        is_specialization = False
        paren = tail_from = None  # where the parameters begin and end, in words
        arguments, body, has_body = [], [], False
        angles, in_value = 0, False
        name_at = None

        def take():
            words.append(self.peek())
            lines.append(self.tokens[self.at].line)
            self.at += 1

        while self.at < len(self.tokens):
            one = self.tokens[self.at]
            text = one.text
            if one.docs and not docs and not words:
                docs = list(one.docs)
            if one.kind == "after":
                if not docs:
                    docs = one.docs
                self.at += 1
            elif text == "[[":
                self.skip_balanced()
            elif text == "template" and not words:
                self.at += 1
                begin = self.at
                self.skip_angles()
                is_specialization = self.at - begin == 2
                if self.peek() == "requires":
                    self.at += 1
                    self.skip_balanced()
            elif text == "alignas":
                self.at += 1
                self.skip_balanced()
            elif text == ";":
                break
            elif text == "}":  # an error of the header, or of this parser
                break
            elif text == "enum" and not words:
                return self.enumeration(prefix, public, docs, parent)
            elif text in ("class", "struct", "union") and not angles and paren is None and \
                    not any(word in ("=", "friend") for word in words):
                what = self.type_definition(parent, prefix, public and not is_specialization, docs, words)
                if what is None:
                    continue
                if self.peek() == ";":
                    self.at += 1
                    return None
                words.append(what)  # a type defined on the way to a variable of it
                lines.append(one.line)
            elif text == "operator" and paren is None:
                name_at = len(words)
                take()
                if self.peek() == "(":
                    take()
                    take()
                while self.peek() != "(":
                    take()
            elif text == "(" and not angles and not in_value and paren is None:
                paren = len(words)
                name_at = len(words) - 1 if name_at is None else name_at
                arguments = [inner.text for inner in self.skip_balanced()]
                words.append("()")
                lines.append(one.line)
            elif text in ("(", "["):
                self.skip_balanced()
                words.append(text if not angles else "…")
                lines.append(one.line)
                in_value = in_value or text == "[" and not angles and paren is None
            elif text == "{":
                starts = ":" in words[paren:] if paren is not None else False
                if paren is not None and not in_value and not (starts and re.match(r"[\w>]", words[-1])):
                    body, has_body = [inner.text for inner in self.skip_balanced()], True
                    break
                self.skip_balanced()
                words.append("{}")
                lines.append(one.line)
                in_value = in_value or paren is None
            elif text == "=" and not angles and paren is None:
                in_value = True
                take()
            elif text == "<" and not in_value and words and re.match(r"\w", words[-1]):
                angles += 1
                take()
            elif text == ">" and angles:
                angles -= 1
                take()
            else:
                take()
        last = self.tokens[min(self.at, len(self.tokens) - 1)].line if self.peek() == ";" else self.tokens[self.at - 1].line
        if self.peek() == ";":
            self.at += 1
        self.latest = None
        if not words or not public or is_specialization or words[0] in ("friend", "static_assert", "extern") and \
                "operator" not in words:
            return None
        made = entity("data", "", first.line, docs, self.header, parent, words, first.line, last)
        made.line = first.line
        if words[0] == "using":
            if words[1] == "namespace" or "=" not in words:
                return None
            made.kind, made.name, made.line = "alias", prefix + words[1], lines[0]
        elif paren is not None:
            made.kind = "function"
            made.name = prefix + "".join(
                word if not re.match(r"\w", word) or index == 0 or not re.match(r"\w", words[name_at + index - 1])
                else " " + word for index, word in enumerate(words[name_at:paren]))
            if name_at and words[name_at - 1] == "~":
                made.name = prefix + "~" + words[name_at]
            made.line = lines[name_at]
            made.result, made.tail = words[:name_at], words[paren + 1:]
            made.arguments, made.body, made.has_body = arguments, body, has_body
        else:
            ends = [index for index, word in enumerate(words) if word in ("=", "{}", "[")]
            name_at = (ends[0] if ends else len(words)) - 1
            if name_at < 1:
                return None
            made.name, made.line = prefix + words[name_at], lines[name_at]
            made.result = words[:name_at]
        self.found.append(made)
        self.latest = made
        return made

    def type_definition(self, parent, prefix, public, docs, before):
        """Reads a class; returns its name. Returns None for a mere mention, such as a forward declaration."""
        begin = self.at
        keyword = self.peek()
        line = self.tokens[self.at].line
        self.at += 1
        while self.peek() == "[[" or self.peek() == "alignas":
            self.at += self.peek() == "alignas"
            self.skip_balanced()
        name, look = self.peek(), self.at
        while self.tokens[look].text not in ("{", ";", "=", "(", ")"):
            look += 1
        if self.tokens[look].text != "{" or before and before[-1] != "constexpr":
            self.at = begin + 1
            while self.peek() != ";" and not before:  # a forward declaration
                self.at += 1
            return None
        is_part_of_variable = bool(before)
        made = entity("type", prefix + name, line, docs, self.header, parent, [keyword, name], line, line)
        if public and not is_part_of_variable:
            self.found.append(made)
        self.at = look + 1
        self.latest = made
        self.scope(made, f"{prefix}{name}::", keyword == "struct") if public and not is_part_of_variable \
            else self.hidden()
        if self.peek() == ";":
            made.last = self.tokens[self.at].line
        self.latest = None
        return name

    def hidden(self):
        """Skips the rest of a scope without public declarations."""
        self.at -= 1
        self.skip_balanced()

    def enumeration(self, prefix, public, docs, parent):
        self.at += 1
        self.at += self.peek() in ("class", "struct")
        name = self.tokens[self.at]
        made = entity("type", prefix + name.text, name.line, docs, self.header, parent, ["enum", name.text], name.line,
                      name.line)
        while self.peek() not in ("{", ";"):
            self.at += 1
        if self.peek() == ";":
            return
        self.at += 1
        if public:
            self.found.append(made)
        self.latest = None
        while self.peek() != "}":
            one = self.tokens[self.at]
            if one.kind == "after":
                if public and self.latest and not self.latest.docs:
                    self.latest.docs = one.docs
                self.at += 1
                continue
            self.latest = entity("enumerator", f"{made.name}::{one.text}", one.line, list(one.docs), self.header, made)
            if public:
                self.found.append(self.latest)
            while self.peek() not in (",", "}"):
                if self.tokens[self.at].kind == "after":
                    self.latest.docs = self.latest.docs or self.tokens[self.at].docs
                    self.at += 1
                elif self.peek() in CLOSES:
                    self.skip_balanced()
                else:
                    self.at += 1
            self.at += self.peek() == ","
        self.at += 1
        self.latest = None


# contracts -----------------------------------------------------------------------------------------------------------


def is_operation(one):
    words, depth, outer = one.result, 0, []
    for index, word in enumerate(words):
        if depth == 0:
            outer.append(word)
        if word == "<":
            depth += 1
        elif word == ">":
            depth -= 1
    return one.kind == "function" and "override" not in one.tail and bool({"awaitable", "async_generator"} & set(outer))


def contract(docs):
    """The parts of a comment as (names, text, number of its line), and faults of form."""
    parts, faults, is_open = [], [], False
    for number, line in enumerate(docs):
        found = LABEL.match(line)
        if found and found[1][0].isupper():
            names = [name.capitalize() for name in re.split(r", and |, | and ", found[1])]
            parts.append([names, found[2].strip(), number])
            is_open = True
        elif not line.strip():
            is_open = False
        elif is_open:
            parts[-1][1] += " " + line.strip()
        if STRAY.search(line):
            faults.append(f'begin a line of its own with "{STRAY.search(line)[0][2:].strip()}"')
    return parts, faults


def references(text):
    """Returns the operations that a part refers to: as `send` and `session::connect`."""
    found = REFERENCE.match(text)
    return re.findall(r"`([\w:]+?)(?:\(\))?`", found[1]) if found else []


def parts_of(operation):
    """Part → its text."""
    return {name: text for names, text, _ in contract(operation.comment)[0] for name in names}


def find_operation(name, user, operations):
    """Resolves `name` for `user`: in its class, then in its file, then anywhere by class::name."""
    scope = user.name.rsplit("::", 1)[0] + "::" if "::" in user.name else ""
    for candidates in ([one for one in operations if one.name == scope + name],
                       [one for one in operations if one.name == name and one.header == user.header],
                       [one for one in operations if one.name == name and "::" in name]):
        candidates = [one for one in candidates if one.shares is None]
        if candidates:
            return candidates
    return []


def check_operation(operation, operations):
    """Yields what is wrong with the contract of an operation."""
    parts, faults = contract(operation.comment)
    yield from faults
    given = [name for names, _, _ in parts for name in names]
    missing = [name for name in PARTS if name not in given]
    if missing:
        yield f"has no {', '.join(missing)}"
    if len(set(given)) != len(given):
        yield f"has {', '.join(sorted({name for name in given if given.count(name) > 1}, key=PARTS.index))} more than once"
    elif given != sorted(given, key=PARTS.index):
        yield f"has its parts in the order {', '.join(given)}; the order is {', '.join(PARTS)}"
    for names, text, _ in parts:
        if not text:
            yield f"has nothing under {', '.join(names)}"
        for reference in references(text):
            targets = find_operation(reference, operation, operations)
            if not targets:
                yield f"{names[0]}: there is no operation `{reference}` in this class or file"
            elif operation in targets and len(targets) == 1:
                yield f"{names[0]}: refers to itself"
            elif targets:
                theirs = [parts_of(target) for target in targets if target is not operation]
                for name in names:
                    if not any(name in their for their in theirs):
                        yield f"{name}: `{reference}` has no {name} to refer to"
                    elif all(references(their.get(name, "")) for their in theirs if name in their):
                        yield f"{name}: `{reference}` refers to another operation itself; name that one"


# comments ------------------------------------------------------------------------------------------------------------


def says_wire(one):
    while one is not None:
        if "Wire:" in " ".join(one.docs):
            return True
        one = one.parent
    return False


def camel(name):
    head, *rest = name.rstrip("_").split("_")
    return head + "".join(word.capitalize() for word in rest)


def is_exempt(one, enums, all_enums, all_types, wire):
    """Returns whether a rule exempts this name from a comment of its own."""
    short = one.short
    if one.kind == "enumerator":
        return one.parent.short in enums or says_wire(one.parent)
    if one.kind == "data":
        if "gcc12_guard" in one.words:
            return True
        if one.parent is None or not says_wire(one.parent):
            return False
        path = one.name.split("::")
        return any(camel(short) in wire.get("::".join(path[start:]), "") for start in range(len(path) - 1))
    if one.kind != "function":
        return False
    tail = one.tail
    if "override" in tail or tail[-1:] in (["default"], ["delete"]):
        return True
    if short.startswith("~"):
        return True
    if short.startswith("operator"):
        return short not in ("operator()",) and (not re.match(r"operator \w", short) or short == "operator bool")
    if one.parent is not None and short == one.parent.short:
        arguments = [word for word in one.arguments if word not in ("const", "&", "&&", "other", "std", "::", "move")]
        if arguments == [short]:
            return True  # a copy or a move
        return one.has_body and not one.body
    return one.parent is None and one.arguments[-1:] in [[name] for name in all_enums] and \
        set(one.arguments[:-1:2]) <= {"live"} | all_types and set(one.arguments[1::2]) <= {"::"}  # to_string(status)


def read_wire(page):
    """Names as in docs/wire.md, such as setup::model → where they stand on the wire."""
    rows = re.findall(r"^\| (`.*?`.*?) \| `([\w:]+)` \|", page, re.MULTILINE)
    return {name: {path.split(".")[-1].removesuffix("[]") for path in re.findall(r"`([^`]+)`", where)}
            for where, name in rows}


def share_comments(found):
    """Returns whether the name is an overload that follows another one without a blank line."""
    for before, one in zip(found, found[1:]):
        if one.kind == before.kind == "function" and not one.docs and one.name == before.name and \
                one.first <= before.last + 1 and one.header == before.header:
            one.shares = before.shares or before


def check(headers, wire_page=""):
    """headers: path → source. Returns the findings, (operations, names), and the operations."""
    parsers = [parser(path, source) for path, source in headers.items()]
    found = []
    for one in parsers:
        entities = one.parse()
        share_comments(entities)
        found += entities
    enums = set().union(*(one.enums_of_wire for one in parsers))  # with wire names
    all_enums = {one.short for one in found if one.words[:1] == ["enum"]}
    all_types = {one.short for one in found if one.kind == "type"}
    wire = read_wire(wire_page)
    codes = {one.short for one in found if one.kind == "enumerator" and one.parent.short == "errc"}
    operations = [one for one in found if is_operation(one)]
    findings = []
    silent = set()  # types without a comment, whose enumerators are not listed separately
    for one in found:
        place = f"{one.header}:{one.line}"
        if one.kind == "enumerator" and one.parent.name in silent:
            continue
        if not any(line.strip() for line in one.comment):
            if one in operations or not is_exempt(one, enums, all_enums, all_types, wire):
                findings.append((one.header, one.line, "name", f"{place}: {one.name} has no comment"))
                if one.kind == "type":
                    silent.add(one.name)
        for code in re.findall(r"\berrc::(\w+)", " ".join(one.docs)):
            if codes and code not in codes:
                findings.append((one.header, one.line, "code", f"{place}: {one.name}: there is no errc::{code}"))
    for one in operations:
        if one.shares is None:
            findings += [(one.header, one.line, "operation", f"{one.header}:{one.line}: {one.name} {what}"
                          if not re.match(r"begin|[A-Z]", what) else f"{one.header}:{one.line}: {one.name}: {what}")
                         for what in check_operation(one, operations)]
    findings.sort(key=lambda finding: finding[:2])
    return findings, found, operations


def list_operations(operations):
    """Returns one line for each operation, with each part of its contract."""
    width = max((len(f"{one.header}:{one.line}") for one in operations), default=0)
    name_width = max((len(one.name) for one in operations), default=0)
    for one in operations:
        parts = parts_of(one)
        shown = []
        for name in PARTS:
            refers = references(parts.get(name, ""))
            shown.append(f"as {' and '.join(refers)}" if refers else "yes" if name in parts else "-")
        what = "  ".join(f"{name.lower()}: {text:9}" for name, text in zip(PARTS, shown))
        print(f"{f'{one.header}:{one.line}':{width}}  {one.name:{name_width}}  {what.rstrip()}")


# self-test -----------------------------------------------------------------------------------------------------------

FOUR = "/// Completion: at once.\n/// Errors: none.\n/// Cancellation: none.\n/// Threads: any.\n"
ERRORS = "enum class errc {\n    closed, ///< It is closed.\n    misuse, ///< A rule is broken.\n};\n"


def members(text, docs="/// A thing.\n"):
    return f"{docs}class thing {{\npublic:\n{text}\n}};\n"


# (source below namespace gemini::live, parts of the expected findings)
SELF_TEST = [
    # contracts
    (f"/// Does it.\n///\n{FOUR}asio::awaitable<void> f();", []),
    ("/// Does it.\nasio::awaitable<void> f();", ["f has no Completion, Errors, Cancellation, Threads"]),
    ("asio::awaitable<void> f();", ["f has no comment", "f has no Completion"]),
    ("/// Does it.\n/// Completion: at once.\n/// Errors: none.\n/// Threads: any.\nasio::awaitable<int> f();",
     ["f has no Cancellation"]),
    ("/// It.\n/// Errors: none.\n/// Completion: now.\n/// Cancellation: none.\n/// Threads: any.\nasio::awaitable<int> f();",
     ["in the order Errors, Completion, Cancellation, Threads"]),
    (f"/// It.\n{FOUR}/// Errors: none.\nasio::awaitable<int> f();", ["has Errors more than once"]),
    ("/// It.\n/// Completion:\n/// Errors: none.\n/// Cancellation: none.\n/// Threads: any.\nasio::awaitable<int> f();",
     ["has nothing under Completion"]),
    ("/// It. Completion: now.\n/// Errors: none.\n/// Cancellation: none.\n/// Threads: any.\nasio::awaitable<int> f();",
     ['begin a line of its own with "Completion:"', "has no Completion"]),
    ("/// It.\n/// Completion, errors: none\n/// of these.\n/// Cancellation and threads: none.\nasio::awaitable<int> f();", []),
    (f"/// It.\n{FOUR}async_generator<int> f();\n/// G.\n[[nodiscard]] live::async_generator<int> g() noexcept;",
     ["g has no Completion"]),
    ("/// It.\nstd::function<asio::awaitable<void>(int)> f;\n/// It.\nusing h = std::function<asio::awaitable<int>()>;", []),
    ("/// It.\ntemplate <class... T>\n[[nodiscard]] asio::awaitable<std::variant<T...>> f(asio::awaitable<T>... all)\n"
     "{\n    co_return x;\n}", ["x.hpp:4: f has no Completion"]),
    ("/// It.\nasio::awaitable<void> f() { return g({.a = 1}); }", ["f has no Completion"]),
    (members("    /// It.\n    virtual asio::awaitable<int> f() = 0;"), ["x.hpp:6: thing::f has no Completion"]),
    (members("    asio::awaitable<int> f() override;"), []),
    (members("private:\n    asio::awaitable<int> f();"), []),
    (members("    /// It.\n    static asio::awaitable<int> f();"), ["thing::f has no Completion"]),
    ("namespace detail {\nasio::awaitable<int> f();\n}", []),
    # overloads and references
    (f"/// It.\n{FOUR}asio::awaitable<void> f(int);\nasio::awaitable<void> f(double);", []),
    (f"/// It.\n{FOUR}asio::awaitable<void> f(int);\n\nasio::awaitable<void> f(double);",
     ["f has no comment", "f has no Completion"]),
    (f"/// It.\n{FOUR}asio::awaitable<void> f();\n/// G.\n///\n/// Completion, errors, cancellation, threads: as `f`.\n"
     "asio::awaitable<void> g();", []),
    (f"/// It.\n{FOUR}asio::awaitable<void> f();\n/// G.\n/// Completion: now.\n/// Errors: as `f()`; also errc::misuse for x.\n"
     f"/// Cancellation, threads: as `f`.\nasio::awaitable<void> g();\n/// Codes.\n{ERRORS}", []),
    ("/// G.\n/// Completion, errors, cancellation, threads: as `f`.\nasio::awaitable<void> g();",
     ["there is no operation `f`"]),
    ("/// F.\nint f();\n/// G.\n/// Completion, errors, cancellation, threads: as `f`.\nasio::awaitable<void> g();",
     ["there is no operation `f`"]),
    ("/// G.\n/// Completion, errors, cancellation, threads: as `g`.\nasio::awaitable<void> g();", ["refers to itself"]),
    (f"/// It.\n{FOUR}asio::awaitable<void> f();\n/// G.\n/// Completion, errors, cancellation, threads: as `f`.\n"
     "asio::awaitable<void> g();\n/// H.\n/// Completion: now.\n/// Errors: as `g`.\n/// Cancellation, threads: as `f`.\n"
     "asio::awaitable<void> h();", ["Errors: `g` refers to another operation itself"]),
    ("/// It.\n/// Completion: now.\nasio::awaitable<void> f();\n/// G.\n/// Completion, errors: as `f`.\n"
     "/// Cancellation, threads: none.\nasio::awaitable<void> g();", ["f has no Errors", "Errors: `f` has no Errors"]),
    (members(f"    /// It.\n{FOUR}    asio::awaitable<void> f();") + "/// G.\n"
     "/// Completion, errors, cancellation, threads: as `thing::f`.\nasio::awaitable<void> g();", []),
    (members(f"    /// It.\n{FOUR}    asio::awaitable<void> f();") + "/// G.\n"
     "/// Completion, errors, cancellation, threads: as `f`.\nasio::awaitable<void> g();", ["there is no operation `f`"]),
    # error codes
    (f"{ERRORS}/// It. Throws errc::closed.\nint f();\n", ["errc has no comment"]),
    (f"/// Codes.\n{ERRORS}/// It. Throws errc::open.\nint f();\n", ["f: there is no errc::open"]),
    (f"/// Codes.\n{ERRORS}/// T.\nstruct t {{\n    int a; ///< Else errc::open.\n}};", ["t::a: there is no errc::open"]),
    # names
    ("class c;\nstruct s;", []),
    ("struct s {\n    int a;\n};", ["x.hpp:2: s has no comment", "x.hpp:3: s::a has no comment"]),
    (members("    thing() = default;\n    thing(const thing&);\n    thing(thing&&) noexcept;\n    ~thing();\n"
             "    thing& operator=(thing&&) noexcept;\n    explicit operator bool() const noexcept { return x_; }\n"
             "    explicit thing(int x) noexcept : x_{x}, y_(std::move(x)) {}\n"
             "    friend bool operator==(const thing&, const thing&) = default;\nprivate:\n    int x_ = 0;"), []),
    (members("    explicit thing(int x);"), ["thing::thing has no comment"]),
    (members("    explicit thing(int x) : x_(x) { check(); }"), ["thing::thing has no comment"]),
    (members("    int f(int a = 1, std::string b = {}) const;"), ["thing::f has no comment"]),
    (members("    int operator()(int) const;"), ["thing::operator() has no comment"]),
    (members("    operator const std::optional<T>&() const noexcept { return x; }"), ["has no comment"]),
    (members("    using a = int;\n    static constexpr int most = 16u << 20;"), ["thing::a has", "thing::most has"]),
    (members("    int a{}; ///< A.\n    /// B.\n    std::function<int(int)> b = f;\n    std::map<int, std::vector<int>> c{};"),
     ["thing::c has no comment"]),
    (members("    std::vector<modality>\n        a{}; ///< A long\n             ///< one.\n    int b;"), ["thing::b has"]),
    (members("    gcc12_guard<thing> guard{};"), []),
    (members("    std::unique_ptr<char[]> a{};\n    int b[2]{1, 2};"), ["thing::a has", "thing::b has"]),
    (members("    int f() const { return a<b> ? 1 : 2; } ///< F.\n    int g() { if (x) { return 1; } return 2; }"), ["thing::g"]),
    ("/// E.\nenum class e { a, b };", ["e::a has no comment", "e::b has no comment"]),
    ("enum class e { a, b };", ["e has no comment"]),
    ("/// E. Wire: E.\nenum class e { a, b };", []),
    ("/// E.\nenum class e { a, b };\nwire_name_list wire_names(e) noexcept;\nconst char* to_string(e) noexcept;", []),
    ("/// E.\nenum class e {\n    a = 1, ///< A.\n    /// B.\n    b,\n    c ///< C.\n};", []),
    ("/// T. Wire: t.\nstruct t {\n    int max_size = 0;\n    int other = 0;\n};", ["t::other has no comment"]),
    ("/// T.\nstruct t {\n    int max_size = 0;\n};", ["t::max_size has no comment"]),
    ("/// C.\ninline constexpr struct c_t {\n    void operator()() const {}\n} c{};", []),
    ("inline constexpr struct c_t {\n    void operator()() const {}\n} c{};", ["c has no comment"]),
    ("template <>\nstd::string json::at<std::string>(int) const;\ntemplate <>\nstruct x<y> : z {\n};", []),
    ("/// F.\ntemplate <class T>\nrequires(a<T> && !b<T>) int f(T x);\ntemplate <class T>\nint g(T x) requires x<T>;", ["g has"]),
    ("// not for the reference\nint f(int x);", ["f has no comment"]),
    ("/// A.\nint a(int x);\n/// B.\nint b(int x);\nint c(int x);", ["x.hpp:6: c has no comment"]),
]
WIRE_PAGE = "| `maxSize`, Vertex AI `most` | `t::max_size` | int32 |  |\n| `x.otherName` | `t::other` | string |  |\n"


def self_test():
    failures = 0
    for source, expected in SELF_TEST:
        got = [text for *_, text in check({"x.hpp": f"namespace gemini::live {{\n{source}\n}}"}, WIRE_PAGE)[0]]
        ok = all(any(part in line for line in got) for part in expected) and \
            all(any(part in line for part in expected) for line in got)
        if not ok:
            failures += 1
            print(f"{source}\n  expected {expected}\n  got      {got}")
    print(f"{len(SELF_TEST)} cases, {failures} failed")
    return failures


def main():
    arguments = sys.argv[1:]
    if arguments == ["--self-test"]:
        return self_test() != 0
    paths = [argument for argument in arguments if argument != "--list"]
    root = pathlib.Path(paths[0] if paths else pathlib.Path(__file__).parent.parent)
    headers = {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
               for path in sorted((root / "include").rglob("*.hpp"))}
    findings, found, operations = check(headers, (root / "docs/wire.md").read_text(encoding="utf-8"))
    if "--list" in arguments:
        list_operations(operations)
        return 0
    for *_, text in findings:
        print(text)
    names = sum(kind == "name" for _, _, kind, _ in findings)
    of_operations = sum(kind == "operation" for _, _, kind, _ in findings)
    others = len(findings) - names - of_operations
    print(f"{len(findings)} findings: {of_operations} in the contracts of {len(operations)} operations, "
          f"{names} of {len(found)} public names without a comment, {others} unknown error codes")
    return bool(findings) or not operations


if __name__ == "__main__":
    sys.exit(main())
