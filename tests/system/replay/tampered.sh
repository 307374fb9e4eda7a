#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tampered.sh TOOL TRACE.xz SED-EXPRESSION: replay a changed copy of a recording. The change must change something.
copy=$(mktemp -d) || exit 2
trap 'rm -r "$copy"' EXIT
xz -dc "$2" >"$copy/original.trace" || exit 2
sed -e "$3" "$copy/original.trace" >"$copy/tampered.trace" || exit 2
if cmp -s "$copy/original.trace" "$copy/tampered.trace"; then
	echo "the edit changed nothing: $3"
	exit 2
fi
"$1" "$copy/tampered.trace"
