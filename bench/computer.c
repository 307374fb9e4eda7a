/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "session.h"

#ifndef BENCH_FLAGS
#define BENCH_FLAGS ""
#endif

/* The first line of a file that starts with @key, from behind its colon on. */
static void find_line(const char *path, const char *key, char *text, size_t size)
{
	FILE *in = fopen(path, "r");
	char line[4096];

	(void)snprintf(text, size, "unknown");
	if (in == NULL) {
		return;
	}
	while (fgets(line, sizeof(line), in) != NULL) {
		const char *colon = strchr(line, ':');

		if (strncmp(line, key, strlen(key)) == 0 && colon != NULL) {
			(void)snprintf(text, size, "%.*s", (int)strcspn(colon + 2, "\n\"\\"),
				       colon + 2);
			break;
		}
	}
	(void)fclose(in);
}

static double seconds_of(int who)
{
	struct rusage usage;

	memset(&usage, 0, sizeof(usage));
	(void)getrusage(who, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

bool computer_busy(double *all, double *own)
{
	FILE *in = fopen("/proc/stat", "r");
	unsigned long long user = 0U, nice = 0U, kernel = 0U;
	const double tick = 1.0 / (double)sysconf(_SC_CLK_TCK);
	char line[256] = "";
	char *at = line + 3;

	if (in == NULL || fgets(line, sizeof(line), in) == NULL || strncmp(line, "cpu", 3U) != 0) {
		if (in != NULL) {
			(void)fclose(in);
		}
		return false;
	}
	(void)fclose(in);
	user = strtoull(at, &at, 10);
	nice = strtoull(at, &at, 10);
	kernel = strtoull(at, &at, 10);
	*all = (double)(user + nice + kernel) * tick;
	*own = seconds_of(RUSAGE_SELF) + seconds_of(RUSAGE_CHILDREN);
	return true;
}

void computer_load(char *text, size_t size)
{
	double load[3] = { 0.0 };

	(void)getloadavg(load, 3);
	(void)snprintf(text, size, "%.2f %.2f %.2f", load[0], load[1], load[2]);
}

void computer_describe(struct computer *computer)
{
	const time_t now = time(NULL);
	struct utsname name;
	struct tm day;

	memset(&name, 0, sizeof(name));
	(void)uname(&name);
	find_line("/proc/cpuinfo", "model name", computer->processor, sizeof(computer->processor));
	computer->processors = sysconf(_SC_NPROCESSORS_ONLN);
	(void)snprintf(computer->kernel, sizeof(computer->kernel), "%s %s", name.sysname,
		       name.release);
	(void)snprintf(computer->compiler, sizeof(computer->compiler), "%s %s, %s",
#if defined(__clang__)
		       "clang", __clang_version__,
#else
		       "gcc", __VERSION__,
#endif
		       BENCH_FLAGS);
	computer_load(computer->load, sizeof(computer->load));
	if (gmtime_r(&now, &day) != NULL) {
		(void)strftime(computer->date, sizeof(computer->date), "%Y-%m-%d %H:%M UTC", &day);
	}
}
