# SPDX-License-Identifier: Apache-2.0
"""Direct boot: what the kernel finds (Linux Documentation/arch/x86/boot.rst), with a made-up
bzImage."""

import struct
import unittest

from phalanx_emulate import linux, vmsa
from phalanx_emulate.memory import MIB, Memory
from phalanx_emulate.package import PAGE, EntryType, Package, PackageError

SETUP_SECTS = 4
PAYLOAD = bytes(range(256)) * 64


def bzimage(**fields: int) -> bytes:
    image = bytearray((SETUP_SECTS + 1) * 512)
    image[0x1F1] = SETUP_SECTS
    image[0x201] = 0x6A
    image[0x202:0x206] = b"HdrS"
    values = {"version": 0x20F, "flags": 0x7F, "initrd_max": 0x7FFFFFFF, "cmdline": 2047}
    values |= fields
    struct.pack_into("<H", image, 0x206, values["version"])
    struct.pack_into("<I", image, 0x22C, values["initrd_max"])
    struct.pack_into("<H", image, 0x236, values["flags"])
    struct.pack_into("<I", image, 0x238, values["cmdline"])
    struct.pack_into("<QI", image, 0x258, 0x1000000, 0x2000000)
    return bytes(image) + PAYLOAD


class Guest(unittest.TestCase):
    def setUp(self) -> None:
        self.build(None)

    def build(self, svsm: linux.SvsmFields | None) -> None:
        self.memory = Memory(256 * MIB, 64 * MIB)
        self.package = Package()
        self.memory.add_ram(self.package)
        vmpl = svsm.guest_vmpl if svsm else 0
        self.state = linux.add_linux(
            self.package,
            self.memory,
            vmpl,
            linux.Kernel(bzimage()),
            b"initrd" * 999,
            "console=ttyS0",
            3,
            svsm,
        )

    def read(self, gpa: int, size: int) -> bytes:
        for entry in self.package.entries:
            if entry.type not in (EntryType.RAM, EntryType.USABLE) and entry.gpa <= gpa < entry.end:
                offset = gpa - entry.gpa
                return entry.data.ljust(entry.size, b"\0")[offset : offset + size]
        self.fail(f"nothing at {gpa:#x}")

    def field(self, form: str, gpa: int) -> int:
        return int(struct.unpack(form, self.read(gpa, struct.calcsize(form)))[0])

    def register(self, name: str) -> int:
        return int(struct.unpack_from("<Q", self.state.page, vmsa._REGISTERS[name])[0])

    def e820(self) -> list[tuple[int, int, int]]:
        count = self.read(linux.BOOT_PARAMS + 0x1E8, 1)[0]
        table = self.read(linux.BOOT_PARAMS + 0x2D0, 20 * count)
        return list(struct.iter_unpack("<QQI", table))

    def test_entry(self) -> None:
        self.assertEqual(self.register("rip"), 0x1000200)
        self.assertEqual(self.register("rsi"), linux.BOOT_PARAMS)
        self.assertEqual(self.register("efer"), 0x1D00)
        self.assertEqual(self.register("cr3"), linux.PAGE_TABLES | 1 << 39)
        self.assertEqual(self.read(0x1000000, len(PAYLOAD)), PAYLOAD)
        self.assertEqual(self.read(linux.COMMAND_LINE, 14), b"console=ttyS0\0")

    def test_page_tables(self) -> None:
        """4-level walk of an address in memory and of one above it."""
        for address, private in ((0x1234567, 1), (self.memory.low_top - 1, 1), (0xFEE00000, 0)):
            table = self.register("cr3")
            for shift in (39, 30, 21):
                index = address >> shift & 511
                table = self.field("<Q", (table & 0x7FFFFFF000) + 8 * index)
                self.assertEqual(table & 1, 1)
            self.assertEqual(table & ~((1 << 39) | 0xFFF), address & ~0x1FFFFF)
            self.assertEqual((table >> 39 & 1, table & 0x80), (private, 0x80))

    def test_initrd(self) -> None:
        start, size = struct.unpack("<II", self.read(linux.BOOT_PARAMS + 0x218, 8))
        self.assertEqual(self.read(start, size), b"initrd" * 999)

    def test_cc_blob(self) -> None:
        node = self.field("<Q", linux.BOOT_PARAMS + 0x250)
        following, kind, size = struct.unpack("<QII", self.read(node, 16))
        self.assertEqual((following, kind, size), (0, 7, 4))
        blob = self.read(self.field("<I", node + 16), 40)
        magic, _, _, secrets, length, _, cpuid, cpuid_length, _ = struct.unpack("<IHHQIIQII", blob)
        self.assertEqual((magic, length, cpuid_length), (0x45444D41, PAGE, PAGE))
        kinds = {e.gpa: e.type for e in self.package.entries if e.type != EntryType.RAM}
        self.assertEqual(kinds[secrets], EntryType.SECRETS)
        self.assertEqual(kinds[cpuid], EntryType.CPUID)

    def placed(self) -> set[int]:
        pages: list[int] = []
        for entry in self.package.entries:
            if EntryType.ROM <= entry.type <= EntryType.SHARED:
                pages += range(entry.gpa, entry.end, PAGE)
        self.assertEqual(len(pages), len(set(pages)))
        return set(pages)

    def test_memory_is_valid(self) -> None:
        """Every usable page, page 0 and what the iBFT search reads is valid (clients 1.2, F9)."""
        placed = self.placed()
        for start, size, kind in self.e820():
            if kind == linux.E820_USABLE:
                self.assertLessEqual(set(range(start & ~0xFFF, start + size, PAGE)), placed)
        self.assertIn(0, placed)
        self.assertLessEqual(set(range(0x80000, 0xA0000, PAGE)), placed)
        self.assertLessEqual(set(range(0xC0000, 0x100000, PAGE)), placed)

    def test_e820(self) -> None:
        end = 0
        for start, size, _ in self.e820():
            self.assertGreaterEqual(start, end)
            end = start + size
        self.assertEqual(end, self.memory.low_top)
        reserved = [(a, a + n) for a, n, kind in self.e820() if kind == linux.E820_RESERVED]
        for page in (linux.SECRETS_PAGE, linux.CPUID_PAGE, linux.CALLING_AREA):
            self.assertTrue(any(start <= page < last for start, last in reserved))

    def test_under_svsm(self) -> None:
        base = 240 * MIB
        self.build(linux.SvsmFields(base, 8 * MIB, linux.CALLING_AREA, 2))
        self.assertFalse(self.placed() & set(range(base, base + 8 * MIB, PAGE)))
        self.assertIn((base, 8 * MIB, linux.E820_RESERVED), self.e820())
        fields = struct.unpack("<QQQIB", self.read(linux.SECRETS_PAGE + 0x140, 29))
        self.assertEqual(fields, (base, 8 * MIB, linux.CALLING_AREA, 1, 2))
        self.assertEqual(self.state.page[0xCA], 2)
        for entry in self.package.entries:
            if entry.type != EntryType.RAM:
                self.assertEqual(entry.perms, (15, 15, 15, 0))


class Refused(unittest.TestCase):
    def add(self, image: bytes, initrd: bytes = b"", text: str = "", size: int = 256) -> None:
        memory = Memory(size * MIB, 64 * MIB)
        linux.add_linux(Package(), memory, 0, linux.Kernel(image), initrd, text, 1)

    def test_images(self) -> None:
        old, no_entry = bzimage(version=0x20B), bzimage(flags=0)
        for image in (b"", bytes(8192), bzimage()[:0x300], old, no_entry):
            with self.assertRaises(PackageError):
                self.add(image)

    def test_does_not_fit(self) -> None:
        with self.assertRaises(PackageError):
            self.add(bzimage(), bytes(40 * MIB), size=64)
        with self.assertRaises(PackageError):
            self.add(bzimage(initrd_max=0x37FFFFF), b"x")
        with self.assertRaises(PackageError):
            self.add(bzimage(cmdline=10), text="x" * 11)


if __name__ == "__main__":
    unittest.main()
