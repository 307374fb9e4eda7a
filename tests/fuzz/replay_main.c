/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packets.h"
#include "run.h"

#define MAX_BYTES (FZ_PARAM_BYTES + FZ_MAX_PACKETS * FZ_PACKET_BYTES)

static bool run_file(const char *path, FILE *trace)
{
	uint8_t data[MAX_BYTES];
	FILE *file = fopen(path, "rb");
	size_t size = 0U;

	if (file == NULL) {
		perror(path);
		return false;
	}
	size = fread(data, 1U, sizeof(data), file);
	(void)fclose(file);
	(void)printf("%s: %zu bytes\n", path, size);
	(void)fflush(stdout);
	return fz_run(data, size, trace);
}

/* Usage: fuzz_corpus [-v] FILE...: each input once; -v prints the packets as they are executed. */
int main(int argc, char **argv)
{
	FILE *trace = NULL;
	int runs = 0;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-v") == 0) {
			trace = stdout;
		} else if (run_file(argv[i], trace)) {
			runs++;
		} else {
			return EXIT_FAILURE;
		}
	}
	(void)printf("%d inputs, no finding\n", runs);
	return runs > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
