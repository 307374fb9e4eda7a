# SPDX-License-Identifier: Apache-2.0
"""`phalanx soak`: boot the test guest again and again, and keep a log."""

import argparse
import collections
import datetime
import hashlib
import os
import pathlib
import platform
import random
import shutil
import subprocess
import sys

from . import testguest
from .testguest import SEED_MASK, Boot, Outcome

DESCRIPTION = """\
Boot the test guest repeatedly: Linux by direct boot and by OVMF, on different numbers of vCPUs,
each time with the disk test (contents checked by checksum on both sides) and with conversions of
memory under load. One line per boot; the same lines and a summary go to a dated log. The logs of
each boot stay in build/emulate/soak/NUMBER-KIND-CPUS; of a failed one also its disk and launch
package.
"""

EPILOG = """\
exit status: 0 all boots passed, 1 a boot failed, 2 usage or missing guests, 130 interrupted
"""
# With more vCPUs than processors a reload of a module takes seconds (it waits for all vCPUs).
CYCLES = {1: (4, 16), 2: (4, 12), 4: (2, 4)}
MANY_CPUS_CYCLES = (1, 2)


def _cpu_list(text: str) -> list[int]:
    values = [int(word) for word in text.split(",")]
    if not values or not all(1 <= value <= 16 for value in values):
        raise argparse.ArgumentTypeError("numbers from 1 to 16, separated by commas")
    return values


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("1 or more")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="phalanx soak",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--boots", type=_positive, default=50, metavar="N", help="default 50")
    parser.add_argument(
        "--cpus", type=_cpu_list, default=[1, 2, 4], metavar="LIST", help="default 1,2,4"
    )
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--direct", action="store_true", help="direct boot only")
    kind.add_argument("--firmware", action="store_true", help="OVMF only")
    parser.add_argument(
        "--seed", type=int, default=1, metavar="S", help="of order and cycles; default 1"
    )
    parser.add_argument(
        "--timeout", type=_positive, default=600, metavar="SECONDS", help="per boot; default 600"
    )
    parser.add_argument("--stop", action="store_true", help="end at the first failure")
    parser.add_argument(
        "--log", type=pathlib.Path, metavar="FILE", help="default build/emulate/soak-DATE.log"
    )
    parser.add_argument(
        "--directory",
        type=pathlib.Path,
        metavar="DIR",
        help="of the boots; default build/emulate/soak",
    )
    return parser


def plan(args: argparse.Namespace) -> list[Boot]:
    """Every combination equally often, in an order that follows from the seed."""
    chance = random.Random(args.seed)
    kinds = [False] if args.direct else [True] if args.firmware else [False, True]
    combinations = [(firmware, cpus) for cpus in args.cpus for firmware in kinds]
    boots: list[Boot] = []
    while len(boots) < args.boots:
        chance.shuffle(combinations)
        for firmware, cpus in combinations:
            cycles = chance.randint(*CYCLES.get(cpus, MANY_CPUS_CYCLES))
            seed = chance.getrandbits(32) & SEED_MASK
            boots.append(
                Boot(cpus, firmware, cycles=cycles, seed=seed, timeout=float(args.timeout))
            )
    return boots[: args.boots]


class Log:
    """Each line to the terminal and, at once, to the file."""

    def __init__(self, path: pathlib.Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(path, "w", buffering=1, encoding="utf-8")

    def line(self, text: str = "") -> None:
        print(text, flush=True)
        self._file.write(text + "\n")

    def close(self) -> None:
        self._file.close()


def _commit(root: pathlib.Path) -> str:
    line = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def _emulator_sum(root: pathlib.Path) -> str:
    default = root / "build" / "release" / "emulator" / "emulator.elf"
    emulator = pathlib.Path(os.environ.get("PHALANX_EMULATOR", default))
    return hashlib.sha256(emulator.read_bytes()).hexdigest() if emulator.exists() else "none"


def _header(root: pathlib.Path, args: argparse.Namespace, log: Log) -> None:
    kinds = "direct" if args.direct else "ovmf" if args.firmware else "direct and ovmf"
    cpus = ", ".join(map(str, args.cpus))
    log.line("SPDX-License-Identifier: Apache-2.0")
    log.line(f"soak: {args.boots} boots, {kinds}, vCPUs {cpus}, seed {args.seed}")
    log.line(f"started {datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M:%S} UTC")
    log.line(f"commit {_commit(root)}, emulator.elf sha256 {_emulator_sum(root)}")
    log.line(f"host: {os.cpu_count()} processors, {platform.system()} {platform.machine()}")
    versions = testguest.guests_directory(root) / "versions"
    for line in versions.read_text().splitlines() if versions.exists() else []:
        log.line(f"guest: {line}")
    log.line()
    log.line("   boot  kind   cpus cycles       seed  seconds  result")


def _boot_line(number: int, total: int, boot: Boot, outcome: Outcome) -> str:
    place = f"{number}/{total}"
    text = f"{place:>7}  {boot.kind:<6} {boot.cpus:>4} {boot.cycles:>6} {boot.seed:>10}"
    return f"{text} {outcome.seconds:8.1f}  {'ok' if outcome.ok else 'FAILED'}"


def _summary(done: list[tuple[Boot, Outcome]], log: Log) -> None:
    groups: dict[tuple[str, int], list[Outcome]] = collections.defaultdict(list)
    for boot, outcome in done:
        groups[boot.kind, boot.cpus].append(outcome)
    log.line()
    log.line("kind   cpus  boots failed    least     mean     most")
    for (kind, cpus), outcomes in sorted(groups.items()):
        times = [outcome.seconds for outcome in outcomes]
        failed = sum(not outcome.ok for outcome in outcomes)
        log.line(
            f"{kind:<6} {cpus:>4} {len(times):>6} {failed:>6} {min(times):8.1f} "
            f"{sum(times) / len(times):8.1f} {max(times):8.1f}"
        )


def _run(root: pathlib.Path, args: argparse.Namespace, log: Log) -> list[tuple[Boot, Outcome]]:
    done: list[tuple[Boot, Outcome]] = []
    boots = plan(args)
    directories = args.directory or root / "build" / "emulate" / "soak"
    if args.directory is None:
        shutil.rmtree(directories, ignore_errors=True)
    try:
        for number, boot in enumerate(boots, 1):
            name = f"{number:03}-{boot.kind}-{boot.cpus}cpu"
            outcome = testguest.boot_and_judge(root, boot, directories / name)
            done.append((boot, outcome))
            log.line(_boot_line(number, len(boots), boot, outcome))
            for problem in outcome.problems:
                log.line(f"         {problem}")
            if not outcome.ok:
                log.line(f"         logs: {name}")
                if args.stop:
                    break
    except KeyboardInterrupt:
        log.line("interrupted")
    return done


def main(root: pathlib.Path, arguments: list[str]) -> int:
    args = _parser().parse_args(arguments)
    try:
        testguest.require_guests(root)
    except testguest.MissingGuests as error:
        print(f"soak: {error}", file=sys.stderr)
        return 2
    now = datetime.datetime.now(datetime.timezone.utc)
    path = args.log or root / "build" / "emulate" / f"soak-{now:%Y-%m-%d-%H%M%S}.log"
    log = Log(path)
    _header(root, args, log)
    done = _run(root, args, log)
    _summary(done, log)
    failed = sum(not outcome.ok for _, outcome in done)
    seconds = sum(outcome.seconds for _, outcome in done)
    log.line()
    log.line(f"{len(done)} of {args.boots} boots in {seconds:.0f} s, {failed} failed")
    log.close()
    print(f"log: {path}")
    if failed:
        return 1
    return 0 if len(done) == args.boots else 130
