#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# expect_detection.sh PROGRAM PATTERN: PROGRAM, a test linked with a broken core, must fail and say
# so in a line that matches PATTERN. A program that is killed detects nothing.
set -u
output=$("$1" 2>&1)
status=$?
printf '%s\n' "$output"
if [ "$status" -eq 0 ]; then
	echo "the broken core passes the test" >&2
	exit 1
fi
if [ "$status" -ge 128 ]; then
	echo "the broken core dies with status $status, undetected" >&2
	exit 1
fi
if ! printf '%s\n' "$output" | grep -Eq -- "$2"; then
	echo "no line of the output matches: $2" >&2
	exit 1
fi
