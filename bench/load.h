/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

/* What one worker process measures; the parent writes it as its command line. */

#include "cost.h"

#define LOAD_MAX_VCPUS 512U
#define LOAD_MAX_ENTRIES 511U
#define LOAD_MAX_MS 60000U

enum load_call {
	LOAD_NULL,	/* QUERY_PROTOCOL */
	LOAD_PVALIDATE, /* rescind lists, then validate them */
	LOAD_CREATE,	/* vCPU 0 creates all others, then deletes them */
	LOAD_REMAP,	/* REMAP_CA to and fro */
	LOAD_DEPOSIT,	/* DEPOSIT_MEM lists, then WITHDRAW_MEM */
	LOAD_TRACES,	/* recorded boots back to back */
	LOAD_CALL_NR,
};

enum load_layout {
	LOAD_CONTIGUOUS, /* each vCPU in regions of its own, pages in order */
	LOAD_SCATTERED,	 /* in regions of its own, neighbours of a list in different ones */
	LOAD_SHARED,	 /* page by page in turn: all vCPUs in the same regions */
	LOAD_LAYOUT_NR,
};

enum load_beside {
	LOAD_ALONE,
	LOAD_STORM,  /* one more vCPU creates and deletes a vCPU all the time */
	LOAD_FROZEN, /* one more vCPU is stopped by the host in the middle of a PVALIDATE list */
	LOAD_FROZEN_CREATE, /* the same in the middle of CREATE_VCPU */
	LOAD_BESIDE_NR,
};

struct load {
	enum load_call call;
	enum load_layout layout;
	enum load_beside beside;
	unsigned int vcpus;   /* that make calls; LOAD_CREATE: that are created */
	unsigned int records; /* vCPUs that exist at least */
	unsigned int entries; /* of a list */
	bool large;	      /* 2 MiB entries */
	unsigned int ms;      /* measured after warming up */
	unsigned int cycles;  /* not 0: as many cycles after two that do not count, however long */
	unsigned int peer_costs;
	struct cost_model cost;
	const char *traces; /* directory */
};

/* Read the command line of a worker. False with one line on stderr. */
bool load_parse(int argc, char **argv, struct load *load);

#define LOAD_MAX_ARGS 32
#define LOAD_ARG_TEXT 256

struct load_args {
	const char *argv[LOAD_MAX_ARGS]; /* [0] is the caller's; NULL at the end */
	char text[LOAD_MAX_ARGS][LOAD_ARG_TEXT];
};

/* The other way round. */
void load_args(const struct load *load, const char *program, struct load_args *args);

#endif
