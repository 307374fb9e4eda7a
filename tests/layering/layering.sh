#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# layering.sh COMPILER TABLE SOURCE_DIR
#
# Shows that the build itself stops an upward include: for each pair of layers a file of the lower
# one that includes a header of the upper one must not compile, and must fail because the header is
# not found. The same for the headers of the hosted machine, the model and the judge, which no core
# layer may use. As a control, each header compiles with the include path of its own library. TABLE
# (written by the build) has a line "name rank own-dirs all-dirs" per library, directories separated
# by ':'.
set -euo pipefail

compiler=$1
table=$2
source_dir=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
refused=0
failed=0

fail() {
	echo "layering: $*" >&2
	failed=$((failed + 1))
}

# headers DIRS: the headers below each directory of a ':' list, as an #include would name them.
headers() {
	local dir
	for dir in ${1//:/ }; do
		if [ -d "$dir" ]; then
			(cd "$dir" && find . -name '*.h' -printf '%P\n')
		fi
	done
}

# compile HEADER DIRS: compile one file that includes the header; the compiler's messages go to
# $work/log.
compile() {
	local flags=() dir
	for dir in ${2//:/ }; do
		flags+=("-I$dir")
	done
	printf '#include "%s"\n' "$1" >"$work/probe.c"
	LC_ALL=C "$compiler" -std=c11 "${flags[@]}" -fsyntax-only "$work/probe.c" >"$work/log" 2>&1
}

must_compile() { # layer header dirs
	if ! compile "$2" "$3"; then
		fail "$1 does not compile its own header $2: $(head -n 1 "$work/log")"
	fi
}

must_not_compile() { # lower upper header dirs
	if compile "$3" "$4"; then
		fail "$1 can include $3 of $2"
	elif ! grep -qE "(No such file|file not found)" "$work/log"; then
		fail "$1 including $3 of $2 fails for another reason: $(head -n 1 "$work/log")"
	else
		refused=$((refused + 1))
	fi
}

check_pair() { # lower dirs-of-lower upper own-dirs-of-upper
	local header
	for header in $(headers "$4"); do
		must_not_compile "$1" "$3" "$header" "$2"
	done
}

check_layer() { # name rank own all
	local header other other_rank other_own outside
	for header in $(headers "$3"); do
		must_compile "$1" "$header" "$4"
	done
	while read -r other other_rank other_own _; do
		if [ "$other" != "$1" ] && [ "$other_rank" -ge "$2" ]; then
			check_pair "$1" "$4" "$other" "$other_own"
		fi
	done <"$table"
	for outside in "$source_dir"/{snpmodel,judge,tools/*}/include; do
		check_pair "$1" "$4" "${outside#"$source_dir"/}" "$outside"
	done
	must_not_compile "$1" "the hosted machine" machine.h "$4"
}

layers=0
while read -r name rank own all; do
	layers=$((layers + 1))
	check_layer "$name" "$rank" "$own" "$all"
done <"$table"

# A path that climbs out of a directory would get around the include path.
if grep -rnE --include='*.[ch]' '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]([^">]*/)?\.\./' \
	"$source_dir"/{src,snpmodel,judge,tools,bench,tests}; then
	fail "an include path contains .."
fi

if [ "$layers" -eq 0 ]; then
	fail "the table of layers is empty"
fi
echo "layering: $layers layers, $refused upward includes refused, $failed failures"
[ "$failed" -eq 0 ]
