/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JUDGE_H
#define JUDGE_H

/*
 * The judge: an invariant checker over raw RMP words and an event log. It shares no code with
 * snpmodel and none with the SVSM, so that neither judges itself. Two parts: judge_event() checks
 * every step as it happens, and judge_check_quiescent() compares the whole RMP with what the events
 * explain and with the SVSM's own account.
 *
 * Why a correct SVSM is never accused, although events of different CPUs arrive in any order
 * - The shadow is kept per guest page (gPA), not per system page. An SVSM step on a gPA happens
 * under the claim of that gPA (ownership map: CLAIMED; VMSA pages: the record's state). The step's
 * event is delivered on the same thread before the step returns, so before the claim is released;
 * the next claimer's events come after. Events of one gPA are therefore totally ordered, and the
 * claim's release/acquire orders the shadow's relaxed accesses.
 * - Host steps hold no claim. What they did is never taken from the order of their events but from
 * the raw word of the system page; a raw word is one atomic value, whatever the order of events.
 * Where both orders of a host event and an SVSM event are possible, the check is left out until the
 * next quiescent point has settled it.
 * - A copy holds a pin, not a claim. "It hit the wrong system page" is decided only if the page was
 * bound by the same CPU, at launch, or before a global flush that ended before this CPU entered
 * VMPL0.
 * - A guest access is reported inside its bracket, and a global flush waits for open brackets. A
 * page becomes private for the leak check only after that flush: by its raw VMSA bit, or at a
 * quiescent point by the account.
 * - A page leaves the deposited set at the event of its zeroing, which precedes its grant on the
 * same thread. An SVSM that breaks its own claims may confuse the shadow, but then it is the one to
 * accuse.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct judge;
struct hm_event;
struct hm_machine;

#define JUDGE_MAX_CPUS 1024U
#define JUDGE_MAX_RANGES 8U
#define JUDGE_MAX_VIOLATIONS 64U

struct judge_range {
	uint64_t start; /* gPA, inclusive, 4 KiB aligned */
	uint64_t end;	/* exclusive */
};

/*
 * @words_2m, @words_4k: the RMP, laid out as the comment in snpmodel.h says; read only, must
 * outlive the judge.
 * @nr_pages: system pages. @nr_gpa_pages: guest pages with an array shadow; pages beyond go to a
 * table of 64.
 * @svsm: what is the SVSM's from launch on, for ever; launch VMSAs inside are not.
 * @identity_keeps: an RMPUPDATE that changes nothing keeps Validated (rmp-semantics U4).
 */
struct judge_params {
	_Atomic(uint64_t) *words_2m;
	_Atomic(uint64_t) *words_4k;
	uint64_t nr_pages;
	uint64_t nr_gpa_pages;
	unsigned int nr_cpus; /* 1..JUDGE_MAX_CPUS */
	struct judge_range svsm[JUDGE_MAX_RANGES];
	unsigned int nr_svsm;
	bool identity_keeps;
};

/*
 * Reads the RMP as it is: pages validated now are launch pages, exempt from "zero before grant"
 * until they are validated again. Nothing may run. NULL if a parameter is out of range or memory is
 * missing. The shadow is reserved sparsely: 24 bytes per guest page and 4 per system page that
 * events name, so 16 TiB of empty RAM cost nothing.
 */
struct judge *judge_create(const struct judge_params *params);
void judge_destroy(struct judge *j);

enum judge_event_kind {
	JUDGE_PVALIDATE, /* a = validate; code, carry, fault */
	JUDGE_RMPADJUST, /* a = target VMPL, b = permissions | VMSA << 8; code, fault */
	JUDGE_RMPUPDATE, /* host; a = assigned; code */
	JUDGE_PSMASH,
	JUDGE_ZERO,	  /* VMPL0 zeroed the whole page; spn is what it hit */
	JUDGE_ZERO_FENCE, /* store fence */
	JUDGE_SVSM_READ,  /* VMPL0 copy; a = offset in the page, b = length */
	JUDGE_SVSM_WRITE,
	JUDGE_VMSA_WRITE,
	JUDGE_GUEST_READ, /* allowed private access at VMPL a */
	JUDGE_GUEST_WRITE,
	JUDGE_VMRUN, /* a = VMPL */
	JUDGE_FLUSH_LOCAL,
	JUDGE_FLUSH_GLOBAL, /* complete */
	JUDGE_SVSM_ENTER,
	JUDGE_SVSM_LEAVE,
	JUDGE_EVENT_NR,
};

struct judge_event {
	enum judge_event_kind kind;
	unsigned int cpu; /* nr_cpus or above: the host */
	bool large;	  /* 2 MiB; spn is then the first of 512 consecutive system pages */
	bool carry, fault;
	uint32_t code;
	uint64_t gpa; /* page address */
	uint64_t spn; /* system page number that the step hit */
	uint64_t a, b;
};

/*
 * One step, delivered on the thread that made it, right after it took effect. Any number of
 * threads, no lock, no wait; but events of one CPU come from one thread at a time (a hand-over must
 * synchronise).
 */
void judge_event(struct judge *j, const struct judge_event *event);

/* The SVSM's account of its private pages: 4 KiB page addresses (gPA). */
enum judge_kind {
	JUDGE_KIND_NONE,
	JUDGE_KIND_SVSM, /* beyond judge_params.svsm, which need not be listed */
	JUDGE_KIND_VMSA,
	JUDGE_KIND_CA,
	JUDGE_KIND_DEPOSITED,
	JUDGE_KIND_SECRETS,
	JUDGE_KIND_NR,
};

struct judge_account {
	const uint64_t *pages[JUDGE_KIND_NR];
	size_t counts[JUDGE_KIND_NR];
	const uint8_t *vmsa_vmpl; /* VMPL of each VMSA page in the same order; NULL: not checked */
};

/*
 * The whole RMP against shadow and account. No thread may be inside the SVSM or deliver events
 * meanwhile, and all have synchronised with the caller. @account NULL leaves out the checks of the
 * account. True if nothing new was found. The pages named remain the private sets until the next
 * call.
 */
bool judge_check_quiescent(struct judge *j, const struct judge_account *account);

enum judge_id {
	JUDGE_I1,
	JUDGE_I2,
	JUDGE_I3,
	JUDGE_I4,
	JUDGE_I5,
	JUDGE_I6,
	JUDGE_I7,
	JUDGE_I8,
	JUDGE_I9,
	JUDGE_I10,
	JUDGE_I11,
	JUDGE_I12,
	JUDGE_I13,
	JUDGE_I14,
	JUDGE_A1,
	JUDGE_A3,
	JUDGE_A4,
	JUDGE_A11,
	JUDGE_A12,
	JUDGE_LEAK,
	JUDGE_REVOKE,
	JUDGE_ACCOUNT,
	JUDGE_DISJOINT,
	JUDGE_NR,
};

const char *judge_name(enum judge_id id);
const char *judge_title(enum judge_id id);
const char *judge_citation(enum judge_id id);
/* False for I7, I9 and I13, which no observer of RMP and events can decide. */
bool judge_applies(enum judge_id id);

/* Times the condition was really evaluated, and found broken. I4 counts carry flags as findings,
 * not violations. */
uint64_t judge_checked(const struct judge *j, enum judge_id id);
uint64_t judge_found(const struct judge *j, enum judge_id id);
/* Sum of all violations; invariants evaluated at least once, and evaluations altogether. */
uint64_t judge_violations(const struct judge *j);
unsigned int judge_invariants_checked(const struct judge *j);
uint64_t judge_checks(const struct judge *j);
/* Events about pages outside every shadow, and reads beyond the list of a CPU: what was not judged.
 */
uint64_t judge_untracked(const struct judge *j);

/* Text of violation @index (0 first recorded, up to JUDGE_MAX_VIOLATIONS); NULL if there is none.
 * Valid until destroy. */
const char *judge_violation(const struct judge *j, unsigned int index);
const char *judge_first_violation(const struct judge *j);
/* The table: invariant, times checked, violations, source; then the recorded violations. */
void judge_report(const struct judge *j, FILE *out);

/* judge_host: a judge for a machine that was just created, and its observer. Nothing may run. */
struct judge *judge_create_for(struct hm_machine *m);
void judge_attach(struct judge *j, struct hm_machine *m);
/* The observer that judge_attach() installs, for a test that looks at the events as well and passes
 * each one on. */
void judge_observe(void *judge, const struct hm_event *event);
/* Takes the observer away. */
void judge_detach(struct hm_machine *m);

#endif
