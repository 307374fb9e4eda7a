# SPDX-License-Identifier: Apache-2.0
"""Run the emulator under QEMU."""

import argparse
import pathlib
import subprocess
import sys

from .memory import MIB

TIMEOUT_STATUS = 124
QEMU_STATUS = 8
# The emulator ends an overlong run itself and leaves its ring of events; QEMU is killed if it does
# not.
LIMIT_GRACE = 20
ICOUNT_DATE = "2025-01-01T00:00:00"
CPU_MODEL = "EPYC-Milan,+svm,+npt,+x2apic"
# Features of the model that TCG lacks; left on, QEMU warns of each for each processor.
TCG_LACKS = (
    "amd-ssbd", "clzero", "fxsr-opt", "ibpb", "ibrs", "invpcid", "misalignsse", "nrip-save", "osvw",
    "pcid", "perfctr-core", "amd-stibp", "topoext", "xsavec", "xsaves",
)  # fmt: skip


def _emulator_words(args: argparse.Namespace) -> str:
    words = [f"reserve={args.reserve}", f"seed={args.seed}"]
    if args.hostile:
        words.append(f"hostile={args.hostile}")
    for name in ("stale", "report", "icount"):
        if getattr(args, name):
            words.append(name)
    if args.trace:
        words.append("trace")
    if args.timeout:
        words.append(f"limit={max(1, int(args.timeout))}")
    if args.fault_to_vmpl0:
        words.append("fault-to-vmpl0")
    if args.image or args.package:
        words.append("test-exit")
    return " ".join(words)


def _escape(path: pathlib.Path) -> str:
    """A comma ends an option of QEMU unless it is doubled."""
    return str(path).replace(",", ",,")


def command(args: argparse.Namespace, package: pathlib.Path, total_bytes: int) -> list[str]:
    threads = "single" if args.icount else "multi"
    cpu = ",-".join((CPU_MODEL, *TCG_LACKS))
    line = [str(args.qemu or args.guests / "bin" / "qemu-system-x86_64")]
    line += ["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"]
    # No SMM: its memory and its interrupt are within reach of guests by chipset registers, and its
    # code would run with the rights of the emulator.
    line += ["-machine", "q35,smm=off", "-accel", f"tcg,thread={threads}", "-cpu", cpu]
    # Before all devices; the emulator's own, guests do not see it.
    line += ["-device", "intel-iommu,intremap=off,aw-bits=48"]
    # Without it virtio devices go past the IOMMU.
    line += ["-global", "virtio-device.iommu_platform=on"]
    # The first processor only boots the emulator (emulator/host/cpus.c).
    line += ["-smp", str(args.cpus + 1), "-m", f"{total_bytes // MIB}M"]
    if args.icount:
        # RDRAND and the date must not differ from run to run either.
        line += ["-icount", "shift=0,sleep=off", "-seed", str(args.seed)]
        line += ["-rtc", f"base={ICOUNT_DATE},clock=vm"]
    line += ["-chardev", f"stdio,id=com1,logfile={_escape(args.serial_log)}"]
    line += ["-serial", "chardev:com1", "-debugcon", f"file:{_escape(args.log)}"]
    line += ["-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
    line += ["-kernel", str(args.emulator), "-initrd", str(package)]
    line += ["-append", _emulator_words(args)]
    if args.disk:
        line += ["-drive", f"if=none,id=disk,format=raw,file={_escape(args.disk)}"]
        line += ["-device", "virtio-blk-pci,drive=disk,disable-legacy=on,iommu_platform=on"]
    return line + args.qemu_arg


def plain_command(args: argparse.Namespace) -> list[str]:
    """The guest of @args on a machine like the emulator's, without it: what its speed is compared
    with. The guest is no SNP guest."""
    line = [str(args.qemu or args.guests / "bin" / "qemu-system-x86_64")]
    line += ["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"]
    line += ["-machine", "q35,smm=off", "-accel", "tcg,thread=multi"]
    line += ["-cpu", ",-".join((CPU_MODEL, *TCG_LACKS))]
    line += ["-smp", str(args.cpus), "-m", f"{args.memory}M", "-serial", "stdio"]
    for name, value in (("-bios", args.firmware), ("-kernel", args.kernel)):
        line += [name, str(value)] if value else []
    if args.kernel:
        line += ["-append", args.append]
        line += ["-initrd", str(args.initrd)] if args.initrd else []
    if args.disk:
        line += ["-drive", f"if=virtio,format=raw,file={_escape(args.disk)}"]
    return line + args.qemu_arg


def decode(status: int) -> int:
    """isa-debug-exit ends QEMU with twice the emulator's code plus one; 0: the guest switched off;
    1 is also QEMU's own failure, which has no code of the emulator."""
    if status < 0 or (status and status % 2 == 0):
        return QEMU_STATUS
    return status // 2


def run(line: list[str], timeout: float | None) -> int:
    """Exit status of the run; the machine is gone when this returns."""
    stdin = None if sys.stdin and sys.stdin.isatty() else subprocess.DEVNULL
    with subprocess.Popen(line, stdin=stdin) as process:
        try:
            return decode(process.wait(timeout and timeout + LIMIT_GRACE))
        except subprocess.TimeoutExpired:
            return TIMEOUT_STATUS
        finally:
            process.kill()
