/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPLAY_TRACE_H
#define REPLAY_TRACE_H

/* Lines of an "SVSM call trace v1" (the format is in docs/replay.md and in the header of each
 * trace). */

#include "entries.h"
#include "text.h"

#define TRACE_MAGIC "# SVSM call trace v1: "
#define TRACE_MAX_VCPUS 1024U
#define TRACE_MAX_RANGES 64U
#define TRACE_OP_WORDS 12U

enum trace_kind {
	TRACE_NOTE, /* blank, or a comment that says nothing to the replay */
	TRACE_RAM,
	TRACE_VALID,
	TRACE_SVSM,
	TRACE_ROM,
	TRACE_INITIAL,
	TRACE_POLICY,
	TRACE_VMSA,
	TRACE_AP_HOLD,
	TRACE_ATTEST_OP,
	TRACE_CALL,
	TRACE_NOCALL,
	TRACE_PSC,
	TRACE_APC,
};

enum trace_key {
	TRACE_RAX,
	TRACE_RCX,
	TRACE_RDX,
	TRACE_R8,
	TRACE_R9,
	TRACE_N,
	TRACE_NEXT,
	TRACE_RSVD,
	TRACE_FAILED,
	TRACE_CAA,
	TRACE_KEYS,
};

/* key=value fields before or after the "->" of a call. */
struct trace_values {
	bool has[TRACE_KEYS];
	uint64_t value[TRACE_KEYS];
};

/* What the recording says of a proposed VMSA. */
struct trace_vmsa {
	uint64_t gpa;
	uint64_t cs_selector, cs_base, rip, cr0, cr4, efer, vmpl, features, rflags, rdx;
};

enum trace_apc_action {
	TRACE_APC_CREATE,
	TRACE_APC_ON_INIT,
	TRACE_APC_DESTROY,
};

struct trace_line {
	enum trace_kind kind;
	unsigned int vcpu;
	uint64_t start, end; /* RAM, VALID, SVSM, ROM */
	struct {
		uint64_t caa;
		unsigned int vmpl;
		bool rmp_4k;
	} initial;
	struct {
		bool busy;		 /* every second call was answered BUSY */
		unsigned int incomplete; /* entries per call, 0: no bound */
	} policy;
	struct trace_vmsa vmsa;
	uint64_t op[TRACE_OP_WORDS]; /* ATTEST_OP: the structure at RCX */
	unsigned int nr_op;
	uint32_t protocol, call;
	struct trace_values in, out;
	bool has_list;
	struct entry_list list;
	struct {
		uint64_t page, count;
		bool to_private, size_2m;
	} psc;
	struct {
		enum trace_apc_action action;
		unsigned int apic;
		uint64_t vmsa;
	} apc;
};

/* Parse one line. False with the reason if it is none of the format; @out is then undefined. */
bool trace_parse(struct slice line, struct trace_line *out, struct text_error *error);

/* What the lines say about the machine and the recorder, gathered by trace_scan(). */
struct trace_setup {
	struct slice title; /* points into the lines */
	struct trace_range {
		uint64_t start, end;
	} ram[TRACE_MAX_RANGES], valid[TRACE_MAX_RANGES], rom[TRACE_MAX_RANGES], svsm;
	unsigned int nr_ram, nr_valid, nr_rom;
	uint64_t initial_caa;
	unsigned int guest_vmpl;
	bool rmp_4k;
	bool policy_busy;
	unsigned int policy_incomplete;
	unsigned int nr_vcpus; /* 1 + the highest vCPU or APIC id mentioned */
};

struct lines;
/*
 * Parse all lines, so that nothing runs of a damaged file, and gather the setup. *@bad_line (from
 * 1) tells where it failed. Refused besides malformed lines: no title, RAM, SVSM range or initial
 * calling area.
 */
bool trace_scan(const struct lines *lines, struct trace_setup *setup, size_t *bad_line,
		struct text_error *error);

#endif
