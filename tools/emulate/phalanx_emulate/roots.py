# SPDX-License-Identifier: Apache-2.0
"""
Certificates of the machine's security processor. Making RSA keys would take the emulator minutes:
they are made once, on the host, and go into each package, unmeasured.
"""

import argparse
import fcntl
import os
import pathlib
import subprocess
import sys
import tempfile

from .package import PackageError

PROGRAM = "phalanx-psp-roots"
ROOTS, ARK = "psp-roots.bin", "psp-ark.der"


def _program(args: argparse.Namespace, root: pathlib.Path) -> pathlib.Path | None:
    """Of the build that the emulator is from, else of the release build."""
    for build in (args.emulator.parent.parent, root / "build" / "release"):
        if (build / "tools" / PROGRAM).is_file():
            return build / "tools" / PROGRAM
    return None


def _make(program: pathlib.Path, directory: pathlib.Path) -> None:
    with tempfile.TemporaryDirectory(dir=directory) as work:
        names = [os.path.join(work, name) for name in (ROOTS, ARK)]
        try:
            subprocess.run([str(program), *names], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise PackageError(f"{program}: {error}") from error
        # The one that others look for comes last.
        os.replace(names[1], directory / ARK)
        os.replace(names[0], directory / ROOTS)


def _make_once(args: argparse.Namespace, root: pathlib.Path, directory: pathlib.Path) -> bool:
    directory.mkdir(parents=True, exist_ok=True)
    with open(directory / "psp-roots.lock", "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (directory / ROOTS).exists():
            return True
        program = _program(args, root)
        if program is None:
            print(f"emulate: without {PROGRAM} guests get no certificates", file=sys.stderr)
            return False
        _make(program, directory)
    return True


def provide(args: argparse.Namespace, root: pathlib.Path) -> bytes:
    """Contents of the package's entry; nothing: extended requests return no certificates."""
    directory = root / "build" / "emulate"
    file = args.psp_roots or directory / ROOTS
    if not args.psp_roots and not file.exists() and not _make_once(args, root, directory):
        return b""
    try:
        return bytes(file.read_bytes())
    except OSError as error:
        raise PackageError(f"{file}: {error.strerror}") from error
