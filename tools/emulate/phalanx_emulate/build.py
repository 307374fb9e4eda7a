# SPDX-License-Identifier: Apache-2.0
"""From options to a launch package."""

import argparse
import dataclasses
import pathlib

from . import image, linux, ovmf, roots, tsc, vmsa
from .memory import LAUNCH_AREA, MIB, Memory
from .package import EntryType, Package, PackageError

# What QEMU's firmware keeps at the top of low memory, and alignment.
SLACK_MIB = 8


@dataclasses.dataclass(frozen=True)
class Built:
    memory: Memory
    data: bytes
    digest: str | None  # None: of a package that was made before


def _read(path: pathlib.Path | None) -> bytes:
    if path is None:
        return b""
    try:
        return path.read_bytes()
    except OSError as error:
        raise PackageError(f"{path}: {error.strerror}") from error


def default_reserve(memory_mib: int) -> int:
    """MiB for the emulator itself, and for tables: per GiB of guest memory the RMP takes 2 MiB, and
    so does each nested table that maps all of it in 4 KiB pages; at most 12 are in use."""
    return 64 + memory_mib // 32


def _guest(
    args: argparse.Namespace,
    package: Package,
    memory: Memory,
    svsm: linux.SvsmFields | None,
) -> vmsa.Vmsa:
    kernel = linux.Kernel(_read(args.kernel)) if args.kernel else None
    initrd = _read(args.initrd)
    if args.firmware:
        state = ovmf.add_ovmf(package, memory, args.vmpl, _read(args.firmware), svsm)
        ovmf.add_fw_cfg(package, kernel, initrd, args.append)
        return state
    if kernel is None:
        raise PackageError("nothing to boot")
    return linux.add_linux(
        package, memory, args.vmpl, kernel, initrd, args.append, args.cpus, svsm
    )


def _contents(args: argparse.Namespace, package: Package, memory: Memory) -> vmsa.Vmsa:
    if args.image:
        memory.add_usable(package)
        return image.add_test_guest(package, memory, _read(args.image), args.cpus)
    if not args.svsm:
        memory.add_usable(package)
        return _guest(args, package, memory, None)
    base = args.svsm_base
    if base is None:
        base = (memory.low_top - args.svsm_size) & ~(2 * MIB - 1)
    svsm = image.SvsmImage(_read(args.svsm), base, args.svsm_size)
    memory.add_usable(package, (base, base + args.svsm_size))
    return image.add_svsm(
        package, memory, svsm, args.vmpl, lambda fields: _guest(args, package, memory, fields)
    )


def _build(args: argparse.Namespace, reserve_mib: int, certificates: bytes) -> Built:
    memory = Memory(args.memory * MIB, reserve_mib * MIB)
    package = Package(seed=args.seed)
    memory.add_ram(package)
    state = _contents(args, package, memory)
    package.start_vmpl = state.page[0xCA]
    package.irq_vmpl = args.vmpl
    package.add(EntryType.VMSA, memory.vmsa, data=state.to_bytes(), perms=(15, 0, 0, 0))
    if certificates:
        package.add(EntryType.PSP_ROOTS, 0, data=certificates)
    return Built(memory, package.to_bytes(), package.digest().hex())


def build(args: argparse.Namespace, root: pathlib.Path) -> Built:
    """The package decides how much memory it takes, and where guest memory ends above 2 GiB depends
    on that: built twice, then."""
    if args.kernel:
        args.append += tsc.kernel_words(args.append, args.icount)
    if args.reserve is None:
        args.reserve = default_reserve(args.memory)
    fixed = args.reserve + SLACK_MIB + LAUNCH_AREA // MIB
    certificates = b"" if args.package else roots.provide(args, root)
    data = _read(args.package) if args.package else _build(args, fixed, certificates).data
    package_mib = (len(data) // (2 * MIB) + 1) * 2
    reserve = (fixed + package_mib + 1) // 2 * 2
    if args.package:
        return Built(Memory(args.memory * MIB, reserve * MIB), data, None)
    return _build(args, reserve, certificates)
