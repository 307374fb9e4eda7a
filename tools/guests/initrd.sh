#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# usage: initrd.sh GUESTS
#
# Build GUESTS/initrd.gz from busybox, the modules that init loads, and init. The same packages give
# the same bytes.
set -euo pipefail
cd "$(dirname "$0")"

guests=$1
packages=$guests/packages
# sev-guest encrypts its messages with gcm(aes): nobody loads the parts of it on demand here.
modules=(
	drivers/block/virtio_blk
	crypto/crypto_null
	crypto/gcm
	lib/crypto/gf128mul
	crypto/ghash-generic
	fs/configfs/configfs
	drivers/virt/coco/tsm
	drivers/virt/coco/sev-guest/sev-guest
)
work=$(mktemp -d "$guests/initrd.XXXXXX")
trap 'rm -rf "$work"' EXIT

echo "guests: building the initrd"
mkdir -p "$work"/root/{bin,dev,proc,sys,tmp,lib/modules}
install -m 755 init "$work/root/init"
install -m 755 "$packages/busybox" "$work/root/bin/busybox"
ln -s busybox "$work/root/bin/sh"
for module in "${modules[@]}"; do
	if [ ! -f "$packages/modules/$module.ko.xz" ]; then
		echo "guests: the kernel package has no module $module" >&2
		exit 1
	fi
	xz -dc "$packages/modules/$module.ko.xz" >"$work/root/lib/modules/${module##*/}.ko"
done
find "$work/root" -exec chmod u=rwX,go=rX {} + -exec touch -h -d @0 {} +
(cd "$work/root" && find . | LC_ALL=C sort |
	"$packages/busybox" cpio -o -H newc -R 0:0 --renumber-inodes --ignore-devno) \
	2>"$work/log" | gzip -9n >"$work/initrd.gz" || { cat "$work/log" >&2; exit 1; }
mv "$work/initrd.gz" "$guests/initrd.gz"
