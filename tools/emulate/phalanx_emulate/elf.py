# SPDX-License-Identifier: Apache-2.0
"""Loadable segments of a static ELF64 image."""

import dataclasses
import struct

from .package import PAGE, PackageError, round_up

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")
PT_LOAD = 1
EM_X86_64 = 62
MAX_SEGMENT = 256 << 20


@dataclasses.dataclass
class Segment:
    """Whole pages from @gpa on: @data, then zeros up to @size."""

    gpa: int
    size: int
    data: bytes


@dataclasses.dataclass
class Image:
    entry: int
    segments: list[Segment]


def is_elf(data: bytes) -> bool:
    return data[:4] == b"\x7fELF"


def parse(data: bytes) -> Image:
    """Segments at their physical addresses, whole pages, ascending and disjoint; and the entry
    point."""
    if len(data) < _HEADER.size or not is_elf(data) or data[4:6] != b"\x02\x01":
        raise PackageError("the image is no 64-bit little-endian ELF file")
    header = _HEADER.unpack_from(data)
    machine, entry, offset, size, count = header[2], header[4], header[5], header[9], header[10]
    if machine != EM_X86_64 or size != _PROGRAM_HEADER.size:
        raise PackageError("the image is not for x86-64")
    if offset + size * count > len(data):
        raise PackageError("the image's program headers are cut off")
    segments: list[Segment] = []
    for i in range(count):
        kind, _, at, _, gpa, in_file, in_memory, _ = _PROGRAM_HEADER.unpack_from(
            data, offset + i * size
        )
        if kind != PT_LOAD or in_memory == 0:
            continue
        if at + in_file > len(data) or in_file > in_memory:
            raise PackageError("a segment of the image is cut off")
        if in_memory > MAX_SEGMENT or gpa > 1 << 32:
            raise PackageError("a segment of the image is larger than 256 MiB, or above 4 GiB")
        segments.append(_whole_pages(gpa, in_memory, data[at : at + in_file]))
    segments.sort(key=lambda s: s.gpa)
    return Image(entry, _merge(segments))


def _whole_pages(gpa: int, size: int, data: bytes) -> Segment:
    before = gpa % PAGE
    return Segment(gpa - before, round_up(before + size), bytes(before) + data)


def _merge(segments: list[Segment]) -> list[Segment]:
    """Join segments that share a page: bytes outside of a segment are zero."""
    joined: list[Segment] = []
    for segment in segments:
        last = joined[-1] if joined else None
        if last is None or segment.gpa >= last.gpa + last.size:
            joined.append(segment)
            continue
        offset = segment.gpa - last.gpa
        if offset < last.size - PAGE:
            raise PackageError("segments of the image overlap")
        mixed = bytearray(max(len(last.data), offset + len(segment.data)))
        mixed[: len(last.data)] = last.data
        for i, byte in enumerate(segment.data, offset):
            mixed[i] |= byte
        last.data = bytes(mixed)
        last.size = max(last.size, offset + segment.size)
    return joined
