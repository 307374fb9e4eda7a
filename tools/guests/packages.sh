#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# usage: packages.sh CACHE STAMP
#
# Fetch and unpack the Debian packages of tools/guests.sh into CACHE/guests/packages, and link what
# others use into CACHE/guests. apt checks signatures and digests; no package script runs.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tools/private-apt.sh

cache=$1
stamp=$2
guests=$cache/guests
log=$cache/guests.log

fail() {
	echo "guests: $*" >&2
	exit 1
}

fail_apt() {
	grep -E '^[WE]: ' "$log" | sort -u >&2 || true
	fail "$* (log: $log)"
}

# apt_init NAME SUITE...: package lists of those suites.
apt_init() {
	local name=$1
	shift
	private_apt_init "$work/$name" deb "$@" ||
		fail "no Debian main archive of this release in this machine's apt sources"
	: >"$work/$name/status"
	apt_run "$name" update >>"$log" 2>&1 ||
		fail_apt "cannot read the package lists of $* from this machine's Debian mirror"
}

# apt_run NAME ARGUMENTS...: apt-get for a machine on which nothing is installed, so that the
# result does not depend on this one.
apt_run() {
	local name=$1
	shift
	private_apt "$work/$name" \
		-o Dir::State::status="$work/$name/status" \
		-o Dir::Etc::Preferences=/dev/null \
		-o Dir::Etc::PreferencesParts=/dev/null \
		-o APT::Architecture=amd64 \
		-o APT::Architectures=amd64 \
		-o APT::Install-Recommends=false \
		-o Acquire::Languages=none \
		-o APT::Update::Error-Mode=any \
		"$@"
}

# require FILE PACKAGE PREFIX: the package file has a version that starts with PREFIX.
require() {
	local version
	version=$(dpkg-deb -f "$1" Version)
	case $version in
	"$3"*) printf '%s %s\n' "$2" "$version" >>"$work/new/versions" ;;
	*) fail "$2 $3* is needed, but this machine's Debian mirror has $version" ;;
	esac
}

# The C library stays the machine's own: it must match the machine's program loader.
unpack_qemu() {
	local archives=$work/bookworm/cache/archives file
	for file in "$archives"/*.deb; do
		case $(dpkg-deb -f "$file" Package) in
		libc6) continue ;;
		qemu-system-x86) require "$file" qemu-system-x86 1:10. ;;
		busybox-static) require "$file" busybox-static 1: ;;
		esac
		dpkg-deb -x "$file" "$work/tree"
	done
	mkdir -p "$work/new/qemu/share"
	mv "$work/tree/usr/bin/qemu-system-x86_64" "$work/new/qemu/"
	mkdir "$work/new/qemu/lib"
	cp -a "$work/tree/lib/x86_64-linux-gnu/." "$work/new/qemu/lib/"
	cp -a "$work/tree/usr/lib/x86_64-linux-gnu/." "$work/new/qemu/lib/"
	mv "$work/tree/usr/share/qemu" "$work/tree/usr/share/seabios" "$work/new/qemu/share/"
	mv "$work/tree/usr/lib/ipxe/qemu" "$work/new/qemu/share/ipxe"
	mv "$work/tree/usr/share/doc" "$work/new/doc"
	mv "$work/tree/bin/busybox" "$work/new/busybox"
}

fetch_qemu() {
	echo "guests: fetching QEMU 10.0 with its libraries, and busybox (about 37 MB)"
	apt_init bookworm bookworm bookworm-backports
	apt_run bookworm install -y --download-only -t bookworm-backports \
		qemu-system-x86 busybox-static >>"$log" 2>&1 ||
		fail_apt "cannot download QEMU from bookworm-backports"
	unpack_qemu
}

fetch_kernel() {
	local package
	package=$(apt-cache -o Dir::Etc::SourceList=/dev/null \
		-o Dir::Etc::SourceParts="$work/bookworm/sources" \
		-o Dir::State::Lists="$work/bookworm/lists" \
		-o Dir::Cache="$work/bookworm/cache" \
		-o Dir::State::status="$work/bookworm/status" \
		-o APT::Architecture=amd64 -o APT::Architectures=amd64 \
		pkgnames linux-image-6.12. | grep -E '^linux-image-6\.12\.[^-]*-cloud-amd64$' |
		sort -V | tail -n 1) || true
	[ -n "$package" ] ||
		fail "this machine's Debian mirror has no 6.12 cloud kernel in bookworm-backports"
	echo "guests: fetching $package (about 34 MB)"
	(mkdir "$work/kernel" && cd "$work/kernel" &&
		apt_run bookworm download "$package" >>"$log" 2>&1) ||
		fail_apt "cannot download $package"
	require "$work/kernel/"*.deb "$package" 6.12.
	dpkg-deb -x "$work/kernel/"*.deb "$work/kernel/tree"
	mv "$work/kernel/tree/boot/vmlinuz-"* "$work/new/vmlinuz"
	mv "$work/kernel/tree/boot/config-"* "$work/new/kernel.config"
	mv "$work/kernel/tree/lib/modules/"*/kernel "$work/new/modules"
	cp -a "$work/kernel/tree/usr/share/doc/." "$work/new/doc/"
}

fetch_firmware() {
	echo "guests: fetching OVMF 2025.02 (package lists of trixie, about 13 MB in all)"
	apt_init trixie trixie
	(mkdir "$work/ovmf" && cd "$work/ovmf" &&
		apt_run trixie download ovmf >>"$log" 2>&1) ||
		fail_apt "cannot download ovmf of trixie"
	require "$work/ovmf/"*.deb ovmf 2025.02-
	dpkg-deb -x "$work/ovmf/"*.deb "$work/ovmf/tree"
	mv "$work/ovmf/tree/usr/share/OVMF" "$work/new/ovmf"
	cp "$work/ovmf/tree/usr/share/ovmf/OVMF.fd" "$work/new/OVMF.fd"
	cp -a "$work/ovmf/tree/usr/share/doc/." "$work/new/doc/"
}

# The program needs its own libraries and its own firmware files, and only it may see them.
write_wrapper() {
	mkdir -p "$work/new/bin"
	cat >"$work/new/bin/qemu-system-x86_64" <<-'EOF'
		#!/bin/sh
		# SPDX-License-Identifier: Apache-2.0
		root=$(dirname "$(dirname "$(readlink -f "$0")")")/qemu
		export LD_LIBRARY_PATH="$root/lib" QEMU_MODULE_DIR="$root/lib/qemu"
		exec "$root/qemu-system-x86_64" -L "$root/share/qemu" -L "$root/share/seabios" \
			-L "$root/share/ipxe" "$@"
	EOF
	chmod +x "$work/new/bin/qemu-system-x86_64"
}

check_qemu() {
	local version
	version=$("$work/new/bin/qemu-system-x86_64" --version 2>&1) ||
		fail "the unpacked QEMU does not start: $version"
	case $version in
	"QEMU emulator version 10."*) ;;
	*) fail "QEMU 10 is needed, but the unpacked one says: $version" ;;
	esac
}

install_tree() {
	find "$work/new/doc" -type f ! -name copyright -delete
	printf '%s\n' "$stamp" >"$work/new/stamp"
	mkdir -p "$guests"
	rm -rf "$guests/packages" "$guests/stamp"
	mv "$work/new" "$guests/packages"
	local file
	for file in bin vmlinuz OVMF.fd ovmf versions; do
		ln -sfn "packages/$file" "$guests/$file"
	done
}

for tool in apt-get dpkg-deb flock xz; do
	command -v "$tool" >/dev/null || fail "$tool is missing; this needs a Debian system"
done
[ "$(dpkg --print-architecture)" = amd64 ] || fail "the packages are for amd64 only"
work=$(mktemp -d "$cache/guests-build.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/new"
: >"$log"
fetch_qemu
write_wrapper
check_qemu
fetch_kernel
fetch_firmware
install_tree
