/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_RIVAL_H
#define FUZZ_RIVAL_H

/* The second CPU of the two-CPU modes: a thread that is the last CPU of the machine. */

#include <pthread.h>

#include "world.h"

#define FZ_BURST 8U

enum fz_order {
	FZ_ORDER_REST,	/* outside the machine's guest and host side: quiescent */
	FZ_ORDER_WATCH, /* lockstep: when @watched stands still, run @burst and thaw it */
	FZ_ORDER_ROAM,	/* free-running: random packets */
	FZ_ORDER_END,
};

struct fz_rival {
	struct fz_world *w;
	struct fz_actor actor;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* Under the lock; order also read without it, as a hint. */
	atomic_uint order;
	bool busy;
	unsigned int watched;
	const struct fz_packet *burst;
	unsigned int nr_burst;
	bool ran; /* the burst was run */
	uint64_t random;
};

/* Start the thread, resting. False if there is none to be had. */
bool fz_rival_start(struct fz_rival *r, struct fz_world *w);
void fz_rival_stop(struct fz_rival *r);

/* Until fz_rival_rest(): random packets all the time. */
void fz_rival_roam(struct fz_rival *r);
/* Until fz_rival_rest(): wait for CPU @cpu to be frozen, then run the burst once and thaw it. */
void fz_rival_watch(struct fz_rival *r, unsigned int cpu, const struct fz_packet *burst,
		    unsigned int nr);
/* Wait until the rival does nothing. True if it ran the burst. */
bool fz_rival_rest(struct fz_rival *r);

#endif
