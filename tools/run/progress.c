/* SPDX-License-Identifier: Apache-2.0 */
#include "progress.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

static char line[160];

static bool on_terminal(void)
{
	return isatty(STDERR_FILENO) == 1;
}

void progress_start(const char *phase, unsigned int part, unsigned int parts, const char *text)
{
	(void)snprintf(line, sizeof(line), "%s %u/%u: %s", phase, part, parts, text);
	if (on_terminal()) {
		(void)fprintf(stderr, "\r\033[K%s", line);
	} else {
		(void)fprintf(stderr, "%s\n", line);
	}
	(void)fflush(stderr);
}

void progress_calls(uint64_t calls)
{
	if (on_terminal()) {
		(void)fprintf(stderr, "\r\033[K%s  %" PRIu64 " calls", line, calls);
		(void)fflush(stderr);
	}
}

void progress_end(void)
{
	if (on_terminal()) {
		(void)fputs("\r\033[K", stderr);
		(void)fflush(stderr);
	}
}
