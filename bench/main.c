/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "bench.h"

struct bench {
	const char *name;
	const char *what;
	bool (*run)(bool quick);
};

static const struct bench benches[] = {
	{ "zero", "zeroing methods by size, and which one the SVSM chose", bench_zero },
	{ "memory", "memory of the SVSM by vCPUs and RAM", bench_memory },
};

#define NR_BENCHES (sizeof(benches) / sizeof(benches[0]))

static void usage(FILE *out)
{
	(void)fprintf(out, "usage: phalanx bench [--quick] [NAME...]\n");
	for (size_t i = 0; i < NR_BENCHES; i++) {
		(void)fprintf(out, "  %-8s %s\n", benches[i].name, benches[i].what);
	}
}

static const struct bench *find(const char *name)
{
	for (size_t i = 0; i < NR_BENCHES; i++) {
		if (strcmp(benches[i].name, name) == 0) {
			return &benches[i];
		}
	}
	return NULL;
}

int main(int argc, char **argv)
{
	bool quick = false;
	unsigned int selected = 0;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--quick") == 0) {
			quick = true;
		} else if (strcmp(argv[i], "--help") == 0) {
			usage(stdout);
			return 0;
		} else if (find(argv[i]) != NULL) {
			selected |= 1U << (unsigned int)(find(argv[i]) - benches);
		} else {
			(void)fprintf(stderr, "bench: unknown argument %s\n", argv[i]);
			usage(stderr);
			return 2;
		}
	}
	for (size_t i = 0; i < NR_BENCHES; i++) {
		if (selected == 0U || (selected & (1U << i)) != 0U) {
			if (!benches[i].run(quick)) {
				return 1;
			}
			printf("\n");
		}
	}
	return 0;
}
