#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Usage: run.sh MODEL.pml [good[:DEFINE] | bad:DEFINE] [BUILD-DIR]
#        run.sh --list MODEL.pml
#
# Searches one spin model exhaustively and judges what pan printed, never its exit status (0 also
# when it ran out of depth or memory). A model declares its own runs in comment lines:
#	" * check: cycles"	also search for executions that never end (pan -l)
#	" * good: NAME"		a further configuration (-DNAME) that must hold
#	" * bad: NAME /ERE/"	a broken variant (-DNAME): its first error must match ERE, so that
#				a variant which fails for another reason is seen
# A good run must also have reached every statement: a model that cannot do what it models proves
# nothing. Exit status: 0 as judged, 1 not as judged, 2 usage, 77 skipped (no spin or no C
# compiler).
set -eu

fail() {
	echo "FAIL: $*"
	exit 1
}

runs_of() {
	echo good
	sed -n -e 's/^ \* good: \([A-Z0-9]*\).*/good:\1/p' \
		-e 's/^ \* bad: \([A-Z0-9]*\) .*/bad:\1/p' "$1"
}

# One search: $1 -D option of the variant or empty, $2 name, then the options of cc before "--" and
# of pan after it.
search() {
	variant=$1
	name=$2
	shift 2
	cc_opts=
	while [ "$1" != -- ]; do
		cc_opts="$cc_opts $1"
		shift
	done
	shift
	# shellcheck disable=SC2086 # options are lists of words
	(cd "$dir" && spin -a ${variant:+"$variant"} model.pml >spin.out 2>&1 &&
		${CC:-cc} -O2 -w -DMEMLIM=1024 $cc_opts -o pan pan.c >cc.out 2>&1) || {
		cat "$dir/spin.out" "$dir/cc.out" 2>/dev/null || :
		fail "$name: spin or the compiler failed"
	}
	(cd "$dir" && ./pan -m100000 "$@" >"$name.out" 2>&1) || :
	# An incomplete search is an answer only when it stopped at an error.
	if grep -q -e 'out of memory' -e 'MEMLIM bound' -e 'max search depth too small' \
		"$dir/$name.out"; then
		cat "$dir/$name.out"
		fail "$name: search not exhaustive"
	fi
	errors=$(sed -n 's/.*errors: \([0-9][0-9]*\).*/\1/p' "$dir/$name.out" | tail -n 1)
	states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' "$dir/$name.out" | tail -n 1)
	[ -n "$errors" ] || {
		cat "$dir/$name.out"
		fail "$name: pan reported no result"
	}
	first=$(sed -n 's/^pan:1: \(.*\) (at depth.*/\1/p' "$dir/$name.out" | head -n 1)
	echo "$name: states $states, errors: $errors${first:+, $first}"
}

judge_good() {
	[ "$errors" != 0 ] || ! grep -q 'Search not completed' "$dir/$name.out" ||
		fail "$name: search not completed"
	[ "$errors" = 0 ] || {
		(cd "$dir" && spin -t -p ${variant:+"$variant"} model.pml | tail -n 80) || :
		fail "errors: $errors in a model that must hold"
	}
}

# Statements that no execution reached, from the safety run; "-end-" of a process that may stop
# early is none.
judge_reached() {
	dead=$(sed -n '/^unreached in/,$p' "$dir/safety.out" | grep 'state [0-9]' |
		grep -v -e '"-end-"' || :)
	[ -z "$dead" ] || fail "unreached statements:
$dead"
}

if [ "${1:-}" = --list ] && [ $# -eq 2 ]; then
	runs_of "$2"
	exit 0
fi
if [ $# -lt 1 ] || [ $# -gt 3 ] || [ ! -f "$1" ]; then
	echo "usage: $0 MODEL.pml [good[:DEFINE] | bad:DEFINE] [BUILD-DIR]" >&2
	exit 2
fi
model=$1
run=${2:-good}
for tool in spin "${CC:-cc}"; do
	command -v "$tool" >/dev/null 2>&1 || {
		echo "SKIP: $tool not found"
		exit 77
	}
done
runs_of "$model" | grep -qx "$run" || {
	echo "$model does not declare the run '$run'" >&2
	exit 2
}
define=${run#*:}
[ "$define" != "$run" ] || define=
dir=$(mktemp -d "${3:-${TMPDIR:-/tmp}}/spin.XXXXXX")
trap 'rm -rf "$dir"' EXIT INT TERM
cp "$model" "$dir/model.pml"

search "${define:+-D$define}" safety -DSAFETY --
case $run in
good*)
	judge_good
	[ -n "$define" ] || judge_reached
	if grep -q '^ \* check: cycles' "$model"; then
		search "${define:+-D$define}" cycles -DNP -- -l
		judge_good
	fi
	;;
bad:*)
	[ "$errors" -ge 1 ] || fail "variant $define must fail and does not"
	expected=$(sed -n "s,^ \* bad: $define /\([^/]*\)/.*,\1,p" "$model")
	[ -n "$expected" ] || fail "variant $define declares no expected error"
	echo "$first" | grep -Eq -- "$expected" ||
		fail "variant $define failed with '$first', expected /$expected/"
	if [ -n "${PHALANX_TRAIL:-}" ]; then
		(cd "$dir" && spin -t -p -g "-D$define" model.pml)
	fi
	;;
esac
echo "PASS: $(basename "$model") $run"
