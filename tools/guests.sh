#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Provide what the emulator boots and is booted by, in ${PHALANX_CACHE:-build/cache}/guests: QEMU
# 10.0, a Debian kernel 6.12, OVMF 2025.02, an initrd and a disk image. Nothing is installed into
# the system and no root is needed. Says nothing when nothing is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

cache=${PHALANX_CACHE:-build/cache}
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)

stamp() {
	cat "$@" | sha256sum | cut -c1-16
}

packages=$(stamp tools/guests/packages.sh tools/private-apt.sh)
images=$packages-$(stamp tools/guests/initrd.sh tools/guests/disk.sh tools/guests/init)
if [ "$(cat "$cache/guests/stamp" 2>/dev/null || true)" = "$images" ]; then
	exit 0
fi

# Two callers at once would unpack over each other: the second waits and finds all in place.
exec 9>"$cache/guests.lock"
if ! flock -n 9; then
	echo "guests: waiting for another process that prepares $cache/guests"
	flock 9
fi
if [ "$(cat "$cache/guests/packages/stamp" 2>/dev/null || true)" != "$packages" ]; then
	tools/guests/packages.sh "$cache" "$packages"
fi
if [ "$(cat "$cache/guests/stamp" 2>/dev/null || true)" != "$images" ]; then
	tools/guests/initrd.sh "$cache/guests"
	tools/guests/disk.sh phalanx "$cache/guests/disk.img"
	printf '%s\n' "$images" >"$cache/guests/stamp"
	echo "guests: QEMU, kernel, firmware and images are in $cache/guests"
fi
