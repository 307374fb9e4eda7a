#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
System tests of the emulator, by the code that `phalanx emulate` runs. All that a test leaves is in
build/emulate/tests/NAME: console.log (output of emulate: the guest's serial port), emulate.log (its
messages), emulator.log and emulator.serial.log.

  emulate_test.py guest NAME ...              boot the test guest; it and the machine must agree
  emulate_test.py run NAME ... -- OPTIONS...  any run of emulate: exit status, output, logs
"""

import argparse
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tools" / "emulate"))

from phalanx_emulate import testguest  # noqa: E402
from phalanx_emulate.testguest import Boot  # noqa: E402

# In OPTIONS: the directory of the test.
DIRECTORY_WORD = "{dir}"
TAIL_LINES = 40


def _statuses(text: str) -> set[int]:
    return {int(word) for word in text.split(",")}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    modes = parser.add_subparsers(dest="mode", required=True)
    guest = modes.add_parser("guest", help="boot the test guest")
    guest.add_argument("--cpus", type=int, default=2)
    guest.add_argument("--firmware", action="store_true")
    guest.add_argument("--tests", default="disk,convert")
    guest.add_argument("--cycles", type=int, default=4)
    run = modes.add_parser("run", help="any run of emulate")
    run.add_argument(
        "--status", type=_statuses, default={0}, metavar="N[,N...]", help="allowed exit status"
    )
    for name, text in (("output", "of emulate"), ("log", "of the emulator")):
        run.add_argument(
            f"--{name}", action="append", default=[], metavar="REGEX", help=f"in the output {text}"
        )
    run.add_argument("--repeat", type=int, default=1, help="run so often; output must be the same")
    run.add_argument(
        "--same-log", action="store_true", help="with --repeat: the emulator's log too"
    )
    for mode in (guest, run):
        mode.add_argument("name")
        mode.add_argument("--timeout", type=float, default=300, metavar="SECONDS")
    return parser


def _read(path: pathlib.Path) -> str:
    return path.read_text(errors="replace") if path.exists() else ""


def _show_tails(directory: pathlib.Path) -> None:
    for name in ("console.log", "emulate.log", "emulator.log"):
        lines = _read(directory / name).splitlines()
        print(f"---- last lines of {directory / name}")
        print("\n".join(lines[-TAIL_LINES:]))


def _guest(args: argparse.Namespace, directory: pathlib.Path) -> list[str]:
    boot = Boot(
        args.cpus, args.firmware, tests=args.tests, cycles=args.cycles, timeout=args.timeout
    )
    outcome = testguest.boot_and_judge(ROOT, boot, directory)
    for line in _read(directory / "console.log").splitlines():
        if "PHALANX-GUEST: " in line:
            print(line)
    print(f"{boot.kind} boot on {boot.cpus} vCPUs: {outcome.seconds:.1f} s")
    return outcome.problems


def _missing(kind: str, patterns: list[str], text: str) -> list[str]:
    found = [re.search(pattern, text, re.MULTILINE) for pattern in patterns]
    return [f"{kind} lacks /{p}/" for p, match in zip(patterns, found) if match is None]


def _run_once(args: argparse.Namespace, directory: pathlib.Path) -> tuple[list[str], str]:
    """Problems, and what all repetitions must have alike."""
    options = [option.replace(DIRECTORY_WORD, str(directory)) for option in args.options]
    line = [sys.executable, str(ROOT / "tools" / "emulate" / "emulate.py")]
    line += ["--log", str(directory / "emulator.log")]
    if "--timeout" not in options:
        line += ["--timeout", f"{args.timeout:g}"]
    with open(directory / "console.log", "wb") as out, open(directory / "emulate.log", "wb") as err:
        try:
            timeout = args.timeout + testguest.GRACE_SECONDS
            status = testguest.run_alone(line + options, timeout, out, err)
        except subprocess.TimeoutExpired:
            return ["emulate did not come back"], ""
    console = _read(directory / "console.log")
    problems = []
    if status not in args.status:
        expected = " or ".join(str(allowed) for allowed in sorted(args.status))
        problems.append(f"exit status {status}, expected {expected}")
    log = _read(directory / "emulator.log")
    problems += _missing("output", args.output, console + _read(directory / "emulate.log"))
    problems += _missing("log", args.log, log)
    return problems, console + log if args.same_log else console


def _run(args: argparse.Namespace, directory: pathlib.Path) -> list[str]:
    first = None
    for turn in range(args.repeat):
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        problems, output = _run_once(args, directory)
        if problems:
            return problems
        if first is not None and output != first:
            (directory / "first.log").write_text(first)
            return [f"run {turn + 1} has another output than the first, see first.log"]
        first = output
    (directory / "emulator.package").unlink(missing_ok=True)
    return []


def main() -> int:
    words = sys.argv[1:]
    split = words.index("--") if "--" in words else len(words)
    args = _parser().parse_args(words[:split])
    args.options = words[split + 1 :]
    directory = ROOT / "build" / "emulate" / "tests" / args.name
    try:
        problems = _guest(args, directory) if args.mode == "guest" else _run(args, directory)
    except testguest.MissingGuests as error:
        problems = [str(error)]
    for problem in problems:
        print(f"FAILED: {problem}")
    if problems:
        _show_tails(directory)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
