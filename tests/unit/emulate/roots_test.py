# SPDX-License-Identifier: Apache-2.0
"""Certificates of the security processor are made once; a stand-in makes them here."""

import argparse
import contextlib
import io
import pathlib
import tempfile
import unittest

from phalanx_emulate import roots
from phalanx_emulate.package import PackageError


class Provide(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = pathlib.Path(directory.name)
        self.args = argparse.Namespace(
            emulator=self.root / "build" / "mine" / "emulator" / "emulator.elf", psp_roots=None
        )

    def program(self, text: str, build: str = "release") -> None:
        path = self.root / "build" / build / "tools" / roots.PROGRAM
        path.parent.mkdir(parents=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def test_made_once(self) -> None:
        self.program('echo run >>"${0%/*}/count"; echo roots >"$1"; echo ark >"$2"')
        for _ in range(2):
            self.assertEqual(roots.provide(self.args, self.root), b"roots\n")
        self.assertEqual((self.root / "build/emulate/psp-ark.der").read_text(), "ark\n")
        self.assertEqual((self.root / "build/release/tools/count").read_text(), "run\n")

    def test_build_of_the_emulator_first(self) -> None:
        self.program('echo theirs >"$1"; echo ark >"$2"')
        self.program('echo mine >"$1"; echo ark >"$2"', "mine")
        self.assertEqual(roots.provide(self.args, self.root), b"mine\n")

    def test_no_program(self) -> None:
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            self.assertEqual(roots.provide(self.args, self.root), b"")
        self.assertIn("no certificates", said.getvalue())

    def test_program_fails(self) -> None:
        self.program("exit 3")
        with self.assertRaises(PackageError):
            roots.provide(self.args, self.root)
        self.assertFalse((self.root / "build/emulate/psp-roots.bin").exists())

    def test_file_of_the_user(self) -> None:
        self.args.psp_roots = self.root / "own"
        with self.assertRaises(PackageError):
            roots.provide(self.args, self.root)
        self.args.psp_roots.write_bytes(b"own")
        self.assertEqual(roots.provide(self.args, self.root), b"own")


if __name__ == "__main__":
    unittest.main()
