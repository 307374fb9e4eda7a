#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Fail when a C source is not formatted as .clang-format says.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tools/lint/files.sh
project_files '*.c' '*.h' | xargs -r clang-format-19 --dry-run --Werror --ferror-limit=3
echo "format: $(project_files '*.c' '*.h' | wc -l) files"
