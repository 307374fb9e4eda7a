#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# tidy.sh BUILD_DIR: clang-tidy over the compile commands of a build, for what is not a test.
set -euo pipefail
cd "$(dirname "$0")/../.."
commands=$(mktemp -d)
trap 'rm -rf "$commands"' EXIT
# An option of gcc that clang takes for an error.
sed 's/ -fno-tree-loop-distribute-patterns//' "$1/compile_commands.json" \
	>"$commands/compile_commands.json"
run-clang-tidy-19 -quiet -p "$commands" -j "$(nproc)" \
	"^$PWD/(src|snpmodel|judge|tools|emulator)/.*\.c\$"
