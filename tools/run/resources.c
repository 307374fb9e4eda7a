/* SPDX-License-Identifier: Apache-2.0 */
#include "resources.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Per 4 KiB page: RMP word, nested entry, the judge's shadow of gPA and system page, one flag. */
#define BYTES_PER_PAGE (8U + 8U + 24U + 4U + 1U)
/* Stack in use, vCPU of the machine with its translation caches, SVSM vCPU, tally. */
#define BYTES_PER_VCPU (UINT64_C(160) << 10)
/* Program, one replayed recording with its own machine. */
#define BYTES_FIXED (UINT64_C(640) << 20)

unsigned int resources_processors(void)
{
	cpu_set_t set;
	long online = 0;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set) == 0) {
		return (unsigned int)CPU_COUNT(&set);
	}
	online = sysconf(_SC_NPROCESSORS_ONLN);
	return online < 1 ? 1U : (unsigned int)online;
}

uint64_t resources_needed(const struct run_options *options)
{
	return options->memory + (options->memory >> 12) * BYTES_PER_PAGE +
	       options->vcpus * BYTES_PER_VCPU + BYTES_FIXED;
}

bool resources_parse_available(const char *meminfo, uint64_t *bytes)
{
	static const char key[] = "MemAvailable:";
	const char *at = strstr(meminfo, key);
	char *end = NULL;
	unsigned long long kib = 0U;

	if (at == NULL) {
		return false;
	}
	at += sizeof(key) - 1U;
	kib = strtoull(at, &end, 10);
	if (end == at || strncmp(end, " kB", 3U) != 0) {
		return false;
	}
	*bytes = (uint64_t)kib << 10;
	return true;
}

uint64_t resources_available(void)
{
	char text[4096];
	uint64_t bytes = UINT64_MAX;
	FILE *file = fopen("/proc/meminfo", "r");
	size_t length = 0U;

	if (file == NULL) {
		return UINT64_MAX;
	}
	length = fread(text, 1U, sizeof(text) - 1U, file);
	(void)fclose(file);
	text[length] = '\0';
	return resources_parse_available(text, &bytes) ? bytes : UINT64_MAX;
}
