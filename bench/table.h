/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_TABLE_H
#define BENCH_TABLE_H

#include "results.h"

/* The three rows of one vCPU count, case, kind and cost; NULL what was not measured. */
struct cell {
	const struct row *row[IMPL_NR];
};

struct cell table_cell(const struct results *results, const struct row *like);

void table_head(FILE *out);
void table_row(FILE *out, const struct cell *cell);

#endif
