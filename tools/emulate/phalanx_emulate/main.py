# SPDX-License-Identifier: Apache-2.0
"""`phalanx emulate`: build the package, run it, judge the end."""

import argparse
import pathlib
import re
import sys
from collections.abc import Callable

from . import options, qemu, tsc
from .build import Built, build
from .package import PackageError

USAGE_STATUS = 2
DIGEST_STATUS = 7

_DIGEST_LINE = re.compile(r"^launch digest: ([0-9a-f]{96})$", re.MULTILINE)
# Lines of a recorded trace (docs/replay.md) among the emulator's messages begin with this.
TRACE_MARK = "~ "
REPORT_START = "report: exits"
# Of a run that the emulator ended itself because of limit=.
LIMIT_LINE = "stops the run, code 6: the time limit is over"


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
        lines = [line for line in log.splitlines(True) if line.startswith(TRACE_MARK)]
        args.trace.write_text("".join(line[len(TRACE_MARK) :] for line in lines))
    if args.report and REPORT_START in log:
        print(log[log.rfind(REPORT_START) :], end="", file=sys.stderr)
    if status == qemu.TIMEOUT_STATUS or LIMIT_LINE in log:
        _say(f"ended after {args.timeout:g} s; log: {args.log}, {args.serial_log}")
        return qemu.TIMEOUT_STATUS
    found = _DIGEST_LINE.search(log)
    if found is None and status in (0, qemu.QEMU_STATUS):
        _say(f"the emulator did not start; log: {args.log}")
        return qemu.QEMU_STATUS
    if found and built.digest and found[1] != built.digest:
        _say(f"the emulator measured {found[1]}, expected {built.digest}")
        return status or DIGEST_STATUS
    if status:
        last = [line for line in log.splitlines() if "stops the run" in line or "launch" in line]
        _say(f"exit status {status}; log: {args.log}")
        if last:
            _say(last[-1])
    return status


def _start(args: argparse.Namespace, line: list[str], judge: Callable[[int], int]) -> int:
    """Run QEMU; the status that @judge makes of QEMU's."""
    if args.verbose:
        _say(" ".join(line))
    try:
        return judge(qemu.run(line, args.timeout))
    except OSError as error:
        _say(f"{line[0]}: {error.strerror}")
        return qemu.QEMU_STATUS
    except KeyboardInterrupt:
        return 130


def main(root: pathlib.Path, arguments: list[str]) -> int:
    parser = options.parser(root)
    args = parser.parse_args(arguments)
    options.check(args, parser)
    if args.plain:
        args.append += tsc.kernel_words(args.append, False)
        return _start(args, qemu.plain_command(args), int)
    try:
        built = build(args, root)
    except PackageError as error:
        _say(str(error))
        return USAGE_STATUS
    if args.print_digest and built.digest:
        print(f"launch digest {built.digest}", flush=True)
    if args.package_only:
        args.package_only.write_bytes(built.data)
        return 0
    package = _prepare_outputs(args, root)
    package.write_bytes(built.data)
    line = qemu.command(args, package, built.memory.total)
    return _start(args, line, lambda status: _judge(args, built, status))
