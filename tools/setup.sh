#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Install what the build needs on Debian 12 and build BoringSSL. Says nothing when nothing is
# missing. Fails when a package is missing and cannot be installed, or when BoringSSL could not be
# fetched or built: everything links it.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
	build-essential cmake ninja-build pkg-config git python3
	clang-19 clang-tidy-19 clang-format-19 libclang-rt-19-dev
	libck-dev libcmocka-dev
	spin valgrind cppcheck gnuplot-nox
	xz-utils dpkg-dev ca-certificates openssl
)

missing_packages() {
	local package status
	for package in "${packages[@]}"; do
		status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
		if [ "$status" != installed ]; then
			printf '%s\n' "$package"
		fi
	done
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

install_packages() {
	if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
		echo "setup: packages are missing, and neither root nor sudo is there to run:" >&2
		echo "  apt-get install $*" >&2
		return 1
	fi
	echo "setup: installing $*"
	as_root apt-get -q update
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "$@"
}

if ! command -v dpkg-query >/dev/null; then
	echo "setup: this is not a Debian system; needed are: ${packages[*]}" >&2
	exit 1
fi
mapfile -t missing < <(missing_packages)
if [ "${#missing[@]}" -gt 0 ]; then
	install_packages "${missing[@]}"
fi
tools/build-boringssl.sh
