/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MACHINE_H
#define MACHINE_H

/*
 * The hosted SNP machine: guest memory, RMP, nested page table, per-vCPU translation caches, VMSAs
 * and a host that can misbehave, in one Linux process. It implements arch.h for the core; this
 * header is the side that tests, the replay tool, the fuzzer and the main job use. There is one
 * machine per process at a time.
 *
 * Threads: a physical CPU of the machine (index 0..nr_vcpus-1, its APIC id is apic_ids[index]) is
 * driven by at most one thread at a time, which first calls hm_bind(). On that thread guest code
 * (hm_guest_*) and the SVSM (hm_vmgexit) alternate. Host actions may be called by any thread at any
 * time.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/vmsa_abi.h"
#include "arch.h"
#include "boot.h"
#include "psp.h"
#include "snpmodel.h"
#include "svsm_types.h"

#define HM_MAX_VCPUS 1024U
#define HM_MAX_RANGES 64U

struct hm_range {
	uint64_t start; /* inclusive, 4 KiB aligned */
	uint64_t end;	/* exclusive */
};

/*
 * How hm_create() lays the machine out. Zero-initialise, then set what differs; 0 means the default
 * named here.
 */
struct hm_config {
	unsigned int nr_vcpus;	  /* default 1 */
	const uint32_t *apic_ids; /* nr_vcpus ids; NULL: 0, 1, 2, ... */
	struct hm_range ram[HM_MAX_RANGES];
	unsigned int nr_ram;	/* at least 1 */
	struct hm_range rom[4]; /* firmware ranges: valid and RWX for the guest at start */
	unsigned int nr_rom;
	struct hm_range valid[HM_MAX_RANGES]; /* initially validated and RWX for the guest's VMPL
						 and lower numbers */
	unsigned int nr_valid;
	struct hm_range svsm; /* the SVSM's own range, inside ram; size 0: placed at the end of the
			       * last ram range, sized by svsm_boot_bytes() (boot.h) */
	uint64_t startup_ca;  /* gPA of the first calling area; 0: below the SVSM range */
	unsigned int guest_vmpl; /* 1..3, default 2 */
	uint64_t sev_features;	 /* of the startup VMSA, default VMSA_SEV_SNP */
	unsigned int phys_bits;	 /* guest physical width without the C-bit, default 46 */
	bool rmp_4k; /* back everything with 4 KiB RMP entries (default 2 MiB where aligned) */
	bool instant_revoke;  /* switch stale translations OFF: only for showing what they find */
	bool vmsa_store_lost; /* U3: a store to a VMSA in use is lost; default: it stalls */
	bool no_invlpgb; /* flush by PCPU_ID stores into all registered VMSAs instead of INVLPGB */
	bool one_zero_method; /* offer ARCH_ZERO_STOSB alone: nothing to measure at boot, runs are
				 repeatable */
	bool vtom_supported;
	unsigned int budget_entries; /* list entries a call may process, 0: unlimited (then
					budget_pages alone) */
	unsigned int budget_pages;   /* 4 KiB pages a call may process, 0: the SVSM's default */
	unsigned int spare_pages;    /* system pages beyond the guest's, for a host that remaps;
					default 1024 */
	struct snpm_switches switches;
	bool psp; /* a security processor answers; it takes 3 more pages of the SVSM's range */
	struct psp_config psp_config; /* of it; the measurement is computed here, seed 0: that of
					 the machine */
	uint64_t psp_ns; /* time that the processor takes for a request, 0: what the computation
			    takes */
	uint64_t secrets_gpa; /* page of the guest's copy of the secrets page, valid at start; 0:
				 none */
	/*
	 * What steps of real hardware cost that this model does not have, in TSC cycles, 0:
	 * nothing. The processor is kept busy for as long, by a loop that is calibrated in
	 * hm_create(): a descheduled thread pays nothing.
	 */
	uint64_t cost_pvalidate, cost_rmpadjust; /* of one instruction, of either size */
	uint64_t cost_switch; /* of hm_vmgexit(): from the guest to VMPL0 and back */
	uint64_t cost_flush;  /* of arch_flush_global() */
	uint64_t seed;
};

/*
 * Create the machine, launch it (measured pages, startup VMSA) and boot the SVSM. NULL and a
 * message on stderr when memory or threads are missing. hm_destroy() frees everything; no thread
 * may be bound.
 */
struct hm_machine *hm_create(const struct hm_config *config);
void hm_destroy(struct hm_machine *m);
struct hm_machine *hm_current(void); /* NULL outside create..destroy */
struct snpm_rmp *hm_rmp(struct hm_machine *m);
const struct hm_config *hm_config(const struct hm_machine *m);	       /* with defaults filled in */
const struct svsm_boot_info *hm_boot_info(const struct hm_machine *m); /* for svsm_boot() */

/*
 * The calling thread becomes physical CPU @index until hm_unbind(), which makes it leave the guest
 * (HLT).
 */
void hm_bind(struct hm_machine *m, unsigned int index);
void hm_unbind(struct hm_machine *m);

/* ---- guest side, on a bound thread ---- */

/*
 * Result of a guest access: what the guest or host would see. Anything but HM_OK changed and
 * disclosed nothing.
 */
enum hm_access {
	HM_OK,
	HM_NPF,		/* exit to the host: RMP or VMPL violation */
	HM_VC_404,	/* page not validated */
	HM_NOT_RUNNING, /* no VMSA of this CPU can run (gate closed, deleted, destroyed) */
	HM_NO_MEMORY,	/* no such gPA */
};

/*
 * Private (C=1) and shared (C=0) guest accesses at the VMPL of the VMSA that runs on this CPU; any
 * length, page by page, through the CPU's translation cache: a stale entry works until it is
 * flushed. Every private access is reported to the observer with the system page it hit. An access
 * that fails at a later page has done the earlier ones. Shared reads of an assigned page are HM_NPF
 * like writes.
 */
enum hm_access hm_guest_read(struct hm_machine *m, uint64_t gpa, void *dst, size_t len);
enum hm_access hm_guest_write(struct hm_machine *m, uint64_t gpa, const void *src, size_t len);
enum hm_access hm_guest_read_shared(struct hm_machine *m, uint64_t gpa, void *dst, size_t len);
enum hm_access hm_guest_write_shared(struct hm_machine *m, uint64_t gpa, const void *src,
				     size_t len);
/* The guest flushes its own translations of this CPU (CR3 reload). */
void hm_guest_flush(struct hm_machine *m);

/* Guest registers that a call uses. */
struct hm_regs {
	uint64_t rax, rcx, rdx, r8, r9, rip, rsp, cr3;
};

enum hm_exit {
	HM_RESUMED, /* the guest runs again; read the registers */
	HM_STOPPED, /* VMRUN of this CPU's VMSA fails: gate closed or VMSA gone */
};

/*
 * VMGEXIT that asks for VMPL0: #VMEXIT with EXITCODE 0x403 (registers saved to the VMSA), entry of
 * the SVSM on this thread, VMRUN of the VMSA, registers loaded back into @regs. Does not touch
 * SVSM_CALL_PENDING.
 */
enum hm_exit hm_vmgexit(struct hm_machine *m, struct hm_regs *regs);

/*
 * A whole call as Linux makes it: pending = 1 in the calling area @ca, VMGEXIT, exchange of pending
 * with 0.
 */
enum hm_call {
	HM_CALL_DONE,	    /* served: RAX is the result */
	HM_CALL_NOT_SERVED, /* pending was still set: the host or the gate prevented it */
	HM_CALL_STOPPED,    /* the vCPU does not run any more */
	HM_CALL_FAULT,	    /* the guest itself could not write its calling area */
};
enum hm_call hm_call(struct hm_machine *m, uint64_t ca, struct hm_regs *regs);

/*
 * Leave the guest by an automatic exit (HLT) so that its VMSA is not in use; the next guest action
 * re-enters.
 */
void hm_guest_idle(struct hm_machine *m);
/*
 * Leave the guest with @exitcode without entering VMPL0, as for another GHCB request or
 * AP_RESET_HOLD; @regs may be NULL. False if no VMSA of this CPU can run.
 */
bool hm_guest_exit(struct hm_machine *m, const struct hm_regs *regs, uint64_t exitcode);

/* The VMSA that runs on CPU @index now, 0 if none; its VMPL. */
uint64_t hm_running_vmsa(struct hm_machine *m, unsigned int index);
unsigned int hm_running_vmpl(struct hm_machine *m, unsigned int index);

/* ---- host side ---- */

/*
 * AP creation event (GHCB 0x80000013): from now on CPU @index runs @vmsa. Destroy: it runs nothing.
 * A VMSA that runs there leaves the guest (INTR) before the function returns; the CPU's thread
 * enters the new one at its next guest action.
 */
void hm_ap_create(struct hm_machine *m, unsigned int index, uint64_t vmsa);
void hm_ap_destroy(struct hm_machine *m, unsigned int index);

/*
 * Page state change as KVM does it (rmp-semantics 2.7): private assigns (unvalidated), shared
 * unassigns; 4 KiB operations inside a 2 MiB entry split it first. @pages counts units of @size.
 * False if the RMP refused.
 */
bool hm_psc(struct hm_machine *m, uint64_t gpa, uint64_t pages, enum svsm_page_size size,
	    bool to_private);

/* The host splits the 2 MiB RMP entry that rules @gpa, for no reason. False if there is none. */
bool hm_psmash(struct hm_machine *m, uint64_t gpa);

/*
 * Lies. hm_remap: gPA page -> system page @spn in the nested table (the RMP is not touched; spare
 * system pages start at hm_spare_spn()). hm_steal: RMPUPDATE the page to hypervisor-owned and back
 * to assigned, unvalidated.
 */
void hm_remap(struct hm_machine *m, uint64_t gpa, uint64_t spn);
uint64_t hm_spn(struct hm_machine *m, uint64_t gpa);
uint64_t hm_spare_spn(const struct hm_machine *m);
bool hm_steal(struct hm_machine *m, uint64_t gpa, bool leave_unassigned);
/*
 * Raw contents of a system page, as only the model can see them (no RMP check, no plaintext rule):
 * for tests.
 */
void *hm_system_page(struct hm_machine *m, uint64_t spn);

/*
 * Enter VMPL0 of the bound CPU without a VMGEXIT of the guest: with the EXITCODE as it is, or after
 * writing @exitcode there as an automatic exit would. Then VMRUN.
 */
enum hm_exit hm_spurious_entry(struct hm_machine *m);
enum hm_exit hm_spurious_entry_after(struct hm_machine *m, uint64_t exitcode);

/*
 * Stop CPU @index when it reaches the @nth (1 = next) occurrence of @point, until hm_thaw().
 * hm_wait_frozen() blocks the caller until the CPU is stopped there; false after @timeout_ms.
 * hm_thaw() of a CPU that has not got there disarms; of a frozen one it leaves a stop that was
 * armed meanwhile.
 */
void hm_freeze_at(struct hm_machine *m, unsigned int index, enum arch_point point,
		  unsigned int nth);
bool hm_wait_frozen(struct hm_machine *m, unsigned int index, unsigned int timeout_ms);
void hm_thaw(struct hm_machine *m, unsigned int index);

/*
 * Random stops of all CPUs: at each point, with probability 1/@one_in, yield the processor (0:
 * off).
 */
void hm_jitter(struct hm_machine *m, unsigned int one_in);

/* Make the @nth (1 = next) operation of a kind on CPU @index fail as hardware could; 0 disarms. */
enum hm_injected {
	HM_INJECT_PVALIDATE_FAULT,
	HM_INJECT_PVALIDATE_CODE, /* @value is EAX */
	HM_INJECT_PVALIDATE_CARRY,
	HM_INJECT_RMPADJUST_FAULT,
	HM_INJECT_RMPADJUST_CODE,
	HM_INJECT_GUEST_READ, /* recovered fault in arch_guest_read */
	HM_INJECT_GUEST_WRITE,
	HM_INJECT_ZERO,
	HM_INJECT_VMSA_READ,
	HM_INJECT_VMSA_WRITE, /* any store of VMPL0 to a VMSA */
	HM_INJECT_VMSA_LOST,  /* arch_vmsa_svme_clear: the locked store is lost */
	HM_INJECT_ALLOC,      /* page pool: out of pages */
	HM_INJECT_NR,
};
void hm_inject(struct hm_machine *m, unsigned int index, enum hm_injected what, unsigned int nth,
	       uint32_t value);
/* True if the armed injection of the kind has fired since it was armed. */
bool hm_injection_fired(struct hm_machine *m, unsigned int index, enum hm_injected what);

/* ---- security processor and the host between it and the guest ---- */

/* The processor of this guest: certificates, measurement, keys. NULL without hm_config.psp. */
struct psp *hm_psp(struct hm_machine *m);

/*
 * Lies of the host about guest requests. Several kinds can be armed; each strikes once, at its
 * @nth occasion (1 = next), or from that on at each one (@nth | HM_PSP_ALWAYS); @nth 0 disarms. An
 * occasion is a request, or, for kinds of certificates, a request that asks for them; a request
 * that an earlier lie of the list has stopped is none for the later ones. Any thread, any time.
 */
#define HM_PSP_ALWAYS 0x80000000U
enum hm_psp_lie {
	HM_PSP_BUSY, /* BUSY for @value requests, 0: until disarmed; the processor hears nothing */
	HM_PSP_DROP, /* the processor hears nothing; @value is EXITINFO2, 0: generic host error */
	HM_PSP_FAIL_AFTER, /* served, the reply is withheld; @value is EXITINFO2, 0: generic host
			      error */
	HM_PSP_SLOW,	   /* the processor takes @value more nanoseconds */
	HM_PSP_REPLAY,	/* served, but the reply is an older one: @value back, 0: 1; zeroes if there
			   is none */
	HM_PSP_FOREIGN, /* served, but the reply is another guest's, of the same sequence number */
	HM_PSP_SEQUENCE,   /* @value is added to the sequence number of the reply's header, 0: 2 */
	HM_PSP_TYPE,	   /* message type of the reply's header := @value */
	HM_PSP_SIZE,	   /* message size of the reply's header := @value */
	HM_PSP_CORRUPT,	   /* bit @value of the reply is inverted (byte k: 8 * k + bit) */
	HM_PSP_TRUNCATE,   /* the reply is zero from byte @value */
	HM_PSP_CERT_PAGES, /* INVALID_LEN that asks for @value pages; the processor hears nothing */
	HM_PSP_CERT_GROW,  /* the last certificate is @value bytes longer than at the last strike */
	HM_PSP_CERT_NONE,  /* an empty table */
	HM_PSP_CERT_BAD,   /* a bad table: @value is enum hm_psp_bad */
	HM_PSP_CERT_CHANGE, /* occasion: arch_psp_certs(); byte @value of the shared pages is
			       inverted before the copy */
	HM_PSP_LIE_NR,
};
enum hm_psp_bad {
	HM_PSP_BAD_OFFSET, /* an offset beyond all memory */
	HM_PSP_BAD_LENGTH,
	HM_PSP_BAD_SUM,	   /* offset + length overflows 32 bits */
	HM_PSP_BAD_INSIDE, /* a certificate on the table itself */
	HM_PSP_BAD_OVERLAP,
	HM_PSP_BAD_EMPTY,   /* length 0 */
	HM_PSP_BAD_ENDLESS, /* no terminating entry in all of the shared memory */
	HM_PSP_BAD_RANDOM,
	HM_PSP_BAD_NR,
};
void hm_psp_lie(struct hm_machine *m, enum hm_psp_lie kind, unsigned int nth, uint64_t value);
/* How often the kind has struck since it was armed. */
uint64_t hm_psp_lies_told(struct hm_machine *m, enum hm_psp_lie kind);

struct hm_psp_stats {
	uint64_t requests;	  /* that reached the host */
	uint64_t extended;	  /* of them, with certificates, and not stopped before */
	uint64_t served, refused; /* by the processor */
	uint64_t lies;
	uint64_t busy_ns;      /* time in the processor, simulated time included */
	uint64_t simulated_ns; /* asked for by psp_ns and HM_PSP_SLOW */
};
void hm_psp_stats(struct hm_machine *m, struct hm_psp_stats *out);

/* ---- observation ---- */

/*
 * Every step that matters for the invariants, called on the thread that made it, right after it
 * took effect (before it for HM_EV_FLUSH_BEGIN). The observer must not call back into the machine's
 * guest or host side.
 */
enum hm_event_kind {
	HM_EV_PVALIDATE, /* a = validate, code/carry/fault */
	HM_EV_RMPADJUST, /* a = target VMPL, b = perms | vmsa << 8 */
	HM_EV_RMPUPDATE, /* host; a = assigned, code */
	HM_EV_PSMASH,
	HM_EV_ZERO,	  /* VMPL0 zeroed the page; spn is the page it really hit */
	HM_EV_ZERO_FENCE, /* store fence after zeroing */
	HM_EV_SVSM_READ,  /* VMPL0 copied from guest page; a = offset, b = length */
	HM_EV_SVSM_WRITE,
	HM_EV_VMSA_WRITE, /* VMPL0 stored into a VMSA; a = offset, b = value */
	HM_EV_GUEST_READ, /* allowed guest access; a = VMPL, b = 1 if it used a cached translation
			   */
	HM_EV_GUEST_WRITE,
	HM_EV_VMRUN,  /* a = VMPL */
	HM_EV_VMEXIT, /* a = EXITCODE, 0 if none was written; reported before the in-use mark goes
		       */
	HM_EV_FLUSH_LOCAL,
	HM_EV_FLUSH_BEGIN,
	HM_EV_FLUSH_GLOBAL,
	HM_EV_SVSM_ENTER, /* VMPL0 entered on this CPU; gpa = the VMSA that ran last */
	HM_EV_SVSM_LEAVE, /* a = VMPL that the SVSM asked for, 0 for none */
	HM_EV_NR,
};
struct hm_event {
	enum hm_event_kind kind;
	unsigned int cpu; /* physical CPU, HM_MAX_VCPUS for the host actor */
	enum svsm_page_size size;
	uint64_t gpa; /* page address */
	uint64_t spn; /* system page it resolved to */
	uint64_t a, b;
	uint32_t code;
	bool carry, fault;
};
typedef void (*hm_observer)(void *ctx, const struct hm_event *event);
void hm_observe(struct hm_machine *m, hm_observer observer, void *ctx); /* NULL: off. Only while
									   nothing runs. */

/* Counters since start, summed over CPUs. */
struct hm_counters {
	uint64_t pvalidate, rmpadjust, flush_global, flush_local, zero_4k, zero_2m, guest_copies,
		vmgexits, psmash, npf;
	uint64_t vmsa_stalls; /* stores of VMPL0 that waited for the #VMEXIT of another CPU */
	uint64_t vmsa_lost;   /* stores lost because the VMSA was in use */
	uint64_t pcpu_stores; /* PCPU_ID stores of flushes without INVLPGB */
	uint64_t kicks;	      /* arch_kick() calls, all ignored */
};
void hm_counters(struct hm_machine *m, struct hm_counters *out);
/* The same of CPU @index alone. Any thread; exact on the thread that is bound to it. */
void hm_cpu_counters(const struct hm_machine *m, unsigned int index, struct hm_counters *out);

#endif
