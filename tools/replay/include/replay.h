/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPLAY_H
#define REPLAY_H

/*
 * Replay of recorded SVSM call traces and of replay scripts on the hosted SNP machine (formats:
 * docs/replay.md).
 *
 * Everything runs on the calling thread, which becomes each vCPU in turn. There is one machine per
 * process at a time (machine.h), so no two replays run at once, and none while the caller has a
 * machine of its own.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Values are the exit codes of the tool. */
enum replay_status {
	REPLAY_OK = 0,
	REPLAY_MISMATCH = 1,  /* a result differs, a page is not as it must be, or the judge found a
				 violation */
	REPLAY_BAD_INPUT = 2, /* unreadable file, malformed line, impossible statement */
	REPLAY_NO_MACHINE = 3, /* the machine could not start */
};

/* One call that was made, as told to replay_options.on_call right after it returned to the guest.
 */
struct replay_call {
	const char *name; /* "core.pvalidate"; valid during the callback */
	uint32_t protocol;
	uint32_t call;
	unsigned int vcpu;
	uint64_t rax;	      /* result */
	uint64_t entries;     /* list entries processed, 0 for calls without a list */
	uint64_t nanoseconds; /* of the call in this process: guest store, exit, SVSM, entry */
};

struct replay_options {
	FILE *out;	  /* results and summaries; NULL: none */
	FILE *err;	  /* mismatches and errors; NULL: none */
	bool check_all;	  /* read every validated or rescinded page, not the first of each run */
	uint64_t corrupt; /* flip the expected result of this compared call (1 = first); 0: none */
	unsigned int max_shown; /* mismatches to print per file, 0: 10; all are counted */
	const char *save_dir;	/* where scripts may save files; NULL: nowhere */
	void (*on_call)(void *ctx, const struct replay_call *call); /* may be NULL */
	void *ctx;
};

#define REPLAY_CALL_TYPES 16U

struct replay_summary {
	char title[128];
	unsigned int vcpus;
	uint64_t lines;
	uint64_t calls; /* made */
	struct replay_type {
		char name[48];
		uint64_t calls;
	} type[REPLAY_CALL_TYPES]; /* in order of first appearance; further types are not listed */
	unsigned int nr_types;
	uint64_t compared;
	uint64_t skipped_busy;	 /* recorded BUSY answers: policy of the recorder, not made */
	uint64_t skipped_attest; /* made, but recorded as UNSUPPORTED_PROTOCOL and answered
				    differently here */
	uint64_t page_changes;	 /* host page state changes, in pages of the line's size */
	uint64_t entries;	 /* PVALIDATE entries carried out */
	uint64_t pages_zero;	 /* pages read by the guest after validation */
	uint64_t pages_gone;	 /* pages tried by the guest after rescinding */
	uint64_t mismatches;
	uint64_t violations;	     /* of the judge */
	uint64_t judge_checks;	     /* evaluations of invariants */
	unsigned int invariants;     /* evaluated at least once */
	unsigned int budget_entries; /* bound per call as recorded, 0: the recorder had none */
	bool rmp_4k;
};

/* Replay the trace at @path (plain or xz). @summary may be NULL; it is filled in as far as the
 * replay came. */
enum replay_status replay_trace_file(const char *path, const struct replay_options *options,
				     struct replay_summary *summary);

/* Run the replay script at @path. */
enum replay_status replay_script_file(const char *path, const struct replay_options *options);

/* Either, by the first line of the file. */
enum replay_status replay_file(const char *path, const struct replay_options *options);

/* Print the summary of a trace in the stable form of docs/replay.md. */
void replay_print_summary(FILE *out, const char *path, const struct replay_summary *summary);

#endif
