# SPDX-License-Identifier: Apache-2.0
"""Boot VMSAs (AMD64 APM vol. 2, table B-4)."""

import struct

from .package import PAGE

C_BIT = 1 << 39
SVME = 1 << 12
PAT_RESET = 0x0007040600070406
# Family, model and stepping that a reset leaves in RDX (Milan, as QEMU's EPYC-Milan).
CPU_SIGNATURE = 0xA00F11

_SEGMENTS = {
    "es": 0x00, "cs": 0x10, "ss": 0x20, "ds": 0x30, "fs": 0x40, "gs": 0x50,
    "gdtr": 0x60, "ldtr": 0x70, "idtr": 0x80, "tr": 0x90,
}  # fmt: skip
_REGISTERS = {
    "efer": 0xD0, "cr4": 0x148, "cr3": 0x150, "cr0": 0x158, "dr7": 0x160, "dr6": 0x168,
    "rflags": 0x170, "rip": 0x178, "rsp": 0x1D8, "rax": 0x1F8, "g_pat": 0x268,
    "rcx": 0x308, "rdx": 0x310, "rbx": 0x318, "rbp": 0x328, "rsi": 0x330, "rdi": 0x338,
    "r8": 0x340, "r9": 0x348, "sev_features": 0x3B0, "xcr0": 0x3E8,
}  # fmt: skip


class Vmsa:
    """A VMSA page under construction, with what both kinds of start have in common."""

    def __init__(self, vmpl: int) -> None:
        self.page = bytearray(PAGE)
        self.page[0xCA] = vmpl
        self.set(dr6=0xFFFF0FF0, dr7=0x400, rflags=2, g_pat=PAT_RESET, xcr0=1, sev_features=1)
        struct.pack_into("<I", self.page, 0x408, 0x1F80)  # MXCSR
        struct.pack_into("<H", self.page, 0x410, 0x37F)  # x87 control word
        self.segment("tr", 0, 0x8B, 0xFFFF)
        self.segment("ldtr", 0, 0x82, 0xFFFF)

    def set(self, **values: int) -> None:
        for name, value in values.items():
            struct.pack_into("<Q", self.page, _REGISTERS[name], value)

    def segment(self, name: str, selector: int, attr: int, limit: int, base: int = 0) -> None:
        struct.pack_into("<HHIQ", self.page, _SEGMENTS[name], selector, attr, limit, base)

    def to_bytes(self) -> bytes:
        return bytes(self.page)


def reset_vmsa(vmpl: int) -> Vmsa:
    """A processor after reset, at the reset vector in real mode."""
    vmsa = Vmsa(vmpl)
    for name in ("es", "ss", "ds", "fs", "gs"):
        vmsa.segment(name, 0, 0x93, 0xFFFF)
    vmsa.segment("cs", 0xF000, 0x9B, 0xFFFF, 0xFFFF0000)
    vmsa.segment("gdtr", 0, 0, 0xFFFF)
    vmsa.segment("idtr", 0, 0, 0xFFFF)
    vmsa.set(efer=SVME, cr0=0x10, rip=0xFFF0, rdx=CPU_SIGNATURE)
    return vmsa


CODE_SELECTOR = 0x10
DATA_SELECTOR = 0x18


def gdt() -> bytes:
    """Flat segments at CODE_SELECTOR and DATA_SELECTOR."""
    return struct.pack("<QQQQ", 0, 0, 0x00AF9B000000FFFF, 0x00CF93000000FFFF)


def long_mode_vmsa(vmpl: int, gdt_gpa: int, tables: int, entry: int) -> Vmsa:
    """64-bit mode with flat segments, interrupts off, page tables at @tables."""
    vmsa = Vmsa(vmpl)
    for name in ("es", "ss", "ds", "fs", "gs"):
        vmsa.segment(name, DATA_SELECTOR, 0xC93, 0xFFFFFFFF)
    vmsa.segment("cs", CODE_SELECTOR, 0x29B, 0xFFFFFFFF)
    vmsa.segment("gdtr", 0, 0, len(gdt()) - 1, gdt_gpa)
    vmsa.set(efer=SVME | 0xD00, cr0=0x80000011, cr4=0x20, cr3=tables | C_BIT, rip=entry)
    return vmsa


TABLE_BYTES = 6 * PAGE


def identity_tables(at: int, private_top: int) -> bytes:
    """Page tables for @at: the first 4 GiB one to one in 2 MiB pages, private below @private_top,
    shared above."""
    pml4 = [at + PAGE | C_BIT | 3] + [0] * 511
    pdpt = [at + (2 + i) * PAGE | C_BIT | 3 for i in range(4)] + [0] * 508
    leaves = []
    for base in range(0, 1 << 32, 2 << 20):
        leaves.append(base | 0x83 | (C_BIT if base < private_top else 0))
    return struct.pack("<3072Q", *pml4, *pdpt, *leaves)
