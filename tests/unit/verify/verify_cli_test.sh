#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# verify_cli_test.sh WRITE_SAMPLE PHALANX_VERIFY OPENSSL_CHECK
#
# The program and the openssl command line judge the same files, right ones and wrong ones.
set -euo pipefail

write_sample=$1
verify=$2
openssl_check=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# expect CODE COMMAND...
expect() {
	local wanted=$1 code=0
	shift
	"$@" >"$work/log" 2>&1 || code=$?
	if [ "$code" -ne "$wanted" ]; then
		echo "exit code $code, expected $wanted: $*"
		cat "$work/log"
		exit 1
	fi
}

# flip FILE OFFSET: the lowest bit of a byte.
flip() {
	local byte
	byte=$(od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' ')
	printf '%b' "$(printf '\\x%02x' $((byte ^ 1)))" |
		dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

"$write_sample" "$work"
mkdir certs
files=(--report report --certs table --nonce nonce --manifest manifest)
at=(--at 2026-09-21)

expect 1 "$verify" "${files[@]}" --extract certs
expect 0 "$verify" "${files[@]}" --root certs/ark.der "${at[@]}" --json result.json --no-debug
python3 -c 'import json; r = json.load(open("result.json")); assert r["verified"] is True' ||
	{ echo "the JSON is wrong"; exit 1; }
openssl x509 -inform DER -in certs/ark.der -out ark.pem
expect 0 "$verify" "${files[@]}" --root ark.pem
expect 0 "$verify" --report report --vcek certs/vcek.der --ask certs/ask.der --root ark.pem \
	--nonce nonce --manifest manifest
expect 0 "$verify" "${files[@]}" --allow-unknown-root
expect 1 "$verify" "${files[@]}" --root certs/ask.der
expect 1 "$verify" "${files[@]}" --root ark.pem --vmpl 1
expect 1 "$verify" "${files[@]}" --root ark.pem --no-smt
expect 1 "$verify" "${files[@]}" --root ark.pem --at 2060-01-01
expect 2 "$verify" "${files[@]}" --root absent
expect 2 "$verify" "${files[@]}" --root ark.pem --vmpl 9
expect 2 "$verify" --report report
expect 2 "$verify" "${files[@]}" --root ark.pem --json absent/result.json
expect 0 "$verify" --help
expect 0 "$openssl_check" report certs nonce manifest
expect 0 "$openssl_check" report certs

for offset in 0 80 671 672 743 744 815; do
	flip report "$offset"
	expect 1 "$verify" "${files[@]}" --root ark.pem
	expect 1 "$openssl_check" report certs
	flip report "$offset"
done
for file in nonce manifest; do
	flip "$file" 3
	expect 1 "$verify" "${files[@]}" --root ark.pem
	expect 1 "$openssl_check" report certs nonce manifest
	flip "$file" 3
done
cp certs/ark.der certs/ask.der
expect 1 "$openssl_check" report certs
expect 2 "$openssl_check" report
expect 2 "$openssl_check" report absent
echo "command line: ok"
