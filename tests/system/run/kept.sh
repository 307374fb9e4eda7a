#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# kept.sh PROGRAM VERIFY RECORDING: the files that a run keeps can be verified afterwards, in each report version.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
mkdir "$directory/traces"
cp "$3" "$directory/traces"
"$1" --quick --memory 64M --traces "$directory/traces" --attest-dir "$directory/kept" --json "$directory/json"
grep -q '"openssl": "passed", "changed_refused": true, "ok": true' "$directory/json"
for version in 2 3 5; do
	kept=$directory/kept/v$version
	[ "$(od -An -tu1 -N 1 "$kept/report.bin" | tr -d ' ')" = "$version" ]
	"$2" --quiet --report "$kept/report.bin" --certs "$kept/certs.bin" --root "$kept/ark.der" \
		--nonce "$kept/nonce.bin" --manifest "$kept/manifest.bin"
	if "$2" --quiet --report "$kept/changed.bin" --certs "$kept/certs.bin" --root "$kept/ark.der" \
		--nonce "$kept/nonce.bin" --manifest "$kept/manifest.bin"; then
		echo "the changed report was accepted"
		exit 1
	fi
done
echo "3 versions verified from files"
