/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_FORMAT_H
#define RUN_FORMAT_H

/* Numbers as people read them: three significant digits and a unit. Each returns @text. */

#include <stddef.h>
#include <stdint.h>

#define FORMAT_SIZE 24U

/* 0 to 9999 as they are, then 12.3 k, 1.23 M, 12.3 G. */
const char *format_count(double value, char text[FORMAT_SIZE]);
/* 840 ns, 1.24 us, 12.4 ms, 1.20 s. */
const char *format_duration(double nanoseconds, char text[FORMAT_SIZE]);
/* 640 B, 64 KiB, 1.5 MiB, 4 GiB. */
const char *format_bytes(uint64_t bytes, char text[FORMAT_SIZE]);

#endif
