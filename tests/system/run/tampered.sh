#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tampered.sh PROGRAM RECORDING SED-COMMAND N: a quick run with this recording alone, its N-th call edited.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
xz -dc "$2" >"$directory/whole"
at=$(grep -n -e '^call ' "$directory/whole" | sed -n "$4p" | cut -d : -f 1)
sed "$at$3" "$directory/whole" >"$directory/tampered.trace"
"$1" --quick --memory 64M --traces "$directory"
