# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Sourced by the lint scripts: the files of the project (tracked, or new and not ignored), one per
# line.

# A CI container often runs as another user than the one that owns the tree; git is only read here.
project_files() {
	local file
	git -c safe.directory='*' ls-files --cached --others --exclude-standard -- "$@" |
		sort -u | while read -r file; do
			if [ -f "$file" ]; then
				printf '%s\n' "$file"
			fi
		done
}
