#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What judges boots must not be content with less than it asks for; no machine is started."""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tools" / "emulate"))

from phalanx_emulate import soak, testguest  # noqa: E402
from phalanx_emulate.testguest import Boot, guest_problems  # noqa: E402

DISK = "ab" * 32
DIGEST = "cd" * 48
CONSOLE = f"""launch digest {DIGEST}
[    0.1] efi: EFI v2.7 by Debian distribution of EDK II\r
PHALANX-GUEST: up cpus=2 kernel=6.12.95+deb12-cloud-amd64 snp=yes vmpl=0 uptime=7.65\r
PHALANX-GUEST: dmesg [    0.5] Memory Encryption Features active: AMD SEV SEV-ES SEV-SNP\r
PHALANX-GUEST: disk sha256 {DISK} size 8388608\r
PHALANX-GUEST: disk written and restored\r
PHALANX-GUEST: convert by sev-guest 9 rounds\r
PHALANX-GUEST: convert by disk 2 rounds\r
PHALANX-GUEST: load rounds 66 127 6 \r
PHALANX-GUEST: hotplug 1 CPUs\r
PHALANX-GUEST: OK tests=disk,convert,hotplug uptime=77.05\r
"""
BOOT = Boot(2, firmware=True, tests="disk,convert,hotplug", cycles=9)


class Judgement(unittest.TestCase):
    def test_good(self) -> None:
        self.assertEqual(guest_problems(BOOT, CONSOLE, DISK), [])

    def test_each_line_is_needed(self) -> None:
        lines = CONSOLE.splitlines(True)
        for index in range(1, len(lines)):
            without = "".join(lines[:index] + lines[index + 1 :])
            with self.subTest(lines[index]):
                self.assertNotEqual(guest_problems(BOOT, without, DISK), [])

    def test_wrong_values(self) -> None:
        changes = [
            ("cpus=2", "cpus=1"),
            ("snp=yes", "snp=no"),
            ("vmpl=0", "vmpl=2"),
            ("SEV-ES SEV-SNP", "SEV-ES"),
            (DISK, "ba" * 32),
            ("guest 9 rounds", "guest 8 rounds"),
            ("66 127 6", "66 127 0"),
            ("OK tests=disk,convert,hotplug", "OK tests=disk"),
            ("OK tests", "FAILED disk differs tests"),
        ]
        for old, new in changes:
            with self.subTest(new):
                self.assertIn(old, CONSOLE)
                self.assertNotEqual(guest_problems(BOOT, CONSOLE.replace(old, new), DISK), [])

    def test_direct_boot_has_no_firmware(self) -> None:
        direct = Boot(2, tests=BOOT.tests, cycles=BOOT.cycles)
        self.assertNotEqual(guest_problems(direct, CONSOLE, DISK), [])

    def test_digest(self) -> None:
        log = f"emulator: 2 processors\nlaunch digest: {DIGEST}\n"
        self.assertEqual(testguest.digest_problems(CONSOLE, log), [])
        self.assertNotEqual(testguest.digest_problems(CONSOLE, ""), [])
        self.assertNotEqual(testguest.digest_problems("", log), [])
        self.assertNotEqual(testguest.digest_problems(CONSOLE, log.replace("cd", "dc")), [])


class SoakPlan(unittest.TestCase):
    def plan(self, **changes: object) -> list[Boot]:
        words = {"boots": 50, "cpus": [1, 2, 4], "seed": 1, "timeout": 600}
        defaults = argparse.Namespace(**words, direct=False, firmware=False)
        for name, value in changes.items():
            setattr(defaults, name, value)
        return soak.plan(defaults)

    def test_all_kinds(self) -> None:
        boots = self.plan()
        self.assertEqual(len(boots), 50)
        for cpus in (1, 2, 4):
            for firmware in (False, True):
                count = sum(b.cpus == cpus and b.firmware == firmware for b in boots)
                self.assertIn(count, (8, 9))

    def test_seed(self) -> None:
        self.assertEqual(self.plan(), self.plan())
        self.assertNotEqual(self.plan(), self.plan(seed=2))

    def test_one_kind(self) -> None:
        self.assertFalse(any(b.firmware for b in self.plan(direct=True)))
        self.assertTrue(all(b.firmware for b in self.plan(firmware=True)))


class Programs(unittest.TestCase):
    def setUp(self) -> None:
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)

    def run_program(self, line: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, *line]
        env = {**os.environ, **environment}
        return subprocess.run(line, capture_output=True, text=True, check=False, env=env)

    def test_missing_guests_fail(self) -> None:
        here = pathlib.Path(__file__).resolve().parent
        test = [str(here / "emulate_test.py"), "guest", "judge_missing"]
        done = self.run_program(test, PHALANX_CACHE=self.directory.name)
        self.assertEqual(done.returncode, 1)
        self.assertIn("run tools/guests.sh", done.stdout)
        done = self.run_program(
            [str(ROOT / "tools/emulate/soak.py")], PHALANX_CACHE=self.directory.name
        )
        self.assertEqual(done.returncode, 2)
        self.assertIn("run tools/guests.sh", done.stderr)

    def test_soak_fails_without_emulator(self) -> None:
        log = pathlib.Path(self.directory.name) / "soak.log"
        line = [str(ROOT / "tools/emulate/soak.py"), "--boots", "2", "--log", str(log)]
        line += ["--directory", self.directory.name]
        done = self.run_program(line, PHALANX_EMULATOR=str(log) + ".absent")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("2 of 2 boots", log.read_text())
        self.assertIn("2 failed", log.read_text())
        self.assertIn("exit status 8", log.read_text())


if __name__ == "__main__":
    unittest.main()
