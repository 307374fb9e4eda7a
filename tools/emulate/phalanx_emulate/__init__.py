# SPDX-License-Identifier: Apache-2.0
"""Launch packages for the SNP emulator, and QEMU to run it (docs/emulator.md)."""
