/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "session.h"

/* All write into options.output, which exists; false with a message on stderr. */

/* results.json */
bool report_json(const struct session *session);
/* tables.md: a selection, in the form of docs/performance.md */
bool report_tables(const struct session *session);
/* plots/NAME.svg by gnuplot; without it there are none, which is no failure but said on stderr. */
bool report_plots(const struct session *session);
/* report.html: one file without anything to fetch, the plots that are there inside it. */
bool report_html(const struct session *session);

struct plot {
	const char *file, *title;
};
#define MAX_PLOTS 16U
extern const struct plot report_plot[MAX_PLOTS]; /* ends with a NULL file */

#endif
