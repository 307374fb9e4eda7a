# SPDX-License-Identifier: Apache-2.0
"""
Images that start in 64-bit mode: a test guest that owns the machine, or an SVSM with a guest for a
lower VMPL. Both find the first 4 GiB mapped one to one (memory private, the rest shared), flat
segments, interrupts off, and, besides a stack in RSP:

  RDI  gPA of the secrets page
  RSI  gPA of the CPUID page
  RDX  first byte above memory below 4 GiB (test guest) or above the SVSM's range (SVSM)
  RCX  number of processors (test guest) or first byte of the SVSM's range (SVSM)
  R8   gPA of a page with that guest's registers in the format of a VMSA, 0 if there is none
  R9   VMPL of that guest
"""

import dataclasses
from collections.abc import Callable

from . import elf, vmsa
from .linux import CALLING_AREA, SvsmFields
from .memory import LOW_END, MIB, Memory
from .package import PAGE, EntryType, Package, PackageError, round_up

# Pages in front of what the image itself needs, in this order.
STACK_BYTES = 4 * PAGE
SUPPORT_BYTES = STACK_BYTES + vmsa.TABLE_BYTES + 3 * PAGE
TEST_SUPPORT = 0x40000


@dataclasses.dataclass(frozen=True)
class Support:
    """Pages that every such image is given."""

    at: int

    @property
    def stack_top(self) -> int:
        return self.at + STACK_BYTES

    @property
    def tables(self) -> int:
        return self.stack_top

    @property
    def gdt(self) -> int:
        return self.tables + vmsa.TABLE_BYTES

    @property
    def secrets(self) -> int:
        return self.gdt + PAGE

    @property
    def cpuid(self) -> int:
        return self.secrets + PAGE

    def add(self, package: Package, memory: Memory) -> None:
        package.add(EntryType.ZERO, self.at, STACK_BYTES)
        tables = vmsa.identity_tables(self.tables, round_up(memory.low_top, 2 * MIB))
        package.add(EntryType.NORMAL, self.tables, data=tables)
        package.add(EntryType.NORMAL, self.gdt, data=vmsa.gdt())
        package.add(EntryType.SECRETS, self.secrets, PAGE)
        package.add(EntryType.CPUID, self.cpuid, PAGE)

    def start(self, entry: int) -> vmsa.Vmsa:
        state = vmsa.long_mode_vmsa(0, self.gdt, self.tables, entry)
        state.set(rsp=self.stack_top, rdi=self.secrets, rsi=self.cpuid)
        return state


def _add_segments(package: Package, image: elf.Image, start: int, end: int) -> None:
    for segment in image.segments:
        if segment.gpa < start or segment.gpa + segment.size > end:
            raise PackageError(
                f"segment {segment.gpa:#x}+{segment.size:#x} of the image is not in "
                f"{start:#x}..{end:#x}"
            )
        package.add(EntryType.NORMAL, segment.gpa, segment.size, segment.data)


def add_test_guest(package: Package, memory: Memory, data: bytes, cpus: int) -> vmsa.Vmsa:
    """Place a test guest at VMPL0. No page is validated but those that are measured."""
    image = elf.parse(data)
    support = Support(TEST_SUPPORT)
    if TEST_SUPPORT + SUPPORT_BYTES > LOW_END:
        raise PackageError("no room for the page tables")
    support.add(package, memory)
    _add_segments(package, image, MIB, memory.low_top)
    state = support.start(image.entry)
    state.set(rdx=memory.low_top, rcx=cpus)
    return state


@dataclasses.dataclass(frozen=True)
class SvsmImage:
    """An SVSM for [@base, @base + @size): support pages first, then its ELF segments where they are
    linked, or a raw image, which is entered at its first byte."""

    data: bytes
    base: int
    size: int

    def add(self, package: Package, memory: Memory, guest: vmsa.Vmsa, vmpl: int) -> vmsa.Vmsa:
        if self.base % PAGE or self.size % PAGE or self.base + self.size > memory.low_top:
            raise PackageError("the SVSM's range is not in memory below 4 GiB")
        support = Support(self.base)
        guest_state = support.cpuid + PAGE
        first = guest_state + PAGE
        if elf.is_elf(self.data):
            image = elf.parse(self.data)
        else:
            blob = elf.Segment(first, round_up(len(self.data)), self.data)
            image = elf.Image(first, [blob])
        support.add(package, memory)
        package.add(EntryType.NORMAL, guest_state, data=guest.to_bytes())
        _add_segments(package, image, first, self.base + self.size)
        state = support.start(image.entry)
        state.set(rcx=self.base, rdx=self.base + self.size, r8=guest_state, r9=vmpl)
        return state


def add_svsm(
    package: Package,
    memory: Memory,
    svsm: SvsmImage,
    vmpl: int,
    add_guest: Callable[[SvsmFields], vmsa.Vmsa],
) -> vmsa.Vmsa:
    """Place the SVSM and the guest that @add_guest places for it; returns the VMSA of VMPL0. The
    guest's own secrets and CPUID pages are left to the SVSM: zeros, at the addresses that the
    guest expects."""
    fields = SvsmFields(svsm.base, svsm.size, CALLING_AREA, vmpl)
    guest = add_guest(fields)
    for entry in package.entries:
        if entry.type == EntryType.SECRETS:
            entry.type = EntryType.NORMAL
        elif entry.type == EntryType.CPUID:
            entry.type = EntryType.ZERO
    return svsm.add(package, memory, guest, vmpl)
