/* SPDX-License-Identifier: Apache-2.0 */
#include "rival.h"

#include "exec.h"

#define WATCH_MS 1U

static uint64_t next_random(struct fz_rival *r)
{
	uint64_t x = r->random;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	r->random = x;
	return x;
}

static enum fz_order order(struct fz_rival *r)
{
	return (enum fz_order)atomic_load_explicit(&r->order, memory_order_relaxed);
}

static void run_packet(struct fz_rival *r, const struct fz_packet *packet)
{
	r->w->rival_log[r->w->rival_logged++ % FZ_RIVAL_LOG] = *packet;
	fz_exec(&r->actor, packet);
}

/* Half of the writes and host events go where the other CPU's call works. */
static struct fz_packet random_packet(struct fz_rival *r)
{
	static const enum fz_op ops[16] = {
		FZ_WRITE, FZ_WRITE,    FZ_WRITE,     FZ_ENTRY, FZ_ENTRY, FZ_LIST,
		FZ_CALL,  FZ_CALL,     FZ_CALL,	     FZ_READ,  FZ_PSC,	 FZ_STEAL,
		FZ_REMAP, FZ_SPURIOUS, FZ_AP_CREATE, FZ_VMSA,
	};
	static const enum fz_class near[4] = { FZ_AT_LIST, FZ_AT_ENTRY, FZ_AT_CA, FZ_AT_FEW };
	const uint64_t word = next_random(r);
	struct fz_packet packet = { .op = ops[word & 15U],
				    .a = (uint8_t)(word >> 8),
				    .b = (uint8_t)(word >> 16),
				    .c = (uint8_t)(word >> 24),
				    .x = (uint32_t)(word >> 32) & 0x7fffffffU,
				    .y = next_random(r) };

	if ((word >> 4 & 1U) != 0U) {
		packet.x = (packet.x & ~0xfU) | (uint32_t)near[word >> 5 & 3U];
	}
	/* Short bursts of everything: long lists and ranges would leave no time for the rest. */
	packet.a = packet.op == FZ_PSC || packet.op == FZ_LIST ? packet.a & 7U : packet.a;
	packet.c = packet.op == FZ_LIST ? packet.c & 3U : packet.c;
	return packet;
}

static void roam(struct fz_rival *r)
{
	while (order(r) == FZ_ORDER_ROAM) {
		const struct fz_packet packet = random_packet(r);

		run_packet(r, &packet);
	}
}

static void give(struct fz_rival *r, enum fz_order to)
{
	(void)pthread_mutex_lock(&r->lock);
	atomic_store_explicit(&r->order, to, memory_order_relaxed);
	(void)pthread_cond_broadcast(&r->changed);
	(void)pthread_mutex_unlock(&r->lock);
}

static void watch(struct fz_rival *r)
{
	while (order(r) == FZ_ORDER_WATCH) {
		if (!hm_wait_frozen(r->w->m, r->watched, WATCH_MS)) {
			continue;
		}
		for (unsigned int i = 0U; i < r->nr_burst; i++) {
			run_packet(r, &r->burst[i]);
		}
		r->ran = true;
		give(r, FZ_ORDER_REST);
		hm_thaw(r->w->m, r->watched);
	}
}

static enum fz_order await(struct fz_rival *r)
{
	enum fz_order now = FZ_ORDER_REST;

	(void)pthread_mutex_lock(&r->lock);
	r->busy = false;
	(void)pthread_cond_broadcast(&r->changed);
	while ((now = order(r)) == FZ_ORDER_REST) {
		(void)pthread_cond_wait(&r->changed, &r->lock);
	}
	r->busy = true;
	(void)pthread_mutex_unlock(&r->lock);
	return now;
}

static void *main_of(void *arg)
{
	struct fz_rival *r = arg;
	enum fz_order now = FZ_ORDER_REST;

	hm_bind(r->w->m, r->actor.cpu);
	while ((now = await(r)) != FZ_ORDER_END) {
		if (now == FZ_ORDER_ROAM) {
			roam(r);
		} else {
			watch(r);
		}
	}
	hm_unbind(r->w->m);
	return NULL;
}

bool fz_rival_start(struct fz_rival *r, struct fz_world *w)
{
	*r = (struct fz_rival){ .w = w,
				.actor = { .w = w,
					   .cpu = w->program->params.vcpus - 1U,
					   .rival = true,
					   .disturbed = true },
				.busy = true,
				.random = w->program->params.seed * UINT64_C(0x9e3779b97f4a7c15) |
					  1U };
	if (pthread_mutex_init(&r->lock, NULL) != 0 || pthread_cond_init(&r->changed, NULL) != 0 ||
	    pthread_create(&r->thread, NULL, main_of, r) != 0) {
		return false;
	}
	(void)fz_rival_rest(r);
	return true;
}

void fz_rival_stop(struct fz_rival *r)
{
	(void)fz_rival_rest(r);
	give(r, FZ_ORDER_END);
	(void)pthread_join(r->thread, NULL);
	(void)pthread_cond_destroy(&r->changed);
	(void)pthread_mutex_destroy(&r->lock);
}

void fz_rival_roam(struct fz_rival *r)
{
	give(r, FZ_ORDER_ROAM);
}

void fz_rival_watch(struct fz_rival *r, unsigned int cpu, const struct fz_packet *burst,
		    unsigned int nr)
{
	/* It rests: give() publishes these. */
	r->watched = cpu;
	r->burst = burst;
	r->nr_burst = nr;
	r->ran = false;
	give(r, FZ_ORDER_WATCH);
}

bool fz_rival_rest(struct fz_rival *r)
{
	(void)pthread_mutex_lock(&r->lock);
	atomic_store_explicit(&r->order, FZ_ORDER_REST, memory_order_relaxed);
	while (r->busy) {
		(void)pthread_cond_wait(&r->changed, &r->lock);
	}
	(void)pthread_mutex_unlock(&r->lock);
	return r->ran;
}
