#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Fetch the source package of BoringSSL that Debian ships for Android's tools and build it twice into
# $PHALANX_CACHE/boringssl/{include,lib}: libcrypto.a for programs, libcrypto-bare.a for what runs
# without an operating system (no threads, files, sockets or red zone; position independent; the
# linker supplies CRYPTO_sysrand and a few functions of a C library). The package lists its sources
# and carries the generated assembly, so neither Go nor perl is needed. Nothing happens when the
# stamp says that this version was built by this script.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/private-apt.sh

package=android-platform-external-boringssl
version=13.0.0+r24-2
mkdir -p "${PHALANX_CACHE:-build/cache}"
cache=$(cd "${PHALANX_CACHE:-build/cache}" && pwd)
out=$cache/boringssl
stamp=$version-$(cat tools/build-boringssl.sh tools/private-apt.sh | sha256sum | cut -c1-16)

if [ "$(cat "$out/stamp" 2>/dev/null || true)" = "$stamp" ] && [ -f "$out/lib/libcrypto.a" ]; then
	exit 0
fi

fail() {
	echo "boringssl: $*" >&2
	exit 1
}

# apt reports a mirror that it cannot reach as a warning and fails later, for another reason: show
# both.
fail_apt() {
	grep -E '^[WE]: ' "$cache/apt/log" | sort -u >&2 || true
	fail "$@"
}

fetch() {
	echo "boringssl: fetching $package $version (source package, about 29 MB)"
	private_apt_init "$cache/apt" ||
		fail "no Debian main archive of this release in this machine's apt sources"
	private_apt "$cache/apt" update >"$cache/apt/log" 2>&1 ||
		fail_apt "cannot read the source lists of this machine's Debian mirror"
	(cd "$work" && private_apt "$cache/apt" source --download-only "$package=$version") \
		>>"$cache/apt/log" 2>&1 || fail_apt "cannot download the source package"
	dpkg-source --no-check -x "$work"/*.dsc "$work/tree" >>"$cache/apt/log" 2>&1 ||
		fail "cannot unpack the source package, see $cache/apt/log"
}

# sources VARIABLE: the files that a variable of the package's make file lists.
sources() {
	awk -v name="$1" '
	$1 == name && $2 == ":=" { inside = 1; next }
	inside && /^[ \t]/ { sub(/\\$/, ""); if ($1 != "") print $1; next }
	inside { exit }' "$work/tree/eureka.mk"
}

# Prints a line after each eighth of the files, so that a slow machine is seen to work.
progress() {
	awk -v total="$1" '{
		step = int(NR * 8 / total)
		if (step > last) {
			last = step
			printf "boringssl: compiled %d of %d files\n", NR, total
			fflush()
		}
	}'
}

# compile NAME FLAGS...: objects of all sources into $work/NAME.
compile() {
	local name=$1 list=$work/files total
	shift
	{ sources crypto_sources; sources linux_x86_64_sources; } | grep -E '\.[cS]$' >"$list"
	total=$(wc -l <"$list")
	[ "$total" -gt 100 ] || fail "the package lists only $total sources"
	mkdir -p "$work/$name"
	export tree=$work/tree objects=$work/$name flags=$*
	# shellcheck disable=SC2016 # expanded by the inner shell
	xargs -P "$(nproc)" -n 1 sh -c '
		gcc -O2 -g0 -w -fno-strict-aliasing -ffunction-sections -fdata-sections $flags \
			-DBORINGSSL_IMPLEMENTATION -I"$tree/src/include" -I"$tree/src" \
			-c "$tree/$1" -o "$objects/$(printf %s "$1" | tr / _).o" || exit 255
		echo "$1"' compile <"$list" | progress "$total"
	[ "$(find "$work/$name" -name '*.o' | wc -l)" -eq "$total" ] ||
		fail "not all files were compiled"
}

# A digest and random bytes through the finished archive: assembly, CPU detection and entropy are
# all linked and work.
self_test() {
	printf '%s\n' '#include <openssl/rand.h>' '#include <openssl/sha.h>' \
		'int main(void) {' \
		'	unsigned char d[32], r[32];' \
		'	SHA256((const unsigned char *)"abc", 3, d);' \
		'	return !(RAND_bytes(r, sizeof(r)) == 1 && d[0] == 0xba && d[31] == 0xad);' \
		'}' >"$work/self_test.c"
	gcc -I"$work/new/include" "$work/self_test.c" "$work/new/lib/libcrypto.a" -pthread \
		-o "$work/self_test" || fail "the built archive does not link"
	"$work/self_test" || fail "the self test of the built archive failed"
}

install_archive() {
	mkdir -p "$work/new/lib"
	ar rcs "$work/new/lib/libcrypto.a" "$work"/hosted/*.o
	ar rcs "$work/new/lib/libcrypto-bare.a" "$work"/bare/*.o
	cp -r "$work/tree/src/include" "$work/new/include"
	cp "$work/tree/debian/copyright" "$work/new/copyright"
	printf '%s\n' "$stamp" >"$work/new/stamp"
	self_test
	rm -rf "$out"
	mv "$work/new" "$out"
}

work=$(mktemp -d "$cache/boringssl-build.XXXXXX")
trap 'rm -rf "$work"' EXIT
fetch
compile hosted
compile bare -D__TRUSTY__ -ffreestanding -fpie -mno-red-zone -fno-stack-protector -U_FORTIFY_SOURCE
install_archive
echo "boringssl: $version is in $out"
