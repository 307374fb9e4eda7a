# SPDX-License-Identifier: Apache-2.0
"""ELF images as test guests and as SVSMs."""

import random
import struct
import unittest

from phalanx_emulate import elf, image, linux, vmsa
from phalanx_emulate.memory import MIB, Memory
from phalanx_emulate.package import PAGE, EntryType, Package, PackageError


def elf64(segments: list[tuple[int, bytes, int]], entry: int) -> bytes:
    head = struct.pack(
        "<16sHHIQQQIHHHHHH",
        b"\x7fELF\x02\x01\x01",
        2, 62, 1, entry, 64, 0, 0, 64, 56, len(segments), 0, 0, 0,
    )  # fmt: skip
    at = 64 + 56 * len(segments)
    table = body = b""
    for gpa, data, size in segments:
        table += struct.pack("<IIQQQQQQ", 1, 7, at + len(body), gpa, gpa, len(data), size, PAGE)
        body += data
    return head + table + body


SAMPLE = elf64([(2 * MIB + 0x800, b"code", 4), (2 * MIB + 0x900, b"data", 0x3000)], 2 * MIB + 0x800)


class Parse(unittest.TestCase):
    def test_shared_page(self) -> None:
        parsed = elf.parse(SAMPLE)
        self.assertEqual(parsed.entry, 2 * MIB + 0x800)
        (segment,) = parsed.segments
        self.assertEqual((segment.gpa, segment.size), (2 * MIB, 0x4000))
        self.assertEqual(segment.data[0x800:0x804], b"code")
        self.assertEqual(segment.data[0x900:0x904], b"data")
        self.assertEqual(sum(segment.data), sum(b"codedata"))

    def test_damaged(self) -> None:
        """Refused or harmless, never another exception. Fixed seed."""
        source = random.Random(6)
        for _ in range(3000):
            data = bytearray(SAMPLE)
            for _ in range(source.randint(1, 3)):
                data[source.randrange(64 + 2 * 56)] = source.randrange(256)
            if source.random() < 0.3:
                del data[source.randrange(len(data)) :]
            package = Package()
            try:
                image.add_test_guest(package, Memory(64 * MIB, 64 * MIB), bytes(data), 1)
            except PackageError:
                continue
            for entry in package.entries:
                self.assertLessEqual(entry.end, 64 * MIB)


class TestGuest(unittest.TestCase):
    def test_start(self) -> None:
        package = Package()
        memory = Memory(64 * MIB, 64 * MIB)
        state = image.add_test_guest(package, memory, SAMPLE, 4)
        kinds = {e.gpa: e for e in package.entries}

        def register(name: str) -> int:
            return int(struct.unpack_from("<Q", state.page, vmsa._REGISTERS[name])[0])

        self.assertEqual(kinds[register("rdi")].type, EntryType.SECRETS)
        self.assertEqual(kinds[register("rsi")].type, EntryType.CPUID)
        self.assertEqual((register("rdx"), register("rcx")), (64 * MIB, 4))
        self.assertEqual(register("rip"), 2 * MIB + 0x800)
        stack = kinds[register("rsp") - image.STACK_BYTES]
        self.assertEqual((stack.type, stack.size), (EntryType.ZERO, image.STACK_BYTES))
        self.assertNotIn(EntryType.VALID, {e.type for e in package.entries})


class Svsm(unittest.TestCase):
    def build(self, data: bytes) -> tuple[Package, vmsa.Vmsa]:
        package = Package()
        memory = Memory(64 * MIB, 64 * MIB)

        def guest(fields: linux.SvsmFields) -> vmsa.Vmsa:
            package.add(EntryType.SECRETS, 0x8000, data=linux.secrets_template(fields))
            package.add(EntryType.CPUID, 0x9000, PAGE)
            return vmsa.reset_vmsa(fields.guest_vmpl)

        svsm = image.SvsmImage(data, 32 * MIB, MIB)
        return package, image.add_svsm(package, memory, svsm, 2, guest)

    def test_raw(self) -> None:
        package, state = self.build(b"raw image")
        secrets = [e.gpa for e in package.entries if e.type == EntryType.SECRETS]
        self.assertEqual(len(secrets), 1)
        self.assertGreaterEqual(secrets[0], 32 * MIB)
        entry = struct.unpack_from("<Q", state.page, vmsa._REGISTERS["rip"])[0]
        (code,) = [e for e in package.entries if e.data == b"raw image"]
        self.assertEqual((code.gpa, state.page[0xCA]), (entry, 0))
        guest_at = struct.unpack_from("<Q", state.page, vmsa._REGISTERS["r8"])[0]
        (guest,) = [e for e in package.entries if e.gpa == guest_at]
        self.assertEqual((guest.type, guest.data[0xCA]), (EntryType.NORMAL, 2))

    def test_outside_its_range(self) -> None:
        with self.assertRaises(PackageError):
            self.build(SAMPLE)


if __name__ == "__main__":
    unittest.main()
