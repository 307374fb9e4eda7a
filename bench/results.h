/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_RESULTS_H
#define BENCH_RESULTS_H

/*
 * Measurements as they go from workers through tables, plots and the report into results.json and
 * back. Lines of JSON are flat objects with one key of a name: that is what workers and
 * results_write() print, and all that is read.
 */

#include <stddef.h>
#include <stdio.h>

#include "stats.h"

enum impl { IMPL_OURS, IMPL_PEER, IMPL_LIMIT, IMPL_NR };

enum metric {
	METRIC_RATE,  /* calls per second, of all vCPUs together */
	METRIC_PAGES, /* 4 KiB pages per second */
	METRIC_P50,   /* nanoseconds from the end of one call to the end of the next */
	METRIC_P99,
	METRIC_P999,
	METRIC_MAX,
	METRIC_FLUSHES, /* per call, as the following */
	METRIC_BUSY,
	METRIC_INCOMPLETE,
	METRIC_CONFLICTS,
	METRIC_CPU, /* nanoseconds of processor time per call */
	METRIC_CALLS,
	METRIC_NR,
};

#define RESULTS_NAME 64U
#define RESULTS_COST 96U

struct row {
	char name[RESULTS_NAME]; /* of the case */
	char kind[RESULTS_NAME]; /* of call in it */
	char cost[RESULTS_COST];
	unsigned int vcpus;
	enum impl impl;
	unsigned int n; /* repeats */
	double value[METRIC_NR][STATS_MAX];
};

struct results {
	struct row *row; /* owns */
	size_t nr, capacity;
};

extern const char *const impl_names[IMPL_NR];
extern const char *const metric_names[METRIC_NR];

/* The row of these, made if there is none yet. NULL without memory. Valid until the next call. */
struct row *results_row(struct results *results, const char *name, const char *kind,
			const char *cost, unsigned int vcpus, enum impl impl);
/* NULL if there is none. */
const struct row *results_find(const struct results *results, const char *name, const char *kind,
			       const char *cost, unsigned int vcpus, enum impl impl);
void results_free(struct results *results);

/* One more repeat of @row from a worker's line; what the line does not have is 0. False if the row
 * is full. */
bool results_add(struct row *row, const char *line);

/* The rows as elements of a JSON array, one per line. */
void results_write(FILE *out, const struct results *results);
/* Rows of a file that results_write() wrote into; other lines are passed over. False, with a
 * message on stderr, if it cannot be read, has no row, or a row is malformed. */
bool results_read(const char *path, struct results *results);

double row_median(const struct row *row, enum metric metric); /* 0 for NULL */
/* Median of the ratios of the repeats; 0 if one is NULL. */
double row_ratio(const struct row *a, const struct row *b, enum metric metric);

/* ---- values of a line ---- */

/* The number, or the text without escapes, behind "key": in a line. False if there is none. */
bool line_number(const char *line, const char *key, double *value);
bool line_text(const char *line, const char *key, char *text, size_t size);

#endif
