# SPDX-License-Identifier: Apache-2.0
"""OVMF at its reset vector: ROM below 4 GiB and the pages that its SEV metadata asks for."""

import dataclasses
import struct
import uuid

from . import vmsa
from .linux import Kernel, SvsmFields, secrets_template
from .memory import GIB4, Memory
from .package import PAGE, EntryType, Package, PackageError, rights_of

# Table of GUIDs that ends 32 bytes below the end of the image.
FOOTER_GUID = uuid.UUID("96b582de-1fb2-45f7-baea-a366c55a082d").bytes_le
SEV_METADATA_GUID = uuid.UUID("dc886566-984a-4798-a75e-5585a7bf67cc").bytes_le
TABLE_END = 32
ENTRY_TAIL = struct.Struct("<H16s")
METADATA_HEADER = struct.Struct("<4sIII")
SECTION = struct.Struct("<III")
MAX_SECTIONS = 64

SECTION_MEMORY, SECTION_SECRETS, SECTION_CPUID, SECTION_CALLING_AREA = 1, 2, 3, 4
SECTION_KERNEL_HASHES = 0x10
_ENTRY_OF = {
    SECTION_MEMORY: EntryType.ZERO,
    SECTION_SECRETS: EntryType.SECRETS,
    SECTION_CPUID: EntryType.CPUID,
    SECTION_CALLING_AREA: EntryType.ZERO,
    SECTION_KERNEL_HASHES: EntryType.ZERO,
}


def _table_entries(image: bytes) -> dict[bytes, bytes]:
    """Data of each entry of the GUID table, read from its end."""
    end = len(image) - TABLE_END
    if end < ENTRY_TAIL.size:
        raise PackageError("the firmware image is too small")
    size, guid = ENTRY_TAIL.unpack_from(image, end - ENTRY_TAIL.size)
    if guid != FOOTER_GUID or not ENTRY_TAIL.size <= size <= end:
        raise PackageError("the firmware has no table of GUIDs: not built for SEV")
    start, at, entries = end - size, end - ENTRY_TAIL.size, {}
    while at - start >= ENTRY_TAIL.size:
        size, guid = ENTRY_TAIL.unpack_from(image, at - ENTRY_TAIL.size)
        if not ENTRY_TAIL.size <= size <= at - start:
            raise PackageError("the firmware's table of GUIDs is damaged")
        entries[guid] = image[at - size : at - ENTRY_TAIL.size]
        at -= size
    return entries


def sections(image: bytes) -> list[tuple[int, int, int]]:
    """Base, size and type of each section of the SEV metadata."""
    data = _table_entries(image).get(SEV_METADATA_GUID, b"")
    if len(data) < 4:
        raise PackageError("the firmware has no SEV metadata")
    offset = len(image) - int(struct.unpack_from("<I", data)[0])
    if not 0 <= offset <= len(image) - METADATA_HEADER.size:
        raise PackageError("the firmware's SEV metadata lies outside of it")
    magic, size, version, count = METADATA_HEADER.unpack_from(image, offset)
    needed = METADATA_HEADER.size + count * SECTION.size
    if magic != b"ASEV" or version != 1 or count > MAX_SECTIONS or size < needed:
        raise PackageError("the firmware's SEV metadata is damaged")
    if offset + needed > len(image):
        raise PackageError("the firmware's SEV metadata is cut off")
    first = offset + METADATA_HEADER.size
    return [SECTION.unpack_from(image, first + i * SECTION.size) for i in range(count)]


def add_fw_cfg(package: Package, kernel: Kernel | None, initrd: bytes, command_line: str) -> None:
    """What the firmware boots without a disk; the emulator patches the kernel's header as QEMU's
    -kernel does."""
    if kernel is None:
        return
    package.add(EntryType.FW_KERNEL, 0, data=kernel.image)
    if initrd:
        package.add(EntryType.FW_INITRD, 0, data=initrd)
    package.add(EntryType.FW_CMDLINE, 0, data=command_line.encode() + b"\0")


def add_ovmf(
    package: Package,
    memory: Memory,
    vmpl: int,
    image: bytes,
    svsm: SvsmFields | None = None,
) -> vmsa.Vmsa:
    """Place the firmware for VMPL @vmpl; returns the VMSA to start it with. All memory but its
    sections is left for the firmware to validate."""
    perms = rights_of(vmpl)
    if not image or len(image) % PAGE or len(image) > 16 << 20:
        raise PackageError("the firmware image is no multiple of 4096 bytes, up to 16 MiB")
    package.add(EntryType.ROM, GIB4 - len(image), data=image, perms=perms)
    found = sections(image)
    if svsm:
        areas = [base for base, _, kind in found if kind == SECTION_CALLING_AREA]
        if len(areas) != 1:
            raise PackageError("the firmware has no calling area: not built for an SVSM")
        svsm = dataclasses.replace(svsm, calling_area=areas[0])
    for base, size, kind in found:
        if kind not in _ENTRY_OF:
            raise PackageError(f"unknown section type {kind:#x} in the firmware's SEV metadata")
        if base % PAGE or size % PAGE or base + size > memory.low_top:
            raise PackageError(f"section {base:#x}+{size:#x} of the firmware is not in memory")
        data = secrets_template(svsm) if kind == SECTION_SECRETS else b""
        package.add(_ENTRY_OF[kind], base, size, data, perms)
    return vmsa.reset_vmsa(vmpl)
