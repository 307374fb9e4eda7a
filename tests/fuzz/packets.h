/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_PACKETS_H
#define FUZZ_PACKETS_H

/*
 * The input of the call fuzzer: 8 parameter bytes, then packets of 16 bytes; a shorter rest is
 * ignored, and so are packets beyond FZ_MAX_PACKETS. Every byte string is a valid input.
 *
 * Parameters
 *   0  bits 1:0 vCPUs - 1; 3:2 guest VMPL (2, 1, 3, 2); 4: 4 KiB RMP entries only; 5: no INVLPGB;
 *      6: vTOM offered; 7: create and start all vCPUs by real calls first
 *   1  bit 0 U3, 1 U4, 2 U6, 3 U7 (struct snpm_switches); 4: a store to a VMSA in use is lost;
 *      5: DEPOSIT_MEM allowed (see below); 6: 4 MiB and not 1 MiB valid at launch;
 *      7: a security processor, and so the attestation protocol with two services
 *   2  budget in entries (0: none)
 *   3  budget in pages: index into fz_budget_pages
 *   4  modulo 4: 0, 1 single-threaded; 2 lockstep; 3 free-running
 *   5  packets between two quiescent checks: 4 * (1 + modulo 16)
 *   6, 7  seed of what is random in free-running mode
 *
 * In lockstep a second CPU executes packets of the same input while a call of the first stands
 * still at a yield point (FZ_PREEMPT); in free-running mode it executes random packets all the
 * time.
 *
 * DEPOSIT_MEM and a hostile host exclude each other where the executor cannot tell in time which
 * pages are deposited: on hardware VMPL0 takes a fatal #VC when the host takes its memory, and the
 * hosted machine has no such thing. So with parameter bit 5 of byte 1 clear call 4 becomes call 5;
 * with it set the host never maps two gPAs to one system page, spares deposited pages, and in both
 * two-CPU modes takes no page away at all.
 *
 * Packet: op (modulo FZ_OP_NR), a, b, c, x (4 bytes), y (8 bytes), little-endian.
 *
 * Address selector, 32 bits: 3:0 class (enum fz_class), 15:4 index, 31:16 offset. A structured
 * address is the page, plus the low 12 bits of the offset where the packet wants a place inside the
 * page, or where bit 31 of the selector asks for a misaligned one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define FZ_PARAM_BYTES 8U
#define FZ_PACKET_BYTES 16U
#define FZ_MAX_PACKETS 64U

enum fz_mode {
	FZ_SINGLE,
	FZ_LOCKSTEP,
	FZ_FREE,
};

struct fz_params {
	unsigned int vcpus; /* 1..4; at least 2 with two threads */
	unsigned int vmpl;  /* 1..3 */
	bool rmp_4k, no_invlpgb, vtom, prepared;
	bool u3, u4, u6, u7, store_lost, deposits, more_valid, psp;
	unsigned int budget_entries, budget_pages;
	enum fz_mode mode;
	unsigned int check_every; /* packets, 4..64 */
	uint16_t seed;
};

enum fz_op {
	FZ_WRITE, /* guest write: at x, low (a modulo 8) + 1 bytes of y; b bit 0: shared */
	FZ_READ,  /* guest read: at x, 1 + a bytes; b bit 0: shared */
	FZ_LIST,  /* list at x: a entries from selector y on, see FZ_LIST_* */
	FZ_ENTRY, /* list at x: entry a = y; b bit 0: selector y with flags c instead */
	FZ_VMSA,  /* VMSA image at x: VMPL a modulo 8 - 1 (0: the guest's); b enum fz_flaw */
	FZ_CALL,  /* structured call a, see FZ_CALL_*: RCX = address x, RDX = low y, R8 = high y */
	FZ_REG,	  /* register a modulo 5 (rax, rcx, rdx, r8, r9) = y; b bit 0: selector y */
	FZ_CALL_RAW,   /* call with these registers; b FZ_CALL_* */
	FZ_PSC,	       /* host: a + 1 units at x; b bit 0: 2 MiB, bit 1: to private */
	FZ_STEAL,      /* host: page x, b bit 0: left unassigned */
	FZ_REMAP,      /* host: page x to a fresh spare page; b: 1 back, 2 the page of y */
	FZ_PSMASH,     /* host: split the 2 MiB entry of x */
	FZ_AP_CREATE,  /* host: CPU a runs VMSA x */
	FZ_AP_DESTROY, /* host: CPU a runs nothing */
	FZ_SPURIOUS,   /* host: enter VMPL0; b bit 0: after EXITCODE y */
	FZ_INJECT, /* the (c + 1)th operation of kind b (modulo) on CPU a fails; y is the code */
	FZ_SWITCH, /* go on as CPU a */
	FZ_LEAVE, /* the guest exits: b 0 HLT, 1 EXITCODE y with the registers, 2 flushes its TLB */
	FZ_PREEMPT, /* lockstep: the next call stops at point a, occurrence b + 1; c packets run */
	FZ_CHECK,   /* quiescent check now */
	FZ_ATTEST,  /* operation structure at x, which becomes the last list; see FZ_ATTEST_* */
	FZ_LIE,	    /* host: lie a (modulo enum hm_psp_lie) with value y; b FZ_LIE_* */
	FZ_OP_NR,
};

/*
 * FZ_LIST. a + 16 * (c bits 7:4) entries; c bits 3:0 `next`. b: bits 4:0 flags of each entry as in
 * 58019 Tables 9 and 13, bits 7:6 flaw of the head: 1 no entries, 2 count across the page, 3
 * reserved word. y: low half selector of the first page, bits 39:32 distance of two entries in
 * pages or regions, bit 63: entry (bits 53:48) has the flags of bits 58:54 instead.
 */
#define FZ_LIST_FLAGS 0x1fU
#define FZ_LIST_HEAD_SHIFT 6U

enum fz_flaw {
	FZ_FLAW_NONE,
	FZ_FLAW_SVME,	  /* EFER.SVME clear */
	FZ_FLAW_FEATURES, /* SEV_FEATURES = y */
	FZ_FLAW_VTOM,	  /* SEV_FEATURES with vTOM */
	FZ_FLAW_CALL,	  /* EXITCODE and registers of a call that was never made */
	FZ_FLAW_NR,
};

/* FZ_CALL and FZ_CALL_RAW, b. */
#define FZ_CALL_PENDING 0x03U  /* 0, 1: pending = 1; 2: pending = 2; 3: pending = 0 */
#define FZ_CALL_OTHER_CA 0x04U /* pending is written at address x and not in the calling area */
#define FZ_CALL_REPEAT 0x08U   /* again while INCOMPLETE or BUSY, FZ_REPEATS at most */
#define FZ_REPEATS 4U
/*
 * Calls of FZ_CALL, modulo FZ_CALL_NR: 0..7 are the core protocol's. QUERY_PROTOCOL: RCX = y.
 * CREATE_VCPU: R8 is a CPU of the machine or one more, or raw where bit 63 of y is set.
 * CONFIGURE_VTOM: RCX = low 12 bits of y and a value after c: none, RAM top, its mirror, y.
 * The calls of attestation: RCX = address x inside its page, RDX = R8 = y.
 */
#define FZ_CALL_UNKNOWN 8U
#define FZ_CALL_PROTOCOL 9U
#define FZ_CALL_SERVICES 10U
#define FZ_CALL_SINGLE 11U
#define FZ_CALL_NR 12U

/*
 * FZ_ATTEST: the structure of 58019 Tables 19 and 22 at x, and the nonce. Low half of y: selector
 * of the report's page; nonce, manifest and certificates behind it. The report becomes the last
 * entry. a: bits 1:0 service (small, small, big, unknown), 3:2 manifest version (0, 0, 1, 2), 5:4
 * certificates (none, none, FZ_ATTEST_CERTS_PAGES, one page). b: bits 3:0 flaw, 5:4 manifest bytes
 * (4 pages, 1 page, 0, 1), 7:6 report bytes (1 page, 2 pages, 0, 1). c: bytes of the nonce (0: 32,
 * 1: none, otherwise 16 * c). High half of y: what the flaw needs. Other bytes: FZ_WRITE at
 * FZ_AT_LIST.
 */
#define FZ_ATTEST_NONCE 0x2010U
#define FZ_ATTEST_MANIFEST 0x3000U
#define FZ_ATTEST_CERTS 0x8000U
#define FZ_ATTEST_CERTS_PAGES 8U

enum fz_attest_flaw {
	FZ_ATTEST_GOOD,
	FZ_ATTEST_RESERVED,   /* reserved field c modulo 5 */
	FZ_ATTEST_MISALIGNED, /* c: 1 report, 2 manifest, 4 certificates */
	FZ_ATTEST_NONCE_CROSSES,
	FZ_ATTEST_OVERLAP_OUT,
	FZ_ATTEST_OVERLAP_NONCE,
	FZ_ATTEST_REPORT_SIZE,
	FZ_ATTEST_MANIFEST_SIZE,
	FZ_ATTEST_CERTS_SIZE,
	FZ_ATTEST_NONCE_SIZE,
	FZ_ATTEST_REPORT_AT, /* selector, also of those below */
	FZ_ATTEST_MANIFEST_AT,
	FZ_ATTEST_CERTS_AT,
	FZ_ATTEST_NONCE_AT,
	FZ_ATTEST_GUID,
	FZ_ATTEST_VERSION,
	FZ_ATTEST_FLAW_NR,
};

/* FZ_LIE, b: the lie strikes at its occasion number 1 + bits 5:0. */
#define FZ_LIE_NTH 0x3fU
#define FZ_LIE_DISARM 0x40U
#define FZ_LIE_ALWAYS 0x80U

enum fz_class {
	FZ_AT_RAM,	    /* page index of all RAM */
	FZ_AT_VALID,	    /* page index of what is valid at launch */
	FZ_AT_REGION,	    /* 2 MiB region index */
	FZ_AT_FEW,	    /* one of 8 pages: collisions */
	FZ_AT_OWN_CA,	    /* calling area of the running VMSA */
	FZ_AT_LIST,	    /* last list or operation structure built */
	FZ_AT_ENTRY,	    /* page that the last list named first, plus index */
	FZ_AT_VMSA,	    /* VMSA page index that was created */
	FZ_AT_CA,	    /* its calling area */
	FZ_AT_OWN_VMSA,	    /* the running VMSA */
	FZ_AT_SVSM,	    /* page index of the SVSM's range */
	FZ_AT_HOLE,	    /* no RAM: between the ranges or above */
	FZ_AT_ALIAS,	    /* C-bit alias of a RAM page */
	FZ_AT_HIGH,	    /* the last pages of the 64-bit space and of the physical width */
	FZ_AT_WITHDRAWN,    /* page index of the last WITHDRAW_MEM list */
	FZ_AT_REGION_ENTRY, /* 2 MiB region of FZ_AT_ENTRY */
	FZ_CLASS_NR,
};

struct fz_selector {
	enum fz_class class;
	unsigned int index;  /* 0..4095 */
	unsigned int offset; /* 0..4095 */
	bool misaligned;
};

struct fz_packet {
	enum fz_op op;
	uint8_t a, b, c;
	uint32_t x;
	uint64_t y;
};

struct fz_program {
	struct fz_params params;
	unsigned int nr;
	struct fz_packet packet[FZ_MAX_PACKETS];
};

extern const unsigned int fz_budget_pages[8];

/* Decode any @size bytes. Pure. */
void fz_decode(const uint8_t *data, size_t size, struct fz_program *program);

/* One packet from FZ_PACKET_BYTES bytes, and back: fz_unpack(fz_pack(p)) is p. Pure. */
struct fz_packet fz_unpack(const uint8_t *bytes);
void fz_pack(const struct fz_packet *packet, uint8_t *bytes);

struct fz_selector fz_select(uint32_t selector);

const char *fz_op_name(enum fz_op op);
void fz_print_params(FILE *out, const struct fz_params *params);
/* One line without a newline. */
void fz_print_packet(FILE *out, const struct fz_packet *packet);

#endif
