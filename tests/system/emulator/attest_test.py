#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
Attestation from end to end: a guest asks the security processor of the machine for a report over
data that this test chose; `phalanx verify` judges report and certificates against the launch digest
that emulate computed from the package. The same report must fail for anything else.
"""

import argparse
import base64
import pathlib
import re
import secrets
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tools" / "emulate"))

from phalanx_emulate import testguest  # noqa: E402

REPORT_BYTES = 1184
ARK = ROOT / "build" / "emulate" / "psp-ark.der"


def _blob(console: str, name: str) -> bytes:
    mark = r"PHALANX-GUEST: {} " + name + r"\s*\n"
    found = re.search(mark.format("begin") + r"(.*?)" + mark.format("end"), console, re.DOTALL)
    if found is None:
        raise ValueError(f"the guest has shown no {name}")
    return base64.b64decode("".join(found[1].split()), validate=True)


def _boot(args: argparse.Namespace, directory: pathlib.Path, data: str) -> tuple[str, list[str]]:
    """What the guest and emulate said, and what is wrong with it."""
    words = "console=ttyS0 panic=-1 phalanx.expect=snp phalanx.tests=attest"
    words += f" phalanx.report_data={data}"
    line = [sys.executable, str(ROOT / "tools" / "emulate" / "emulate.py"), "--print-digest"]
    line += ["--cpus", str(args.cpus), "--append", words, "--timeout", f"{args.timeout:g}"]
    line += ["--log", str(directory / "emulator.log")] + (["--firmware"] if args.firmware else [])
    with open(directory / "console.log", "wb") as out, open(directory / "emulate.log", "wb") as err:
        status = testguest.run_alone(line, args.timeout + testguest.GRACE_SECONDS, out, err)
    console = (directory / "console.log").read_text(errors="replace")
    problems = [] if status == 0 else [f"exit status {status}"]
    if "PHALANX-GUEST: OK tests=attest " not in console:
        problems.append("the guest's test has not passed")
    return console, problems


def _verify(verify: pathlib.Path, directory: pathlib.Path, digest: str, data: str) -> str | None:
    """None if the report is verified, else what verify says."""
    line = [str(verify), "--report", str(directory / "report"), "--certs", str(directory / "certs")]
    line += ["--root", str(ARK), "--report-data", data, "--measurement", digest]
    line += ["--vmpl", "0", "--no-debug"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    (directory / "verify.log").write_text(done.stdout + done.stderr)
    last = (done.stdout + done.stderr).strip().splitlines()[-1:]
    return None if done.returncode == 0 else f"{done.returncode}: {''.join(last)}"


def _flip(text: str) -> str:
    """Hexadecimal @text with one bit changed."""
    value = bytearray.fromhex(text)
    value[len(value) // 2] ^= 1
    return value.hex()


def _judge(verify: pathlib.Path, directory: pathlib.Path, console: str, data: str) -> list[str]:
    digest = re.search(r"^launch digest ([0-9a-f]{96})\s*$", console, re.MULTILINE)
    if digest is None:
        return ["emulate has said no launch digest"]
    report, certs = _blob(console, "outblob"), _blob(console, "auxblob")
    if len(report.rstrip(b"\0")) > REPORT_BYTES or not certs:
        return [f"a report of {len(report)} bytes, certificates of {len(certs)}"]
    (directory / "report").write_bytes(report)
    (directory / "certs").write_bytes(certs)
    problems = []
    for changed, check in (
        ((_flip(digest[1]), data), "report.measurement"),
        ((digest[1], _flip(data)), "report.report_data"),
    ):
        said = _verify(verify, directory, *changed)
        if said is None or not said.startswith("1: ") or check not in said:
            problems.append(f"verify should name {check} and says {said}")
    said = _verify(verify, directory, digest[1], data)
    if said is not None:
        problems.append(f"verify says {said}")
    (directory / "report").write_bytes(report[:0x90] + bytes([report[0x90] ^ 1]) + report[0x91:])
    said = _verify(verify, directory, digest[1], data)
    if said is None or "report.signature" not in said:
        problems.append(f"a changed report should have a bad signature, verify says {said}")
    return problems


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("--verify", type=pathlib.Path, required=True, help="phalanx-verify")
    parser.add_argument("--cpus", type=int, default=2)
    parser.add_argument("--firmware", action="store_true")
    parser.add_argument("--timeout", type=float, default=240, metavar="SECONDS")
    args = parser.parse_args()
    directory = ROOT / "build" / "emulate" / "tests" / args.name
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    data = secrets.token_hex(64)
    try:
        testguest.require_guests(ROOT)
        console, problems = _boot(args, directory, data)
        problems = problems or _judge(args.verify, directory, console, data)
    except (testguest.MissingGuests, ValueError, subprocess.TimeoutExpired) as error:
        problems = [str(error)]
    for problem in problems:
        print(f"FAILED: {problem}; logs: {directory}")
    if not problems:
        print(f"report data {data}: verified; changed ones refused")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
