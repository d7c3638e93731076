#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that each file of the library with logic leads to its tests: found.py [ROOT], found.py --self-test

lib/room/name.cpp, or lib/room/name.hpp if it has code and no such .cpp, is tested by a name_test.cpp
anywhere in test/. Otherwise the second line of the header (or of the .cpp if there is no header) is

    // Tested by: test/unit/room/other_test.cpp, test/contract/another_test.cpp
"""
import pathlib
import re
import sys

LINE = re.compile(r"(?m)^// Tested by: (.*)$")
CODE = re.compile(r"\b(return|if|for|while|throw|co_return|co_await)\b")


def code_of(source):
    """The source without comments, literals and preprocessor lines."""
    source = re.sub(r'//[^\n]*|/\*.*?\*/|"(?:[^"\\\n]|\\.)*"', " ", source, flags=re.DOTALL)
    return re.sub(r"(?m)^[ \t]*#[^\n]*", " ", source)


def check(files):
    """Yields an offense for each file of lib that does not lead to a test; `files` is path → source."""
    tests = {path.rsplit("/", 1)[1] for path in files if path.startswith("test/") and path.endswith("_test.cpp")}
    for path, source in sorted(files.items()):
        if not path.startswith("lib/") or not path.endswith((".cpp", ".hpp")):
            continue
        name = path[:-4]
        pointers = LINE.findall(source)
        for pointer in pointers:
            for test in pointer.split(", "):
                if not test.startswith("test/") or test not in files:
                    yield f"{path}: there is no {test}: name the tests that there are"
            if source.split("\n")[1:2] != [f"// Tested by: {pointer}"]:
                yield f"{path}: “Tested by” belongs on the second line"
        if path.endswith(".cpp") and f"{name}.hpp" in files:
            if pointers:
                yield f"{path}: “Tested by” belongs into the header"
            continue
        logic = f"{name}.cpp" in files or CODE.search(code_of(source))
        if logic and not pointers and f"{name.rsplit('/', 1)[1]}_test.cpp" not in tests:
            yield f"{path}: which test is its own? Write {name.rsplit('/', 1)[1]}_test.cpp, or “// Tested by: test/…” on line 2"


def read_tree(root):
    """The library's sources, and only the names of the tests."""
    return {
        str(path.relative_to(root)): path.read_text(encoding="utf-8") if folder == "lib" else ""
        for folder in ("lib", "test")
        for path in (root / folder).rglob("*")
        if path.is_file()
    }


SPDX = "// SPDX-License-Identifier: Apache-2.0\n"
FUNCTION = "int f() { return 1; }\n"
# files, what their offenses must say (empty: none)
SELF_TEST = [
    ({"lib/a/x.cpp": FUNCTION}, ["lib/a/x.cpp: which test"]),
    ({"lib/a/x.cpp": FUNCTION, "test/unit/b/x_test.cpp": ""}, []),
    ({"lib/a/x.cpp": FUNCTION, "test/unit/b/x.cpp": ""}, ["which test"]),
    ({"lib/a/x.cpp": FUNCTION, "test/unit/b/max_test.cpp": ""}, ["which test"]),
    ({"lib/a/x.cpp": FUNCTION, "lib/a/x.hpp": SPDX + "int f();\n"}, ["lib/a/x.hpp: which test"]),
    ({"lib/a/x.cpp": FUNCTION, "lib/a/x.hpp": SPDX + "// Tested by: test/y_test.cpp\n", "test/y_test.cpp": ""}, []),
    ({"lib/a/x.cpp": SPDX + "// Tested by: test/y_test.cpp\n", "test/y_test.cpp": ""}, []),
    ({"lib/a/x.cpp": SPDX + "// Tested by: test/y.cpp, test/z.py\n", "test/y.cpp": "", "test/z.py": ""}, []),
    ({"lib/a/x.cpp": SPDX + "// Tested by: test/y.cpp, test/z.py\n", "test/y.cpp": ""}, ["no test/z.py"]),
    ({"lib/a/x.cpp": SPDX + "// Tested by: lib/a/x.cpp\n"}, ["no lib/a/x.cpp"]),
    ({"lib/a/x.cpp": SPDX + "\n// Tested by: test/y.cpp\n", "test/y.cpp": ""}, ["second line"]),
    ({"lib/a/x.cpp": SPDX + "// Tested by: test/y.cpp\n", "lib/a/x.hpp": "", "test/y.cpp": ""}, ["into the header", "which test"]),
    ({"lib/a/x.hpp": "inline " + FUNCTION}, ["lib/a/x.hpp: which test"]),
    ({"lib/a/x.hpp": '#if A\nstruct x { int a; }; // return if "for"\nconst char* b = "while";\n#endif\n'}, []),
    ({"test/unit/a/x.cpp": FUNCTION, "include/x.hpp": FUNCTION}, []),
]


def self_test():
    bad = 0
    for files, expected in SELF_TEST:
        offenses = list(check(files))
        if len(offenses) != len(expected) or not all(part in offense for part, offense in zip(expected, offenses)):
            print(f"{files}\n  expected {expected}\n  found    {offenses}")
            bad += 1
    return bad


def main():
    if sys.argv[1:] == ["--self-test"]:
        sys.exit(self_test() != 0)
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[1])
    offenses = list(check(read_tree(root)))
    print("\n".join(offenses) if offenses else "every file of lib leads to its tests")
    sys.exit(bool(offenses))


main()
