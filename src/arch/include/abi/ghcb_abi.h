/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GHCB_ABI_H
#define GHCB_ABI_H

/*
 * Guest-hypervisor communication (AMD publication 56421): the GHCB page, the requests that fit into
 * the GHCB MSR, the non-automatic exits, and page state change lists. All of it is shared with the
 * host: a value read twice may differ.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GHCB_MSR UINT32_C(0xc0010130)
#define GHCB_PROTOCOL_MIN 1U
#define GHCB_PROTOCOL_MAX 2U
#define GHCB_USAGE_STANDARD 0U
#define GHCB_SHARED_BUFFER_BYTES 2032U

/* ---- the GHCB page ---- */

struct ghcb_page {
	uint8_t reserved_000[0x0cb];
	uint8_t cpl; /* 0x0cb */
	uint8_t reserved_0cc[0x140 - 0x0cc];
	uint64_t xss; /* 0x140 */
	uint8_t reserved_148[0x1f8 - 0x148];
	uint64_t rax; /* 0x1f8 */
	uint8_t reserved_200[0x308 - 0x200];
	uint64_t rcx; /* 0x308 */
	uint64_t rdx; /* 0x310 */
	uint64_t rbx; /* 0x318 */
	uint8_t reserved_320[0x330 - 0x320];
	uint64_t rsi; /* 0x330 */
	uint64_t rdi; /* 0x338 */
	uint64_t r8;  /* 0x340 */
	uint8_t reserved_348[0x390 - 0x348];
	uint64_t sw_exit_code;	/* 0x390 */
	uint64_t sw_exit_info1; /* 0x398 */
	uint64_t sw_exit_info2; /* 0x3a0 */
	uint64_t sw_scratch;	/* 0x3a8 */
	uint8_t reserved_3b0[0x3e8 - 0x3b0];
	uint64_t xcr0;		  /* 0x3e8 */
	uint8_t valid_bitmap[16]; /* 0x3f0: bit offset/8 for each 8-byte field that holds a value */
	uint8_t reserved_400[0x800 - 0x400];
	uint8_t shared_buffer[GHCB_SHARED_BUFFER_BYTES]; /* 0x800 */
	uint8_t reserved_ff0[0xffa - 0xff0];
	uint16_t protocol_version; /* 0xffa */
	uint32_t usage;		   /* 0xffc */
};

#define GHCB_ASSERT(field, offset)                                                                 \
	_Static_assert(offsetof(struct ghcb_page, field) == (offset), "GHCB: " #field)

_Static_assert(sizeof(struct ghcb_page) == 0x1000, "a GHCB is one page");
GHCB_ASSERT(cpl, 0x0cb);
GHCB_ASSERT(xss, 0x140);
GHCB_ASSERT(rax, 0x1f8);
GHCB_ASSERT(rcx, 0x308);
GHCB_ASSERT(rdx, 0x310);
GHCB_ASSERT(rbx, 0x318);
GHCB_ASSERT(rsi, 0x330);
GHCB_ASSERT(rdi, 0x338);
GHCB_ASSERT(r8, 0x340);
GHCB_ASSERT(sw_exit_code, 0x390);
GHCB_ASSERT(sw_exit_info1, 0x398);
GHCB_ASSERT(sw_exit_info2, 0x3a0);
GHCB_ASSERT(sw_scratch, 0x3a8);
GHCB_ASSERT(xcr0, 0x3e8);
GHCB_ASSERT(valid_bitmap, 0x3f0);
GHCB_ASSERT(shared_buffer, 0x800);
GHCB_ASSERT(protocol_version, 0xffa);
GHCB_ASSERT(usage, 0xffc);

#undef GHCB_ASSERT

/* Place of a field in valid_bitmap. */
#define GHCB_VALID_BYTE(field) (offsetof(struct ghcb_page, field) / 8U / 8U)
#define GHCB_VALID_MASK(field) ((uint8_t)(1U << (offsetof(struct ghcb_page, field) / 8U % 8U)))

/* sw_exit_info1[31:0] after an exit. */
#define GHCB_RESULT_OK 0U
#define GHCB_RESULT_INJECT 1U	 /* sw_exit_info2 is an event in the layout of EVENTINJ */
#define GHCB_RESULT_MALFORMED 2U /* sw_exit_info2 is the reason, 1..6 */

/* ---- MSR protocol: bits 11:0 say what the value is ---- */

#define GHCB_MSR_CODE_MASK UINT64_C(0xfff)
#define GHCB_MSR_GHCB_PAGE UINT64_C(0x000) /* the gPA of the registered GHCB */
#define GHCB_MSR_SEV_INFO_RESP UINT64_C(0x001)
#define GHCB_MSR_SEV_INFO_REQ UINT64_C(0x002)
#define GHCB_MSR_CPUID_REQ UINT64_C(0x004)
#define GHCB_MSR_CPUID_RESP UINT64_C(0x005)
#define GHCB_MSR_AP_HOLD_REQ UINT64_C(0x006)
#define GHCB_MSR_AP_HOLD_RESP UINT64_C(0x007)
#define GHCB_MSR_PREFERRED_REQ UINT64_C(0x010)
#define GHCB_MSR_PREFERRED_RESP UINT64_C(0x011)
#define GHCB_MSR_REGISTER_REQ UINT64_C(0x012)
#define GHCB_MSR_REGISTER_RESP UINT64_C(0x013)
#define GHCB_MSR_PSC_REQ UINT64_C(0x014)
#define GHCB_MSR_PSC_RESP UINT64_C(0x015)
#define GHCB_MSR_RUN_VMPL_REQ UINT64_C(0x016)
#define GHCB_MSR_RUN_VMPL_RESP UINT64_C(0x017)
#define GHCB_MSR_FEATURES_REQ UINT64_C(0x080)
#define GHCB_MSR_FEATURES_RESP UINT64_C(0x081)
#define GHCB_MSR_TERMINATE_REQ UINT64_C(0x100)

#define GHCB_MSR_GFN_MASK UINT64_C(0xfffffffffffff)  /* 52 bits, at bit 12 */
#define GHCB_MSR_PSC_GFN_MASK UINT64_C(0xffffffffff) /* 40 bits, at bit 12 */
#define GHCB_MSR_NO_PREFERENCE GHCB_MSR_GFN_MASK

static inline uint64_t ghcb_msr_code(uint64_t msr)
{
	return msr & GHCB_MSR_CODE_MASK;
}

static inline uint64_t ghcb_msr_gfn(uint64_t msr)
{
	return msr >> 12;
}

/* Upper half of the answers that carry a result: CPUID value, PSC and run-VMPL error (0: done). */
static inline uint32_t ghcb_msr_result(uint64_t msr)
{
	return (uint32_t)(msr >> 32);
}

static inline uint64_t ghcb_msr_with_result(uint64_t code, uint32_t result)
{
	return code | ((uint64_t)result << 32);
}

/* Register or preferred page, either direction. @gfn 52 bits. */
static inline uint64_t ghcb_msr_with_gfn(uint64_t code, uint64_t gfn)
{
	return code | ((gfn & GHCB_MSR_GFN_MASK) << 12);
}

/* SEV_INFO answer. @cbit: position of the C-bit. */
static inline uint64_t ghcb_msr_sev_info(uint16_t max, uint16_t min, uint8_t cbit)
{
	return GHCB_MSR_SEV_INFO_RESP | ((uint64_t)cbit << 24) | ((uint64_t)min << 32) |
	       ((uint64_t)max << 48);
}

/* CPUID request. @reg: 0 EAX, 1 EBX, 2 ECX, 3 EDX. */
static inline uint64_t ghcb_msr_cpuid(uint32_t function, unsigned int reg)
{
	return GHCB_MSR_CPUID_REQ | ((uint64_t)(reg & 3U) << 30) | ((uint64_t)function << 32);
}

/* Page state change of one 4 KiB page. @op: enum ghcb_psc_op. */
static inline uint64_t ghcb_msr_psc(uint64_t gfn, unsigned int op)
{
	return GHCB_MSR_PSC_REQ | ((gfn & GHCB_MSR_PSC_GFN_MASK) << 12) |
	       ((uint64_t)(op & 0xfU) << 52);
}

static inline uint64_t ghcb_msr_psc_gfn(uint64_t msr)
{
	return (msr >> 12) & GHCB_MSR_PSC_GFN_MASK;
}

static inline unsigned int ghcb_msr_psc_op(uint64_t msr)
{
	return (unsigned int)(msr >> 52) & 0xfU;
}

static inline uint64_t ghcb_msr_run_vmpl(unsigned int vmpl)
{
	return GHCB_MSR_RUN_VMPL_REQ | ((uint64_t)(vmpl & 0xffU) << 32);
}

static inline unsigned int ghcb_msr_vmpl(uint64_t msr)
{
	return (unsigned int)(msr >> 32) & 0xffU;
}

static inline uint64_t ghcb_msr_terminate(unsigned int set, unsigned int reason)
{
	return GHCB_MSR_TERMINATE_REQ | ((uint64_t)(set & 0xfU) << 12) |
	       ((uint64_t)(reason & 0xffU) << 16);
}

/* Hypervisor features, at bit 12 of the MSR answer and in sw_exit_info2 of the exit. */
#define GHCB_HV_SNP (UINT64_C(1) << 0)
#define GHCB_HV_AP_CREATION (UINT64_C(1) << 1)
#define GHCB_HV_RESTRICTED_INJECTION (UINT64_C(1) << 2)
#define GHCB_HV_RESTRICTED_TIMER (UINT64_C(1) << 3)
#define GHCB_HV_APIC_ID_LIST (UINT64_C(1) << 4)
#define GHCB_HV_MULTI_VMPL (UINT64_C(1) << 5)

/* ---- exit codes of the GHCB page ---- */

#define GHCB_EXIT_DR7_READ UINT64_C(0x27)
#define GHCB_EXIT_DR7_WRITE UINT64_C(0x37)
#define GHCB_EXIT_RDTSC UINT64_C(0x6e)
#define GHCB_EXIT_RDPMC UINT64_C(0x6f)
#define GHCB_EXIT_CPUID UINT64_C(0x72)
#define GHCB_EXIT_IOIO UINT64_C(0x7b)
#define GHCB_EXIT_MSR UINT64_C(0x7c)
#define GHCB_EXIT_VMMCALL UINT64_C(0x81)
#define GHCB_EXIT_RDTSCP UINT64_C(0x87)
#define GHCB_EXIT_WBINVD UINT64_C(0x89)
#define GHCB_EXIT_MONITOR UINT64_C(0x8a)
#define GHCB_EXIT_MWAIT UINT64_C(0x8b)
#define GHCB_EXIT_MMIO_READ UINT64_C(0x80000001)
#define GHCB_EXIT_MMIO_WRITE UINT64_C(0x80000002)
#define GHCB_EXIT_NMI_COMPLETE UINT64_C(0x80000003)
#define GHCB_EXIT_AP_HOLD UINT64_C(0x80000004)
#define GHCB_EXIT_AP_JUMP_TABLE UINT64_C(0x80000005)
#define GHCB_EXIT_PSC UINT64_C(0x80000010)
#define GHCB_EXIT_GUEST_REQUEST UINT64_C(0x80000011)
#define GHCB_EXIT_EXT_GUEST_REQUEST UINT64_C(0x80000012)
#define GHCB_EXIT_AP_CREATION UINT64_C(0x80000013)
#define GHCB_EXIT_DOORBELL UINT64_C(0x80000014)
#define GHCB_EXIT_APIC_ID_LIST UINT64_C(0x80000017)
#define GHCB_EXIT_RUN_VMPL UINT64_C(0x80000018)
#define GHCB_EXIT_FEATURES UINT64_C(0x8000fffd)
#define GHCB_EXIT_TERMINATE UINT64_C(0x8000fffe)
#define GHCB_EXIT_UNSUPPORTED UINT64_C(0x8000ffff)

/* sw_exit_info1 of GHCB_EXIT_IOIO: what is below, port at bit 16. */
#define GHCB_IOIO_IN (UINT64_C(1) << 0)
#define GHCB_IOIO_STRING (UINT64_C(1) << 2)
#define GHCB_IOIO_REP (UINT64_C(1) << 3)
#define GHCB_IOIO_SIZE_8 (UINT64_C(1) << 4)
#define GHCB_IOIO_SIZE_16 (UINT64_C(1) << 5)
#define GHCB_IOIO_SIZE_32 (UINT64_C(1) << 6)
#define GHCB_IOIO_ADDR_16 (UINT64_C(1) << 7)
#define GHCB_IOIO_ADDR_32 (UINT64_C(1) << 8)
#define GHCB_IOIO_ADDR_64 (UINT64_C(1) << 9)
#define GHCB_IOIO_SEGMENT_SHIFT 10U
#define GHCB_IOIO_PORT_SHIFT 16U

/* sw_exit_info1 of GHCB_EXIT_AP_CREATION; RAX is SEV_FEATURES, sw_exit_info2 the VMSA's gPA. */
enum ghcb_ap_request {
	GHCB_AP_CREATE_ON_INIT = 0,
	GHCB_AP_CREATE = 1,
	GHCB_AP_DESTROY = 2,
};

static inline uint64_t ghcb_ap_info1(uint32_t apic_id, unsigned int vmpl,
				     enum ghcb_ap_request request)
{
	return ((uint64_t)apic_id << 32) | ((uint64_t)(vmpl & 0xfU) << 16) | (uint64_t)request;
}

/* sw_exit_info2 of the guest requests: the host's word in the upper half, the firmware's status in
 * the lower. */
#define GHCB_GUEST_INVALID_LEN 1U /* extended: RBX is the number of pages needed */
#define GHCB_GUEST_BUSY 2U

/* ---- page state change lists of GHCB_EXIT_PSC, in the shared buffer ---- */

enum ghcb_psc_op {
	GHCB_PSC_PRIVATE = 1,
	GHCB_PSC_SHARED = 2,
	GHCB_PSC_SMASH = 3,
	GHCB_PSC_UNSMASH = 4,
};

#define GHCB_PSC_MAX_ENTRIES 253U

struct ghcb_psc_header {
	uint16_t cur_entry; /* host: next entry to do, past end_entry when done */
	uint16_t end_entry; /* last entry, inclusive */
	uint32_t reserved;
};

/* Entry: cur_page 11:0 (host: units done), gfn 51:12, op 55:52, 2 MiB 56. */
struct ghcb_psc_list {
	struct ghcb_psc_header header;
	uint64_t entries[GHCB_PSC_MAX_ENTRIES];
};

_Static_assert(sizeof(struct ghcb_psc_header) == 8, "PSC header");
_Static_assert(offsetof(struct ghcb_psc_list, entries) == 8, "PSC entries");
_Static_assert(sizeof(struct ghcb_psc_list) == GHCB_SHARED_BUFFER_BYTES,
	       "PSC list fills the buffer");

#define GHCB_PSC_CUR_MASK UINT64_C(0xfff)
#define GHCB_PSC_2M (UINT64_C(1) << 56)

static inline uint64_t ghcb_psc_entry(uint64_t gfn, enum ghcb_psc_op op, bool size_2m)
{
	return ((gfn & GHCB_MSR_PSC_GFN_MASK) << 12) | ((uint64_t)op << 52) |
	       (size_2m ? GHCB_PSC_2M : 0U);
}

static inline uint64_t ghcb_psc_entry_gfn(uint64_t entry)
{
	return (entry >> 12) & GHCB_MSR_PSC_GFN_MASK;
}

static inline unsigned int ghcb_psc_entry_op(uint64_t entry)
{
	return (unsigned int)(entry >> 52) & 0xfU;
}

/* sw_exit_info2 of GHCB_EXIT_PSC: 0 done. */
#define GHCB_PSC_ERROR_HEADER ((UINT64_C(1) << 32) | 1U)
#define GHCB_PSC_ERROR_ENTRY ((UINT64_C(1) << 32) | 2U)
#define GHCB_PSC_ERROR_GENERIC (UINT64_C(0x100) << 32)

#endif
