/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SNPMODEL_H
#define SNPMODEL_H

/*
 * Architectural model of the SEV-SNP reverse map (RMP) for one guest: results of the guest
 * instructions PVALIDATE, RMPADJUST, RMPQUERY, of the host instructions RMPUPDATE and PSMASH, of
 * VMRUN's VMSA checks and of memory accesses. Freestanding C11 (the emulator links it too): no
 * allocation, no libc beyond string.h.
 *
 * All functions may run concurrently on any threads. Each is one atomic step on one RMP word,
 * except snpm_rmpupdate and snpm_psmash of 2 MiB ranges, which lock the range's word while they
 * work: guest operations that meet the lock retry, as hardware does on an entry in use by another
 * processor.
 *
 * Raw layout of an RMP word (documented because the judge decodes it with its own code):
 * - 0 assigned, 1 validated, 2 immutable, 3 VMSA, 4 in use by VMRUN, 5 locked;
 * - 6 split (2 MiB words only): the 512 words of the 4 KiB table rule;
 * - 8:7 ASID class: 0 none, 1 this guest, 2 another guest, 3 firmware;
 * - 13:9, 18:14, 23:19 permissions of VMPL1, 2, 3 (from bit 0: read, write, execute user, execute
 *   supervisor, SSS); VMPL0's mask is always full and not stored;
 * - 63:25 gPA page number.
 *
 * A 2 MiB word without the split bit is a 2 MiB RMP entry (if assigned) or 512 hypervisor-owned
 * pages (if not). The words of the 4 KiB table below it then say nothing: each is 0, or locked if
 * the range was split before. A hypervisor-owned entry is the word 0.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SNPM_ASSIGNED (UINT64_C(1) << 0)
#define SNPM_VALIDATED (UINT64_C(1) << 1)
#define SNPM_IMMUTABLE (UINT64_C(1) << 2)
#define SNPM_VMSA (UINT64_C(1) << 3)
#define SNPM_INUSE (UINT64_C(1) << 4)
#define SNPM_LOCKED (UINT64_C(1) << 5)
#define SNPM_SPLIT (UINT64_C(1) << 6)
#define SNPM_ASID_SHIFT 7U
#define SNPM_PERM_SHIFT(vmpl) (9U + 5U * ((vmpl) - 1U))
#define SNPM_PERM_BITS UINT64_C(0x1f)
#define SNPM_GPN_SHIFT 25U

/* Result codes of all five instructions (EAX). */
enum snpm_code {
	SNPM_OK = 0,
	SNPM_FAIL_INPUT = 1,
	SNPM_FAIL_PERMISSION = 2,
	SNPM_FAIL_INUSE = 3,
	SNPM_FAIL_OVERLAP = 4,
	SNPM_FAIL_SIZEMISMATCH = 6,
	SNPM_FAIL_NOT_2M = 7,
};

enum snpm_asid {
	SNPM_ASID_NONE = 0,
	SNPM_ASID_GUEST = 1,
	SNPM_ASID_OTHER = 2,
	SNPM_ASID_FIRMWARE = 3
};

/*
 * Unknowns of the architecture that change a result (rmp-semantics section 14); false is the first
 * reading.
 */
struct snpm_switches {
	/* RMPADJUST on a VMSA in use: #NPF instead of FAIL_INUSE */
	bool u3_inuse_is_npf;
	/* RMPUPDATE with unchanged values keeps Validated, VMSA and permissions */
	bool u4_identity_keeps;
	/* VMRUN also requires Validated=1 of the VMSA page */
	bool u6_vmrun_needs_valid;
	/* RMPADJUST refuses masks with W and without R, and masks with SSS (FAIL_INPUT) */
	bool u7_reject_odd_masks;
};

/*
 * The RMP of a machine with @nr_pages 4 KiB system pages. @words_2m has ceil(nr_pages/512) entries,
 * @words_4k has nr_pages entries; both zeroed at start (everything hypervisor-owned), supplied and
 * freed by the caller. The words of the 4 KiB table are touched only for ranges that are split, so
 * a sparse mapping stays sparse.
 */
struct snpm_rmp {
	_Atomic(uint64_t) *words_2m;
	_Atomic(uint64_t) *words_4k;
	uint64_t nr_pages;
	struct snpm_switches switches;
};

/* Where the hardware delivers something else than a result code. */
enum snpm_fault {
	SNPM_NO_FAULT,
	SNPM_NPF,	/* automatic exit: RMP violation (ownership, gPA, immutable, in use) */
	SNPM_NPF_SIZEM, /* automatic exit: 4 KiB request, 2 MiB entry; host must PSMASH, resume */
	SNPM_NPF_VMPL,	/* automatic exit: VMPL permission missing */
	SNPM_VC_404,	/* #VC PAGE_NOT_VALIDATED to the guest */
	SNPM_GP,	/* #GP(0): PVALIDATE above VMPL0 */
};

struct snpm_result {
	enum snpm_fault fault;
	uint32_t code; /* EAX, valid without fault */
	bool carry;    /* CF, PVALIDATE only */
};

/*
 * PVALIDATE at @vmpl on system page @spn reached through guest page @gpn (both page numbers). @gpn
 * not 2 MiB aligned for @size 1 is FAIL_INPUT; @spn is what the host's nested table says and may be
 * anything: the entry that rules it decides. On a VMSA in use: NPF. Order of checks:
 * rmp-semantics 3.2.
 */
struct snpm_result snpm_pvalidate(struct snpm_rmp *rmp, unsigned int vmpl, uint64_t spn,
				  uint64_t gpn, unsigned int size, bool validate);

/*
 * RMPADJUST at @vmpl; @target, @perms (bits 4:0, others FAIL_INPUT), @vmsa are RDX; @spn, @gpn as
 * for PVALIDATE. The VMSA attribute is written at VMPL0 only, and always there. A VMSA in use is
 * found before Validated is looked at. Order of checks: rmp-semantics 4.2.
 */
struct snpm_result snpm_rmpadjust(struct snpm_rmp *rmp, unsigned int vmpl, uint64_t spn,
				  uint64_t gpn, unsigned int size, unsigned int target,
				  uint8_t perms, bool vmsa);

/*
 * RMPQUERY at @vmpl for @target: fills perms, vmsa, size on success, zeroes them else.
 * FAIL_PERMISSION: @target above 3 or more privileged than @vmpl. rmp-semantics 5.
 */
struct snpm_query {
	uint8_t perms;
	bool vmsa;
	unsigned int size;
};
struct snpm_result snpm_rmpquery(struct snpm_rmp *rmp, unsigned int vmpl, uint64_t spn,
				 uint64_t gpn, unsigned int target, struct snpm_query *query);

/*
 * RMPUPDATE (host). rmp-semantics 2.1 to 2.4. Codes:
 * - 1 input: outside the table, misaligned 2 MiB, @gpn above 39 bits, a combination of assigned,
 *   immutable and ASID that no owner has;
 * - 2 permission: the entry is immutable;
 * - 3 in use: the page is a VMSA that VMRUN uses;
 * - 4 overlap: 4 KiB inside an assigned 2 MiB entry, or 2 MiB over a split range with an assigned
 *   page.
 *
 * Unassigning does not keep @gpn. A 2 MiB success over a split range un-splits it.
 */
struct snpm_update {
	uint64_t gpn;
	bool assigned;
	unsigned int size;
	bool immutable;
	enum snpm_asid asid;
};
uint32_t snpm_rmpupdate(struct snpm_rmp *rmp, uint64_t spn, const struct snpm_update *update);

/*
 * PSMASH (host). rmp-semantics 2.5. Codes: 1 outside the table or misaligned; 2 firmware-owned; 3
 * in use; 7 not a 2 MiB entry. Every field but the size is kept, immutable included.
 */
uint32_t snpm_psmash(struct snpm_rmp *rmp, uint64_t spn);

/*
 * LAUNCH_UPDATE as the firmware does it: make the page assigned, validated, full rights for VMPL0
 * and @perms[1..3] for the others; @size 0 or 1; @vmsa for the launch VMSA (4 KiB). Before the
 * guest runs only. Takes hypervisor-owned pages and unvalidated pages (mutable or not) of this
 * guest with the same gPA and size; false for anything else.
 */
bool snpm_launch_page(struct snpm_rmp *rmp, uint64_t spn, uint64_t gpn, unsigned int size,
		      const uint8_t perms[4], bool vmsa);

enum snpm_access { SNPM_READ, SNPM_WRITE, SNPM_XUSER, SNPM_XSUPER };

/*
 * Check of a private (C=1) access by the guest at @vmpl. NO_FAULT means allowed. Writes to a VMSA
 * in use by another CPU are the caller's business. rmp-semantics 6.3 to 6.6.
 */
enum snpm_fault snpm_access_check(const struct snpm_rmp *rmp, unsigned int vmpl, uint64_t spn,
				  uint64_t gpn, enum snpm_access access);

/*
 * Check of a shared (C=0) write by the guest, or of a host write: the page must be
 * hypervisor-owned. rmp-semantics 6.1, 6.4.
 */
enum snpm_fault snpm_shared_check(const struct snpm_rmp *rmp, uint64_t spn);

/*
 * The effective RMP word of a system page: of its 4 KiB entry, or of the 2 MiB entry that rules it,
 * with the gPA page number of the page itself; *size (may be NULL) receives 0 or 1. Outside the
 * table, or in an unassigned range: 0 with size 0. The locked and split bits are never set. For
 * translation caches, the judge and tests.
 */
uint64_t snpm_word(const struct snpm_rmp *rmp, uint64_t spn, unsigned int *size);

/*
 * VMRUN's marking of the VMSA page as in use, and #VMEXIT's clearing. False: VMRUN fails
 * (VMEXIT_INVALID): the page is not this guest's, not mutable, not a VMSA, maps another gPA, lies
 * in a 2 MiB entry (VMRUN takes the size as 4 KiB), or is already in use. snpm_vmrun_end() only
 * after a begin that succeeded. rmp-semantics 7.1, 7.2.
 */
bool snpm_vmrun_begin(struct snpm_rmp *rmp, uint64_t spn, uint64_t gpn);
void snpm_vmrun_end(struct snpm_rmp *rmp, uint64_t spn);

#endif
