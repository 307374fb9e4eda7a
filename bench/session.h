/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_SESSION_H
#define BENCH_SESSION_H

/* One run of the program: what it was asked for, where it runs, what it found. */

#include "options.h"
#include "results.h"

#define SESSION_TEXT 192U
#define NR_ZERO_SHAPES 3U
#define NR_ZERO_METHODS 3U
#define NR_INSTRUCTION_ROWS 8U

struct computer {
	char processor[SESSION_TEXT], kernel[SESSION_TEXT], load[SESSION_TEXT];
	char load_after[SESSION_TEXT], compiler[SESSION_TEXT], date[SESSION_TEXT];
	long processors;
	double others; /* share of the processors that others had meanwhile */
};

struct zero_figures {
	bool known;
	struct {
		char name[SESSION_TEXT], chosen[SESSION_TEXT];
		double speed[NR_ZERO_METHODS]; /* GB/s, 0: the CPU lacks the method */
	} shape[NR_ZERO_SHAPES];
};

struct instruction_row {
	char what[SESSION_TEXT];
	double total; /* per call, in svsm_serve() */
	double own;   /* of them, without the machine's arch_* functions */
};

struct session {
	struct bench_options options;
	char directory[1024]; /* of the program, where its workers are */
	struct computer computer;
	struct results results;
	struct zero_figures *zero; /* shared with the process that measures it */
	struct instruction_row instruction[NR_INSTRUCTION_ROWS];
	unsigned int nr_instructions;
	char *text[BENCH_NAME_NR]; /* owns: what the parts without results printed */
	double seconds;
};

void computer_describe(struct computer *computer);
void computer_load(char *text, size_t size);
/*
 * Seconds that processes used so far: all of the computer, and this one with its children that have
 * ended. False if the kernel does not tell.
 */
bool computer_busy(double *all, double *own);

#endif
