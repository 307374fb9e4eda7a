/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RECORDED_H
#define RECORDED_H

/* Events of a recorded trace (docs/replay.md), in terms of their own: the parser of replay and the
 * emulator both have a trace.h. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORDED_MAX_ENTRIES 1024U

enum recorded_kind {
	RECORDED_OTHER,
	RECORDED_CALL,
	RECORDED_PSC,
	RECORDED_APC,
	RECORDED_VMSA,
	RECORDED_OP,
	RECORDED_HOLD,
};

struct recorded_line {
	enum recorded_kind kind;
	const char *text; /* the line itself, not terminated */
	size_t len;
	unsigned int vcpu;
	bool by_msr, implicit;
	uint64_t delta;
	uint64_t rax, rcx, rdx, r8, r9;
	uint64_t out_rax, out_rcx, out_next;
	bool has_out_rcx;
	bool has_list;
	uint16_t n, next;
	unsigned int nr_entries;
	uint64_t entries[RECORDED_MAX_ENTRIES];
	uint64_t op[12];
	uint64_t page, count;
	bool to_private, large;
	unsigned int event, apic, vmpl;
	uint64_t vmsa, features;
	uint64_t selector, base, rip, cr0, cr4, efer, rflags, rdx_field;
};

struct recorded {
	uint64_t ram_bytes, svsm_start, svsm_end, caa;
	unsigned int vmpl;
	void *lines;
	size_t nr_lines;
};

/* False: unreadable. */
bool recorded_open(const char *path, struct recorded *recorded);
void recorded_close(struct recorded *recorded);
void recorded_line(const struct recorded *recorded, size_t index, struct recorded_line *line);

#endif
