#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Boot the test guest again and again; ./phalanx soak calls this when everything is built."""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE))

from phalanx_emulate.soak import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(HERE.parent.parent, sys.argv[1:]))
