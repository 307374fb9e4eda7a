/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_ATTEST_FILES_H
#define RUN_ATTEST_FILES_H

#include "attest_guest.h"

/* Make the directory of the phase: @named, or a new one. False: a message is on stderr. */
bool attest_files_open(const char *named, struct attest *attest);
/* The subdirectory of a report's files, into @path (ATTEST_PATH bytes). */
bool attest_files_directory(const struct attest *attest, unsigned int version, char *path);
/*
 * Write report.bin, nonce.bin, manifest.bin, certs.bin, changed.bin (the report with @changed_bit
 * inverted), ark.der (the trusted root), and ask.der and vcek.der from the host's table, into
 * @directory. False: a message is on stderr.
 */
bool attest_files_write(const char *directory, const struct attest_evidence *evidence,
			unsigned int changed_bit);
/* Remove what was written, unless the user named the directory. */
void attest_files_close(const struct attest *attest);

#endif
