# SPDX-License-Identifier: Apache-2.0
"""ACPI tables of QEMU's q35 machine as far as a guest needs them (ACPI 6.5 chapter 5)."""

import struct

from . import aml

OEM_ID = b"PHALNX"
OEM_TABLE = b"EMULATOR"
IOAPIC_BASE = 0xFEC00000
LAPIC_BASE = 0xFEE00000
PM_BASE = 0x600
SCI = 9
# Below the IOAPIC and above where q35 ends memory and its configuration space.
PCI_WINDOW = (0xC0000000, 0xFEBFFFFF)
# Below the C-bit.
PCI_WINDOW_64 = (0x2000000000, 0x3FFFFFFFFF)


def _checksum(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([-sum(data) & 0xFF]) + data[at + 1 :]


def _table(signature: bytes, revision: int, body: bytes) -> bytes:
    header = struct.pack(
        "<4sIBB6s8sI4sI",
        signature,
        36 + len(body),
        revision,
        0,
        OEM_ID,
        OEM_TABLE,
        1,
        b"PHLX",
        1,
    )
    return _checksum(header + body, 9)


def _dsdt() -> bytes:
    zero = aml.integer(0)
    host_bridge = aml.device(
        "PCI0",
        aml.name("_HID", aml.eisa_id("PNP0A08")),
        aml.name("_CID", aml.eisa_id("PNP0A03")),
        aml.name("_UID", zero),
        aml.name("_BBN", zero),
        aml.name(
            "_CRS",
            aml.resources(
                aml.bus_window(0, 255),
                aml.io_port(0xCF8, 8),
                aml.io_window(0, 0xCF7),
                aml.io_window(0xD00, 0xFFFF),
                aml.memory_window(*PCI_WINDOW),
                aml.memory_window(*PCI_WINDOW_64, cacheable=True),
            ),
        ),
    )
    com1 = aml.device(
        "COM1",
        aml.name("_HID", aml.eisa_id("PNP0501")),
        aml.name("_UID", aml.integer(1)),
        aml.name("_CRS", aml.resources(aml.io_port(0x3F8, 8), aml.irq(4))),
    )
    # Sleep type 0 of ICH9's PM1 control register is soft-off.
    soft_off = aml.name("\\_S5", aml.package(zero, zero, zero, zero))
    return _table(b"DSDT", 2, soft_off + aml.scope("_SB", host_bridge, com1))


def _register(address: int, bits: int, access: int) -> bytes:
    """Generic address structure in I/O space."""
    return struct.pack("<BBBBQ", 1, bits, 0, access, address)


def _fadt(dsdt: int) -> bytes:
    none = bytes(12)
    body = bytearray(276 - 36)

    def put(offset: int, data: bytes) -> None:
        body[offset - 36 : offset - 36 + len(data)] = data

    put(40, struct.pack("<I", dsdt))
    put(46, struct.pack("<H", SCI))
    # No SMI command: ACPI mode is always on.
    put(56, struct.pack("<IIII", PM_BASE, 0, PM_BASE + 4, 0))
    put(76, struct.pack("<I", PM_BASE + 8))
    put(88, bytes([4, 2, 0, 4]))
    # No C2 and C3.
    put(96, struct.pack("<HH", 0xFFF, 0xFFF))
    # Legacy devices, no VGA. Flags: WBINVD, C1 everywhere, no buttons, reset register.
    put(109, struct.pack("<H", 0x0005))
    put(112, struct.pack("<I", 1 << 0 | 1 << 2 | 1 << 4 | 1 << 5 | 1 << 10))
    put(116, _register(0xCF9, 8, 1) + b"\x0f")
    put(140, struct.pack("<Q", dsdt))
    put(148, _register(PM_BASE, 32, 2) + none)
    put(172, _register(PM_BASE + 4, 16, 2) + none)
    put(208, _register(PM_BASE + 8, 32, 3))
    return _table(b"FACP", 6, bytes(body))


def _madt(cpus: int) -> bytes:
    body = struct.pack("<II", LAPIC_BASE, 1)
    for cpu in range(cpus):
        body += struct.pack("<BBBBI", 0, 8, cpu, cpu, 1)
    body += struct.pack("<BBBBII", 1, 12, 0, 0, IOAPIC_BASE, 0)
    # The PIT is on pin 2; the SCI is level-triggered, active high.
    body += struct.pack("<BBBBIH", 2, 10, 0, 0, 2, 0)
    body += struct.pack("<BBBBIH", 2, 10, 0, SCI, SCI, 0x000D)
    body += struct.pack("<BBBHB", 4, 6, 0xFF, 0, 1)
    return _table(b"APIC", 5, body)


def build(base: int, cpus: int) -> tuple[int, bytes]:
    """Tables for @cpus processors, to lie at @base; returns address of the RSDP, and bytes."""
    blob = bytearray(64)

    def place(table: bytes) -> int:
        blob.extend(bytes(-len(blob) % 16))
        at = base + len(blob)
        blob.extend(table)
        return at

    dsdt = place(_dsdt())
    tables = [place(_fadt(dsdt)), place(_madt(cpus))]
    xsdt = place(_table(b"XSDT", 1, struct.pack(f"<{len(tables)}Q", *tables)))
    rsdp = struct.pack("<8sB6sBIIQB3x", b"RSD PTR ", 0, OEM_ID, 2, 0, 36, xsdt, 0)
    rsdp = _checksum(rsdp[:20], 8) + rsdp[20:]
    blob[:36] = _checksum(rsdp, 32)
    return base, bytes(blob)
