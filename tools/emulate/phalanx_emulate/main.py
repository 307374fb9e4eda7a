# SPDX-License-Identifier: Apache-2.0
"""`phalanx emulate`: build the package, run it, judge the end."""

import argparse
import pathlib
import re
import sys

from . import options, qemu
from .build import Built, build
from .package import PackageError

USAGE_STATUS = 2
DIGEST_STATUS = 7

_DIGEST_LINE = re.compile(r"^launch digest: ([0-9a-f]{96})$", re.MULTILINE)
# Lines of a recorded trace (docs/replay.md) among the emulator's messages.
_TRACE_LINE = re.compile(r"^(#|ram|valid|svsm|call|nocall|psc|apc) ")


def _say(text: str) -> None:
    print(f"emulate: {text}", file=sys.stderr)


def _prepare_outputs(args: argparse.Namespace, root: pathlib.Path) -> pathlib.Path:
    """Directories and default names; returns where the package goes."""
    directory = root / "build" / "emulate"
    directory.mkdir(parents=True, exist_ok=True)
    args.log = args.log or directory / "emulator.log"
    args.log.parent.mkdir(parents=True, exist_ok=True)
    args.log.write_bytes(b"")
    args.serial_log = args.log.with_suffix(".serial.log")
    return args.log.with_suffix(".package")


def _judge(args: argparse.Namespace, built: Built, status: int) -> int:
    log = args.log.read_text(errors="replace")
    if args.trace:
        lines = [line for line in log.splitlines(True) if _TRACE_LINE.match(line)]
        args.trace.write_text("".join(lines))
    if args.report:
        print(log[log.rfind("report:") :] if "report:" in log else log, file=sys.stderr)
    if status == qemu.TIMEOUT_STATUS:
        _say(f"killed after {args.timeout:g} s; log: {args.log}, {args.serial_log}")
        return status
    found = _DIGEST_LINE.search(log)
    if found is None and status in (0, qemu.QEMU_STATUS):
        _say(f"the emulator did not start; log: {args.log}")
        return qemu.QEMU_STATUS
    if found and found[1] != built.package.digest().hex():
        _say(f"the emulator measured {found[1]}, expected {built.package.digest().hex()}")
        return status or DIGEST_STATUS
    if status:
        last = [line for line in log.splitlines() if "stops the run" in line or "launch" in line]
        _say(f"exit status {status}; log: {args.log}")
        if last:
            _say(last[-1])
    return status


def main(root: pathlib.Path, arguments: list[str]) -> int:
    parser = options.parser(root)
    args = parser.parse_args(arguments)
    options.check(args, parser)
    try:
        built = build(args)
    except PackageError as error:
        _say(str(error))
        return USAGE_STATUS
    if args.print_digest:
        print(f"launch digest {built.package.digest().hex()}", flush=True)
    if args.package_only:
        args.package_only.write_bytes(built.data)
        return 0
    package = _prepare_outputs(args, root)
    package.write_bytes(built.data)
    line = qemu.command(args, package, built.memory.total)
    if args.verbose:
        _say(" ".join(line))
    try:
        return _judge(args, built, qemu.run(line, args.timeout))
    except OSError as error:
        _say(f"{line[0]}: {error.strerror}")
        return qemu.QEMU_STATUS
    except KeyboardInterrupt:
        return 130
