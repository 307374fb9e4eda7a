# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Sourced: packages of Debian's main archive through apt lists of our own. The mirror, its options
# and its keys are those of the machine's own apt sources; the machine's apt configuration is only
# read.

# private_apt_stanzas CODENAME TYPE SUITES: stanzas of TYPE (deb, deb-src) for SUITES (separated by
# spaces), from the machine's deb822 entries for the main archive of CODENAME.
private_apt_stanzas() {
	cat /etc/apt/sources.list.d/*.sources 2>/dev/null |
		awk -v RS= -v FS='\n' -v codename="$1" -v type="$2" -v suites="$3" '
	function field(name, i, line) {
		for (i = 1; i <= NF; i++) {
			if (tolower($i) ~ "^" name ":") {
				line = $i
				sub(/^[^:]*:[ \t]*/, "", line)
				return line
			}
		}
		return ""
	}
	{
		if (field("enabled") == "no" || " " field("types") " " !~ / deb(-src)? /)
			next
		if (" " field("suites") " " !~ " " codename " " || " " field("components") " " !~ / main /)
			next
		for (i = 1; i <= NF; i++) {
			if ($i ~ /^#/)
				continue
			if (tolower($i) ~ /^types:/)
				print "Types: " type
			else if (tolower($i) ~ /^suites:/)
				print "Suites: " suites
			else if (tolower($i) ~ /^components:/)
				print "Components: main"
			else
				print $i
		}
		print ""
	}'
}

# private_apt_lines CODENAME TYPE SUITES: the same for entries of the one-line format.
private_apt_lines() {
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
		awk -v codename="$1" -v type="$2" -v suites="$3" '
	BEGIN { count = split(suites, suite, " ") }
	$1 == "deb" || $1 == "deb-src" {
		options = ""
		i = 2
		if ($i ~ /^\[/) {
			do {
				options = options $i " "
			} while ($(i++) !~ /\]$/ && i <= NF)
		}
		uri = $i
		if ($(i + 1) != codename || uri ~ /^cdrom:/)
			next
		for (j = i + 2; j <= NF; j++) {
			if ($j == "main") {
				for (k = 1; k <= count; k++)
					print type " " options uri " " suite[k] " main"
				next
			}
		}
	}' | sort -u
}

# private_apt_init DIR [TYPE SUITE...]: write the private sources; without TYPE, those of the source
# packages of the machine's own release. False if the machine has no usable entry.
private_apt_init() {
	local codename suites
	codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
	mkdir -p "$1/sources" "$1/lists/partial" "$1/cache/archives/partial"
	suites=${*:3}
	private_apt_stanzas "$codename" "${2:-deb-src}" "${suites:-$codename}" \
		>"$1/sources/private.sources"
	private_apt_lines "$codename" "${2:-deb-src}" "${suites:-$codename}" \
		>"$1/sources/private.list"
	[ -n "$codename" ] && [ -n "$(cat "$1"/sources/*)" ]
}

# private_apt DIR ARGUMENTS...: apt-get with the private sources. It runs as the calling user and
# needs no root.
private_apt() {
	local dir=$1
	shift
	apt-get -q \
		-o Dir::Etc::SourceList=/dev/null \
		-o Dir::Etc::SourceParts="$dir/sources" \
		-o Dir::State::Lists="$dir/lists" \
		-o Dir::Cache="$dir/cache" \
		-o APT::Sandbox::User="$(id -un)" \
		-o APT::Get::List-Cleanup=true \
		-o APT::Update::Post-Invoke::= \
		-o Acquire::Retries=3 \
		-o Acquire::http::Timeout=30 \
		-o Acquire::https::Timeout=30 \
		"$@"
}
