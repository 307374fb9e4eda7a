/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>

#include "abi/secrets_abi.h"
#include "guest.h"
#include "svsm_abi.h"

/*
 * The smallest SVSM that Linux accepts: REMAP_CA, PVALIDATE, CREATE_VCPU and QUERY_PROTOCOL (58019
 * sections 6.2, 6.3, 6.4, 6.8). It is here to show that the emulator runs an SVSM with a guest
 * below it, and protects nothing: it believes all that the guest says.
 */

#define ZERO_PAGE_SETUP_DATA 0x250U
#define SETUP_CC_BLOB 7U
/* Calls of the core protocol (58019 Table 5) */
#define REMAP_CA 0U
#define PVALIDATE 1U
#define CREATE_VCPU 2U
#define QUERY_PROTOCOL 6U
#define CORE_VERSION 1U
#define ALL_RIGHTS 0xfU
#define READ_ONLY 0x1U

struct setup_data {
	uint64_t next;
	uint32_t type, bytes;
	uint32_t cc_blob;
};

struct cc_blob {
	uint32_t magic;
	uint16_t version, reserved_06;
	uint64_t secrets;
	uint32_t secrets_bytes, reserved_14;
	uint64_t cpuid;
};

struct pvalidate_list {
	struct svsm_list_head head;
	uint64_t entry[SVSM_LIST_MAX_ENTRIES];
};

/* Of the guest on each vCPU; the calling area is written before the VMSA, and later by the vCPU. */
static struct {
	uint64_t calling_area;
	_Atomic(struct vmsa_page *) vmsa;
} guests[NR_CPUS];
static unsigned int guest_vmpl;

void svsm_main(const void *secrets, const void *cpuid, uint64_t end, uint64_t base,
	       const struct vmsa_page *guest, uint64_t vmpl);

static void copy(void *to, const void *from, size_t len)
{
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(len) : : "memory");
}

/* Linux finds both pages by the blob that its zero page names. */
static const struct cc_blob *find_blob(const struct vmsa_page *guest)
{
	uint64_t at = *(const uint64_t *)(guest->rsi + ZERO_PAGE_SETUP_DATA);

	while (at != 0U) {
		const struct setup_data *data = (const struct setup_data *)at;

		if (data->type == SETUP_CC_BLOB) {
			return (const struct cc_blob *)(uint64_t)data->cc_blob;
		}
		at = data->next;
	}
	print("the guest has no CC blob\n");
	guest_exit(false);
}

static uint32_t rmp_result(const struct rmp_answer *answer)
{
	if (answer->trap.vector != NO_TRAP) {
		return SVSM_ERR_INVALID_ADDRESS;
	}
	if (answer->code != 0U) {
		return SVSM_ERR_PROTOCOL_BASE + answer->code;
	}
	return SVSM_SUCCESS;
}

static uint32_t change_rights(uint64_t gpa, uint64_t size, unsigned int rights)
{
	uint32_t result = SVSM_SUCCESS;

	for (unsigned int vmpl = 1; vmpl <= guest_vmpl && result == SVSM_SUCCESS; vmpl++) {
		const struct rmp_answer answer = rmpadjust(gpa, size, rmp_rdx(vmpl, rights));

		result = rmp_result(&answer);
	}
	return result;
}

static uint32_t pvalidate_entry(uint64_t entry)
{
	const uint64_t gpa = entry & ~(PAGE - 1U);
	const uint64_t size = entry & SVSM_PV_SIZE;
	const bool validate = (entry & SVSM_PV_VALIDATE) != 0U;
	struct rmp_answer answer;
	uint32_t result;

	if (!validate) {
		result = change_rights(gpa, size, 0);
		if (result != SVSM_SUCCESS) {
			return result;
		}
	}
	answer = pvalidate(gpa, size, validate);
	result = rmp_result(&answer);
	if (result == SVSM_SUCCESS && (answer.flags & FLAG_CF) != 0U &&
	    (entry & SVSM_PV_IGNORE_CF) == 0U) {
		result = SVSM_ERR_RMP_CARRY;
	}
	if (result != SVSM_SUCCESS || !validate) {
		return result;
	}
	memory_fill((void *)gpa, 0, size == 0U ? PAGE : LARGE);
	return change_rights(gpa, size, ALL_RIGHTS);
}

static uint32_t pvalidate_call(struct pvalidate_list *list)
{
	uint32_t result = SVSM_SUCCESS;

	while (list->head.next < list->head.count && result == SVSM_SUCCESS) {
		result = pvalidate_entry(list->entry[list->head.next]);
		list->head.next = (uint16_t)(list->head.next + (result == SVSM_SUCCESS ? 1U : 0U));
	}
	return result;
}

/* The page ends to be the guest's, but Linux reads SEV_FEATURES there afterwards. Its vCPU runs it
 * when the guest asks the host to. */
static uint32_t create_vcpu(const struct vmsa_page *caller)
{
	const uint64_t page = caller->rcx;
	const uint64_t cpu = caller->r8;
	struct rmp_answer answer;
	uint32_t result;

	if (cpu >= NR_CPUS) {
		return SVSM_ERR_INVALID_PARAMETER;
	}
	result = change_rights(page, 0, READ_ONLY);
	if (result != SVSM_SUCCESS) {
		return result;
	}
	answer = rmpadjust(page, 0, rmp_rdx(1, READ_ONLY) | RMP_VMSA);
	guests[cpu].calling_area = caller->rdx;
	/* Pairs with the acquire in serve(). */
	atomic_store_explicit(&guests[cpu].vmsa, (struct vmsa_page *)page, memory_order_release);
	return rmp_result(&answer);
}

static uint32_t core_call(struct vmsa_page *caller)
{
	switch ((uint32_t)caller->rax) {
	case REMAP_CA:
		guests[this_context()->cpu].calling_area = caller->rcx;
		return SVSM_SUCCESS;
	case PVALIDATE:
		return pvalidate_call((struct pvalidate_list *)caller->rcx);
	case CREATE_VCPU:
		return create_vcpu(caller);
	case QUERY_PROTOCOL:
		caller->rcx = caller->rcx >> 32 == 0U ? (uint64_t)CORE_VERSION << 32 | CORE_VERSION
						      : 0U;
		return SVSM_SUCCESS;
	default:
		return SVSM_ERR_UNSUPPORTED_CALL;
	}
}

/* The answer is complete before the guest can see that its call is no longer pending. */
static void serve(unsigned int cpu)
{
	/* Pairs with the release in create_vcpu(). */
	struct vmsa_page *caller = atomic_load_explicit(&guests[cpu].vmsa, memory_order_acquire);
	uint8_t *pending = (uint8_t *)guests[cpu].calling_area;

	if (caller == NULL || *pending == 0U) {
		return;
	}
	caller->rax = caller->rax >> 32 == 0U ? core_call(caller) : SVSM_ERR_UNSUPPORTED_PROTOCOL;
	*pending = 0;
}

/* VMPL0 of another vCPU sleeps until the guest below it asks for something. */
static void other_vcpu(uint64_t cpu)
{
	for (;;) {
		__asm__ volatile("hlt");
		do {
			serve((unsigned int)cpu);
		} while (run_vmpl(guest_vmpl));
	}
}

/* Until the host has no such vCPU. */
static void start_others(void)
{
	unsigned int cpu = 1;

	do {
		vmsa_make(vmsa_of(cpu, 0), cpu, 0, other_vcpu, cpu);
	} while (vmsa_start(cpu, 0) && ++cpu < NR_CPUS);
}

void svsm_main(const void *secrets, const void *cpuid, uint64_t end, uint64_t base,
	       const struct vmsa_page *guest, uint64_t vmpl)
{
	const struct cc_blob *blob;
	struct vmsa_page *page;

	(void)secrets;
	(void)end;
	(void)base;
	paging_init();
	ghcb_setup();
	guest_vmpl = (unsigned int)vmpl;
	blob = find_blob(guest);
	copy((void *)blob->cpuid, cpuid, PAGE);
	guests[0].calling_area = ((const struct secrets_page *)blob->secrets)->svsm_caa;
	start_others();
	page = vmsa_of(0, guest_vmpl);
	copy(page, guest, sizeof(*page));
	atomic_store_explicit(&guests[0].vmsa, page, memory_order_relaxed);
	if (!vmsa_start(0, guest_vmpl)) {
		print("the VMSA of the guest is refused\n");
		guest_exit(false);
	}
	while (run_vmpl(guest_vmpl)) {
		serve(0);
	}
	print("the guest cannot run\n");
	guest_exit(false);
}
