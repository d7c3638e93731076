#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prepares a header or a page for Doxygen: filter.py FILE writes it to stdout; filter.py --self-test tests itself.

In a header, labeled paragraphs ("Completion: …") become a list, each errc::x a link, and indented code a C++ block. What
only the compiler needs is left out: guards against g++ 12, `[[nodiscard]]`, copies, moves and destructors without a
comment, defaulted comparisons, and the namespace `detail`. Overloads that share a comment get a copy each.

In a page, headings get GitHub's anchors, links lead to pages of the reference, and names in backticks to what the
headers declare. The environment variable REFERENCE_NAMES names the file with these names.
"""
import os
import pathlib
import posixpath
import re
import sys

LABELS = "Completion|Errors|Cancellation|Threads|Lifetime"
LABEL = re.compile(rf"((?:{LABELS})(?:(?:,|, and| and) (?:{LABELS.lower()}))*):(?:\s+|$)", re.IGNORECASE)
STRAY = re.compile(rf"(?<=[.;)] )((?:{LABELS})(?:(?:,| and) (?:{LABELS.lower()}))*:|Wire:)|^(Wire:)")

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

# Header → its subject in docs/reference/subjects.dox.
SUBJECTS = {
    "talk": ["client", "session", "session_ref", "session_event", "turn", "async_generator", "within", "execution_context", "asio_check"],
    "messages": ["messages", "content", "json", "open_enum", "boxed"],
    "configure": ["setup", "backend", "switchable", "model_quirks", "version"],
    "tools": ["tool", "parameter", "toolset", "tool_dispatcher", "call_ending", "mcp"],
    "credentials": ["credentials", "secret", "ephemeral_token", "ephemeral_token_request"],
    "reliability": ["error", "network", "reconnect", "reconnect_plan", "resumption_store", "restart_policy"],
    "servers": ["session_group", "session_limits", "counters", "telemetry", "turn_record", "metrics", "log", "wire_tap"],
    "music": ["music", "music_session"],
    "testing": ["emulator", "fake_google", "virtual_time"],
}
SUBJECT_OF = {header: subject for subject, headers in SUBJECTS.items() for header in headers}


# headers -------------------------------------------------------------------------------------------------------------


def blank(found):
    return "\n" * found[0].count("\n")


LEFT_OUT = [re.compile(pattern, re.MULTILINE | re.DOTALL) for pattern in (
    r"^#include <gemini/live/gcc12_guard\.hpp>$",
    r"^[ \t]*gcc12_guard<[^;]*;[^\n]*$",
    r"^(?:\[\[nodiscard\]\] )?wire_name_list wire_names\([^;]*;[^\n]*$",
    r"^(?:///[^\n]*\n)*using wire_name_list = [^;]*;$",
    r"^[ \t]*friend (?:constexpr )?bool operator==\([^;{]*= default;$",
    r"^namespace detail \{.*?^\} // namespace detail$",
    r"^class [\w:]+;$|^struct [\w:]+;$",  # forward declarations
    r"^[ \t]*/// For the library's own use[^\n]*\n(?:[ \t]*///[^\n]*\n)*(?:(?![ \t]*///)[^\n]+\n)+",
)]
SPECIAL_MEMBER = re.compile(
    r"^([^\n]*\n)([ \t]*(?:virtual )?"
    r"(?:(\w+)\((?:const )?\3(?:&&|&)(?: \w+)?\)|\w+& operator=\((?:const )?\w+(?:&&|&)(?: \w+)?\)|~\w+\(\))"
    r"(?: noexcept)?(?: = (?:default|delete))?(?: override)?;)$", re.MULTILINE)


def leave_out(text):
    for pattern in LEFT_OUT:
        text = pattern.sub(blank, text)
    text = re.sub(r"(\w\{)\n[ \t]+([^{}\n]*\};)", r"\1\2", text)  # a default on a line of its own
    text = re.sub(r"^([ \t]+[\w:<>, ]+ \w+)\{\};", r"\1;", text, flags=re.MULTILINE)  # what is absent by default
    text = text.replace("[[nodiscard]] ", "").replace("detail::raced_value<T>", "T")
    before = None
    while before != text:  # several in a row, the first of which is handled with the line before it
        before = text
        text = SPECIAL_MEMBER.sub(lambda found: found[0] if found[1].lstrip().startswith("///") else found[1] + blank(found)[1:],
                                  text)
    return text


def inline(text):
    """Links and emphasis of one line of a comment."""
    text = re.sub(r"(?<![\w:`])errc::(\w+)", r'@ref gemini::live::errc::\1 "errc::\1"', text)
    text = STRAY.sub(lambda found: f"<b>{found[1] or found[2]}</b>", text)
    return re.sub(r"\b(e\.g|i\.e)\. ", r"\1.&nbsp;", text)


def operations_as_links(found):
    return re.sub(r"`([\w:]+)`", r"`\1()`", found[0])


def comment(lines):
    """One comment, without its slashes: labeled paragraphs become a list, indented code a block of C++."""
    made, in_list, in_code = [], False, False
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else None
        code_begins = not line.strip() and following is not None and following.startswith("    ") and following.strip()
        if in_code:
            if not line.strip() and not (following or "").startswith("    "):
                made.append("@endcode")
                in_code = False
            else:
                made.append(line[4:])
                if following is None:
                    made[-1] += " @endcode"
            continue
        if code_begins and not in_list:
            made.append("@code{.cpp}")
            in_code = True
            continue
        found = LABEL.match(line)
        if found and found[1][0].isupper():
            begin = "</dd>" if in_list else '<dl class="contract">'
            said = re.sub(r"^as (?:`[\w:]+`(?:, (?:and )?| and )?)+", operations_as_links, line[found.end():])
            line = f"{begin}<dt>{found[1]}</dt><dd>{inline(said)}"
            in_list = True
        else:
            line = inline(line)
        if in_list and (following is None or not following.strip()):
            line += "</dd></dl>"
            in_list = False
        made.append(line)
    return made


def with_shared_comments(path, text):
    """Returns whether an overload shares the comment before it, by the rules of test/api_contracts.py."""
    sys.path.insert(0, str(ROOT / "test"))
    import api_contracts
    found = api_contracts.parser(path, text).parse()
    api_contracts.share_comments(found)
    lines = text.split("\n")
    for one in reversed(found):
        is_constructor = one.parent is not None and one.short == one.parent.short  # each has another meaning
        if one.shares and one.shares.docs and not is_constructor:
            lines[one.first - 1:one.first - 1] = [f"    /// {line}".rstrip() for line in one.shares.docs]
    return "\n".join(lines)


def header(path, text):
    text = re.sub(r"^///([^\n]*\n#pragma once)$", r"//\1", text, flags=re.MULTILINE)  # about the file, not the namespace
    text = with_shared_comments(path, leave_out(text))
    made, block, indent = [], [], ""

    def end_block():
        made.extend(f"{indent}/// {line}".rstrip() for line in comment(block))
        block.clear()

    for line in text.split("\n"):
        found = re.match(r"([ \t]*)///(?!<) ?(.*)", line)
        if found:
            if not block and made and "///<" in made[-1]:
                made.append("")  # Doxygen would take both for one comment
            indent = found[1]
            block.append(found[2])
            continue
        end_block()
        trailing = re.match(r"(.*?///<)(.*)", line)
        made.append(trailing[1] + inline(trailing[2]) if trailing else line)
    end_block()
    text = "\n".join(made)
    subject = SUBJECT_OF.get(pathlib.PurePath(path).stem)
    opening = re.search(r"^namespace gemini::live(::testing)? \{", text, re.MULTILINE)
    if subject and opening:
        head, brace, rest = text[:opening.start()], opening[0], text[opening.end():]
        if "} // namespace gemini::live" in rest:
            body, end, tail = rest.rpartition("} // namespace gemini::live")
            text = f"{head}{brace} /** @addtogroup {subject} */ /** @{{ */{body}/** @}} */ {end}{tail}"
    return text


# pages ---------------------------------------------------------------------------------------------------------------

# Pages whose lists of links are a table of contents.
CONTENTS = {"docs/reference/main.md", "docs/cookbook/README.md", "docs/adr/README.md"}
OUTSIDE = {"README.md", "CONTRIBUTING.md", "SECURITY.md"}


def page_id(path):
    name = path.removeprefix("docs/").removesuffix(".md").replace("/README", "").replace("/", "_").replace("-", "_")
    return "page_" + name.lower()


def anchor(heading):
    """Returns GitHub's anchor for a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def page(path, text):
    path = path.removeprefix("./")
    own = page_id(path)
    names = set(pathlib.Path(os.environ["REFERENCE_NAMES"]).read_text().split()) if "REFERENCE_NAMES" in os.environ else set()
    is_main = path.endswith("reference/main.md")

    def heading(found):
        level, words = found[1], found[2].strip()
        if is_main:
            return found[0]
        return f"{level} {words} {{#{own if level == '#' else own + '-' + anchor(words)}}}"

    def name(found):
        if found[1] not in names or ("::" not in found[1] and not is_main):
            return found[0]
        return f'<code>@ref gemini::live::{found[1]} "{found[1]}"</code>'

    def link(found):
        words, target = found[1].replace("`", ""), found[2]
        if re.match(r"[a-z]+:", target):
            return found[0]
        file, _, place = target.partition("#")
        goal = posixpath.normpath(posixpath.join(posixpath.dirname(path), file)) if file else path
        if not goal.endswith(".md") or goal in OUTSIDE or not (goal.startswith("docs/") or goal == "CHANGELOG.md"):
            return words
        reference = page_id(goal) + (f"-{place}" if place else "")
        beside = posixpath.dirname(goal) == posixpath.dirname(path)
        if path in CONTENTS and file and not place and (is_main or beside):
            return f'@subpage {reference} "{words}"'
        return f"[{words}](@ref {reference})"

    parts = re.split(r"(^```.*?^```$)", text, flags=re.MULTILINE | re.DOTALL)
    for number, part in enumerate(parts):
        if part.startswith("```mermaid"):
            parts[number] = '<img src="session.svg" alt="The life of a session"/>'
        elif part.startswith("```"):
            parts[number] = re.sub(r"^```cpp name=\w+", "```cpp", part)
        else:
            part = re.sub(r"<!-- .*? -->\n", "", part)
            part = re.sub(r"^!\[([^\]]*)\]\((?:[\w./]*/)?([\w-]+\.svg)\)", r'<img src="\2" alt="\1"/>', part, flags=re.MULTILINE)
            part = re.sub(r"^(#+) (.*)$", heading, part, flags=re.MULTILINE)
            part = re.sub(r"^(?!#).*$", lambda line: re.sub(r"(?<!\[)`((?:\w+::)*\w+)`(?!\])", name, line[0]), part,
                          flags=re.MULTILINE)
            parts[number] = re.sub(r"(?<!!)\[((?:[^\]\[]|\[[^\]]*\])*)\]\(([^)\s]+)\)", link, part)
    return "".join(parts)


# self-test -----------------------------------------------------------------------------------------------------------

# (file, its text, what the result has, what it does not have)
SELF_TEST = [
    ("x.hpp", "/// Does it.\n///\n/// Completion: now.\n/// Errors, threads: as `f`; errc::closed.\nint g();\n",
     ['/// <dl class="contract"><dt>Completion</dt><dd>now.\n/// </dd><dt>Errors, threads</dt><dd>as `f()`; @ref '
      'gemini::live::errc::closed "errc::closed".</dd></dl>\nint g();'], []),
    ("x.hpp", "/// It. Wire: a.b.\n/// As `errc::closed`.\nint g();\n", ["It. <b>Wire:</b> a.b.", "As `errc::closed`."], []),
    ("x.hpp", "/// So:\n///\n///     f();\n///\n/// Then.\nint g();\n",
     ["/// So:\n/// @code{.cpp}\n/// f();\n/// @endcode\n/// Then.\nint g();"], []),
    ("x.hpp", "/// T.\nstruct t {\n    int a{}; ///< errc::closed\n    gcc12_guard<t> guard{}; ///< Not to be touched.\n"
     "    friend bool operator==(\n        const t&, const t&) = default;\n};\n",
     ["    int a; ///< @ref gemini::live::errc::closed"], ["guard", "operator=="]),
    ("x.hpp", "/// T.\nstruct t {\n    std::chrono::seconds a{\n        30}; ///< A.\n};\n",
     ["    std::chrono::seconds a{30}; ///< A."], []),
    ("x.hpp", "/// C.\nclass c {\npublic:\n    /// Makes it.\n    c(int);\n"
     "    c(c&&) noexcept;\n    c& operator=(c&&) noexcept;\n"
     "    ~c();\n    /// Of one.\n    [[nodiscard]] int f(int);\n    int f(char);\n};\n",
     ["    /// Of one.\n    int f(int);\n    /// Of one.\n    int f(char);"], ["noexcept", "~c", "nodiscard"]),
    ("session.hpp", "namespace gemini::live {\nclass d;\nint a;\n} // namespace gemini::live\n",
     ["{ /** @addtogroup talk */ /** @{ */\n\nint a;\n/** @} */ } // namespace"], ["class d"]),
    ("x.hpp", "struct t {\n    int a; ///< A.\n    /// B.\n    int b;\n};\n", ["int a; ///< A.\n\n    /// B.\n    int b;"], []),
    ("testing/emulator.hpp", "namespace gemini::live::testing {\nint a;\n} // namespace gemini::live::testing\n",
     ["testing { /** @addtogroup testing */ /** @{ */\nint a;\n/** @} */ } // namespace"], []),
    ("docs/sessions.md", "# Sessions\n\n## A & b\n[x](errors.md#c-d) [y](#a--b) [z](../lib/z.cpp) [`w`](https://w.org)\n",
     ["# Sessions {#page_sessions}", "## A & b {#page_sessions-a--b}", "[x](@ref page_errors-c-d) [y](@ref page_sessions-a--b) z",
      "[`w`](https://w.org)"], []),
    ("docs/adr/README.md", "[x](0001-a.md) [y](../tour.md)\n```cpp name=z\n[x](y)\n```\n",
     ['@subpage page_adr_0001_a "x"', "[y](@ref page_tour)", "```cpp\n[x](y)\n```"], []),
]


def self_test():
    failures = 0
    for path, text, expected, unexpected in SELF_TEST:
        got = page(path, text) if path.endswith(".md") else header(path, text)
        if any(part not in got for part in expected) or any(part in got for part in unexpected):
            failures += 1
            print(f"{text}\n  expected {expected}\n  but not  {unexpected}\n  got      {got!r}")
    print(f"{len(SELF_TEST)} cases, {failures} failed")
    return failures != 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    path = pathlib.PurePath(sys.argv[1]).as_posix()
    text = pathlib.Path(path).read_text(encoding="utf-8")
    if path.startswith("/"):
        path = pathlib.Path(path).resolve().relative_to(ROOT).as_posix()
    sys.stdout.reconfigure(encoding="utf-8")
    sys.stdout.write(page(path, text) if path.endswith(".md") else header(path, text))
    return 0


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.exit(main())
