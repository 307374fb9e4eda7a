/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUEST_H
#define GUEST_H

/*
 * A small SNP guest that checks the machine it runs on against the architecture (notes on the RMP:
 * sections of "rmp-semantics"), and knows nothing of an SVSM. Starts at VMPL0 on vCPU 0 and makes
 * all other contexts itself.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/vmsa_abi.h"

#define PAGE UINT64_C(4096)
#define LARGE (UINT64_C(1) << 21)
#define NR_CPUS 16U
#define NR_VMPLS 4U
/* Guest memory for experiments: nothing of it is valid at the start. */
#define ARENA (UINT64_C(64) << 20)
#define ARENA_END (UINT64_C(96) << 20)
/* Where memory is mapped once more, shared (C-bit clear). */
#define SHARED_WINDOW (UINT64_C(1) << 40)
/* Where a table of the test's choice is mapped: map_table(). */
#define TEST_WINDOW (UINT64_C(3) << 39)

#define VECTOR_UD 6U
#define VECTOR_GP 13U
#define VECTOR_PF 14U
#define VECTOR_VC 29U
#define NO_TRAP UINT64_MAX

struct trap {
	uint64_t vector; /* NO_TRAP: none */
	uint64_t error;
	uint64_t cr2;
};

/* What a context (one vCPU at one VMPL) owns. @recover is where its next trap continues. */
struct context {
	struct context *self; /* at GS:0 */
	uint64_t recover;
	struct trap trap;
	uint64_t ghcb; /* gPA of its GHCB page */
	unsigned int cpu, vmpl;
	uint64_t interrupts, last_interrupt; /* taken so far, vector of the last one */
	uint8_t stack[16384] __attribute__((aligned(16)));
};

static inline struct context *this_context(void)
{
	struct context *self;

	__asm__ volatile("movq %%gs:0, %0" : "=r"(self));
	return self;
}
struct context *context_of(unsigned int cpu, unsigned int vmpl);

/* ---- instructions; a trap is recorded and skipped ---- */

struct rmp_answer {
	uint32_t code;
	uint64_t rcx, rdx;
	uint64_t flags;
	struct trap trap;
};
struct rmp_answer pvalidate(uint64_t va, uint64_t size, uint64_t validate);
struct rmp_answer rmpadjust(uint64_t va, uint64_t size, uint64_t rdx);
struct rmp_answer rmpquery(uint64_t va, uint64_t rdx);
struct trap probe_read(uint64_t va, uint64_t *value);
struct trap probe_write(uint64_t va, uint64_t value);
struct trap probe_call(uint64_t va);
struct trap probe_cpuid(uint32_t leaf);
struct trap probe_rdmsr(uint32_t msr, uint64_t *value);
struct trap probe_out(uint16_t port, uint8_t value);
struct trap probe_vmmcall(void);
struct trap probe_dr7_read(void);
struct trap probe_dr7_write(uint64_t value);
struct trap probe_rdtscp(uint32_t *aux);
struct trap flush_all(void); /* INVLPGB of everything, TLBSYNC */

#define FLAG_CF UINT64_C(0x001)
#define FLAG_ZF UINT64_C(0x040)

#define RMP_VMSA (UINT64_C(1) << 16)
static inline uint64_t rmp_rdx(unsigned int vmpl, unsigned int perms)
{
	return (uint64_t)vmpl | (uint64_t)perms << 8;
}

/* ---- hypervisor ---- */

uint64_t msr_protocol(uint64_t request); /* GHCB MSR form, page form untouched */
void ghcb_request(uint64_t request);	 /* of the next VMGEXIT, whoever does it */
struct ghcb_page;
/* The context's GHCB, cleared, with version and usage filled in. */
struct ghcb_page *ghcb_begin(void);
void ghcb_exit(void);
struct ghcb_answer {
	uint64_t info1, info2, rax;
};
struct ghcb_answer ghcb_call(uint64_t code, uint64_t info1, uint64_t info2, uint64_t rax,
			     bool with_rax);
/* The same for a page that has been begun. */
struct ghcb_answer ghcb_finish(struct ghcb_page *page, uint64_t code, uint64_t info1,
			       uint64_t info2);
uint64_t ghcb_wrmsr(uint32_t msr, uint64_t value); /* EXITINFO1 of the answer */
uint64_t ghcb_rdmsr(uint32_t msr);
uint64_t ghcb_page_of(unsigned int cpu, unsigned int vmpl);
void ghcb_setup(void);			      /* share and register the context's GHCB page */
bool page_state(uint64_t gpa, bool private_); /* MSR protocol */
bool run_vmpl(unsigned int vmpl);	      /* MSR protocol; true: the VMPL ran and came back */
unsigned int hypervisor_c_bit(void);
_Noreturn void guest_exit(bool passed);

/* ---- output and checks ---- */

void print(const char *text);
void print_hex(uint64_t value);
void check(const char *section, const char *what, uint64_t got, uint64_t want);
unsigned int checks_failed(void);

/* ---- contexts ---- */

extern uint64_t c_bit; /* mask */
extern char image_start[], private_end[], image_end[];

void paging_init(void);
/* Fill @page with a VMSA that calls fn(arg) at @vmpl on the stack of (cpu, vmpl). */
void vmsa_make(struct vmsa_page *page, unsigned int cpu, unsigned int vmpl, void (*fn)(uint64_t),
	       uint64_t arg);
struct vmsa_page *vmsa_of(unsigned int cpu, unsigned int vmpl);
/* Make that page a VMSA page, and its VMSA the current one of the vCPU's VMPL. */
bool vmsa_start(unsigned int cpu, unsigned int vmpl);
/* Both, with a check, of a VMSA that may have run before and does not run now. */
struct vmsa_page *vmsa_remake(unsigned int cpu, unsigned int vmpl, void (*fn)(uint64_t),
			      uint64_t arg);
/* All rights on the image but the GHCB pages; before VMSAs are made. */
void grant_image(unsigned int vmpl);
/* The page that translates TEST_WINDOW: 512 GiB as entries of a page-directory-pointer table. */
void map_table(uint64_t gpa);
void memory_fill(void *at, uint8_t value, size_t len);

/* Run fn(arg) at VMPL0 of another vCPU and, if asked, wait for its end. */
void cpu_start(unsigned int cpu);
void cpu_call(unsigned int cpu, void (*fn)(uint64_t), uint64_t arg);
void cpu_wait(unsigned int cpu);
bool cpu_idle(unsigned int cpu); /* has its function ended? */
/* Start it anew; its VMPL0 does not run. */
void cpu_restart(unsigned int cpu);

/* ---- tests, by topic; @cpus: vCPUs to use ---- */

void test_pvalidate(void);
void test_rmpadjust(void);
void test_rmpquery(void);
void test_access(void);
void test_walk(void);
void test_intercepts(void);
void test_vmpl(void);
void test_vmsa(void);
void test_ghcb(void);
void test_ghcb_page(void);
void test_dma(void);
void test_user(void);
void test_run_vmpl_page(void);
void test_ap(void);
void test_interrupts(void);
void test_cpus(unsigned int cpus);
void test_ap_others(void); /* vCPU 1 runs */
void test_ipi(void);	   /* vCPU 1 runs */
void test_stale(unsigned int cpus);

#endif
