#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fail when a C function has more lines than allowed: function_length.py MAX FILE...

A function runs from the line of its opening brace to the closing brace in column 0, both counted.
The sources are formatted by clang-format, which puts the opening brace of a function, and of
nothing else, alone in column 0.
"""

import sys


def functions(lines):
    """Yield (first line, length, text of the line that names the function)."""
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{" and start is None:
            start = number
        elif line.startswith("}") and start is not None:
            yield start, number - start + 1, name_before(lines, start - 1)
            start = None


def name_before(lines, index):
    """The nearest line above @index that begins in column 0: return type and name."""
    while index > 0:
        index -= 1
        if lines[index][:1].isalpha() or lines[index][:1] == "_":
            return lines[index].strip()
    return "?"


def main():
    limit = int(sys.argv[1])
    count = bad = longest = 0
    for path in sys.argv[2:]:
        with open(path, encoding="utf-8") as source:
            lines = source.read().split("\n")
        for start, length, name in functions(lines):
            count += 1
            longest = max(longest, length)
            if length > limit:
                bad += 1
                print(f"{path}:{start}: {length} lines (at most {limit}): {name}")
    print(f"function length: {count} functions, the longest has {longest} lines")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
