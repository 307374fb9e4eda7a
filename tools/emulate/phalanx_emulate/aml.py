# SPDX-License-Identifier: Apache-2.0
"""As much of ACPI's byte code (ACPI 6.5 chapter 20) and resource descriptors (6.4) as the DSDT
needs."""

import struct


def _length(body: bytes) -> bytes:
    """PkgLength, which counts itself."""
    for extra in range(4):
        total = len(body) + 1 + extra
        if extra == 0 and total < 0x40:
            return bytes([total])
        if extra and total < 1 << (4 + 8 * extra):
            high = (total >> 4).to_bytes(extra, "little")
            return bytes([extra << 6 | total & 15]) + high
    raise ValueError("AML block too long")


def integer(value: int) -> bytes:
    if value in (0, 1):
        return bytes([value])
    for prefix, size in ((0x0A, 1), (0x0B, 2), (0x0C, 4), (0x0E, 8)):
        if value < 1 << 8 * size:
            return bytes([prefix]) + value.to_bytes(size, "little")
    raise ValueError("AML integer too large")


def _segment(text: str) -> bytes:
    return text.ljust(4, "_").encode("ascii")


def name(path: str, value: bytes) -> bytes:
    root = b"\\" if path.startswith("\\") else b""
    return b"\x08" + root + _segment(path.lstrip("\\")) + value


def package(*items: bytes) -> bytes:
    body = bytes([len(items)]) + b"".join(items)
    return b"\x12" + _length(body) + body


def buffer(data: bytes) -> bytes:
    body = integer(len(data)) + data
    return b"\x11" + _length(body) + body


def device(segment: str, *terms: bytes) -> bytes:
    body = _segment(segment) + b"".join(terms)
    return b"\x5b\x82" + _length(body) + body


def scope(segment: str, *terms: bytes) -> bytes:
    body = b"\\" + _segment(segment) + b"".join(terms)
    return b"\x10" + _length(body) + body


def eisa_id(text: str) -> bytes:
    """A compressed identifier such as PNP0A08."""
    letters = [ord(c) - 0x40 for c in text[:3]]
    maker = letters[0] << 10 | letters[1] << 5 | letters[2]
    return b"\x0c" + struct.pack(">HH", maker, int(text[3:], 16))


def resources(*descriptors: bytes) -> bytes:
    return buffer(b"".join(descriptors) + b"\x79\x00")


def io_port(base: int, size: int) -> bytes:
    return struct.pack("<BBHHBB", 0x47, 1, base, base, 1, size)


def irq(number: int) -> bytes:
    """Edge, active high, exclusive."""
    return struct.pack("<BH", 0x22, 1 << number)


def _window(prefix: bytes, size: str, kind: int, specific: int, first: int, last: int) -> bytes:
    # Fixed ends, positive decode, the device forwards them to its children.
    body = struct.pack("<BBB", kind, 0x0C, specific)
    body += struct.pack("<5" + size, 0, first, last, 0, last - first + 1)
    return prefix + struct.pack("<H", len(body)) + body


def bus_window(first: int, last: int) -> bytes:
    return _window(b"\x88", "H", 2, 0, first, last)


def io_window(first: int, last: int) -> bytes:
    return _window(b"\x88", "H", 1, 3, first, last)


def memory_window(first: int, last: int, cacheable: bool = False) -> bytes:
    size, prefix = ("I", b"\x87") if last < 1 << 32 else ("Q", b"\x8a")
    return _window(prefix, size, 0, 3 if cacheable else 1, first, last)
