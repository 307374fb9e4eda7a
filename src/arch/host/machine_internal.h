/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MACHINE_INTERNAL_H
#define MACHINE_INTERNAL_H

/*
 * Shared by the files of the hosted machine.
 *
 * Page numbers: gpn is a guest page, spn a system page. The nested table maps gpn to spn, the RMP
 * rules each spn.
 *
 * Brackets: every access to guest memory, by the guest or by VMPL0, runs between hm_bracket_begin()
 * and hm_bracket_end() of its CPU: generation and run state are read, the translation looked up or
 * walked, the access made and reported. A global flush first bumps the generation, then waits for
 * the brackets that are open. Nothing inside a bracket waits, freezes or repairs a nested fault, so
 * the wait is short and cannot form a cycle.
 */

#include <pthread.h>
#include <stdatomic.h>

#include "boot.h"
#include "machine.h"

#if defined(__SANITIZE_THREAD__)
#define HM_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HM_TSAN 1
#endif
#endif
#ifndef HM_TSAN
#define HM_TSAN 0
#endif

#define HM_TLB_ENTRIES 256U
#define HM_NPF_RETRIES 1000000U
#define HM_STALL_NS UINT64_C(2000000000)
#define HM_TSAN_TOP (UINT64_C(1) << 40)
#define HM_PERM_READ 1U
#define HM_PERM_WRITE 2U

struct hm_tlb_entry {
	uint64_t gpn;
	uint64_t spn;
	uint64_t generation; /* 0: empty, the machine's generation starts at 1 */
	uint64_t perms;
};

/* Translations of one CPU at one VMPL, used by the CPU's thread only. */
struct hm_tlb {
	uint64_t vmsa; /* the VMSA whose TLB_ID the entries carry */
	struct hm_tlb_entry entry[HM_TLB_ENTRIES];
};

enum hm_count {
	HM_COUNT_PVALIDATE,
	HM_COUNT_RMPADJUST,
	HM_COUNT_FLUSH_GLOBAL,
	HM_COUNT_FLUSH_LOCAL,
	HM_COUNT_ZERO_4K,
	HM_COUNT_ZERO_2M,
	HM_COUNT_COPIES,
	HM_COUNT_VMGEXIT,
	HM_COUNT_PSMASH,
	HM_COUNT_NPF,
	HM_COUNT_VMSA_STALL,
	HM_COUNT_VMSA_LOST,
	HM_COUNT_PCPU_STORE,
	HM_COUNT_KICK,
	HM_COUNT_NR,
};

/* NONE -> GUEST and GUEST -> NONE by the CPU's thread; GUEST -> EXITING -> NONE by whoever forces
 * an exit. */
enum hm_run {
	HM_RUN_NONE,
	HM_RUN_GUEST,
	HM_RUN_EXITING,
};

struct hm_freeze {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	atomic_bool armed; /* written under the lock, read without it as a hint */
	bool frozen;
	enum arch_point point;
	unsigned int countdown;
};

struct hm_injection {
	atomic_uint countdown;
	atomic_uint value;
	atomic_bool fired;
};

struct hm_cpu {
	_Alignas(SVSM_CACHE_LINE) _Atomic(uint64_t) bracket; /* odd inside */

	_Alignas(SVSM_CACHE_LINE) atomic_uint run; /* enum hm_run */
	_Atomic(uint64_t) vmsa_gpa; /* of the VMSA that runs; stable unless run is NONE */
	_Atomic(uint64_t) vmsa_spn;
	atomic_uint vmpl;

	_Alignas(SVSM_CACHE_LINE) _Atomic(uint64_t) want_vmsa; /* what the host wants to run here,
								  0: nothing */
	atomic_bool bound;
	atomic_uint injections; /* bit mask of armed enum hm_injected */

	_Alignas(SVSM_CACHE_LINE) struct hm_machine *machine;
	unsigned int index;
	uint64_t random; /* owner only */
	_Atomic(uint64_t) counters[HM_COUNT_NR];

	_Alignas(SVSM_CACHE_LINE) struct hm_freeze freeze;
	struct hm_injection inject[HM_INJECT_NR];
	struct hm_tlb tlb[SVSM_NR_VMPLS];
};

/* The VMSAs that the RMP knows; kept only where flushes go through their PCPU_ID. */
struct hm_registry {
	pthread_mutex_t lock;
	uint64_t *vmsa;
	unsigned int count, capacity;
	_Atomic(uint64_t) *map; /* one bit per guest page: a filter before the lock */
};

enum hm_class { HM_CLASS_RAM, HM_CLASS_VALID, HM_CLASS_SVSM };

struct hm_segment {
	uint64_t start, end;
	enum hm_class class;
};

#define HM_MAX_SEGMENTS 512U

struct hm_layout {
	struct hm_range ram[HM_MAX_RANGES + 4U]; /* ROM included, ascending */
	unsigned int nr_ram;
	struct hm_segment segment[HM_MAX_SEGMENTS]; /* ascending, all of ram */
	unsigned int nr_segments;
	uint64_t startup_vmsa;
	uint64_t header, secrets, cpuid; /* private launch pages behind it, with a processor only */
	uint64_t arena;
	uint64_t ram_top; /* without ROM */
	uint64_t top;	  /* with ROM, 2 MiB aligned */
};

struct hm_machine {
	struct hm_config config;
	struct hm_layout layout;
	struct svsm_boot_info boot;
	struct snpm_rmp rmp;
	uint32_t *apic_ids;

	uint64_t guest_pages;
	uint64_t system_pages; /* guest pages + spares, a multiple of 512 */
	unsigned char *pages;
	_Atomic(uint64_t) *nested; /* [gpn] = spn ^ gpn: an untouched sparse mapping is the identity
				    */
	_Atomic(uint8_t) *remapped; /* per 2 MiB of gPA: 1 once a page of it left the identity */
	struct hm_cpu *cpus;
	struct hm_registry registry;
	struct hm_psp *psp; /* NULL: none */
	uint32_t zero_methods;
	uint64_t spins_per_4096; /* turns of the loop of hm_cost_spend() per 4096 TSC cycles */

	_Alignas(SVSM_CACHE_LINE) _Atomic(uint64_t) generation;
	_Alignas(SVSM_CACHE_LINE) _Atomic(uintptr_t) observer;
	void *observer_ctx;
	atomic_uint jitter;
	_Atomic(uint64_t) host_counters[HM_COUNT_NR];
};

extern _Thread_local struct hm_cpu *hm_self;

/* machine.c */
void hm_count(struct hm_machine *m, enum hm_count what);
struct hm_cpu *hm_self_checked(const char *function);
_Noreturn void hm_die(const char *message, uint64_t gpa);
void hm_emit(struct hm_machine *m, const struct hm_event *event);
uint64_t hm_now_ns(void);

static inline bool hm_observed(const struct hm_machine *m)
{
	return atomic_load_explicit(&m->observer, memory_order_relaxed) != 0U;
}

/* cost.c: what an operation of real hardware would take (hm_config.cost_*). */
void hm_cost_calibrate(struct hm_machine *m);
void hm_cost_spend(const struct hm_machine *m, uint64_t cycles);

static inline void hm_cost(const struct hm_machine *m, uint64_t cycles)
{
	if (cycles != 0U) {
		hm_cost_spend(m, cycles);
	}
}

/* layout.c: fills in defaults of @config and the layout; false and a message on stderr. */
bool hm_layout_make(struct hm_config *config, struct hm_layout *layout);
void hm_layout_boot_info(const struct hm_config *config, const struct hm_layout *layout,
			 struct svsm_boot_info *info);
/* Is [gpa, gpa + 4 KiB) RAM or ROM? */
bool hm_layout_has(const struct hm_layout *layout, uint64_t gpa);

/* memory.c */
bool hm_memory_create(struct hm_machine *m);
void hm_memory_destroy(struct hm_machine *m);
bool hm_memory_launch(struct hm_machine *m);

/* launch.c: launch digest, security processor, secrets pages; after hm_memory_launch(). */
bool hm_launch_secrets(struct hm_machine *m);

static inline unsigned char *hm_page(const struct hm_machine *m, uint64_t spn)
{
	return m->pages + (spn << SVSM_PAGE_SHIFT);
}

static inline _Atomic(uint64_t) *hm_vmsa_field(const struct hm_machine *m, uint64_t spn,
					       size_t offset)
{
	return (_Atomic(uint64_t) *)(void *)(hm_page(m, spn) + offset);
}

static inline uint64_t hm_walk(const struct hm_machine *m, uint64_t gpn)
{
	/* pairs with hm_remap: what the host did to the new page before it mapped it */
	return atomic_load_explicit(&m->nested[gpn], memory_order_acquire) ^ gpn;
}

static inline bool hm_region_remapped(const struct hm_machine *m, uint64_t gpn)
{
	/* pairs with hm_remap: the nested entry behind the mark */
	return atomic_load_explicit(&m->remapped[gpn / SVSM_PAGES_PER_REGION],
				    memory_order_acquire) != 0U;
}

/* translate.c */

/* Opens the bracket of @cpu and returns the generation that its translations must carry. */
static inline uint64_t hm_bracket_begin(struct hm_cpu *cpu)
{
	uint64_t seq = atomic_load_explicit(&cpu->bracket, memory_order_relaxed);

	/*
	 * pairs with hm_flush_all and hm_force_exit: either this CPU reads their generation or run
	 * state below and uses nothing older, or they read the odd value and wait for
	 * hm_bracket_end.
	 */
	atomic_store_explicit(&cpu->bracket, seq + 1U, memory_order_seq_cst);
	return atomic_load_explicit(&cpu->machine->generation, memory_order_seq_cst);
}

static inline void hm_bracket_end(struct hm_cpu *cpu)
{
	uint64_t seq = atomic_load_explicit(&cpu->bracket, memory_order_relaxed);

	/* pairs with hm_bracket_wait: the access made inside */
	atomic_store_explicit(&cpu->bracket, seq + 1U, memory_order_release);
}

/* Wait for the bracket of @cpu that is open now, if any; not for later ones. */
void hm_bracket_wait(struct hm_cpu *cpu);
void hm_brackets_wait(struct hm_machine *m);
void hm_flush_all(struct hm_machine *m);
void hm_tlb_clear(struct hm_tlb *tlb);
void hm_tlb_drop(struct hm_tlb *tlb, uint64_t gpn, uint64_t pages);

struct hm_view {
	uint64_t gpn, spn;
	unsigned char *page;
	bool cached;
};

/* Inside a bracket: translate @view->gpn at @vmpl. */
enum snpm_fault hm_translate(struct hm_cpu *cpu, unsigned int vmpl, uint64_t generation,
			     enum snpm_access access, struct hm_view *view);
/*
 * VMPL0 access: true with the bracket open and @view filled, false after a recovered fault with the
 * bracket closed. The host repairs nested faults on the way.
 */
bool hm_vmpl0_begin(struct hm_cpu *cpu, uint64_t gpa, enum snpm_access access,
		    struct hm_view *view);

/* copy.c */
void hm_copy_from(void *dst, const unsigned char *src, size_t len);
void hm_copy_to(unsigned char *dst, const void *src, size_t len);
uint32_t hm_zero_methods_of_cpu(void);

/* guest.c */
bool hm_guest_enter(struct hm_cpu *cpu);
/* #VMEXIT of the VMSA that runs; false if it was not running (any more). */
bool hm_guest_leave(struct hm_cpu *cpu, const struct hm_regs *regs, const uint64_t *exitcode);
/* An interrupt of the host: #VMEXIT of every CPU that runs the VMSA in @spn. */
void hm_force_exit(struct hm_machine *m, uint64_t spn);
bool hm_runs(struct hm_machine *m, uint64_t spn);

/* vmsa.c */
bool hm_vmsa_in_use(const struct hm_machine *m, uint64_t spn);
void hm_registry_note(struct hm_machine *m, uint64_t gpn, bool vmsa);
void hm_registry_flush(struct hm_cpu *cpu);

/* host.c: the role of KVM. All bounded; called outside brackets. */
uint32_t hm_host_rmpupdate(struct hm_machine *m, uint64_t gpn, uint64_t spn, bool assigned,
			   enum svsm_page_size size);
uint32_t hm_host_psmash(struct hm_machine *m, uint64_t gpn, uint64_t spn);
void hm_host_npf(struct hm_machine *m, uint64_t gpn, uint64_t spn, enum snpm_fault fault);

/* freeze.c, inject.c */
bool hm_freeze_init(struct hm_freeze *freeze);
void hm_freeze_fini(struct hm_freeze *freeze);
bool hm_injected_slow(struct hm_cpu *cpu, enum hm_injected what, uint32_t *value);

static inline bool hm_injected_now(struct hm_cpu *cpu, enum hm_injected what, uint32_t *value)
{
	return atomic_load_explicit(&cpu->injections, memory_order_relaxed) != 0U &&
	       hm_injected_slow(cpu, what, value);
}

#endif
