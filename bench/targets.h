/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_TARGETS_H
#define BENCH_TARGETS_H

#include "session.h"

/* One target of the project: what was measured against what was wanted. */
struct target {
	char what[SESSION_TEXT];
	char wanted[32];
	char worst[SESSION_TEXT]; /* the row that decides, "" if there is one only */
	double value;
	bool known; /* its rows were measured */
	bool met;
};

#define NR_TARGETS 9U

/* Evaluate all; the order is that of the documentation. */
void targets_evaluate(const struct session *session, struct target targets[NR_TARGETS]);
void targets_print(FILE *out, const struct target targets[NR_TARGETS]);

#endif
