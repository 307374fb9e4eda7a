# SPDX-License-Identifier: Apache-2.0
"""ACPI tables: found from the RSDP, sums and lengths right, contents as ACPI 6.5 has them."""

import struct
import unittest

from phalanx_emulate import acpi, aml

BASE = 0x1FFF0000


class Tables(unittest.TestCase):
    def setUp(self) -> None:
        self.rsdp, self.blob = acpi.build(BASE, 5)

    def table(self, address: int) -> bytes:
        offset = address - BASE
        length = struct.unpack_from("<I", self.blob, offset + 4)[0]
        data = self.blob[offset : offset + length]
        self.assertEqual((len(data), sum(data) % 256), (length, 0))
        return data

    def tables(self) -> dict[bytes, bytes]:
        rsdp = self.blob[self.rsdp - BASE :][:36]
        self.assertEqual(rsdp[:8], b"RSD PTR ")
        self.assertEqual((sum(rsdp[:20]) % 256, sum(rsdp) % 256, rsdp[15]), (0, 0, 2))
        xsdt = self.table(struct.unpack_from("<Q", rsdp, 24)[0])
        found = [self.table(address) for (address,) in struct.iter_unpack("<Q", xsdt[36:])]
        return {data[:4]: data for data in found}

    def test_fadt(self) -> None:
        fadt = self.tables()[b"FACP"]
        self.assertEqual(len(fadt), 276)
        self.assertEqual(struct.unpack_from("<II", fadt, 56)[0], 0x600)
        self.assertEqual(struct.unpack_from("<I", fadt, 64)[0], 0x604)
        self.assertEqual(struct.unpack_from("<I", fadt, 76)[0], 0x608)
        self.assertEqual(struct.unpack_from("<H", fadt, 46)[0], 9)
        self.assertEqual(self.table(struct.unpack_from("<Q", fadt, 140)[0])[:4], b"DSDT")
        self.assertEqual(struct.unpack_from("<Q", fadt, 152)[0], 0x600)
        self.assertEqual(struct.unpack_from("<Q", fadt, 176)[0], 0x604)
        self.assertEqual(struct.unpack_from("<Q", fadt, 212)[0], 0x608)

    def test_madt(self) -> None:
        madt, at, kinds = self.tables()[b"APIC"], 44, []
        while at < len(madt):
            kinds.append(madt[at])
            if madt[at] == 0:
                self.assertEqual(madt[at + 3], kinds.count(0) - 1)
            at += madt[at + 1]
        self.assertEqual(at, len(madt))
        self.assertEqual((kinds.count(0), kinds.count(1)), (5, 1))

    def test_dsdt(self) -> None:
        fadt = self.tables()[b"FACP"]
        dsdt = self.table(struct.unpack_from("<I", fadt, 40)[0])
        self.assertIn(b"\x08\\_S5_\x12\x06\x04\x00\x00\x00\x00", dsdt)
        self.assertIn(b"_HID" + bytes.fromhex("0c41d00a08"), dsdt)
        self.assertIn(b"_HID" + bytes.fromhex("0c41d00501"), dsdt)


class Encoding(unittest.TestCase):
    """PkgLength (ACPI 6.5 section 20.2.4) and integers (20.2.3)."""

    def test_package_length(self) -> None:
        for body, expected in ((0x3E, "3f"), (0x3F, "4104"), (0xFFD, "4fff"), (0xFFE, "810001")):
            encoded = aml.scope("_SB", bytes(body - 5))
            self.assertEqual(encoded[1 : 1 + len(expected) // 2].hex(), expected)
            self.assertEqual(len(encoded), 1 + len(expected) // 2 + body)

    def test_integer(self) -> None:
        for value, expected in (
            (0, "00"),
            (1, "01"),
            (2, "0a02"),
            (0x100, "0b0001"),
            (0x10000, "0c00000100"),
            (1 << 32, "0e0000000001000000"),
        ):
            self.assertEqual(aml.integer(value).hex(), expected)


if __name__ == "__main__":
    unittest.main()
