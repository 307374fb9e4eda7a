# SPDX-License-Identifier: Apache-2.0
"""
How fast the guest's time-stamp counter runs: as the one of this computer, or once per nanosecond
under -icount. A guest that has to find out by itself reads timers whose every access is an exit,
and gives up when the computer is busy.
"""

import ctypes
import mmap
import platform
import time

ICOUNT_KHZ = 1_000_000
MEASURE_NS = 30_000_000
# rdtsc; shl rdx, 32; or rax, rdx; ret
_READ_TSC = bytes.fromhex("0f3148c1e2204809d0c3")


def host_khz() -> int | None:
    """Rounded to 1 MHz, so that it is the same in each run; None where it cannot be measured."""
    if platform.machine() != "x86_64":
        return None
    try:
        code = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    except OSError:
        return None
    code.write(_READ_TSC)
    anchor = ctypes.c_char.from_buffer(code)
    read = ctypes.CFUNCTYPE(ctypes.c_uint64)(ctypes.addressof(anchor))
    ticks, start = read(), time.monotonic_ns()
    while time.monotonic_ns() - start < MEASURE_NS:
        pass
    ticks, elapsed = read() - ticks, time.monotonic_ns() - start
    del read, anchor
    code.close()
    return round(ticks * 1000 / elapsed) * 1000


def kernel_words(command_line: str, icount: bool) -> str:
    """What a Linux command line lacks to know its clock; nothing if it has a word of its own."""
    if "tsc_early_khz=" in command_line:
        return ""
    khz = ICOUNT_KHZ if icount else host_khz()
    return f" tsc_early_khz={khz} tsc=reliable" if khz else ""
