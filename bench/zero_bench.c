/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "arch.h"
#include "bench.h"
#include "machine.h"
#include "zero.h"

/*
 * Zeroing by each method of the CPU, as PVALIDATE meets it: one page again and again (it stays in
 * the cache), and a stream over much more memory than the cache holds. Methods are interleaved, so
 * that a drifting machine speed hits all of them; the best repeat is shown.
 */
#define STREAM_BYTES (UINT64_C(256) << 20)
#define HOT_PAGES 4096U
#define REPEATS 5U
#define QUICK_REPEATS 2U

struct shape {
	const char *name;
	enum svsm_page_size size;
	uint64_t span;	/* bytes cycled over */
	uint64_t total; /* bytes zeroed per repeat */
};

static const struct shape shapes[] = {
	{ "4 KiB, same page", SVSM_PAGE_4K, SVSM_PAGE_SIZE, HOT_PAGES *SVSM_PAGE_SIZE },
	{ "4 KiB, streaming", SVSM_PAGE_4K, STREAM_BYTES, STREAM_BYTES },
	{ "2 MiB, streaming", SVSM_PAGE_2M, STREAM_BYTES, STREAM_BYTES },
};

#define NR_SHAPES (sizeof(shapes) / sizeof(shapes[0]))

_Static_assert(NR_SHAPES == NR_ZERO_SHAPES && (unsigned int)ARCH_ZERO_NR == NR_ZERO_METHODS,
	       "room in the session");

static const char *const method_names[ARCH_ZERO_NR] = { "rep stosb", "clzero", "non-temporal" };

/* Gigabytes per second of one repeat; 0 if a page could not be written. */
static double run_once(const struct shape *shape, enum arch_zero_method method)
{
	const uint64_t step = svsm_page_bytes(shape->size);
	const uint64_t start = bench_now();

	for (uint64_t done = 0; done < shape->total; done += step) {
		const gpa_t gpa = gpa_make(SVSM_REGION_SIZE + done % shape->span);

		if (!arch_zero(gpa, shape->size, method)) {
			return 0.0;
		}
		arch_store_fence();
	}
	return (double)shape->total / (double)(bench_now() - start);
}

static bool measure(const struct shape *shape, unsigned int repeats, double best[ARCH_ZERO_NR])
{
	for (unsigned int repeat = 0; repeat <= repeats; repeat++) {
		for (unsigned int method = 0; method < ARCH_ZERO_NR; method++) {
			double speed = 0.0;

			if ((arch_zero_methods() & (1U << method)) == 0U) {
				continue;
			}
			speed = run_once(shape, (enum arch_zero_method)method);
			if (speed <= 0.0) {
				(void)fprintf(stderr, "bench: a page could not be zeroed\n");
				return false;
			}
			/* The first round warms up: it faults the memory in. */
			if (repeat > 0 && speed > best[method]) {
				best[method] = speed;
			}
		}
	}
	return true;
}

static void keep(struct zero_figures *figures, const struct shape *shape,
		 const double best[ARCH_ZERO_NR])
{
	const size_t i = (size_t)(shape - shapes);

	(void)snprintf(figures->shape[i].name, sizeof(figures->shape[i].name), "%s", shape->name);
	(void)snprintf(figures->shape[i].chosen, sizeof(figures->shape[i].chosen), "%s",
		       method_names[svsm_zero_method(shape->size)]);
	for (unsigned int method = 0; method < ARCH_ZERO_NR; method++) {
		figures->shape[i].speed[method] = best[method];
	}
	figures->known = true;
}

static bool print_shape(const struct shape *shape, unsigned int repeats,
			struct zero_figures *figures)
{
	double best[ARCH_ZERO_NR] = { 0.0 };

	if (!measure(shape, repeats, best)) {
		return false;
	}
	printf("%-18s", shape->name);
	for (unsigned int method = 0; method < ARCH_ZERO_NR; method++) {
		printf("  %12.1f", best[method]);
	}
	printf("  %s\n", method_names[svsm_zero_method(shape->size)]);
	keep(figures, shape, best);
	return true;
}

bool bench_zero(struct session *session)
{
	struct hm_config config = { .nr_vcpus = 1U, .nr_ram = 1U, .nr_valid = 1U };
	struct hm_machine *m = NULL;
	bool ok = true;

	config.ram[0] = (struct hm_range){ 0, STREAM_BYTES + (UINT64_C(64) << 20) };
	config.valid[0] = (struct hm_range){ SVSM_REGION_SIZE, SVSM_REGION_SIZE + STREAM_BYTES };
	m = hm_create(&config);
	if (m == NULL) {
		return false;
	}
	hm_bind(m, 0);
	printf("Zeroing a page about to be granted, GB/s (0: the CPU lacks the method)\n");
	printf("%-18s  %12s  %12s  %12s  chosen at boot\n", "", method_names[0], method_names[1],
	       method_names[2]);
	for (unsigned int i = 0; i < NR_SHAPES && ok; i++) {
		ok = print_shape(&shapes[i], session->options.quick ? QUICK_REPEATS : REPEATS,
				 session->zero);
	}
	hm_unbind(m);
	hm_destroy(m);
	return ok;
}
