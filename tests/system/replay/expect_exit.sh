#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# expect_exit.sh CODE PATTERN COMMAND...: the command must end with CODE and print PATTERN (stdout or stderr).
code=$1
pattern=$2
shift 2
output=$("$@" 2>&1)
got=$?
printf '%s\n' "$output"
if [ "$got" -ne "$code" ]; then
	echo "exit code $got instead of $code"
	exit 1
fi
if ! printf '%s\n' "$output" | grep -q -F -e "$pattern"; then
	echo "not printed: $pattern"
	exit 1
fi
