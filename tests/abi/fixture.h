/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ABI_FIXTURE_H
#define ABI_FIXTURE_H

/*
 * A small hosted machine for the tests of 58019 sections 5 and 6, its guest as the specification
 * describes it, and the judge after every call. Wire values are written down here a second time, so
 * that a wrong constant of the SVSM is found.
 *
 * One thread plays all CPUs: abi_on() chooses which. Every test runs on every machine of
 * abi_run()'s list: both kinds of RMP entries, the three guest VMPLs, both settings of each unknown
 * of the architecture.
 */

#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judge.h"
#include "machine.h"

#define ABI_CPUS 4U

#define ABI_4K UINT64_C(0x1000)
#define ABI_2M UINT64_C(0x200000)

/* Memory: two RAM ranges with a hole between; the lower half of the first is the guest's at launch,
 * the rest is assigned and not validated. The SVSM lies at the end of the second range. */
#define ABI_CA UINT64_C(0x100000) /* startup calling area */
#ifdef ABI_LIST_IN_CALLING_AREA
#define ABI_LIST (ABI_CA + 8U) /* as Linux and OVMF have it: behind the header */
#else
#define ABI_LIST UINT64_C(0x101000) /* a page for lists, apart from every calling area */
#endif
#define ABI_VMSAS UINT64_C(0x110000) /* VMSA and calling area of CPU n: two pages each */
#define ABI_SPARE UINT64_C(0x180000) /* up to 0x1fffff: single pages for tests */
#define ABI_VALID UINT64_C(0x400000) /* up to ABI_VALID_END: untouched 2 MiB regions */
#define ABI_VALID_END UINT64_C(0x2000000)
#define ABI_INVALID ABI_VALID_END
#define ABI_INVALID_END UINT64_C(0x3000000)
#define ABI_HOLE ABI_INVALID_END
#define ABI_HOLE_END UINT64_C(0x3400000)
#define ABI_RAM_END UINT64_C(0x4400000)
#define ABI_PHYS_BITS 46U
#define ABI_C_BIT (UINT64_C(1) << ABI_PHYS_BITS)
#define ABI_NOWHERE (UINT64_C(1) << (ABI_PHYS_BITS - 1U)) /* within the width, above all RAM */
#define ABI_WRAP UINT64_C(0xfffffffffffff000)
#define ABI_BUDGET 3U	      /* entries per call of abi_setup_budget() */
#define ABI_BUDGET_PAGES 100U /* pages per call of abi_setup_pages() */

/* 58019 Table 5. */
enum abi_core_call {
	ABI_REMAP_CA = 0,
	ABI_PVALIDATE = 1,
	ABI_CREATE_VCPU = 2,
	ABI_DELETE_VCPU = 3,
	ABI_DEPOSIT_MEM = 4,
	ABI_WITHDRAW_MEM = 5,
	ABI_QUERY_PROTOCOL = 6,
	ABI_CONFIGURE_VTOM = 7,
};

/* 58019 Table 4, and section 6.3. */
#define ABI_SUCCESS UINT32_C(0)
#define ABI_INCOMPLETE UINT32_C(0x80000000)
#define ABI_UNSUPPORTED_PROTOCOL UINT32_C(0x80000001)
#define ABI_UNSUPPORTED_CALL UINT32_C(0x80000002)
#define ABI_INVALID_ADDRESS UINT32_C(0x80000003)
#define ABI_INVALID_FORMAT UINT32_C(0x80000004)
#define ABI_INVALID_PARAMETER UINT32_C(0x80000005)
#define ABI_INVALID_REQUEST UINT32_C(0x80000006)
#define ABI_BUSY UINT32_C(0x80000007)
#define ABI_RMP_ERROR(eax) (UINT32_C(0x80001000) + (eax))
#define ABI_SIZEMISMATCH ABI_RMP_ERROR(6U)
#define ABI_IN_USE ABI_RMP_ERROR(3U)
#define ABI_CARRY UINT32_C(0x80001010)
#define ABI_UNKNOWN_CODE UINT32_C(0x80001011)
/* Not a result: hm_call() came back and pending was still set. */
#define ABI_NOT_SERVED UINT32_C(0xffffffff)
/* Not a result: the vCPU does not run any more. */
#define ABI_STOPPED UINT32_C(0xfffffffe)

/* 58019 Table 9. */
#define ABI_PV_2M UINT64_C(1)
#define ABI_PV_VALIDATE UINT64_C(4)
#define ABI_PV_IGNORE_CF UINT64_C(8)
#define ABI_PV_FALLBACK UINT64_C(0x10)

#define ABI_MEM_AVAILABLE 1U /* byte of the calling area, Table 2 */

#define ABI_LOG 16384U

struct abi {
	struct hm_machine *m;
	struct judge *judge;
	unsigned int vmpl; /* the guest's */
	bool rmp_4k;
	unsigned int cpu;	 /* the one this thread plays */
	uint64_t ca[ABI_CPUS];	 /* where each CPU's guest makes its calls */
	uint64_t vmsa[ABI_CPUS]; /* what each CPU runs */
	const uint32_t *apic_ids;
	struct hm_config config;
	/* Events since the last abi_call() began; only of this thread's making. */
	struct hm_event log[ABI_LOG];
	unsigned int logged;
	/* The fault that abi_sweep() is at. */
	enum hm_injected fault;
	uint32_t fault_value;
	unsigned int fault_step;
};

/* cmocka set-up and tear-down. The machines differ as the name says. */
int abi_setup(void **state);
int abi_setup_vtom(void **state);
int abi_setup_budget(void **state);   /* ABI_BUDGET entries per call */
int abi_setup_pages(void **state);    /* ABI_BUDGET_PAGES pages per call */
int abi_setup_secrets(void **state);  /* with a security processor; secrets page at ABI_SPARE */
int abi_setup_apic_ids(void **state); /* CPU n has APIC id abi_sparse_ids[n] */
int abi_teardown(void **state);

extern const uint32_t abi_sparse_ids[ABI_CPUS];

/* Take the machine down, and put a fresh one like it up: there is one per process. */
void abi_suspend(struct abi *a);
void abi_resume(struct abi *a);

#define ABI_TEST(test) cmocka_unit_test_setup_teardown(test, abi_setup, abi_teardown)
#define ABI_TEST_WITH(test, setup) cmocka_unit_test_setup_teardown(test, setup, abi_teardown)

/* Run @tests on every machine of the list; what main() returns. */
int abi_run(const char *name, const struct CMUnitTest *tests, size_t count);
#define ABI_RUN(tests) abi_run(__FILE__, tests, sizeof(tests) / sizeof((tests)[0]))

/* This thread becomes CPU @cpu. */
void abi_on(struct abi *a, unsigned int cpu);

/*
 * A whole call of the CPU being played, then abi_judge(). Fails if a register that the call does
 * not name as an output changed, if RAX is no zero-extended 32-bit value, or if the SVSM stored to
 * another field of the caller's VMSA. Returns RAX, ABI_NOT_SERVED or ABI_STOPPED.
 */
uint32_t abi_call(struct abi *a, struct hm_regs *regs);
/* The same with only RAX and RCX given. */
uint32_t abi_core(struct abi *a, enum abi_core_call call, uint64_t rcx);
/* Without the judge, for a moment in which another thread is inside the SVSM. */
uint32_t abi_call_unjudged(struct abi *a, struct hm_regs *regs);

/* The judge's verdict on the machine as it stands, with the SVSM's own account. Fails the test on
 * any violation, on a record in a passing state and on a claim left behind. */
void abi_judge(struct abi *a);

/* Guest memory of the CPU being played; a failing access fails the test. */
void abi_write(struct abi *a, uint64_t gpa, const void *src, size_t len);
void abi_read(struct abi *a, uint64_t gpa, void *dst, size_t len);
uint64_t abi_read64(struct abi *a, uint64_t gpa);
uint8_t abi_read8(struct abi *a, uint64_t gpa);
void abi_fill(struct abi *a, uint64_t page, uint8_t byte);
void abi_expect_filled(struct abi *a, uint64_t page, uint8_t byte);

/* What a host that wants to be noticed leaves in memory: @pages pages from @gpa hold @byte. */
void abi_host_fill(struct abi *a, uint64_t gpa, uint64_t pages, uint8_t byte);

/* The list of PVALIDATE and DEPOSIT_MEM (Tables 8, 9, 13). */
struct abi_list {
	uint16_t count;
	uint16_t next;
	uint32_t reserved;
	uint64_t entry[511];
};
void abi_list_write(struct abi *a, uint64_t at, const struct abi_list *list, unsigned int entries);
unsigned int abi_list_next(struct abi *a, uint64_t at);
uint64_t abi_list_entry(struct abi *a, uint64_t at, unsigned int index);
/* A call with a list of @n entries at ABI_LIST, next 0. abi_list_next() tells the progress. */
uint32_t abi_with_list(struct abi *a, enum abi_core_call call, const uint64_t *entries,
		       unsigned int n);
/* A PVALIDATE of one entry. */
uint32_t abi_pvalidate(struct abi *a, uint64_t entry);
uint32_t abi_deposit(struct abi *a, uint64_t entry);

/* What a page must be, by the RMP and by the SVSM's map. */
enum abi_page {
	ABI_GRANTED,	  /* validated, the guest's VMPL and below have all rights, others none */
	ABI_PRIVATE,	  /* validated, no rights of any VMPL, the map calls it private */
	ABI_UNVALIDATED,  /* not validated, the map agrees */
	ABI_LOST,	  /* not validated, the map calls it private for ever */
	ABI_CALLING_AREA, /* rights as ABI_GRANTED, the map calls it private */
	ABI_VMSA_PAGE,	  /* VMSA attribute, nobody may write, the map calls it private */
};
void abi_expect_page(struct abi *a, uint64_t gpa, enum abi_page what);
void abi_expect_pages(struct abi *a, uint64_t gpa, uint64_t pages, enum abi_page what);
/* The raw rights of @vmpl (1..3) on a page, 0 if it is not validated. */
unsigned int abi_rights(struct abi *a, uint64_t gpa, unsigned int vmpl);

/* VMSAs. abi_vmsa_write() fills @page as a guest would before CREATE_VCPU, abi_vmsa_peek() reads a
 * field of any VMSA as only the model can. */
void abi_vmsa_template(struct abi *a, struct vmsa_page *vmsa);
void abi_vmsa_write(struct abi *a, uint64_t page, unsigned int vmpl);
uint64_t abi_vmsa_peek(struct abi *a, uint64_t vmsa, size_t field);
void abi_vmsa_poke(struct abi *a, uint64_t vmsa, size_t field, uint64_t value);
uint32_t abi_create(struct abi *a, uint64_t vmsa, uint64_t ca, uint32_t apic_id);
/* CREATE_VCPU from the CPU being played, then the host starts it. VMSA and calling area at
 * ABI_VMSAS. */
void abi_start_cpu(struct abi *a, unsigned int cpu);
/* From CPU 0: the host stops @cpu and DELETE_VCPU takes its VMSA back. */
void abi_remove_cpu(struct abi *a, unsigned int cpu);
uint64_t abi_vmsa_of(unsigned int cpu);
uint64_t abi_ca_of(unsigned int cpu);

/* Events of the last call. */
unsigned int abi_count(const struct abi *a, enum hm_event_kind kind);
/* First event of the kind about the page from index @from on; a->logged if there is none. */
unsigned int abi_find(const struct abi *a, enum hm_event_kind kind, uint64_t page,
		      unsigned int from);
/* First RMPADJUST of the page that gives @vmpl exactly @perms. */
unsigned int abi_find_adjust(const struct abi *a, uint64_t page, unsigned int vmpl,
			     unsigned int perms, unsigned int from);

/*
 * Failure conditions of a call in the order of the specification. A row changes one aspect of a
 * good request; the call must then answer @code and change nothing. Two rows that change different
 * aspects are also tried together, on two of the machines: the earlier one decides.
 */
struct abi_request {
	struct hm_regs regs;
	uint64_t list_at; /* where the list is written, if @entries is not 0 */
	struct abi_list list;
	unsigned int entries;
	struct vmsa_page vmsa; /* written to @vmsa_at, if that is not 0 */
	uint64_t vmsa_at;
};
struct abi_row {
	const char *name;
	unsigned int aspects;
	void (*spoil)(struct abi *a, struct abi_request *r);
	uint32_t code;
};
void abi_check_rows(struct abi *a, const struct abi_row *rows, size_t count,
		    void (*good)(struct abi *a, struct abi_request *r));
#define ABI_CHECK_ROWS(a, rows, good)                                                              \
	abi_check_rows(a, rows, sizeof(rows) / sizeof((rows)[0]), good)

/* A spoil() of one or two statements. */
#define ABI_SPOIL(name, statement)                                                                 \
	static void name(struct abi *a, struct abi_request *r)                                     \
	{                                                                                          \
		(void)a;                                                                           \
		statement;                                                                         \
	}

/* The last page of the SVSM. */
uint64_t abi_svsm_page(const struct abi *a);

/* A second CPU, played by its own thread, that is stopped at @point of a call. abi_thaw() lets it
 * finish and returns its result. The CPU must be started and not played. */
struct abi_frozen {
	pthread_t thread;
	struct abi *a;
	unsigned int cpu;
	struct hm_regs regs;
	enum hm_call outcome;
};
void abi_freeze(struct abi *a, struct abi_frozen *f, unsigned int cpu, const struct hm_regs *regs,
		enum arch_point point, unsigned int nth);
uint32_t abi_thaw(struct abi *a, struct abi_frozen *f);

/* A second CPU whose VMSA runs in guest mode, in a thread of its own, until abi_stop_guest(). */
struct abi_running {
	pthread_t thread;
	struct abi *a;
	unsigned int cpu;
	sem_t running;
	sem_t stop;
};
void abi_run_guest(struct abi *a, struct abi_running *r, unsigned int cpu);
void abi_stop_guest(struct abi_running *r);

/*
 * Host faults: for step 1, 2, ... until the kind of operation does not happen that often: @attempt
 * prepares a call, makes it by abi_faulty() and checks what the fault left. It returns what
 * abi_faulty() did. The result is the number of steps at which the fault struck.
 */
typedef bool abi_attempt(struct abi *a);
unsigned int abi_sweep(struct abi *a, enum hm_injected what, uint32_t value, abi_attempt *attempt);
/* abi_call() with the fault of the sweep armed. True if it struck. */
bool abi_faulty(struct abi *a, struct hm_regs *regs, uint32_t *result);

#endif
