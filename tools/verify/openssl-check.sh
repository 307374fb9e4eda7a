#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# openssl-check.sh REPORT CERTS_DIR [NONCE MANIFEST]
#
# Checks an attestation report with nothing but the openssl command line and coreutils, so that no
# code is shared with phalanx-verify. CERTS_DIR has ark, ask and vcek, each .der or .pem; the ARK is
# taken as trusted. Prints one line for each check. Exit codes: 0 all passed, 1 a check failed, 2
# bad usage or input.
set -euo pipefail

bad() {
	echo "openssl-check: $*" >&2
	exit 2
}

[ $# -eq 2 ] || [ $# -eq 4 ] || bad "usage: openssl-check.sh REPORT CERTS_DIR [NONCE MANIFEST]"
command -v openssl >/dev/null || bad "no openssl command"
report=$1
certs=$2
for file in "$report" "${@:3}"; do
	[ -r "$file" ] || bad "cannot read $file"
done
[ "$(wc -c <"$report")" -ge 1184 ] || bad "$report is shorter than a report"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# result NAME CODE
result() {
	if [ "$2" -eq 0 ]; then
		echo "  pass  $1"
	else
		echo "  FAIL  $1"
		failed=1
	fi
}

# check NAME COMMAND...: its output is shown only if it fails.
check() {
	local name=$1 code=0
	shift
	"$@" >"$work/log" 2>&1 || code=$?
	result "$name" "$code"
	if [ "$code" -ne 0 ]; then
		sed 's/^/        /' "$work/log"
	fi
}

to_pem() {
	if [ -r "$certs/$1.der" ]; then
		openssl x509 -inform DER -in "$certs/$1.der" -out "$work/$1.pem" 2>/dev/null
	else
		openssl x509 -in "$certs/$1.pem" -out "$work/$1.pem" 2>/dev/null
	fi || bad "cannot read the certificate $certs/$1.der or .pem"
}

# slice OFFSET LENGTH
slice() {
	tail -c "+$(($1 + 1))" "$report" | head -c "$2"
}

# A little-endian number of 72 bytes at an offset, as hexadecimal digits.
scalar() {
	slice "$1" 72 | od -An -v -tx1 | tr -s ' ' '\n' | grep . | tac | tr -d '\n'
}

for name in ark ask vcek; do
	to_pem "$name"
done
check "openssl verify: ARK, ASK, VCEK" \
	openssl verify -no-CApath -no-CAstore -CAfile "$work/ark.pem" -untrusted "$work/ask.pem" \
	"$work/vcek.pem"

slice 0 672 >"$work/signed"
printf '%s\n' 'asn1=SEQUENCE:signature' '[signature]' \
	"r=INTEGER:0x$(scalar 672)" "s=INTEGER:0x$(scalar 744)" >"$work/asn1"
openssl asn1parse -genconf "$work/asn1" -noout -out "$work/signature" 2>"$work/log" ||
	bad "cannot encode the signature: $(cat "$work/log")"
openssl x509 -in "$work/vcek.pem" -noout -pubkey >"$work/key.pem"
check "openssl dgst: signature of the report" \
	openssl dgst -sha384 -verify "$work/key.pem" -signature "$work/signature" "$work/signed"

if [ $# -eq 4 ]; then
	slice 80 64 >"$work/report_data"
	cat "$3" "$4" | openssl dgst -sha512 -binary >"$work/digest"
	check "REPORT_DATA is SHA-512(nonce || manifest)" cmp "$work/report_data" "$work/digest"
fi
exit "$failed"
