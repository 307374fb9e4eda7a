# SPDX-License-Identifier: Apache-2.0
"""Format and digest of launch packages (emulator/include/launch_abi.h, rmp-semantics 10)."""

import struct
import unittest

from phalanx_emulate.memory import MIB, Memory
from phalanx_emulate.package import PAGE, EntryType, Package, PackageError, rights_of

NO_RIGHTS = (0, 0, 0, 0)


class Digest(unittest.TestCase):
    """Known answers of rmp-semantics 10.6."""

    def check(self, expected: str, *pages: tuple[EntryType, int, bytes]) -> None:
        package = Package()
        for kind, gpa, data in pages:
            package.add(kind, gpa, PAGE, data, NO_RIGHTS)
        self.assertEqual(package.digest().hex(), expected)

    def test_normal(self) -> None:
        self.check(
            "e6e4d78904d9d6b33c0cbfd121998fd2d11744dae606b3aee35e2a45d6869b60"
            "b35c63928a9232bef72d6be386f48ec6",
            (EntryType.NORMAL, 0x1000, b""),
        )

    def test_zero(self) -> None:
        self.check(
            "7932387106e3d881f27a5143d6712388e06cabccfc6ef0b892d75dd1050e6d9c"
            "129b10c0da7ae011502726677b1048f4",
            (EntryType.ZERO, 0x100000000, b""),
            (EntryType.ZERO, 0x100001000, b""),
        )

    def test_secrets_and_cpuid(self) -> None:
        self.check(
            "a00c414b6e609c925f09d927c122d418d505220be0fa2c4fd50607a713e4f63a"
            "51b7f1dbb69e1232f267125ce6b0071e",
            (EntryType.SECRETS, 0x8000, b"not measured"),
            (EntryType.CPUID, 0x9000, b""),
        )

    def test_not_measured(self) -> None:
        self.check(
            "00" * 48,
            (EntryType.VALID, 0x1000, b""),
            (EntryType.SHARED, 0x2000, b"x"),
            (EntryType.RAM, 0, b""),
        )


class Format(unittest.TestCase):
    def test_bytes(self) -> None:
        package = Package(start_vmpl=1, irq_vmpl=2, seed=9)
        package.add(EntryType.RAM, 0, 4 * MIB)
        package.add(EntryType.NORMAL, 0x5000, data=b"abc", perms=rights_of(1))
        package.add(EntryType.FW_CMDLINE, 0, data=b"quiet\0")
        data = package.to_bytes()
        self.assertEqual(struct.unpack_from("<QIIIIQQ", data)[:5], (0x314B4E4C58414850, 1, 3, 1, 2))
        self.assertEqual(struct.unpack_from("<QQ", data, 24), (0x30000, 9))
        kind, flags, gpa, size, offset, length, perms = struct.unpack_from(
            "<IIQQQQ4s", data, 0x68 + 56
        )
        self.assertEqual((kind, flags, gpa, size, length), (3, 0, 0x5000, PAGE, 3))
        self.assertEqual(perms, bytes((15, 15, 0, 0)))
        self.assertEqual((offset % PAGE, data[offset : offset + 3]), (0, b"abc"))
        self.assertEqual(struct.unpack_from("<QQQ", data, 0x68 + 2 * 56 + 8)[:2], (0, 6))
        self.assertEqual(len(data) % PAGE, 0)

    def test_fill_valid(self) -> None:
        package = Package()
        package.add(EntryType.RAM, 0, 16 * PAGE)
        package.add(EntryType.ZERO, 9 * PAGE, PAGE)
        package.add(EntryType.ZERO, 3 * PAGE, 2 * PAGE)
        package.add(EntryType.ZERO, 0, PAGE)
        package.fill_valid(0, 16 * PAGE)
        pages: list[int] = []
        for entry in package.entries[1:]:
            pages += range(entry.gpa // PAGE, entry.end // PAGE)
        self.assertEqual(sorted(pages), list(range(16)))


class Layout(unittest.TestCase):
    def test_small(self) -> None:
        memory = Memory(512 * MIB, 80 * MIB)
        self.assertEqual((memory.low_top, memory.high_bytes), (512 * MIB, 0))

    def test_split(self) -> None:
        """q35 has 2 GiB below 4 GiB once there is more than 2816 MiB."""
        memory = Memory(4096 * MIB, 100 * MIB)
        self.assertEqual((memory.low_top, memory.high_bytes), (1948 * MIB, 2148 * MIB))
        self.assertEqual(memory.total - 2048 * MIB, memory.high_bytes)

    def test_refused(self) -> None:
        for size in (0, 62 * MIB, 65 * MIB, 64 * MIB + PAGE):
            with self.assertRaises(PackageError):
                Memory(size, 64 * MIB)


class PspRoots(unittest.TestCase):
    def test_not_measured_and_not_padded(self) -> None:
        package = Package()
        package.add(EntryType.ZERO, 0x1000, PAGE)
        before = package.digest()
        package.add(EntryType.PSP_ROOTS, 0, data=b"roots")
        self.assertEqual(package.digest(), before)
        data = package.to_bytes()
        entry = struct.unpack_from("<IIQQQQ", data, 0x68 + 56)
        self.assertEqual(entry[:4] + entry[5:], (15, 0, 0, 5, 5))
        self.assertEqual(data[entry[4] : entry[4] + 5], b"roots")


if __name__ == "__main__":
    unittest.main()
