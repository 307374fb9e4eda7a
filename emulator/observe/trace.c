/* SPDX-License-Identifier: Apache-2.0 */
#include "host.h"
#include "observe_priv.h"

/*
 * One ring per processor, of which only that processor is a writer. A slot is stamped 0 while it is
 * written and with its position + 1 afterwards; who reads compares the stamp before and after, and
 * leaves out a slot that was reused meanwhile. Wait-free for the writer.
 */

#define RING_EVENTS 1024U
#define SLOT_FIELDS 6U
#define EXIT_AP_HOLD UINT64_C(0x80000004)
#define EXIT_PSC UINT64_C(0x80000010)

struct slot {
	_Atomic(uint64_t) stamp;
	_Atomic(uint64_t) field[SLOT_FIELDS];
};

struct ring {
	_Alignas(64) struct slot slots[RING_EVENTS];
};

static struct ring rings[EMU_MAX_CPUS];

struct position {
	_Alignas(64) _Atomic(uint64_t) next;
};

/* Not in the rings: each page that an exit uses costs QEMU a walk. */
static struct position positions[EMU_MAX_CPUS];

struct event {
	uint64_t tsc;
	unsigned int cpu;  /* that noted it */
	unsigned int vcpu; /* that it is about */
	unsigned int vmpl;
	unsigned int kind;
	uint64_t a, b, c, d;
};

static uint64_t load(const _Atomic(uint64_t) *word)
{
	return atomic_load_explicit(word, memory_order_relaxed);
}

static void store(_Atomic(uint64_t) *word, uint64_t value)
{
	atomic_store_explicit(word, value, memory_order_relaxed);
}

void trace_note(const struct vcpu *vcpu, enum trace_event event, uint64_t a, uint64_t b, uint64_t c,
		uint64_t d)
{
	struct position *position = &positions[host_cpu() % EMU_MAX_CPUS];
	uint64_t next = load(&position->next);
	struct slot *slot = &rings[host_cpu() % EMU_MAX_CPUS].slots[next % RING_EVENTS];
	uint64_t cpu = vcpu == NULL ? host_cpu() : vcpu->cpu;
	uint64_t vmpl = vcpu == NULL ? 0U : vcpu->vmpl;

	store(&slot->stamp, 0);
	/* pairs with the fence of read_slot: who sees a new field sees that the stamp is gone */
	atomic_thread_fence(memory_order_release);
	store(&slot->field[0], host_tsc());
	store(&slot->field[1], (uint64_t)event | cpu << 8U | vmpl << 16U);
	store(&slot->field[2], a);
	store(&slot->field[3], b);
	store(&slot->field[4], c);
	store(&slot->field[5], d);
	/* pairs with read_slot: the fields */
	atomic_store_explicit(&slot->stamp, next + 1U, memory_order_release);
	store(&position->next, next + 1U);
	if (event == TRACE_VMGEXIT && vcpu != NULL) {
		if (a == EXIT_AP_HOLD) {
			svsm_ap_hold(vcpu);
		} else if (a == EXIT_PSC) {
			svsm_psc_request(vcpu);
		}
	}
}

static bool read_slot(unsigned int cpu, uint64_t position, struct event *event)
{
	const struct slot *slot = &rings[cpu].slots[position % RING_EVENTS];
	uint64_t head;

	/* pairs with the release of the stamp in trace_note */
	if (atomic_load_explicit(&slot->stamp, memory_order_acquire) != position + 1U) {
		return false;
	}
	event->cpu = cpu;
	event->tsc = load(&slot->field[0]);
	head = load(&slot->field[1]);
	event->a = load(&slot->field[2]);
	event->b = load(&slot->field[3]);
	event->c = load(&slot->field[4]);
	event->d = load(&slot->field[5]);
	/* pairs with the release fence of trace_note */
	atomic_thread_fence(memory_order_acquire);
	event->kind = (unsigned int)(head & 0xffU);
	event->vcpu = (unsigned int)(head >> 8U & 0xffU);
	event->vmpl = (unsigned int)(head >> 16U & 0xffU);
	return load(&slot->stamp) == position + 1U;
}

static void print_exit(const struct event *event)
{
	const char *name = report_exit_name(event->a);

	host_log("exit 0x%lx (%s) info1 0x%lx info2 0x%lx rip 0x%lx\n", event->a,
		 name == NULL ? "?" : name, event->b, event->c, event->d);
}

static void print_pvalidate(const struct event *event)
{
	host_log("pvalidate gpa 0x%lx %s %s: code %lu fault %lu carry %lu\n", event->a,
		 (event->b & 1U) != 0U ? "2m" : "4k", (event->b & 2U) != 0U ? "valid" : "rescind",
		 event->c & 0xffU, event->c >> 8U & 0xffU, event->c >> 16U & 1U);
}

static void print_rest(const struct event *event)
{
	static const char *const names[TRACE_NR_EVENTS] = {
		[TRACE_ENTER] = "enter: vmpl, vmsa",
		[TRACE_VMGEXIT] = "vmgexit: request, info1, info2",
		[TRACE_RMPADJUST] = "rmpadjust: gpa, rdx, result",
		[TRACE_PSC] = "psc: gpa, operation, 2m",
		[TRACE_EXCEPTION] = "exception: vector, error, rip",
		[TRACE_INTERRUPT] = "interrupt: vector",
		[TRACE_AP] = "ap: target, event, vmsa",
		[TRACE_HOSTILE] = "hostile: action, operand",
	};
	const char *name = event->kind < TRACE_NR_EVENTS ? names[event->kind] : NULL;

	host_log("%s = 0x%lx 0x%lx 0x%lx 0x%lx\n", name == NULL ? "?" : name, event->a, event->b,
		 event->c, event->d);
}

static void print(const struct event *event)
{
	host_log("  %lu cpu %u vcpu %u vmpl %u ", event->tsc, event->cpu, event->vcpu, event->vmpl);
	if (event->kind == TRACE_EXIT) {
		print_exit(event);
	} else if (event->kind == TRACE_PVALIDATE) {
		print_pvalidate(event);
	} else {
		print_rest(event);
	}
}

struct cursor {
	uint64_t position[EMU_MAX_CPUS];
	uint64_t end[EMU_MAX_CPUS];
};

/* The oldest event of all rings that has not been taken; false: none is left. */
static bool take_oldest(struct cursor *cursor, struct event *oldest)
{
	unsigned int from = EMU_MAX_CPUS;

	for (unsigned int cpu = 0; cpu < EMU_MAX_CPUS; cpu++) {
		struct event event;

		while (cursor->position[cpu] < cursor->end[cpu] &&
		       !read_slot(cpu, cursor->position[cpu], &event)) {
			cursor->position[cpu]++;
		}
		if (cursor->position[cpu] < cursor->end[cpu] &&
		    (from == EMU_MAX_CPUS || event.tsc < oldest->tsc)) {
			*oldest = event;
			from = cpu;
		}
	}
	if (from == EMU_MAX_CPUS) {
		return false;
	}
	cursor->position[from]++;
	return true;
}

void trace_dump(unsigned int last)
{
	struct cursor cursor;
	struct event event;
	uint64_t total = 0;

	for (unsigned int cpu = 0; cpu < EMU_MAX_CPUS; cpu++) {
		uint64_t end = load(&positions[cpu].next);

		cursor.end[cpu] = end;
		cursor.position[cpu] = end < RING_EVENTS ? 0U : end - RING_EVENTS;
		total += end - cursor.position[cpu];
	}
	host_log("trace: last %lu events, oldest first: TSC, processor, what\n",
		 total < last ? total : last);
	while (take_oldest(&cursor, &event)) {
		if (total <= last) {
			print(&event);
		}
		total--;
	}
}
