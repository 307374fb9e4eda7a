# SPDX-License-Identifier: Apache-2.0
"""Command line of `phalanx emulate`."""

import argparse
import os
import pathlib

DESCRIPTION = """\
Boot a guest of AMD SEV-SNP on an emulated machine: Linux by direct boot, OVMF, an SVSM, or a test
guest of your own. The guest's serial port is this terminal; messages of the emulator go to the log.
Without --kernel, --firmware, --svsm and --image it boots Debian's kernel with the project's initrd.
"""

EPILOG = """\
exit status: 0 the guest switched off, 1 a test guest failed, 2 usage or bad image, 3 the guest
asked to be terminated (GHCB), 4 triple fault, 5 defect of the emulator or something not emulated,
6 all vCPUs wait for ever, 7 the launch digest is not the expected one, 8 QEMU failed, 124 time-
out.
"""


def _cpus(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 16:
        raise argparse.ArgumentTypeError("between 1 and 16")
    return value


def _vmpl(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 3:
        raise argparse.ArgumentTypeError("between 0 and 3")
    return value


def _number(text: str) -> int:
    return int(text, 0)


def _add_guest(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("guest")
    group.add_argument("--kernel", type=pathlib.Path, metavar="FILE", help="Linux bzImage")
    group.add_argument("--initrd", type=pathlib.Path, metavar="FILE")
    group.add_argument("--append", metavar="TEXT", help="command line of the kernel")
    group.add_argument(
        "--firmware",
        nargs="?",
        const=pathlib.Path("default"),
        type=pathlib.Path,
        metavar="FILE",
        help="start OVMF at its reset vector, and the kernel from there; default: Debian's",
    )
    group.add_argument("--no-kernel", action="store_true", help="firmware alone")
    group.add_argument(
        "--svsm", type=pathlib.Path, metavar="FILE", help="ELF or raw image for VMPL0"
    )
    group.add_argument(
        "--svsm-base", type=_number, metavar="GPA", help="its range; default: end of low memory"
    )
    group.add_argument("--svsm-size", type=_number, metavar="BYTES", default=16 << 20)
    group.add_argument(
        "--image", type=pathlib.Path, metavar="FILE", help="ELF64 image that owns the machine"
    )
    group.add_argument(
        "--package",
        type=pathlib.Path,
        metavar="FILE",
        help="a launch package made before, with the same --memory and --cpus",
    )
    group.add_argument("--cpus", type=_cpus, default=2, metavar="N", help="1 to 16; default 2")
    group.add_argument("--memory", type=_number, default=512, metavar="MIB", help="default 512")
    group.add_argument(
        "--vmpl", type=_vmpl, metavar="N", help="of the guest; default 0, with --svsm 2"
    )
    group.add_argument(
        "--disk", type=pathlib.Path, metavar="FILE", help="raw image, as a virtio disk; written to"
    )


def _add_machine(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("machine and host")
    group.add_argument("--seed", type=_number, default=1, metavar="N", help="of keys and hostile")
    group.add_argument("--hostile", metavar="ACTION[:MEAN],...", help="docs/emulator.md lists them")
    group.add_argument(
        "--stale", action="store_true", help="translations stay until the guest flushes"
    )
    group.add_argument(
        "--fault-to-vmpl0",
        action="store_true",
        help="host policy: enter VMPL0 when another VMPL faults and cannot go on",
    )
    group.add_argument(
        "--icount", action="store_true", help="one thread, time counts instructions: reproducible"
    )
    group.add_argument(
        "--psp-roots",
        type=pathlib.Path,
        metavar="FILE",
        help="keys of the security processor's ARK and ASK; default: made once in build/emulate",
    )
    group.add_argument(
        "--plain",
        action="store_true",
        help="the same kernel or firmware on QEMU without the emulator, to compare with",
    )
    group.add_argument("--reserve", type=_number, metavar="MIB", help="memory of the emulator")
    group.add_argument("--timeout", type=float, metavar="SECONDS", help="kill the machine then")
    group.add_argument("--qemu", type=pathlib.Path, metavar="FILE")
    group.add_argument(
        "--qemu-arg", action="append", default=[], metavar="ARG", help="further argument for QEMU"
    )


def _add_output(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("output")
    group.add_argument(
        "--log", type=pathlib.Path, metavar="FILE", help="default build/emulate/emulator.log"
    )
    group.add_argument(
        "--trace", type=pathlib.Path, metavar="FILE", help="SVSM calls (docs/replay.md)"
    )
    group.add_argument("--report", action="store_true", help="exits by reason, at the end")
    group.add_argument("--print-digest", action="store_true", help="launch digest, at the start")
    group.add_argument(
        "--package-only", type=pathlib.Path, metavar="FILE", help="write the launch package, no run"
    )
    group.add_argument("--verbose", action="store_true", help="show the command line of QEMU")


def parser(root: pathlib.Path) -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(
        prog="phalanx emulate",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_guest(result)
    _add_machine(result)
    _add_output(result)
    cache = pathlib.Path(os.environ.get("PHALANX_CACHE", root / "build" / "cache"))
    result.set_defaults(
        guests=cache / "guests",
        emulator=pathlib.Path(
            os.environ.get("PHALANX_EMULATOR", root / "build/release/emulator/emulator.elf")
        ),
    )
    return result


def check(args: argparse.Namespace, complain: argparse.ArgumentParser) -> None:
    """Combinations that have no meaning; fills defaults that depend on others."""
    if args.image and (args.kernel or args.firmware or args.svsm or args.initrd or args.append):
        complain.error("--image owns the machine: no kernel, firmware or SVSM beside it")
    if args.package and (args.kernel or args.firmware or args.svsm or args.image or args.append):
        complain.error("--package has a guest in it: no kernel, firmware, SVSM or image beside it")
    if args.package and (args.package_only or args.print_digest):
        complain.error("--package is not built: neither --package-only nor --print-digest")
    if args.plain and (args.package or args.image or args.svsm or args.icount or args.hostile):
        complain.error("--plain is for a guest alone, without the emulator")
    if args.no_kernel and (args.kernel or not args.firmware):
        complain.error("--no-kernel is for --firmware alone")
    if args.svsm and args.vmpl == 0:
        complain.error("with --svsm the guest is at VMPL 1 to 3")
    if args.vmpl and args.image:
        complain.error("--image starts at VMPL0")
    if args.memory % 2 or args.memory < 64:
        complain.error("--memory is an even number of MiB, 64 or more")
    if args.vmpl is None:
        args.vmpl = 2 if args.svsm else 0
    if args.firmware == pathlib.Path("default"):
        args.firmware = args.guests / "OVMF.fd"
    if not (args.package or args.image or args.kernel or args.no_kernel):
        args.kernel = args.guests / "vmlinuz"
        args.initrd = args.initrd or args.guests / "initrd.gz"
    if args.append is None:
        args.append = "console=ttyS0 panic=-1"
