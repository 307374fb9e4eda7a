/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOMENT_H
#define MOMENT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Seconds since 1970-01-01T00:00Z from such a number, from YYYY-MM-DD, or from
 * YYYY-MM-DDTHH:MM:SSZ; years 1970 to 9999. False for anything else.
 */
bool moment_parse(const char *text, int64_t *seconds);

#endif
