# SPDX-License-Identifier: Apache-2.0
"""SEV metadata of firmware images, with a made-up image; and images that are damaged."""

import random
import struct
import unittest
import uuid

from phalanx_emulate import linux, ovmf
from phalanx_emulate.memory import GIB4, MIB, Memory
from phalanx_emulate.package import EntryType, Package, PackageError

SECTIONS = [
    (0x800000, 0x9000, 1),
    (0x80D000, 0x1000, 2),
    (0x80E000, 0x1000, 3),
    (0x80F000, 0x1000, 4),
    (0x810000, 0x1000, 0x10),
]
SIZE = 0x10000
METADATA_AT = 0x8000


def guid(text: str) -> bytes:
    return uuid.UUID(text).bytes_le


def firmware() -> bytes:
    image = bytearray(SIZE)
    packed = b"".join(struct.pack("<III", *s) for s in SECTIONS)
    head = struct.pack("<4sIII", b"ASEV", 16 + len(packed), 1, len(SECTIONS))
    image[METADATA_AT : METADATA_AT + len(head + packed)] = head + packed
    entries = struct.pack("<IH", 0xFFF0, 22) + guid("00f771de-1a7e-4fcb-890e-68c77e2fb44e")
    entries += struct.pack("<IH", SIZE - METADATA_AT, 22)
    entries += guid("dc886566-984a-4798-a75e-5585a7bf67cc")
    table = entries + struct.pack("<H", len(entries) + 18)
    table += guid("96b582de-1fb2-45f7-baea-a366c55a082d")
    image[SIZE - 32 - len(table) : SIZE - 32] = table
    return bytes(image)


class Metadata(unittest.TestCase):
    def test_sections(self) -> None:
        self.assertEqual(ovmf.sections(firmware()), SECTIONS)

    def test_entries(self) -> None:
        package = Package()
        state = ovmf.add_ovmf(package, Memory(64 * MIB, 64 * MIB), 0, firmware())
        found = [(e.type, e.gpa, e.size) for e in package.entries]
        self.assertEqual(
            found,
            [
                (EntryType.ROM, GIB4 - SIZE, SIZE),
                (EntryType.ZERO, 0x800000, 0x9000),
                (EntryType.SECRETS, 0x80D000, 0x1000),
                (EntryType.CPUID, 0x80E000, 0x1000),
                (EntryType.ZERO, 0x80F000, 0x1000),
                (EntryType.ZERO, 0x810000, 0x1000),
            ],
        )
        # the reset vector: CS base 0xffff0000, IP 0xfff0, real mode, EFER.SVME
        self.assertEqual(struct.unpack_from("<HHIQ", state.page, 0x10)[3], 0xFFFF0000)
        self.assertEqual(struct.unpack_from("<Q", state.page, 0x178)[0], 0xFFF0)
        self.assertEqual(struct.unpack_from("<Q", state.page, 0x158)[0] & 1, 0)
        self.assertEqual(struct.unpack_from("<Q", state.page, 0xD0)[0], 0x1000)

    def test_under_svsm(self) -> None:
        """The secrets page names the calling area that the firmware has reserved."""
        package = Package()
        fields = linux.SvsmFields(0x3000000, MIB, linux.CALLING_AREA, 2)
        ovmf.add_ovmf(package, Memory(64 * MIB, 64 * MIB), 2, firmware(), fields)
        secrets = next(e for e in package.entries if e.type == EntryType.SECRETS)
        self.assertEqual(
            struct.unpack_from("<QQQIB", secrets.data, 0x140), (0x3000000, MIB, 0x80F000, 1, 2)
        )


class Damaged(unittest.TestCase):
    def add(self, image: bytes) -> None:
        ovmf.add_ovmf(Package(), Memory(64 * MIB, 64 * MIB), 0, image)

    def test_not_firmware(self) -> None:
        for image in (b"", bytes(100), bytes(4096), bytes(32 * MIB)):
            with self.assertRaises(PackageError):
                self.add(image)

    def test_section_outside_memory(self) -> None:
        image = bytearray(firmware())
        struct.pack_into("<I", image, METADATA_AT + 16, 0x4000000)
        with self.assertRaises(PackageError):
            self.add(bytes(image))

    def test_random(self) -> None:
        """Damage is refused or harmless, never another exception. Fixed seed."""
        source = random.Random(5)
        good, refused = firmware(), 0
        places = list(range(METADATA_AT, METADATA_AT + 76)) + list(range(SIZE - 100, SIZE - 32))
        for _ in range(3000):
            image = bytearray(good)
            for _ in range(source.randint(1, 3)):
                image[source.choice(places)] = source.randrange(256)
            try:
                self.add(bytes(image))
            except PackageError:
                refused += 1
        self.assertTrue(0 < refused < 3000)


if __name__ == "__main__":
    unittest.main()
