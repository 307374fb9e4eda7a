/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_WORLD_H
#define FUZZ_WORLD_H

/*
 * One machine, its judge, and what the executors of an input know about it. At most two actors: the
 * main one (any CPU but the last, or any CPU at all when it is alone) and a rival on the last CPU.
 */

#include <stdatomic.h>

#include "judge.h"
#include "machine.h"
#include "packets.h"

#define FZ_CONTEXTS 16U
#define FZ_SPARES 512U
#define FZ_RIVAL_LOG 32U

#define FZ_RAM0_END UINT64_C(0x0a00000)
#define FZ_RAM1_START UINT64_C(0x0c00000)
#define FZ_RAM1_END UINT64_C(0x1000000)
#define FZ_RAM_PAGES ((FZ_RAM0_END + FZ_RAM1_END - FZ_RAM1_START) >> SVSM_PAGE_SHIFT)

/* A VMSA that was created; 0: none. Written by the main actor; the other may see a mix, which is
 * only a worse guess. */
struct fz_context {
	_Atomic(uint64_t) vmsa;
	_Atomic(uint64_t) ca;
};

struct fz_actor;

struct fz_world {
	const struct fz_program *program;
	struct hm_machine *m;
	struct judge *judge;
	struct hm_range svsm;
	unsigned int at; /* packet of the main actor */
	FILE *trace;	 /* each packet as it is executed; NULL: not */
	struct fz_context context[FZ_CONTEXTS];
	_Atomic(uint64_t) list, entry, ca; /* last ones that a list, its first entry, a call used */
	atomic_uint moves;		   /* AP events that began or ended */
	_Atomic(uint64_t) want[4];	   /* VMSA that the host runs on each CPU */
	atomic_uint next_spare;
	uint64_t spare_gpa[FZ_SPARES]; /* the only gPA that a spare page is ever mapped at */
	atomic_uint codes;	       /* injected EAX values 1..15 by bit, larger ones bit 0 */
	struct fz_packet rival_log[FZ_RIVAL_LOG];
	unsigned int rival_logged;
};

struct fz_actor {
	struct fz_world *w;
	unsigned int cpu;
	bool rival;
	bool disturbed;	 /* another actor may have acted during the call */
	uint64_t reg[5]; /* FZ_REG: rax, rcx, rdx, r8, r9 */
	uint64_t withdrawn[512];
	unsigned int nr_withdrawn;
};

/* Create machine and judge; false if memory is missing. */
bool fz_world_start(struct fz_world *w, const struct fz_program *program);
void fz_world_stop(struct fz_world *w);

/*
 * Nobody may be inside VMPL0. The judge's quiescent check with the SVSM's account; every record is
 * FREE or IDLE, no claim and no pin is left, and nobody owns the channel of attestation. Aborts
 * with the packet log on any finding.
 */
void fz_world_check(struct fz_world *w);

/* Print @why and the packets, abort. */
_Noreturn void fz_fail(struct fz_world *w, const char *why, ...)
	__attribute__((format(printf, 2, 3)));

/* Address that a selector means: @inside, with its offset in the page. */
uint64_t fz_address(const struct fz_actor *a, uint32_t selector, bool inside);
bool fz_is_ram(uint64_t gpa);

/* May the host take these pages (packets.h: the SVSM's own and deposited ones are spared)? */
bool fz_host_may_take(const struct fz_actor *a, uint64_t gpa, uint64_t bytes);

/* Calling area of what runs on the actor's CPU, 0 if unknown; contexts as calls change them. */
uint64_t fz_own_ca(const struct fz_actor *a);
uint64_t fz_own_vmsa(const struct fz_actor *a);
void fz_context_add(struct fz_world *w, uint64_t vmsa, uint64_t ca);
void fz_context_move(struct fz_world *w, uint64_t vmsa, uint64_t ca);
void fz_context_drop(struct fz_world *w, uint64_t vmsa);

#endif
