# SPDX-License-Identifier: Apache-2.0
"""
One boot of the project's test guest (tools/guests/init) by emulate.py, and the judgement of it:
what soak repeats and the system tests check.
"""

import dataclasses
import hashlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
from typing import IO

SEED_MASK = (1 << 31) - 1
# After the limit of the guest: for building the package and for the emulator's own dump.
GRACE_SECONDS = 90

_LINE = re.compile(r"PHALANX-GUEST: (.*?)\s*$", re.MULTILINE)
_SNP_ACTIVE = re.compile(r"^dmesg .*Memory Encryption Features active: .*\bSEV-SNP\b")
_EFI = re.compile(r"efi: EFI v[0-9.]+ by ")
_DIGEST = re.compile(r"^launch digest:? ([0-9a-f]{96})\s*$", re.MULTILINE)


class MissingGuests(Exception):
    """What is to be booted is not there; the text says which files."""


@dataclasses.dataclass(frozen=True)
class Boot:
    """What to boot. @tests: as phalanx.tests= of the test guest."""

    cpus: int
    firmware: bool = False
    tests: str = "disk,convert"
    cycles: int = 4
    seed: int = 1
    memory: int = 512
    timeout: float = 600.0
    options: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        return "ovmf" if self.firmware else "direct"


@dataclasses.dataclass(frozen=True)
class Outcome:
    seconds: float
    status: int
    problems: list[str]

    @property
    def ok(self) -> bool:
        return not self.problems


def guests_directory(root: pathlib.Path) -> pathlib.Path:
    return pathlib.Path(os.environ.get("PHALANX_CACHE", root / "build" / "cache")) / "guests"


def require_guests(root: pathlib.Path) -> pathlib.Path:
    """Directory of kernel, firmware, initrd, disk and QEMU; MissingGuests if one is not there."""
    guests = guests_directory(root)
    names = ("bin/qemu-system-x86_64", "vmlinuz", "initrd.gz", "OVMF.fd", "disk.img", "disk.sha256")
    missing = [name for name in names if not (guests / name).exists()]
    if missing:
        raise MissingGuests(
            f"{guests} has no {', '.join(missing)}: run tools/guests.sh (./phalanx test does)"
        )
    return guests


def _sha256(path: pathlib.Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _command(root: pathlib.Path, boot: Boot, directory: pathlib.Path, disk_sum: str) -> list[str]:
    words = [
        "console=ttyS0 panic=-1 phalanx.expect=snp",
        f"phalanx.tests={boot.tests}",
        f"phalanx.disk={disk_sum}",
        f"phalanx.cycles={boot.cycles}",
    ]
    line = [sys.executable, str(root / "tools" / "emulate" / "emulate.py")]
    line += ["--cpus", str(boot.cpus), "--memory", str(boot.memory), "--seed", str(boot.seed)]
    line += ["--append", " ".join(words), "--disk", str(directory / "disk.img")]
    line += ["--log", str(directory / "emulator.log"), "--timeout", f"{boot.timeout:g}"]
    line += ["--print-digest", "--report"]
    if boot.firmware:
        line.append("--firmware")
    return line + list(boot.options)


def run_alone(line: list[str], timeout: float, out: IO[bytes], err: IO[bytes]) -> int:
    """Exit status of a program that is killed with all it started, QEMU too, if it takes longer."""
    with subprocess.Popen(
        line, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True
    ) as process:
        try:
            return process.wait(timeout)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise


def _read(path: pathlib.Path) -> str:
    return path.read_text(errors="replace") if path.exists() else ""


def _expected_lines(boot: Boot, disk_sum: str) -> list[str]:
    """Regular expressions, each for one line of the guest that there must be."""
    expected = [rf"up cpus={boot.cpus} kernel=6\.12\.\S+ snp=yes vmpl=0 ", _SNP_ACTIVE.pattern]
    for test in filter(None, boot.tests.split(",")):
        if test == "disk":
            expected += [rf"disk sha256 {disk_sum} size [1-9]", "disk written and restored$"]
        elif test == "convert":
            expected.append(rf"convert by sev-guest {boot.cycles} rounds$")
            expected.append(rf"convert by disk {boot.cycles // 8 + 1} rounds$")
            expected.append("load rounds( [1-9][0-9]*)+$")
        elif test == "hotplug":
            expected.append(rf"hotplug {boot.cpus - 1} CPUs$")
    return expected


def guest_problems(boot: Boot, console: str, disk_sum: str) -> list[str]:
    """What is missing or wrong in what the guest said on its serial port."""
    lines = [str(line) for line in _LINE.findall(console)]
    problems = [f"the guest says: {line}" for line in lines if line.startswith("FAILED")]
    for expected in _expected_lines(boot, disk_sum):
        if not any(re.match(expected, line) for line in lines):
            problems.append(f"the guest has no line /{expected}/")
    if not lines or not lines[-1].startswith(f"OK tests={boot.tests} "):
        last = lines[-1] if lines else "there is none"
        problems.append(f"the guest's last line is not OK: {last}")
    if boot.firmware != bool(_EFI.search(console)):
        problems.append(f"the kernel was {'not ' if boot.firmware else ''}started by firmware")
    return problems


def digest_problems(console: str, log: str) -> list[str]:
    """Whether emulate and the emulator found the same launch digest."""
    computed, measured = _DIGEST.findall(console), _DIGEST.findall(log)
    if len(computed) != 1 or len(measured) != 1 or computed != measured:
        return [f"launch digest: computed {computed}, measured by the emulator {measured}"]
    return []


def _run(line: list[str], directory: pathlib.Path, timeout: float) -> int:
    with open(directory / "console.log", "wb") as out, open(directory / "emulate.log", "wb") as err:
        return run_alone(line, timeout + GRACE_SECONDS, out, err)


def boot_and_judge(root: pathlib.Path, boot: Boot, directory: pathlib.Path) -> Outcome:
    """
    Boot with a fresh copy of the disk. @directory is emptied; it keeps console.log (serial port and
    digest), emulator.log, emulate.log, and the disk if there was a problem.
    """
    guests = require_guests(root)
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    shutil.copyfile(guests / "disk.img", directory / "disk.img")
    disk_sum = _sha256(directory / "disk.img")
    problems: list[str] = []
    if disk_sum != _read(guests / "disk.sha256").strip():
        problems.append(f"{guests / 'disk.img'} is not what disk.sha256 says")
    started = time.monotonic()
    try:
        line = _command(root, boot, directory, disk_sum)
        status = _run(line, directory, boot.timeout)
    except subprocess.TimeoutExpired:
        status = -1
    seconds = time.monotonic() - started
    console = _read(directory / "console.log")
    if status != 0:
        last = [line for line in _read(directory / "emulate.log").splitlines() if line.strip()]
        problems.append(f"exit status {status}: {last[-1] if last else 'no message'}")
    problems += guest_problems(boot, console, disk_sum)
    problems += digest_problems(console, _read(directory / "emulator.log"))
    if _sha256(directory / "disk.img") != disk_sum:
        problems.append("the disk differs from what it was")
    if not problems:
        (directory / "disk.img").unlink()
        (directory / "emulator.package").unlink(missing_ok=True)
    return Outcome(seconds, status, problems)
