#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every requirement of tests/abi/requirements*.tsv has a test, and every test there shows one.

usage: requirements.py TESTS-DIRECTORY

A test is named "file.function": a function that tests/**/file_test.c registers with cmocka; or
"file/row": a row of a table of failure conditions in that file, or in tests/abi/file.c that tests
share (*_fixture.c), where * stands for any text.
"""
import fnmatch
import pathlib
import re
import sys

REGISTERED = re.compile(r"(?:[A-Z]+_TEST(?:_WITH)?|cmocka_unit_test\w*)\(\s*(\w+)")
DEFINED = re.compile(r"^static void (test_\w+)\(void \*\*state\)", re.M)
ROW = re.compile(r'^\t\{ "([a-z0-9-]+)",', re.M)


def read_tests(path):
    text = path.read_text()
    return set(REGISTERED.findall(text)), set(DEFINED.findall(text)), set(ROW.findall(text))


def read_table(path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line and not line.startswith("#"):
            yield number, line.split("\t")


class Check:
    def __init__(self, root):
        self.findings = []
        self.files = {p.name[: -len("_test.c")]: read_tests(p) for p in root.rglob("*_test.c")}
        shared = {p.stem: read_tests(p) for p in (root / "abi").glob("*_fixture.c")}
        self.files.update(shared)
        self.abi = {p.name[: -len("_test.c")] for p in (root / "abi").glob("*_test.c")}
        self.abi |= set(shared)
        self.used = set()

    def find(self, place, text):
        self.findings.append(f"{place}: {text}")

    def function(self, place, ref):
        name, _, function = ref.partition(".")
        registered, _, _ = self.files.get(name, (set(), set(), set()))
        if function not in registered:
            self.find(place, f"no test {function} in {name}_test.c")
        self.used.add(ref)

    def row(self, place, ref):
        name, _, pattern = ref.partition("/")
        rows = fnmatch.filter(self.files.get(name, (set(), set(), set()))[2], pattern)
        if not rows:
            self.find(place, f"no row {pattern} in {name}_test.c")
        self.used.update(f"{name}/{row}" for row in rows)

    def requirement(self, place, fields, seen):
        if len(fields) != 4 or not all(field.strip() for field in fields[:3]):
            self.find(place, "not four fields")
            return
        if fields[0] in seen:
            self.find(place, f"{fields[0]} stands twice")
        seen.add(fields[0])
        if not fields[3].split():
            self.find(place, f"{fields[0]} has no test")
        for ref in fields[3].split():
            (self.row if "/" in ref else self.function)(place, ref)

    def unused(self):
        for name in sorted(self.abi):
            registered, defined, rows = self.files[name]
            place = f"{name}_test.c"
            for test in sorted(defined - registered):
                self.find(place, f"{test} is not registered")
            for test in sorted(registered):
                if f"{name}.{test}" not in self.used:
                    self.find(place, f"{test} shows no requirement")
            for row in sorted(rows):
                if f"{name}/{row}" not in self.used:
                    self.find(place, f"row {row} shows no requirement")


def main():
    root = pathlib.Path(sys.argv[1])
    check = Check(root)
    seen = set()
    for table in sorted((root / "abi").glob("requirements*.tsv")):
        for number, fields in read_table(table):
            check.requirement(f"{table.name}:{number}", fields, seen)
    check.unused()
    if len(seen) < 100:
        check.find("requirements.tsv", f"only {len(seen)} requirements")
    for finding in check.findings:
        print(finding)
    print(f"{len(seen)} requirements, {len(check.used)} tests and rows")
    return 1 if check.findings else 0


if __name__ == "__main__":
    sys.exit(main())
