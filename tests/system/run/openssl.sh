#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# openssl.sh PROGRAM RECORDING missing|refuses|accepts: a quick run where PATH has no openssl program, one that
# fails whatever it is asked, or one that is content with every signature of a report.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
mkdir "$directory/traces" "$directory/bin"
cp "$2" "$directory/traces"
for tool in bash sh env xz cat cmp cp cut dirname grep head mktemp od rm sed tac tail tr wc; do
	ln -s "$(command -v $tool)" "$directory/bin/$tool"
done
case "$3" in
missing) ;;
refuses) printf '#!/bin/sh\nexit 1\n' >"$directory/bin/openssl" ;;
accepts)
	printf '#!/bin/sh\ncase "$*" in\n*-sha384*) exit 0 ;;\nesac\nexec %s "$@"\n' "$(command -v openssl)" \
		>"$directory/bin/openssl"
	;;
esac
if [ "$3" != missing ]; then
	chmod +x "$directory/bin/openssl"
fi
PATH=$directory/bin "$1" --quick --memory 64M --traces "$directory/traces"
