/* SPDX-License-Identifier: Apache-2.0 */
#include "hostile.h"

#include <string.h>

#include "host.h"
#include "ram.h"
#include "rmp.h"
#include "trace.h"

/*
 * Every action has, on every vCPU, a random number generator of its own, seeded from seed, vCPU and
 * action, and counts that vCPU's exits: what it does depends on nothing but the order of exits of
 * this vCPU, and stays the same when other actions are added. An action that is carried out at a
 * place of its own (a GHCB request, a VMSA written back) is due from its exit on and happens at the
 * next such place.
 *
 * Nothing here may hurt the emulator: pages are changed through the RMP only, VMSA pages are left
 * alone because the emulator itself keeps state in them, spare memory is limited.
 */

enum action {
	HOSTILE_SPURIOUS,
	HOSTILE_EXITCODE,
	HOSTILE_DROP,
	HOSTILE_REPEAT,
	HOSTILE_MOVE,
	HOSTILE_UNASSIGN,
	HOSTILE_GHCB,
	HOSTILE_INJECT,
	HOSTILE_FREEZE,
	NR_ACTIONS,
};

#define DEFAULT_MEAN 5000U
#define DEFAULT_MEAN_FREEZE 200000U
#define MAX_MEAN (UINT64_C(1) << 32)
#define MAX_LOG_LINES 200U
#define MAX_MOVES 256U
#define PAGE_TRIES 64U
#define CORRUPT_BYTES 4U

#define EVENT_INTERRUPT 0U
#define EVENT_EXCEPTION 3U
#define EVENT_HAS_ERROR (UINT64_C(1) << 11)
#define EVENT_VALID (UINT64_C(1) << 31)

static const char *const names[NR_ACTIONS] = {
	[HOSTILE_SPURIOUS] = "spurious", [HOSTILE_EXITCODE] = "exitcode",
	[HOSTILE_DROP] = "drop",	 [HOSTILE_REPEAT] = "repeat",
	[HOSTILE_MOVE] = "move",	 [HOSTILE_UNASSIGN] = "unassign",
	[HOSTILE_GHCB] = "ghcb",	 [HOSTILE_INJECT] = "inject",
	[HOSTILE_FREEZE] = "freeze",
};

struct stream {
	uint64_t random;
	uint64_t left; /* exits until it is due again */
	bool due;
};

static uint64_t mean[NR_ACTIONS]; /* 0: not asked for; constant once vCPUs run */
static bool any;
static struct stream streams[EMU_MAX_CPUS][NR_ACTIONS]; /* of the vCPU's processor */
/* What handles the exit may put the vCPU to sleep, and something wake it: it is frozen again. */
static bool frozen[EMU_MAX_CPUS];
static _Atomic(unsigned int) lines;
static _Atomic(unsigned int) moves;

static uint64_t next_random(struct stream *stream)
{
	uint64_t x = stream->random;

	x ^= x << 13U;
	x ^= x >> 7U;
	x ^= x << 17U;
	stream->random = x;
	return x * UINT64_C(0x2545f4914f6cdd1d);
}

static uint64_t below(struct stream *stream, uint64_t limit)
{
	return (next_random(stream) >> 16U) % limit;
}

/* Uniform in 1..2*mean-1 */
static void rearm(struct stream *stream, uint64_t distance)
{
	stream->left = 1U + below(stream, 2U * distance - 1U);
}

/* Neighbouring seeds give unrelated states, none of which is 0. */
static uint64_t scatter(uint64_t value)
{
	value = (value ^ value >> 30U) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ value >> 27U) * UINT64_C(0x94d049bb133111eb);
	return (value ^ value >> 31U) | 1U;
}

static void seed_all(uint64_t seed)
{
	for (unsigned int cpu = 0; cpu < EMU_MAX_CPUS; cpu++) {
		for (unsigned int i = 0; i < NR_ACTIONS; i++) {
			struct stream *stream = &streams[cpu][i];
			uint64_t index = (uint64_t)cpu * NR_ACTIONS + i + 1U;

			stream->random = scatter(seed + index * UINT64_C(0x9e3779b97f4a7c15));
			stream->due = false;
			if (mean[i] != 0U) {
				rearm(stream, mean[i]);
			}
		}
	}
}

/* ---- command line ---- */

/* Start of the value of the word "@name=" in @cmdline, NULL: there is none. */
static const char *value_of(const char *cmdline, const char *name)
{
	size_t len = strlen(name);

	for (const char *word = cmdline; *word != '\0';) {
		if (strncmp(word, name, len) == 0) {
			return word + len;
		}
		while (*word != '\0' && *word != ' ') {
			word++;
		}
		while (*word == ' ') {
			word++;
		}
	}
	return NULL;
}

static bool ends(char c)
{
	return c == '\0' || c == ' ';
}

/* A decimal number up to @limit, behind which *@at is moved. */
static bool number(const char **at, uint64_t limit, uint64_t *value)
{
	const char *digit = *at;

	*value = 0;
	while (*digit >= '0' && *digit <= '9') {
		unsigned int next = (unsigned int)(*digit - '0');

		if (*value > (limit - next) / 10U) {
			return false;
		}
		*value = *value * 10U + next;
		digit++;
	}
	if (digit == *at) {
		return false;
	}
	*at = digit;
	return true;
}

static unsigned int action_at(const char *at, size_t len)
{
	unsigned int i = 0;

	while (i < NR_ACTIONS && (strlen(names[i]) != len || strncmp(at, names[i], len) != 0)) {
		i++;
	}
	return i;
}

/* "ACTION[:MEAN]", behind which *@at is moved */
static bool parse_action(const char **at)
{
	size_t len = 0;
	unsigned int action;
	uint64_t distance;

	while (!ends((*at)[len]) && (*at)[len] != ':' && (*at)[len] != ',') {
		len++;
	}
	action = action_at(*at, len);
	if (action == NR_ACTIONS) {
		return false;
	}
	*at += len;
	distance = action == HOSTILE_FREEZE ? DEFAULT_MEAN_FREEZE : DEFAULT_MEAN;
	if (**at == ':') {
		(*at)++;
		if (!number(at, MAX_MEAN, &distance) || distance == 0U) {
			return false;
		}
	}
	mean[action] = distance;
	any = true;
	return true;
}

static bool parse_actions(const char *at)
{
	for (;;) {
		if (!parse_action(&at)) {
			return false;
		}
		if (ends(*at)) {
			return true;
		}
		if (*at != ',') {
			return false;
		}
		at++;
	}
}

bool hostile_init(const char *cmdline)
{
	const char *actions = value_of(cmdline, "hostile=");
	const char *text = value_of(cmdline, "seed=");
	uint64_t seed = 1;

	memset(mean, 0, sizeof(mean));
	memset(frozen, 0, sizeof(frozen));
	any = false;
	atomic_store_explicit(&lines, 0, memory_order_relaxed);
	atomic_store_explicit(&moves, 0, memory_order_relaxed);
	if (text != NULL && (!number(&text, UINT64_MAX, &seed) || !ends(*text))) {
		host_log("hostile: seed= is not a decimal number\n");
		return false;
	}
	if (actions != NULL && !parse_actions(actions)) {
		host_log("hostile: unknown action or bad distance in hostile=\n");
		return false;
	}
	seed_all(seed);
	if (any) {
		host_log("hostile: seed %lu\n", seed);
	}
	return true;
}

/* ---- when ---- */

static void note(const struct vcpu *vcpu, enum action action, uint64_t operand)
{
	unsigned int line = atomic_fetch_add_explicit(&lines, 1, memory_order_relaxed);

	trace_note(vcpu, TRACE_HOSTILE, (uint64_t)action, operand, 0, 0);
	if (line < MAX_LOG_LINES) {
		host_log("hostile: vcpu %u vmpl %u: %s 0x%lx\n", vcpu->cpu, vcpu->vmpl,
			 names[action], operand);
	} else if (line == MAX_LOG_LINES) {
		host_log("hostile: more than %u actions, the rest is in the trace only\n",
			 MAX_LOG_LINES);
	}
}

static struct stream *stream_of(const struct vcpu *vcpu, enum action action)
{
	return &streams[vcpu->cpu % EMU_MAX_CPUS][action];
}

static bool take_due(const struct vcpu *vcpu, enum action action)
{
	struct stream *stream = stream_of(vcpu, action);
	bool due = stream->due;

	stream->due = false;
	return due;
}

/* ---- what ---- */

/* A private page of the guest that is not a VMSA; false: none was met. */
static bool random_page(struct stream *stream, gpa_t *page)
{
	uint64_t pages = ram_top().raw >> EMU_PAGE_SHIFT;

	for (unsigned int i = 0; pages != 0U && i < PAGE_TRIES; i++) {
		*page = gpa_make(below(stream, pages) << EMU_PAGE_SHIFT);
		if (ram_is_memory(*page) && !rmp_is_shared(*page) && !rmp_is_vmsa(*page)) {
			return true;
		}
	}
	return false;
}

/* The spare page is the guest's in the RMP, at this very address, but was never validated: the most
 * a host can do. */
static bool move_page(gpa_t page)
{
	void *spare;
	hpa_t hpa;
	const struct snpm_update update = {
		.gpn = gpa_page_number(page),
		.assigned = true,
		.asid = SNPM_ASID_GUEST,
	};

	if (atomic_fetch_add_explicit(&moves, 1, memory_order_relaxed) >= MAX_MOVES) {
		return false;
	}
	spare = host_pages(1);
	if (spare == NULL) {
		return false;
	}
	hpa = hpa_make((uint64_t)(uintptr_t)spare); /* mapped where it is */
	if (snpm_rmpupdate(rmp_table(), hpa.raw >> EMU_PAGE_SHIFT, &update) != SNPM_OK ||
	    !ram_move(page, hpa)) {
		return false;
	}
	rmp_invalidate(page, EMU_PAGE_SIZE);
	return true;
}

static void do_page(struct vcpu *vcpu, enum action action)
{
	gpa_t page;

	if (random_page(stream_of(vcpu, action), &page) &&
	    (action == HOSTILE_MOVE ? move_page(page) : rmp_make_shared(page, false))) {
		note(vcpu, action, page.raw);
	}
}

static bool pushes_error(unsigned int vector)
{
	return vector == 8U || (vector >= 10U && vector <= 14U) || vector == 17U || vector == 21U ||
	       vector == 29U || vector == 30U;
}

static void do_inject(struct vcpu *vcpu)
{
	struct stream *stream = stream_of(vcpu, HOSTILE_INJECT);
	uint64_t random = next_random(stream);
	unsigned int vector = (unsigned int)(random >> 32U & 0xffU);
	uint64_t event = EVENT_VALID;

	if ((vcpu->event & EVENT_VALID) != 0U) {
		return;
	}
	if ((random >> 40U & 3U) != 0U) {
		event |= vector | EVENT_INTERRUPT << 8U;
	} else {
		/* NMI is a type of its own */
		vector = vector % 32U == 2U ? 3U : vector % 32U;
		event |= vector | EVENT_EXCEPTION << 8U;
		if (pushes_error(vector)) {
			event |= EVENT_HAS_ERROR | (random & 0xffffU) << 32U;
		}
	}
	vcpu->event = event;
	note(vcpu, HOSTILE_INJECT, event);
}

static void act(struct vcpu *vcpu, enum action action)
{
	switch (action) {
	case HOSTILE_MOVE:
	case HOSTILE_UNASSIGN:
		do_page(vcpu, action);
		break;
	case HOSTILE_INJECT:
		do_inject(vcpu);
		break;
	case HOSTILE_FREEZE:
		frozen[vcpu->cpu % EMU_MAX_CPUS] = true;
		vcpu->state = VCPU_FROZEN;
		note(vcpu, action, 0);
		break;
	default:
		stream_of(vcpu, action)->due = true;
		break;
	}
}

void hostile_exit(struct vcpu *vcpu)
{
	if (!any) {
		return;
	}
	if (frozen[vcpu->cpu % EMU_MAX_CPUS]) {
		vcpu->state = VCPU_FROZEN;
		return;
	}
	for (unsigned int i = 0; i < NR_ACTIONS; i++) {
		struct stream *stream = stream_of(vcpu, (enum action)i);

		if (mean[i] != 0U && --stream->left == 0U) {
			rearm(stream, mean[i]);
			act(vcpu, (enum action)i);
		}
	}
}

bool hostile_spurious_vmpl0(struct vcpu *vcpu)
{
	if (vcpu->vmpl == 0U || !take_due(vcpu, HOSTILE_SPURIOUS)) {
		return false;
	}
	note(vcpu, HOSTILE_SPURIOUS, vcpu->vmpl);
	return true;
}

/* Codes that mean something to who reads them, and one that does not. */
uint64_t hostile_exitcode(struct vcpu *vcpu, uint64_t exitcode)
{
	static const uint64_t codes[] = { 0x403, 0x60, 0x78, 0x400, 0x7f, UINT64_MAX, 0 };
	uint64_t lie;

	if (!take_due(vcpu, HOSTILE_EXITCODE)) {
		return exitcode;
	}
	lie = codes[below(stream_of(vcpu, HOSTILE_EXITCODE), sizeof(codes) / sizeof(codes[0]))];
	note(vcpu, HOSTILE_EXITCODE, lie);
	return lie;
}

unsigned int hostile_requests(struct vcpu *vcpu)
{
	if (take_due(vcpu, HOSTILE_DROP)) {
		note(vcpu, HOSTILE_DROP, vcpu->ghcb_msr[vcpu->vmpl % EMU_NR_VMPLS]);
		return 0;
	}
	if (take_due(vcpu, HOSTILE_REPEAT)) {
		note(vcpu, HOSTILE_REPEAT, vcpu->ghcb_msr[vcpu->vmpl % EMU_NR_VMPLS]);
		return 2;
	}
	return 1;
}

void hostile_ghcb(struct vcpu *vcpu, void *page)
{
	struct stream *stream = stream_of(vcpu, HOSTILE_GHCB);
	volatile uint8_t *bytes = page;

	if (!take_due(vcpu, HOSTILE_GHCB)) {
		return;
	}
	for (unsigned int i = 0; i < CORRUPT_BYTES; i++) {
		uint64_t offset = below(stream, EMU_PAGE_SIZE);

		bytes[offset] = (uint8_t)next_random(stream);
		note(vcpu, HOSTILE_GHCB, offset);
	}
}
