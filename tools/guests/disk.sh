#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# usage: disk.sh SEED IMAGE
#
# Write a raw disk of 8 MiB whose content follows from SEED, and its SHA-256 next to it:
# disk.img and disk.sha256.
set -euo pipefail

python3 -c '
import hashlib, sys
seed, image = sys.argv[1:]
content = hashlib.shake_256(seed.encode()).digest(8 << 20)
with open(image, "wb") as f:
    f.write(content)
with open(image.removesuffix(".img") + ".sha256", "w") as f:
    f.write(hashlib.sha256(content).hexdigest() + "\n")
' "$@"
