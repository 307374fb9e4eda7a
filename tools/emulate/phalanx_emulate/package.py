# SPDX-License-Identifier: Apache-2.0
"""The launch package (emulator/include/launch_abi.h) and its launch digest."""

import dataclasses
import enum
import hashlib
import struct

PAGE = 4096
VERSION = 1
MAGIC = 0x314B4E4C58414850
NR_VMPLS = 4
ALL_RIGHTS = 0x0F

_HEADER = struct.Struct("<QIIIIQQ32s32x")
_ENTRY = struct.Struct("<IIQQQQ4s4x8x")
_PAGE_INFO = struct.Struct("<48s48sHBB4sQ")


class EntryType(enum.IntEnum):
    RAM = 1
    ROM = 2
    NORMAL = 3
    ZERO = 4
    UNMEASURED = 5
    SECRETS = 6
    CPUID = 7
    VMSA = 8
    VALID = 9
    SHARED = 10
    USABLE = 11
    FW_KERNEL = 12
    FW_INITRD = 13
    FW_CMDLINE = 14
    PSP_ROOTS = 15


# Page types of LAUNCH_UPDATE (56860 section 8.17); contents count for NORMAL and VMSA.
_MEASURED = {
    EntryType.ROM: 1,
    EntryType.NORMAL: 1,
    EntryType.VMSA: 2,
    EntryType.ZERO: 3,
    EntryType.UNMEASURED: 4,
    EntryType.SECRETS: 5,
    EntryType.CPUID: 6,
}
_WITH_CONTENTS = (1, 2)
# Data that is not placed in guest memory.
_DATA_TYPES = (
    EntryType.FW_KERNEL,
    EntryType.FW_INITRD,
    EntryType.FW_CMDLINE,
    EntryType.PSP_ROOTS,
)


class PackageError(Exception):
    """Something does not fit together; the text is for the user."""


def round_up(value: int, to: int = PAGE) -> int:
    return (value + to - 1) // to * to


@dataclasses.dataclass
class Entry:
    type: EntryType
    gpa: int
    size: int
    data: bytes
    perms: tuple[int, int, int, int]

    @property
    def end(self) -> int:
        return self.gpa + self.size


def rights_of(vmpl: int) -> tuple[int, int, int, int]:
    """Permission masks of a page that a guest at @vmpl owns: all rights for VMPL 0 to @vmpl."""
    masks = [ALL_RIGHTS if level <= vmpl else 0 for level in range(NR_VMPLS)]
    return masks[0], masks[1], masks[2], masks[3]


@dataclasses.dataclass
class Package:
    start_vmpl: int = 0
    irq_vmpl: int = 0
    policy: int = 0x30000
    seed: int = 1
    host_data: bytes = bytes(32)
    entries: list[Entry] = dataclasses.field(default_factory=list)

    def add(
        self,
        kind: EntryType,
        gpa: int,
        size: int = 0,
        data: bytes = b"",
        perms: tuple[int, int, int, int] | None = None,
    ) -> None:
        """Append an entry; @size 0 means whole pages around @data (no more than it
        where no page is meant)."""
        if size == 0:
            size = len(data) if kind in _DATA_TYPES else round_up(len(data))
        self.entries.append(Entry(kind, gpa, size, data, perms or rights_of(0)))

    def fill_valid(
        self, start: int, end: int, perms: tuple[int, int, int, int] | None = None
    ) -> None:
        """Add VALID entries for all of [start, end) that no placed page covers yet."""
        placed = [e for e in self.entries if EntryType.ROM <= e.type <= EntryType.SHARED]
        for entry in sorted(placed, key=lambda e: e.gpa):
            if entry.end <= start or entry.gpa >= end:
                continue
            if entry.gpa > start:
                self.add(EntryType.VALID, start, entry.gpa - start, perms=perms)
            start = entry.end
        if start < end:
            self.add(EntryType.VALID, start, end - start, perms=perms)

    def to_bytes(self) -> bytes:
        header = _HEADER.pack(
            MAGIC,
            VERSION,
            len(self.entries),
            self.start_vmpl,
            self.irq_vmpl,
            self.policy,
            self.seed,
            self.host_data,
        )
        offset = round_up(len(header) + _ENTRY.size * len(self.entries))
        table, blobs = [header], []
        for e in self.entries:
            at = offset if e.data else 0
            table.append(_ENTRY.pack(e.type, 0, e.gpa, e.size, at, len(e.data), bytes(e.perms)))
            blob = e.data.ljust(round_up(len(e.data)), b"\0")
            blobs.append(blob)
            offset += len(blob)
        head = b"".join(table)
        return head.ljust(round_up(len(head)), b"\0") + b"".join(blobs)

    def digest(self) -> bytes:
        """Launch digest of the pages that the firmware measures, in the order of the entries."""
        current = bytes(48)
        for entry in self.entries:
            if entry.type in _MEASURED:
                current = _extend(current, entry)
        return current


def _extend(current: bytes, entry: Entry) -> bytes:
    kind = _MEASURED[entry.type]
    perms = bytes((0,) + entry.perms[1:])
    for offset in range(0, entry.size, PAGE):
        contents = bytes(48)
        if kind in _WITH_CONTENTS:
            page = entry.data[offset : offset + PAGE].ljust(PAGE, b"\0")
            contents = hashlib.sha384(page).digest()
        info = _PAGE_INFO.pack(
            current, contents, _PAGE_INFO.size, kind, 0, perms, entry.gpa + offset
        )
        current = hashlib.sha384(info).digest()
    return current
