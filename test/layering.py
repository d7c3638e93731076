#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what no compiler checks: which room includes which, what public headers expose, the forms of
co_await that g++ 12 silently compiles into a double free, and names that only Catch2 2 has.

    layering.py [ROOT]       checks lib, include, samples and test; lists each offense as file:line: what to do
    layering.py --self-test  proves that every rule applies where it should, and nowhere else
"""
import bisect
import pathlib
import re
import sys

# Room → the rooms, single headers of rooms, and libraries that its files may include; each arrow must be used.
# Public headers are open to all.
ROOMS = {
    "base": {"fmt", "system"},
    "async": {"base", "asio"},
    "protocol": {"base", "fmt", "simdjson"},
    "engine": {"base", "fmt"},
    "telemetry": {"protocol", "base", "fmt"},
    "transport": {"engine/keepalive.hpp", "engine/write_queue.hpp", "async", "base", "fmt", "asio", "system", "libwebsockets", "openssl", "uv", "cares"},
    "auth": {"protocol", "transport", "async", "base", "fmt", "asio", "openssl"},
    "session": {"protocol", "engine", "telemetry", "transport", "auth", "async", "base", "fmt", "asio"},
    "tools": {"session", "engine/recent_ids.hpp", "protocol", "async", "base", "fmt", "asio"},
    "mcp": {"auth", "protocol", "transport", "async", "base", "fmt", "asio", "system"},
    "emulator/rules": {"protocol", "base", "fmt"},
    "emulator/persona": {"emulator/rules", "protocol", "base", "fmt"},
    "emulator/script": {"emulator/rules", "protocol", "async", "base", "fmt", "asio"},
    "emulator/google": {"emulator/rules", "protocol", "transport", "async", "base", "fmt", "openssl"},
    "emulator/server": {"emulator/rules", "emulator/persona", "emulator/script", "emulator/google",
                        "protocol", "transport", "async", "base", "fmt", "asio"},
    "emulator/world": {"engine/keepalive.hpp", "engine/write_queue.hpp", "transport", "async", "base", "fmt", "asio"},
    "emulator": {"emulator/rules", "emulator/script", "fmt", "asio", "system"},  # its program
    "viewer": {"protocol", "base", "fmt", "system"},
}
# Pure rooms: they reach no library that does I/O, not even through another header.
PURE = {"engine": {"asio", "libwebsockets", "uv", "cares", "system"}}
PUBLIC = {"asio"}
# These may use only what users of the library see.
OUTSIDERS = ("samples/", "test/contract/", "test/embed/")

LIBRARIES = [
    (r"gemini/live(/.*)?\.hpp", "public"),
    (r"asio(/.*)?\.hpp", "asio"),
    (r"fmt/.*", "fmt"),
    (r"simdjson.*", "simdjson"),
    (r"libwebsockets(/.*)?\.h|lws.*\.h", "libwebsockets"),
    (r"openssl/.*", "openssl"),
    (r"uv(/.*)?\.h", "uv"),
    (r"ares(_.*)?\.h", "cares"),
    (r"[a-z_]+|immintrin\.h", "std"),
    (r"(arpa|net|netinet|sys)/.*\.h|(errno|fcntl|getopt|netdb|poll|pthread|signal|spawn|strings|termios|unistd)\.h", "system"),
]


def library_of(header):
    for pattern, name in LIBRARIES:
        if re.fullmatch(pattern, header):
            return name
    return header


INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)')


def room_of(path):
    """Returns the innermost room of a file, by its path below lib; None if it has none."""
    parts = path.split("/")[:-1]
    return next(("/".join(parts[:n]) for n in range(len(parts), 0, -1) if "/".join(parts[:n]) in ROOMS), None)


def check_includes(path, source, used):
    """Yields (line, offense) for each include that `path` may not have; records the arrows that it uses."""
    parts = path.split("/")
    if path.startswith(OUTSIDERS):
        allowed, where = None, "what stands outside the library"
    elif parts[0] == "include":
        allowed, where, here = PUBLIC, "a public header", "include"
    elif parts[0] == "lib" and len(parts) > 2:
        here = room_of(path.removeprefix("lib/"))
        if here is None:
            yield 1, f"the room {parts[1]} has no arrows yet: give it a line in ROOMS of test/layering.py"
            return
        allowed, where = ROOMS[here] | {here}, f"the room {here}"
    else:
        return
    for number, line in enumerate(source.splitlines(), 1):
        found = INCLUDE.match(line)
        if not found:
            continue
        quoted, header = found[1] == '"', found[2]
        if allowed is None:
            if quoted and room_of(header):
                yield number, f'{where} may not include "{header}": use the public headers'
        elif quoted:
            room = room_of(header)
            used |= {(here, room), (here, header)}
            if room is None:
                yield number, f'"{header}" does not say its room: write "room/file.hpp"'
            elif not {room, header} & allowed:
                yield number, f"{where} may not include the room {room}: move the code, or pass it in from above"
        else:
            library = library_of(header)
            used.add((here, library))
            if library not in {"std", "public"} and library not in allowed:
                yield number, f"{where} may not include <{header}>: hide {library} in a room that may see it"


def check_arrows(used):
    """Yields an offense for each arrow of ROOMS that no file uses."""
    for room, allowed in ROOMS.items():
        for other in sorted(allowed):
            if (room, other) not in used:
                yield f"test/layering.py: no file of the room {room} includes {other}: take this arrow out of ROOMS"


def includes_of(path, files):
    """Returns our files and the libraries that one file includes."""
    for line in files[path].splitlines():
        found = INCLUDE.match(line)
        if not found:
            continue
        ours = ("lib/" if found[1] == '"' else "include/") + found[2]
        yield (ours, None) if ours in files else (None, library_of(found[2]))


def check_purity(files):
    """Yields (path, offense) for each file of a pure room whose includes lead to a library that does I/O."""
    for path in sorted(files):
        forbidden = PURE.get(room_of(path.removeprefix("lib/"))) if path.startswith("lib/") else None
        if not forbidden:
            continue
        ways = {path: [path]}
        queue = [path]
        for each in queue:
            for ours, library in includes_of(each, files):
                if library in forbidden:
                    yield path, f"reaches {library} by {' → '.join(ways[each])}: what decides must do no I/O"
                    queue.clear()
                    break
                if ours and ours not in ways:
                    ways[ours] = [*ways[each], ours]
                    queue.append(ours)


INITIALIZER = re.compile(r"[\w>](?<!\belse)(?<!\bdo)(?<!\btry)$|[(,=]\s*$|\breturn\s*$")
AFTER_KEYWORD = re.compile(r"\b(return|co_await|co_return|co_yield)$")
CONTROL = re.compile(r"\b(if|while|for|switch)(\s+constexpr)?$")

LEXEMES = re.compile(
    r"""//[^\n]*|/\*.*?\*/"""
    r'''|R"(?P<mark>[^\s()\\]{0,16})\(.*?\)(?P=mark)"'''
    r'''|"(?:\\.|[^"\\\n])*"'''
    r"""|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'""",
    re.DOTALL,
)


def blank(source):
    """Returns the source with comments and the contents of literals blanked; line numbers are preserved."""

    def empty(match):
        text = match[0]
        quote = text[-1] if text[0] != "/" else " "
        return "".join(c if c == "\n" else " " for c in text[:-1]).replace(" ", quote, 1) + quote

    code = LEXEMES.sub(empty, source)
    return re.sub(r"(?m)^[ \t]*#[^\n]*", lambda m: " " * len(m[0]), code)


def whole_expression(code, at):
    """Returns the full expression around the co_await at `at`, without the bodies of lambdas: start, text."""
    start, depth = at, 0
    while start > 0:
        c = code[start - 1]
        if c in ")]}":
            if c == "}" and depth == 0 and re.match(r"\s*(co_await|[A-Za-z_])", code[start:]):
                break  # the block before this statement
            if c == ")" and depth == 0 and CONTROL.search(code[: matching_back(code, start - 1)].rstrip()):
                break  # the condition before it
            depth += 1
        elif c in "([{":
            if depth == 0:
                if (c == "{" and not INITIALIZER.search(code[max(0, start - 40) : start - 1])) or (c == "(" and CONTROL.search(code[: start - 1].rstrip())):
                    break
            else:
                depth -= 1
        elif c == ";" and depth == 0:
            break
        start -= 1
    text, depth, end = [], 0, start
    while end < len(code):
        c = code[end]
        if c == "{" and is_block(code, end):
            end = matching(code, end)
            text.append("{}")
            if end >= len(code):
                break
            end += 1
            continue
        if c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
            if depth < 0:
                break
        elif c == ";" and depth == 0:
            break
        text.append(c)
        end += 1
    return start, "".join(text)


def is_block(code, at):
    """Returns whether the brace opens the body of a lambda, and not a list of values."""
    before = code[:at].rstrip()
    before = re.sub(r"->\s*[\w:<>,\s*&]+$", "", before).rstrip()
    before = re.sub(r"\b(mutable|noexcept)$", "", before).rstrip()
    if before.endswith("]"):
        return is_introducer(code, before.rfind("["))
    if not before.endswith(")"):
        return False
    opening = matching_back(code, len(before) - 1)
    head = code[:opening].rstrip()
    return head.endswith("]") and is_introducer(code, head.rfind("["))


def is_introducer(code, at):
    """Returns whether the bracket begins a lambda, and not a subscript or an attribute."""
    before = code[:at].rstrip()
    return not (before and (before[-1].isalnum() or before[-1] in "_)]\"[")) or bool(AFTER_KEYWORD.search(before))


def matching(code, at):
    depth = 0
    for end in range(at, len(code)):
        depth += (code[end] in "([{") - (code[end] in ")]}")
        if depth == 0:
            return end
    return len(code)


def matching_back(code, at):
    depth = 0
    for start in range(at, -1, -1):
        depth += (code[start] in ")]}") - (code[start] in "([{")
        if depth == 0:
            return start
    return 0


def keeps_a_copy(captures):
    return any(item.strip() != "this" and not item.strip().startswith("&") for item in captures.split(","))


def check_coroutines(code, aggregates):
    """Yields (offset, offense) for each hazardous co_await."""
    seen = set()
    for found in re.finditer(r"\bco_await\b", code):
        start, text = whole_expression(code, found.start())
        if start in seen:
            continue
        seen.add(start)
        at = found.start()
        text = re.sub(r"\bturn\(\{[^{}]*\}\)", "turn()", text)  # turn_options has nothing to destroy
        if re.search(r"\{\s*\.\s*\w+\s*[={]", text) or re.search(r"[(,]\s*\{\s*\}\s*[,)]", text):
            yield at, "an aggregate is made inside a co_await: give it a name first, then std::move it in"
        for name in re.findall(r"\b([a-z]\w*)\s*\{", text):
            if name in aggregates:
                yield at, f"the aggregate {name} is made inside a co_await: give it a name first, then std::move it in"
                break
        for bracket in re.finditer(r"\[([^\[\]]+)\]\s*[({<]", text):
            if is_introducer(text, bracket.start()) and keeps_a_copy(bracket[1]):
                yield at, "a lambda that captures by value stands beside a co_await: give it a name first"
                break
        if "?" in text:
            yield at, "a ternary stands around a co_await: write an if, or decide before"
        if re.search(r"\bauto\s*&{0,2}\s*\[[^\]]*\]\s*=\s*co_await\b", text):
            yield at, "a structured binding of a co_await leaks when it is canceled: name the value first"


# What Catch2 3 has removed or moved → what both versions have.
CATCH2_ONLY_2 = [
    (r"\bCatch::(Matchers::)?Contains\b", "compare with std::string::find"),
    (r"\bCatch::(StartsWith|EndsWith|Equals|Matches|VectorContains|UnorderedEquals|Within(Abs|Rel|ULP)|Predicate|Message)\b",
     "write Catch::Matchers::…"),
    (r"\bCatch::Matchers::(Exception|Floating|Generic|Impl|StdString|Vector)::", "leave the inner namespace out"),
    (r"\bCatch::Detail::Approx\b", "write Catch::Approx"),
    (r"(?<![\w:])Approx\s*[({]", "write Catch::Approx"),
    (r"\bCatch::TestEventListenerBase\b", "it is Catch::EventListenerBase now: do without"),
    (r"\busing\s+namespace\s+Catch\s*;", "write Catch:: before each name"),
    (r"\bANON_TEST_CASE\b", "give the test a name"),
    (r"\bCatch::is(nan|True|False)\b", "use what the standard library has"),
]


def check_catch2(path, source, code):
    """Yields (offset, offense) for what compiles with Catch2 2 only."""
    if not path.startswith("test/") or path in {"test/support/catch.hpp", "test/support/main.cpp"}:
        return
    for found in re.finditer(r"(?m)^[ \t]*#[ \t]*(include[ \t]*<catch2/[^>]*>|define[ \t]+CATCH_CONFIG_\w+)", source):
        yield found.start(), f'{found[1].split()[0]} of Catch2 2 or 3 alone: include "support/catch.hpp"'
    for pattern, advice in CATCH2_ONLY_2:
        for found in re.finditer(pattern, code):
            yield found.start(), f"{found[0].rstrip('({ ')} is a name of Catch2 2 only: {advice}"


def aggregates_in(code):
    """Structs that are plain data: none of their constructors is declared."""
    for found in re.finditer(r"\bstruct\s+(?:\w+::)*(\w+)\s*(?::(?!:)[^{;]*)?\{", code):
        body = code[found.end() : matching(code, found.end() - 1)]
        if ";" in body and not re.search(rf"(?<![~\w]){found[1]}\s*\(", body):
            yield found[1]


def check(files):
    """Returns all offenses in `files`, a dictionary of path → source, as lines to print."""
    codes = {path: blank(source) for path, source in files.items()}
    aggregates = {
        name
        for path, code in codes.items()
        if path.startswith(("lib/", "include/"))
        for name in aggregates_in(code)
    }
    offenses, used = [], set()
    for path, source in sorted(files.items()):
        found = list(check_includes(path, source, used))
        lines = [match.start() for match in re.finditer("\n", source)]
        coroutines = [] if path in HAZARDS else check_coroutines(codes[path], aggregates)
        for at, what in [*coroutines, *check_catch2(path, source, codes[path])]:
            found.append((bisect.bisect_left(lines, at) + 1, what))
        offenses += [f"{path}:{line}: {what}" for line, what in sorted(found)]
    offenses += [f"{path}:1: {what}" for path, what in check_purity(files)]
    return offenses, used


def read_tree(root):
    return {
        str(path.relative_to(root)): path.read_text(encoding="utf-8")
        for folder in ("lib", "include", "samples", "test")
        for path in (root / folder).rglob("*")
        if path.suffix in {".hpp", ".cpp"} and "subprojects" not in path.parts
    }


# Written in the hazardous forms on purpose: the public types must survive them.
HAZARDS = {"test/unit/hazards/option_temporaries_test.cpp"}

DEFINITIONS = {"include/gemini/live/waits.hpp": "#include <asio/awaitable.hpp>\n", "lib/base/data.hpp": "struct request { int a; std::string b; };\nstruct made { made(int); int a; };\n"}

# file, source, what its offenses must say (empty: none)
SELF_TEST = [
    ("lib/base/a.cpp", '#include "protocol/x.hpp"', ["base may not include the room protocol"]),
    ("lib/base/a.cpp", '#include "base/x.hpp"\n#include <fmt/format.h>\n#include <vector>', []),
    ("lib/base/a.cpp", "#include <asio/post.hpp>", ["may not include <asio/post.hpp>"]),
    ("lib/protocol/a.cpp", "\n#include <libwebsockets.h>", ["a.cpp:2: the room protocol may not include <libwebsockets.h>"]),
    ("lib/protocol/a.cpp", "#include <simdjson.h>\n#include <gemini/live/json.hpp>", []),
    ("lib/session/a.cpp", "#include <simdjson.h>", ["hide simdjson"]),
    ("lib/session/a.cpp", '#include "emulator/x.hpp"', ["room emulator"]),
    ("lib/transport/a.cpp", '#include "session/x.hpp"', ["room session"]),
    ("lib/transport/a.cpp", '#include "engine/keepalive.hpp"\n#include "engine/write_queue.hpp"', []),
    ("lib/transport/a.cpp", '#include "engine/outbox.hpp"', ["transport may not include the room engine"]),
    ("lib/transport/a.cpp", "#include <uv.h>\n#include <openssl/ssl.h>\n#include <sys/socket.h>", []),
    ("lib/transport/a.cpp", '#include "x.hpp"', ["does not say its room"]),
    ("lib/emulator/a.cpp", '#include "session/x.hpp"', ["room session"]),
    ("lib/emulator/rules/a.cpp", '#include "emulator/persona/x.hpp"', ["rules may not include the room emulator/persona"]),
    ("lib/emulator/server/a.cpp", '#include "emulator/persona/x.hpp"', []),
    ("lib/engine/a.cpp", "#include <asio/post.hpp>", ["may not include <asio/post.hpp>", "reaches asio"]),
    ("lib/engine/a.cpp", "#include <gemini/live/waits.hpp>", ["reaches asio by lib/engine/a.cpp → include/gemini/live/waits.hpp"]),
    ("lib/engine/a.cpp", '#include "transport/x.hpp"', ["room transport"]),
    ("lib/cellar/a.cpp", "", ["no arrows yet"]),
    ("include/gemini/live/a.hpp", "#include <asio/awaitable.hpp>\n#include <gemini/live/error.hpp>\n#include <span>", []),
    ("include/gemini/live/a.hpp", "#include <fmt/format.h>", ["a public header may not include <fmt/format.h>"]),
    ("include/gemini/live/a.hpp", '#include "base/buffer.hpp"', ["room base"]),
    ("include/gemini/live/a.hpp", "#include <stdint.h>", ["<stdint.h>"]),
    ("samples/a.cpp", '#include "session/x.hpp"', ["use the public headers"]),
    ("test/unit/a.cpp", '#include "session/x.hpp"', []),
    ("lib/base/a.cpp", '// #include "session/x.hpp"', []),
    # coroutines
    ("test/a.cpp", "void f() {\n    co_await g({.a = 1});\n}", ["a.cpp:2: an aggregate"]),
    ("test/a.cpp", "co_await f(session{client, {.model = m}});", ["an aggregate"]),
    ("test/a.cpp", "client c(co_await this_coro::executor, {.credentials = k});", ["an aggregate"]),
    ("test/a.cpp", "emulator e(co_await this_coro::executor, emulator_options{.port = 1});", ["an aggregate"]),
    ("test/a.cpp", "auto c = std::make_shared<client>(co_await ex(), options{.a = 1});", ["an aggregate"]),
    ("test/a.cpp", "session s(client{co_await ex(), o}, {.model = m});", ["an aggregate"]),
    ("test/a.cpp", "request r{.a = co_await f()};", ["an aggregate"]),
    ("test/a.cpp", "auto r = options{.a = 1, .b = key(co_await f())};", ["an aggregate"]),
    ("test/unit/hazards/option_temporaries_test.cpp", "client c(co_await ex(), {.a = k});", []),
    ("test/a.cpp", "co_await f(\n    session{client,\n        {.model = m}});", ["an aggregate"]),
    ("test/a.cpp", "auto x = co_await c->connect({});", ["an aggregate"]),
    ("test/a.cpp", "auto x = co_await c->connect(request{1, b});", ["the aggregate request"]),
    ("test/a.cpp", "f(co_await g(), request{1, b});", ["the aggregate request"]),
    ("test/a.cpp", "co_await f(made{1});\nco_await f(made(1), std::string{x});", []),
    ("test/a.cpp", 'co_await s.send("({.a = 1})"); // ({.b = 2})', []),
    ("test/a.cpp", 'co_await s.send(R"x({.a = 1} " )x"); g({.b = 2});', []),
    ("test/a.cpp", "request r{.a = 1};\nco_await f(std::move(r));\ng({.a = 2});", []),
    ("test/a.cpp", "while (auto m = co_await messages.next()) g({.a = 1});", []),
    ("test/a.cpp", "if (co_await f()) { g({.a = 1}); }", []),
    ("test/a.cpp", "if (co_await f({.a = 1})) { g(); }", ["an aggregate"]),
    ("test/a.cpp", "co_await s.send_tool_response({call, json(x)});", []),
    ("test/a.cpp", "co_await [x] { return g(x); }();", ["captures by value"]),
    ("test/a.cpp", "co_await co_spawn(ex, [x = y]() -> awaitable<void> { co_return; }, use_awaitable);", ["captures by value"]),
    ("test/a.cpp", "co_await co_spawn(ex, [=](int a) mutable { g(a); }, use_awaitable);", ["captures by value"]),
    ("test/a.cpp", "co_await f([&](int a) { return a ? 1 : 2; });", []),
    ("test/a.cpp", "co_await f([this, &x] { g({.a = 1}); });", []),
    ("test/a.cpp", "co_await f(list[i](1), list[i]);", []),
    ("test/a.cpp", "auto work = [x]() -> awaitable<void> { co_await g(); };", []),
    ("test/a.cpp", "auto work = [x]() -> awaitable<void> { co_await g({.a = 1}); };", ["an aggregate"]),
    ("test/a.cpp", "auto r = c ? co_await a() : b;", ["a ternary"]),
    ("test/a.cpp", "co_await (c ? f(made{a}) : f(made{b}));", ["a ternary"]),
    ("test/a.cpp", "auto n = c ? 1 : 2;\nco_await f(n);\nauto m = c ? 3 : 4;", []),
    ("test/a.cpp", "for (auto i = c ? 1 : 2; i; --i) co_await f(i);", []),
    ("test/a.cpp", "auto [a, b] = co_await f();", ["a structured binding"]),
    ("test/a.cpp", "const auto n = 1'000'000; co_await f('?', n);", []),
    ("samples/a.cpp", "co_await f({.a = 1});", ["an aggregate"]),
    ("samples/a.cpp", "co_await a.turn({.deadline = 1s});", []),
    ("samples/a.cpp", "co_await f(a.turn({.deadline = 1s}), {.a = 1});", ["an aggregate"]),
    ("include/gemini/live/a.hpp", "/// co_await f({.a = 1});", []),
    # Catch2
    ("test/a.cpp", 'f();\nCHECK_THAT(why, Catch::Contains("files"));', ["a.cpp:2: Catch::Contains is a name of Catch2 2"]),
    ("test/a.cpp", 'CHECK_THAT(why, Catch::Matchers::Contains("files"));', ["compare with std::string::find"]),
    ("test/a.cpp", 'CHECK_THAT(why, Catch::StartsWith("a") && !Catch::EndsWith("b"));', ["EndsWith", "StartsWith"]),
    ("test/a.cpp", 'CHECK_THAT(why, Catch::Matchers::StartsWith("a"));', []),
    ("test/a.cpp", "using Catch::WithinAbs;", ["write Catch::Matchers"]),
    ("test/a.cpp", "Catch::Matchers::StdString::ContainsMatcher m(x);", ["inner namespace"]),
    ("test/a.cpp", "CHECK(a == Approx(b));\nCHECK(c == Catch::Approx(d));", ["a.cpp:1: Approx is a name"]),
    ("test/a.cpp", "CHECK(a == Catch::Detail::Approx(b));", ["Catch::Detail::Approx"]),
    ("test/a.cpp", "using namespace Catch;", ["write Catch::"]),
    ("test/a.cpp", "struct l : Catch::TestEventListenerBase {};", ["EventListenerBase"]),
    ("test/a.cpp", "#include <catch2/catch.hpp>", ['include "support/catch.hpp"']),
    ("test/a.cpp", '#define CATCH_CONFIG_MAIN\n#include "support/catch.hpp"', ["a.cpp:1: define"]),
    ("test/support/catch.hpp", "#include <catch2/catch.hpp>", []),
    ("test/a.cpp", '// Catch::Contains("x")\nCHECK(has("Catch::Contains"));', []),
]


def self_test():
    failures = 0
    for path, source, expected in SELF_TEST:
        got, _ = check({**DEFINITIONS, path: source})
        if len(got) != len(expected) or any(part not in line for part, line in zip(expected, got)):
            failures += 1
            print(f"{path}: {source!r}\n  expected {expected}\n  got      {got}")
    every_arrow = {(room, other) for room, allowed in ROOMS.items() for other in allowed}
    unused = list(check_arrows(every_arrow - {("base", "fmt")}))
    if len(unused) != 1 or "the room base includes fmt" not in unused[0] or list(check_arrows(every_arrow)):
        failures += 1
        print(f"an arrow that nothing uses is not found: {unused}")
    print(f"{len(SELF_TEST) + 1} cases, {failures} failed")
    return failures


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test() != 0
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent)
    files = read_tree(root)
    offenses, used = check(files)
    offenses += check_arrows(used)
    print("\n".join(offenses) or f"{len(files)} files keep to their rooms")
    return len(offenses) != 0 or not files


if __name__ == "__main__":
    sys.exit(main())
