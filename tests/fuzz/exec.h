/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_EXEC_H
#define FUZZ_EXEC_H

#include "world.h"

/*
 * Execute one packet as @actor, on the thread that is its CPU. FZ_SWITCH, FZ_PREEMPT and FZ_CHECK
 * belong to the run (run.c) and do nothing here.
 */
void fz_exec(struct fz_actor *actor, const struct fz_packet *packet);

/* guest.c */
void fz_guest_list(struct fz_actor *a, const struct fz_packet *p);
void fz_guest_entry(struct fz_actor *a, const struct fz_packet *p);
void fz_guest_vmsa(struct fz_actor *a, const struct fz_packet *p);
void fz_guest_write(struct fz_actor *a, const struct fz_packet *p);
void fz_guest_read(struct fz_actor *a, const struct fz_packet *p);
void fz_guest_leave(struct fz_actor *a, const struct fz_packet *p);

/* call.c */
void fz_call(struct fz_actor *a, const struct fz_packet *p);
/* One checked call through @ca with @pending in it; the registers come back in @regs. False if it
 * was not served or the vCPU stopped. */
bool fz_call_checked(struct fz_actor *a, uint64_t ca, uint8_t pending, struct hm_regs *regs);

/* host.c */
void fz_host(struct fz_actor *a, const struct fz_packet *p);
/* AP creation: CPU @cpu runs @vmsa, 0 for none. */
void fz_host_run(struct fz_world *w, unsigned int cpu, uint64_t vmsa);

/* Create and start all other CPUs' VMSAs by real calls of CPU 0. */
void fz_prepare(struct fz_actor *a);

#endif
