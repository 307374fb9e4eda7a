#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# tidy.sh BUILD_DIR: clang-tidy over the compile commands of a build, for what is not a test.
set -euo pipefail
cd "$(dirname "$0")/../.."
run-clang-tidy-19 -quiet -p "$1" -j "$(nproc)" "^$PWD/(src|snpmodel|judge|tools)/.*\.c\$"
