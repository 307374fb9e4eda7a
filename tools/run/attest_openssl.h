/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_ATTEST_OPENSSL_H
#define RUN_ATTEST_OPENSSL_H

#include <stdbool.h>
#include <stddef.h>

/* Is there a program of this name in PATH? */
bool attest_program_exists(const char *name);

/*
 * Run tools/verify/openssl-check.sh on files of @directory (attest_files.h), with @report for the
 * report. Its exit code; -1 if it did not run. What it printed, as far as there is room, in @output
 * (@size at least 1). One child process, reaped here.
 */
int attest_openssl(const char *directory, const char *report, char *output, size_t size);

#endif
