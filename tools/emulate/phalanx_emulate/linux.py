# SPDX-License-Identifier: Apache-2.0
"""64-bit direct boot of a bzImage (Linux Documentation/arch/x86/boot.rst and amd-memory-encryption)
with the confidential-computing blob of an SNP guest."""

import dataclasses
import struct

from . import acpi, vmsa
from .memory import GIB4, HIGH_START, LOW_END, MIB, Memory
from .package import PAGE, EntryType, Package, PackageError, rights_of, round_up

BOOT_PARAMS = 0x10000
COMMAND_LINE = 0x20000
PAGE_TABLES = 0x30000
SETUP_DATA = 0x40000
CPUID_PAGE = 0x41000
SECRETS_PAGE = 0x42000
GDT_PAGE = 0x43000
CALLING_AREA = 0x44000
RESERVED_END = 0x45000
LOW_USABLE_END = 0x9F000
BIOS_START = 0xC0000
ACPI_BYTES = 0x10000

E820_USABLE, E820_RESERVED, E820_ACPI = 1, 2, 3
SETUP_CC_BLOB = 7
CC_BLOB_MAGIC = 0x45444D41
HEADER_MAGIC = b"HdrS"
LOADER_UNKNOWN = 0xFF
LOADED_HIGH = 0x01
XLF_KERNEL_64 = 0x01


@dataclasses.dataclass(frozen=True)
class SvsmFields:
    """What the secrets page tells a guest of its SVSM (58019 section 5.1)."""

    base: int
    size: int
    calling_area: int
    guest_vmpl: int


@dataclasses.dataclass(frozen=True)
class Kernel:
    image: bytes

    def __post_init__(self) -> None:
        if len(self.image) < 0x1000 or self.image[0x202:0x206] != HEADER_MAGIC:
            raise PackageError("the kernel is no bzImage")
        if self.field("<H", 0x206) < 0x20C or not self.field("<H", 0x236) & XLF_KERNEL_64:
            raise PackageError("the kernel has no 64-bit entry (boot protocol 2.12)")

    def field(self, form: str, offset: int) -> int:
        return int(struct.unpack_from(form, self.image, offset)[0])

    @property
    def setup_bytes(self) -> int:
        return ((self.image[0x1F1] or 4) + 1) * 512

    @property
    def payload(self) -> bytes:
        return self.image[self.setup_bytes :]

    @property
    def setup_header(self) -> bytes:
        return self.image[0x1F1 : 0x202 + self.image[0x201]]

    @property
    def load_address(self) -> int:
        return self.field("<Q", 0x258)

    @property
    def init_size(self) -> int:
        return self.field("<I", 0x260)


def _e820(memory: Memory, holes: list[tuple[int, int]]) -> bytes:
    ranges = [
        (0, CPUID_PAGE, E820_USABLE),
        (CPUID_PAGE, RESERVED_END, E820_RESERVED),
        (RESERVED_END, LOW_USABLE_END, E820_USABLE),
    ]
    start = HIGH_START
    for hole_start, hole_end in sorted(holes):
        ranges += [(start, hole_start, E820_USABLE), (hole_start, hole_end, E820_RESERVED)]
        start = hole_end
    acpi_start = memory.low_top - ACPI_BYTES
    ranges += [(start, acpi_start, E820_USABLE), (acpi_start, memory.low_top, E820_ACPI)]
    if memory.high_bytes:
        ranges.append((GIB4, GIB4 + memory.high_bytes, E820_USABLE))
    return b"".join(struct.pack("<QQI", a, b - a, kind) for a, b, kind in ranges if a < b)


def _boot_params(kernel: Kernel, e820: bytes, initrd: tuple[int, int], rsdp: int) -> bytes:
    page = bytearray(PAGE)
    page[0x1F1 : 0x1F1 + len(kernel.setup_header)] = kernel.setup_header
    page[0x1E8] = len(e820) // 20
    page[0x210] = LOADER_UNKNOWN
    page[0x211] |= LOADED_HIGH
    struct.pack_into("<Q", page, 0x70, rsdp)
    struct.pack_into("<I", page, 0x214, kernel.load_address)
    struct.pack_into("<II", page, 0x218, *initrd)
    struct.pack_into("<I", page, 0x228, COMMAND_LINE)
    struct.pack_into("<Q", page, 0x250, SETUP_DATA)
    page[0x2D0 : 0x2D0 + len(e820)] = e820
    return bytes(page)


def _setup_data() -> bytes:
    """The setup_data node, and at 0x100 the blob that it points to."""
    page = bytearray(PAGE)
    struct.pack_into("<QIII", page, 0, 0, SETUP_CC_BLOB, 4, SETUP_DATA + 0x100)
    struct.pack_into(
        "<IHHQIIQII", page, 0x100, CC_BLOB_MAGIC, 0, 0, SECRETS_PAGE, PAGE, 0, CPUID_PAGE, PAGE, 0
    )
    return bytes(page)


def secrets_template(svsm: SvsmFields | None) -> bytes:
    page = bytearray(PAGE)
    if svsm:
        struct.pack_into(
            "<QQQIB", page, 0x140, svsm.base, svsm.size, svsm.calling_area, 1, svsm.guest_vmpl
        )
    return bytes(page)


def _place_initrd(kernel: Kernel, initrd: bytes, top: int) -> int:
    start = (top - len(initrd)) & ~(2 * MIB - 1)
    if start < round_up(kernel.load_address + kernel.init_size):
        raise PackageError("kernel and initrd do not fit into guest memory")
    if initrd and start + len(initrd) - 1 > kernel.field("<I", 0x22C):
        raise PackageError("guest memory below 4 GiB is above what the kernel allows an initrd")
    return start


def add_linux(
    package: Package,
    memory: Memory,
    vmpl: int,
    kernel: Kernel,
    initrd: bytes,
    command_line: str,
    cpus: int,
    svsm: SvsmFields | None = None,
) -> vmsa.Vmsa:
    """Place the kernel for VMPL @vmpl; returns the VMSA to start it with. With @svsm its range
    stays untouched, and a calling area is placed."""
    perms = rights_of(vmpl)
    holes = [(svsm.base, svsm.base + svsm.size)] if svsm else []
    text = command_line.encode() + b"\0"
    if len(text) > min(kernel.field("<I", 0x238) + 1, PAGE_TABLES - COMMAND_LINE):
        raise PackageError("the kernel command line is too long")
    top = min(memory.low_top - ACPI_BYTES, *(start for start, _ in holes), 1 << 31)
    initrd_at = _place_initrd(kernel, initrd, top)
    rsdp, tables = acpi.build(memory.low_top - ACPI_BYTES, cpus)
    e820 = _e820(memory, holes)

    def place(gpa: int, data: bytes, kind: EntryType = EntryType.NORMAL) -> None:
        package.add(kind, gpa, data=data, perms=perms)

    place(BOOT_PARAMS, _boot_params(kernel, e820, (initrd_at, len(initrd)), rsdp))
    place(COMMAND_LINE, text)
    place(PAGE_TABLES, vmsa.identity_tables(PAGE_TABLES, memory.low_top))
    place(SETUP_DATA, _setup_data())
    package.add(EntryType.CPUID, CPUID_PAGE, PAGE, perms=perms)
    place(SECRETS_PAGE, secrets_template(svsm), EntryType.SECRETS)
    place(GDT_PAGE, vmsa.gdt())
    package.add(EntryType.ZERO, CALLING_AREA, PAGE, perms=perms)
    # Read by the iBFT search through private mappings. Of the machine this is ROM.
    package.add(EntryType.ROM, BIOS_START, MIB - BIOS_START, perms=perms)
    place(kernel.load_address, kernel.payload)
    if initrd:
        place(initrd_at, initrd)
    place(memory.low_top - ACPI_BYTES, tables)
    _validate_rest(package, memory, holes, perms)
    state = vmsa.long_mode_vmsa(vmpl, GDT_PAGE, PAGE_TABLES, kernel.load_address + 0x200)
    state.set(rsi=BOOT_PARAMS, rsp=0x9000)
    return state


def _validate_rest(
    package: Package,
    memory: Memory,
    holes: list[tuple[int, int]],
    perms: tuple[int, int, int, int],
) -> None:
    package.fill_valid(0, LOW_END, perms)
    start = HIGH_START
    for hole_start, hole_end in sorted(holes):
        package.fill_valid(start, hole_start, perms)
        start = hole_end
    package.fill_valid(start, memory.low_top, perms)
    if memory.high_bytes:
        package.fill_valid(GIB4, GIB4 + memory.high_bytes, perms)
