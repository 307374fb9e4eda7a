#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# undefined_symbols.sh NM ARCHIVE [LOWER_ARCHIVE...]
#
# What a freestanding core library may leave undefined: arch_*, ck_*, the BoringSSL functions that
# attestation uses (EVP_AEAD, SHA512, OPENSSL_cleanse), the four memory functions that a compiler may
# call, __stack_chk_fail, and svsm_* that a lower layer defines. A libc function, a libatomic call or
# an upward call fails.
set -euo pipefail

nm=$1
archive=$2
shift 2

defined=$("$nm" -g --defined-only "$archive" "$@" | awk 'NF == 3 { print $3 }' | sort -u)
undefined=$("$nm" -gu "$archive" | awk '$1 == "U" { print $2 }' | sort -u)
left=$(comm -13 <(printf '%s\n' "$defined") <(printf '%s\n' "$undefined") |
	grep -vE '^((arch|ck)_[a-z0-9_]+|(EVP_(AEAD|aead)|SHA512)_[A-Za-z0-9_]+|OPENSSL_cleanse|mem(cpy|set|cmp|move)|__stack_chk_fail|)$' || true)
if [ -n "$left" ]; then
	echo "$(basename "$archive"): not available below this layer in VMPL0:" >&2
	printf '%s\n' "$left" | sed 's/^/  /' >&2
	exit 1
fi
