#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Rewrite the C sources as .clang-format says.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tools/lint/files.sh
project_files '*.c' '*.h' | xargs -r clang-format-19 -i
