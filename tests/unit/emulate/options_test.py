# SPDX-License-Identifier: Apache-2.0
"""The command line: defaults, combinations without meaning, exit status of a run."""

import contextlib
import io
import pathlib
import subprocess
import sys
import tempfile
import unittest

from phalanx_emulate import main, options, qemu, tsc

ROOT = pathlib.Path(__file__).resolve().parents[3]


def parse(*arguments: str) -> object:
    parser = options.parser(ROOT)
    args = parser.parse_args(arguments)
    options.check(args, parser)
    return args


class Options(unittest.TestCase):
    def test_defaults(self) -> None:
        args = parse()
        self.assertEqual((args.cpus, args.memory, args.vmpl), (2, 512, 0))
        self.assertEqual((args.kernel.name, args.initrd.name), ("vmlinuz", "initrd.gz"))

    def test_svsm_guest(self) -> None:
        self.assertEqual(parse("--svsm", "x").vmpl, 2)
        self.assertEqual(parse("--svsm", "x", "--vmpl", "3").vmpl, 3)

    def test_refused(self) -> None:
        for line in (
            "--cpus 0",
            "--cpus 17",
            "--vmpl 4",
            "--memory 63",
            "--memory 62",
            "--image x --kernel y",
            "--image x --vmpl 1",
            "--svsm x --vmpl 0",
            "--no-kernel",
            "--plain --image x",
            "--plain --hostile repeat",
            "--nonsense",
        ):
            with self.subTest(line), contextlib.redirect_stderr(io.StringIO()):
                with self.assertRaises(SystemExit) as stop:
                    parse(*line.split())
                self.assertEqual(stop.exception.code, 2)

    def test_missing_file(self) -> None:
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors):
            self.assertEqual(main.main(ROOT, ["--image", "there/is/none"]), 2)
        self.assertIn("there/is/none", errors.getvalue())

    def test_clock(self) -> None:
        self.assertEqual(tsc.kernel_words("a tsc_early_khz=5", False), "")
        self.assertEqual(tsc.kernel_words("a", True), " tsc_early_khz=1000000 tsc=reliable")


class ExitStatus(unittest.TestCase):
    def test_decode(self) -> None:
        expected = {0: 0, 1: 0, 3: 1, 5: 2, 13: 6, 2: 8, -9: 8}
        self.assertEqual({status: qemu.decode(status) for status in expected}, expected)


class Run(unittest.TestCase):
    """A program in place of QEMU that logs a digest and ends with a status."""

    def run_with(self, digest: str, status: int) -> tuple[int, str]:
        with tempfile.TemporaryDirectory() as directory:
            log = pathlib.Path(directory, "log")
            fake = pathlib.Path(directory, "qemu")
            fake.write_text(
                f"#!{sys.executable}\nimport sys\n"
                f"open({str(log)!r}, 'w').write('launch digest: {digest}\\n~ # trace\\nother\\n')\n"
                f"sys.exit({status})\n"
            )
            fake.chmod(0o755)
            image = pathlib.Path(directory, "image")
            image.write_bytes(minimal_elf())
            trace = pathlib.Path(directory, "trace")
            result = subprocess.run(
                [sys.executable, "-B", str(ROOT / "tools/emulate/emulate.py"),
                 "--image", str(image), "--qemu", str(fake), "--log", str(log), "--print-digest",
                 "--trace", str(trace)],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            self.assertEqual(trace.read_text(), "# trace\n")
            self.printed = result.stdout
            return result.returncode, result.stderr

    def test_status(self) -> None:
        _, _ = self.run_with("0" * 96, 0)
        right = self.printed.split()[-1]
        self.assertEqual(self.run_with(right, 0)[0], 0)
        self.assertEqual(self.run_with(right, 1)[0], 0)
        self.assertEqual(self.run_with(right, 7)[0], 3)
        self.assertEqual(self.run_with("nothing", 1)[0], 8)

    def test_wrong_digest(self) -> None:
        status, errors = self.run_with("0" * 96, 0)
        self.assertEqual(status, 7)
        self.assertIn("expected", errors)


def minimal_elf() -> bytes:
    import struct

    head = struct.pack(
        "<16sHHIQQQIHHHHHH",
        b"\x7fELF\x02\x01\x01",
        2, 62, 1, 0x200000, 64, 0, 0, 64, 56, 1, 0, 0, 0,
    )  # fmt: skip
    return head + struct.pack("<IIQQQQQQ", 1, 7, 120, 0x200000, 0x200000, 4, 4, 4096) + b"code"


if __name__ == "__main__":
    unittest.main()
