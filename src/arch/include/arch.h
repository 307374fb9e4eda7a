/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ARCH_H
#define ARCH_H

/*
 * The arch seam: everything the core needs from the machine. arch/snp implements it for VMPL0 of a
 * real VM, arch/host for the hosted SNP machine; the include path chooses, never an #ifdef in the
 * core.
 *
 * Common rules
 * - Functions taking a gpa_t reach guest memory through VMPL0's direct map. The caller has already
 * checked the address against the ownership map: these functions only turn a hardware fault into a
 * result.
 * - "recovered fault" is #VC 0x404 (page not validated) at a named instruction. #NPF never reaches
 * VMPL0: it stops the vCPU until the host repairs it, or for ever.
 * - All functions may be called on every vCPU at the same time, unless said otherwise. None of them
 * waits for another vCPU's SVSM thread.
 */

#include "svsm_types.h"

/* Result codes of PVALIDATE and RMPADJUST (EAX). Values 0..15 are architectural. */
enum arch_rmp_code {
	ARCH_RMP_OK = 0,
	ARCH_RMP_FAIL_INPUT = 1,
	ARCH_RMP_FAIL_PERMISSION = 2,
	ARCH_RMP_FAIL_INUSE = 3,
	ARCH_RMP_FAIL_SIZEMISMATCH = 6,
};

/* What one PVALIDATE or RMPADJUST did. If @fault, the instruction took a recovered fault and
 * changed nothing. */
struct arch_rmp_result {
	uint32_t code; /* EAX */
	bool carry; /* RFLAGS.CF: PVALIDATE changed nothing, the page was in the requested state */
	bool fault;
};

/*
 * PVALIDATE (AMD APM vol. 3).
 * @gpa: page address, aligned to @size. @validate: RDX.
 */
struct arch_rmp_result arch_pvalidate(gpa_t gpa, enum svsm_page_size size, bool validate);

/*
 * RMPADJUST (AMD APM vol. 3): replace the permissions of @vmpl (1..3) by @perms (SVSM_PERM_*), and
 * write the VMSA attribute of the page: at VMPL0 every RMPADJUST does.
 */
struct arch_rmp_result arch_rmpadjust(gpa_t gpa, enum svsm_page_size size, unsigned int vmpl,
				      uint8_t perms, bool vmsa);

/*
 * Copy between private memory and one guest page. [gpa, gpa+len) must not cross a 4 KiB boundary;
 * len 0..4096. Returns true, or false after a recovered fault (then @dst is undefined; guest bytes
 * are partly written). Each guest byte is read, or written, exactly once.
 */
bool arch_guest_read(void *dst, gpa_t src, size_t len);
bool arch_guest_write(gpa_t dst, const void *src, size_t len);

/*
 * One byte of a guest page, for SVSM_CALL_PENDING, at which guest and SVSM meet: the read has
 * acquire order, the write release order (both are plain moves on x86). The read returns the byte,
 * or ARCH_BYTE_FAULT after a recovered fault.
 */
#define ARCH_BYTE_FAULT 0x100U
unsigned int arch_guest_read_byte(gpa_t src);
bool arch_guest_write_byte(gpa_t dst, uint8_t value);

/*
 * Zeroing methods for pages about to be granted. arch_zero_methods() is the bit mask (1 << method)
 * of those this CPU has; which one is used is measured by mm/zero.c.
 */
enum arch_zero_method {
	ARCH_ZERO_STOSB,  /* rep stosb: cached stores */
	ARCH_ZERO_CLZERO, /* CLZERO: weakly ordered, bypasses the cache */
	ARCH_ZERO_NT,	  /* non-temporal 8-byte stores: weakly ordered */
	ARCH_ZERO_NR,
};
uint32_t arch_zero_methods(void);

/*
 * Zero one page of @size at @gpa with @method. Touches the first and last line of each 4 KiB
 * before, when the CPU has no COHERENCY_SFW_NO (AMD coherency erratum). False after a recovered
 * fault. Weakly ordered: arch_store_fence() must follow before the page is granted (A12).
 */
bool arch_zero(gpa_t gpa, enum svsm_page_size size, enum arch_zero_method method);
void arch_store_fence(void);

/* Drop this vCPU's VMPL0 translations of the page at @gpa (INVLPG on the direct map). Due before
 * PVALIDATE(1): A11. */
void arch_flush_local(gpa_t gpa, enum svsm_page_size size);

/*
 * Drop all translations, nested ones included, of every vCPU and VMPL of this VM. On return no
 * guest access uses a translation made before the call. Cost grows with the VM: never on a plain
 * call. Where the hardware has no broadcast that reaches other vCPUs' VMPL0 (no INVLPGB), the arch
 * makes up for it: each of its functions that accesses a guest page drops this CPU's translation of
 * that page first. Accesses through arch_private_ptr() are the core's: it calls arch_flush_local()
 * when a deposited page reaches another vCPU.
 */
void arch_flush_global(void);

/*
 * VMSA fields, @offset from vmsa_abi.h, 8-byte aligned. Single 64-bit accesses that may meet a host
 * that takes the page away: false after a recovered fault.
 */
bool arch_vmsa_read(gpa_t vmsa, size_t offset, uint64_t *value);
bool arch_vmsa_write(gpa_t vmsa, size_t offset, uint64_t value);

/*
 * EFER.SVME of a VMSA, the run gate (gate.h draws the conclusions). One instruction each:
 * - arch_vmsa_svme_clear: a locked bit test and reset; returns what the bit was. It may stall while
 *   the VMSA executes on another core, or be lost: a caller that needs the store to have happened
 *   reads the field again.
 * - arch_vmsa_efer: a load; ARCH_EFER_FAULT, which no EFER is (it has reserved bits), after a
 *   recovered fault.
 * - arch_vmsa_svme_set: a plain OR, behind all stores before it; only while the gate is closed.
 *   False after a recovered fault.
 */
enum arch_svme {
	ARCH_SVME_WAS_CLEAR,
	ARCH_SVME_WAS_SET,
	ARCH_SVME_FAULT, /* recovered fault, nothing was stored */
};
#define ARCH_EFER_FAULT UINT64_MAX
enum arch_svme arch_vmsa_svme_clear(gpa_t vmsa);
uint64_t arch_vmsa_efer(gpa_t vmsa);
bool arch_vmsa_svme_set(gpa_t vmsa);

/* Registers of a call as the guest left them (58019 section 5). */
struct arch_call_regs {
	uint64_t rax, rcx, rdx, r8, r9;
};

/* What a call answers: RAX always, the others where @out has their bit. */
enum arch_call_out {
	ARCH_CALL_RCX = 1U << 0,
	ARCH_CALL_RDX = 1U << 1,
	ARCH_CALL_R8 = 1U << 2,
};
struct arch_call_answer {
	unsigned int out;
	uint32_t rax; /* stored zero-extended */
	uint64_t rcx, rdx, r8;
};

/*
 * The VMSA accesses of a call, behind the run gate: the guest cannot run, so its registers stand
 * still. No decision is made here; on hardware these are runs of moves with one fault fixup each
 * (six loads and five stores; a test per output, and the stores).
 * arch_vmsa_read_call: each field read exactly once. Returns GUEST_EXITCODE, or VMSA_EXIT_CONSUMED,
 * which no call has, after a recovered fault; then @regs is undefined.
 * arch_vmsa_write_call: RAX last. False after a recovered fault; some outputs may be written then,
 * RAX is not.
 */
uint64_t arch_vmsa_read_call(gpa_t vmsa, struct arch_call_regs *regs);
bool arch_vmsa_write_call(gpa_t vmsa, const struct arch_call_answer *answer);

/* VMPL0 pointer to a page that is private to the SVSM (its own range, or deposited and flushed). */
void *arch_private_ptr(gpa_t page);

/*
 * SNP guest request to the AMD security processor, relayed by the host (GHCB exits 0x8000_0011 and
 * 0x8000_0012). The arch copies @request to shared memory, asks the host, and copies the answer out
 * of shared memory before it returns: nothing in @response can change any more, and nothing in it
 * is to be believed before it is authenticated. Blocks this vCPU for the processor's time. One
 * request of the VM at a time: the caller owns the message sequence.
 */
#define ARCH_PSP_MESSAGE_BYTES 4096U
#define ARCH_PSP_CERT_PAGES 16U /* shared memory held for certificates */

enum arch_psp_vmm_error {
	ARCH_PSP_VMM_OK = 0,
	ARCH_PSP_VMM_INVALID_LEN = 1, /* certificates need cert_pages pages; nothing was sent to the
					 processor */
	ARCH_PSP_VMM_BUSY = 2,
	/* any other value: the host failed */
};

struct arch_psp_result {
	uint32_t firmware_error; /* EXITINFO2[31:0]: the processor refused; host data */
	uint32_t vmm_error;	 /* EXITINFO2[63:32]; host data */
	uint32_t cert_pages;	 /* with INVALID_LEN: pages the host wants; host data, unbounded */
};

/*
 * @with_certs: an extended request that offers ARCH_PSP_CERT_PAGES pages for the certificate table.
 */
struct arch_psp_result arch_psp_request(const uint8_t request[ARCH_PSP_MESSAGE_BYTES],
					uint8_t response[ARCH_PSP_MESSAGE_BYTES], bool with_certs);

/*
 * Copy the certificate pages of the last extended request out of shared memory; @len
 * 0..ARCH_PSP_CERT_PAGES * 4096.
 */
void arch_psp_certs(void *dst, size_t len);

/* Ask the host to enter VMPL0 of vCPU @cpu_index soon. A hint: the host may ignore it. */
void arch_kick(unsigned int cpu_index);

/* TSC of this vCPU. The host can scale or intercept it: fit for statistics and for choosing a
 * method, for no bound. */
uint64_t arch_tsc(void);

/* Pause hint inside a bounded re-read loop. */
static inline void arch_relax(void)
{
	__builtin_ia32_pause();
}

/*
 * Places where the host may stop a vCPU that matter to a protocol of ref concurrency notes.
 * Hardware can stop at any instruction; the hosted machine stops at these, and at every arch call.
 */
enum arch_point {
	ARCH_POINT_CLAIMED,	   /* a claim of the ownership map is held */
	ARCH_POINT_LEAF_LOOKUP,	   /* a leaf was looked up, not yet claimed in */
	ARCH_POINT_PINNED,	   /* a pin is published, the map not yet read */
	ARCH_POINT_PIN_CHECKED,	   /* the map was read, the copy not yet made */
	ARCH_POINT_RECORD_SERVING, /* a record is SERVING, its gate still open */
	ARCH_POINT_GATE_CLOSED,	   /* the gate is closed, nothing read yet */
	ARCH_POINT_COMPLETED,	   /* results are written, the record not yet IDLE */
	ARCH_POINT_REVOKED,	   /* rights are revoked, the flush still due */
	ARCH_POINT_FLUSHED,	   /* the flush is done, the claims are still held */
	ARCH_POINT_INBOX_TRY,	   /* a producer try-word of an inbox ring is held */
	ARCH_POINT_DEPOT_TAKEN,	   /* a depot chain is held */
	ARCH_POINT_EPOCH,	   /* inside an epoch section */
	ARCH_POINT_ARCH_CALL,	   /* entry of an arch function */
	ARCH_POINT_NR,
};

/*
 * arch_point(enum arch_point): empty in arch/snp, the stopping place in arch/host.
 * arch_alloc_permitted(): true in arch/snp; false in arch/host when a test makes an allocation
 * fail.
 */
#include "arch_inline.h"

#endif
