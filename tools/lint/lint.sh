#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The gates that need no compiler. Each prints what it found; any finding fails.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tools/lint/files.sh

# Without a list of files every gate would be content.
if [ "$(project_files | wc -l)" -lt 20 ]; then
	echo "lint: git lists no files of this tree" >&2
	exit 1
fi

failed=0

# report GATE FINDINGS: one line if there are none.
report() {
	if [ -n "$2" ]; then
		printf '%s:\n%s\n' "$1" "$2" >&2
		failed=1
	else
		echo "$1: ok"
	fi
}

# search PATTERN FILE...: extended regular expression over files given on stdin, "file:line:text" of
# each hit.
search() {
	xargs -r -d '\n' grep -nHIE -e "$1" || true
}

# Comments and string literals may name what code may not call.
code_search() {
	search "$1" | grep -vE '^[^:]+:[0-9]+:[[:space:]]*(/?\*|//)' || true
}

spdx_gate() {
	local file lines
	project_files | grep -vE '^LICENSE$|\.(xz|gz|png|bin)$|^tests/fuzz/corpus/' |
		while read -r file; do
			lines=2
			if [ "${file##*.}" = json ]; then
				lines=5
			fi
			if ! head -n "$lines" "$file" |
				grep -qE 'SPDX-License-Identifier("?): \1Apache-2\.0'; then
				echo "  $file"
			fi
		done
}

include_gate() {
	project_files '*.c' '*.h' |
		search '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<]([^">]*/)?\.\./'
}

libc_gate() {
	local names='strcpy|strncpy|stpcpy|strcat|strncat|sprintf|vsprintf|gets|strtok|alloca'
	names+='|atoi|atol|atoll|atof'
	project_files '*.c' '*.h' | code_search "(^|[^A-Za-z0-9_.>])($names)[[:space:]]*\("
}

# Memory order is part of the argument for each structure: it is written, never defaulted. Tests
# inspect results when nothing else runs any more.
order_gate() {
	local calls='atomic_(load|store|exchange|compare_exchange_(weak|strong)'
	calls+='|fetch_(add|sub|or|xor|and))'
	project_files '*.c' '*.h' | grep -v '^tests/' |
		code_search "(^|[^A-Za-z0-9_])(${calls}[[:space:]]*\(|__sync_[a-z])"
}

# Multi-producer enqueues of ck_ring wait for a producer that the host stopped in the middle.
ring_gate() {
	project_files 'src/*.c' 'src/*.h' | code_search 'ck_ring_[a-z_]+_(mpsc|mpmc|spmc)'
}

# The core has no allocator but its own, no console, no signals, and never asks which machine it is
# built for (tsan.h asks for the sanitizer).
core_gate() {
	local core=(src/{percpu,mm,attest,vtpm,apic,protocols,sched}/'*')
	local names='malloc|calloc|realloc|free|printf|fprintf|abort|assert|exit'
	project_files "${core[@]}" | grep '\.[ch]$' |
		code_search "(^|[^A-Za-z0-9_])($names)[[:space:]]*\("
	project_files "${core[@]}" | grep '\.[ch]$' | grep -vFx src/percpu/include/tsan.h |
		search '^[[:space:]]*#[[:space:]]*(if|ifdef|elif|ifndef)([[:space:]]|$)' |
		grep -vE '#ifndef [A-Z0-9_]+_H_?$' || true
}

# Only directories of the operating system are named absolutely, and no package or file server at
# all: the machine's own configuration says which to use.
place_gate() {
	local start='(^|[^A-Za-z0-9._-])' end='([^A-Za-z0-9_.-]|$)'
	local server='(ftp|deb|archive|mirrors?|snapshot|security|packages|registry|proxy)'
	project_files | grep -vE '^LICENSE$|^tests/fuzz/corpus/' |
		search "(^|[[:space:]\"'\`=(<])/[a-z][A-Za-z0-9._-]*/[A-Za-z0-9._-]+" |
		grep -vE "(^|[[:space:]\"'\`=(<])/(usr|etc|dev|proc|sys|tmp|var|bin|lib)/" || true
	project_files | grep -vE '^LICENSE$' |
		search "$start($server\\.[a-z0-9-]+\\.[a-z]+|[a-z0-9.-]+\\.(internal|corp)$end)"
}

length_gate() {
	project_files '*.c' '*.h' | xargs -r -d '\n' python3 tools/lint/function_length.py 60
}

report "SPDX line" "$(spdx_gate)"
report "no include of a parent directory" "$(include_gate)"
report "banned libc functions" "$(libc_gate)"
report "explicit memory order" "$(order_gate)"
report "single-producer rings" "$(ring_gate)"
report "core without libc and machine switches" "$(core_gate)"
report "no path or host of one machine" "$(place_gate)"
if ! length_gate; then
	failed=1
fi
exit "$failed"
