/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_impl.h"
#include "stream.h"

/* driver SEED STEPS VMPL all|valid [MASK]: the log of a stream on the implementation linked. MASK:
 * enum bench_cost. */
int main(int argc, char **argv)
{
	struct stream s;
	unsigned long steps = 0;

	if (argc != 5 && argc != 6) {
		(void)fprintf(stderr, "usage: driver SEED STEPS VMPL all|valid [MASK]\n");
		return 2;
	}
	(void)fprintf(stderr, "driver: %s, seed %s\n", bench_impl_name(), argv[1]);
	if (argc == 6) {
		bench_impl_costs((unsigned int)strtoul(argv[5], NULL, 0));
	}
	if (!stream_start(&s, strtoull(argv[1], NULL, 0), (unsigned int)strtoul(argv[3], NULL, 0),
			  strcmp(argv[4], "valid") == 0)) {
		return 1;
	}
	steps = strtoul(argv[2], NULL, 0);
	for (unsigned long i = 0; i < steps; i++) {
		stream_step(&s);
	}
	stream_end(&s);
	return 0;
}
