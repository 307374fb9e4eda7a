/* SPDX-License-Identifier: Apache-2.0 */
#include "callgrind.h"

#include <stdlib.h>
#include <string.h>

#define LINE_BYTES 4096

static bool starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool is_arch(const char *function)
{
	return starts(function, "arch_");
}

static bool is_machine(const char *function)
{
	return is_arch(function) || starts(function, "hm_") || starts(function, "snpm_");
}

/* The cost behind the position in a line "position cost". */
static uint64_t cost_of(const char *line)
{
	const char *blank = strchr(line, ' ');

	return blank == NULL ? 0U : strtoull(blank + 1, NULL, 10);
}

bool callgrind_read(FILE *in, struct callgrind_counts *counts)
{
	char line[LINE_BYTES];
	bool in_machine = false; /* the function whose lines these are */
	bool to_arch = false;	 /* the last callee */
	bool to_svsm = false;
	bool call = false; /* the next line is the cost of a call */

	*counts = (struct callgrind_counts){ 0 };
	while (fgets(line, sizeof(line), in) != NULL) {
		if (starts(line, "fn=")) {
			in_machine = is_machine(line + 3);
		} else if (starts(line, "cfn=")) {
			to_arch = is_arch(line + 4);
			to_svsm = strcmp(line + 4, "svsm_serve\n") == 0;
		} else if (starts(line, "calls=")) {
			call = true;
		} else if (call) {
			counts->arch += to_arch && !in_machine ? cost_of(line) : 0U;
			counts->total += to_svsm ? cost_of(line) : 0U;
			call = false;
		}
	}
	return counts->total > 0U;
}
