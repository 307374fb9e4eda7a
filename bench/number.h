/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_NUMBER_H
#define BENCH_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The @len bytes of @text as a decimal number in [@min, @max]; false, and *@value unchanged, if
 * they are none. */
bool number_parse(const char *text, size_t len, uint64_t min, uint64_t max, uint64_t *value);

#endif
