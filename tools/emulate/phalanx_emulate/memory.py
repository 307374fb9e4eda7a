# SPDX-License-Identifier: Apache-2.0
"""Where guest memory lies: below and above 4 GiB, as QEMU's q35 machine has it."""

import dataclasses

from .package import EntryType, Package, PackageError

MIB = 1 << 20
GIB4 = 1 << 32
# Pages of the launch that the guest is not told of (its first VMSA) lie right above its memory.
LAUNCH_AREA = 2 * MIB
LOW_END = 0xA0000
HIGH_START = MIB
# q35 puts everything from here on above 4 GiB once there is more than that.
Q35_LOW_MAX = 2816 * MIB
Q35_LOW_SPLIT = 2048 * MIB


@dataclasses.dataclass(frozen=True)
class Memory:
    """@size: bytes of the guest; @reserve: bytes of the emulator, its heap and the package."""

    size: int
    reserve: int

    def __post_init__(self) -> None:
        if self.size < 64 * MIB or self.size % (2 * MIB):
            raise PackageError("guest memory is an even number of MiB, 64 or more")

    @property
    def total(self) -> int:
        """What QEMU is given."""
        return self.size + self.reserve

    @property
    def low_top(self) -> int:
        """First byte above guest memory below 4 GiB."""
        if self.total < Q35_LOW_MAX:
            return self.size
        return Q35_LOW_SPLIT - self.reserve

    @property
    def high_bytes(self) -> int:
        return self.size - self.low_top

    @property
    def vmsa(self) -> int:
        """Page for the boot VMSA; not aligned to 2 MiB (rmp-semantics 7.7)."""
        return self.low_top + 0x1000

    def add_ram(self, package: Package) -> None:
        package.add(EntryType.RAM, 0, LOW_END)
        package.add(EntryType.RAM, HIGH_START, self.low_top + LAUNCH_AREA - HIGH_START)
        if self.high_bytes:
            package.add(EntryType.RAM, GIB4, self.high_bytes)

    def add_usable(self, package: Package, hole: tuple[int, int] | None = None) -> None:
        """What fw_cfg shows as memory: all but @hole, the range of an SVSM."""
        start, end = hole or (self.low_top, self.low_top)
        for low, high in ((0, start), (end, self.low_top), (GIB4, GIB4 + self.high_bytes)):
            if low < high:
                package.add(EntryType.USABLE, low, high - low)
