#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# verify_saved.sh REPLAY VERIFY OPENSSL-CHECK SCRIPT: what the script saved must verify, and one changed bit must not.
set -u
replay=$1
verify=$2
openssl_check=$3
out=$(mktemp -d) || exit 2
trap 'rm -r "$out"' EXIT
"$replay" --quiet --out "$out" "$4" || exit 1

verify_all() {
	"$verify" --report "$out/$1" --certs "$out/certs.bin" --nonce "$out/nonce.bin" --manifest "$out/manifest.bin" \
		--allow-unknown-root --no-debug --extract "$out"
}

verify_all report.bin || exit 1
"$openssl_check" "$out/report.bin" "$out" "$out/nonce.bin" "$out/manifest.bin" || exit 1

# REPORT_DATA is at 0x50: one of its bytes gets another value.
cp "$out/report.bin" "$out/changed.bin"
byte=$(od -An -tu1 -j 80 -N 1 "$out/report.bin" | tr -d ' ')
printf '%b' "\\0$(printf '%o' $((byte ^ 1)))" | dd of="$out/changed.bin" bs=1 seek=80 conv=notrunc 2>/dev/null
if verify_all changed.bin; then
	echo "the verifier accepted a changed report"
	exit 1
fi
"$openssl_check" "$out/changed.bin" "$out" "$out/nonce.bin" "$out/manifest.bin"
if [ $? -ne 1 ]; then
	echo "openssl-check.sh did not refuse a changed report"
	exit 1
fi
