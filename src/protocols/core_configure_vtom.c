/* SPDX-License-Identifier: Apache-2.0 */
#include "abi/vmsa_abi.h"
#include "arch.h"
#include "core_calls.h"
#include "mm.h"
#include "pagerights.h"
#include "range.h"
#include "svsm_abi.h"

/*
 * 58019 section 6.9. vTOM must lie above all RAM, and the shared alias of all RAM must fit below
 * the physical width, so RAM top rounded up to 2 MiB is the lowest value and (2^width - that) the
 * highest.
 */
#define VTOM_ALIGN_BITS SVSM_REGION_SHIFT
#define VTOM_QUERY_RESERVED (~SVSM_VTOM_QUERY)

#define FIELD(name) offsetof(struct vmsa_page, name)

static uint64_t vtom_min(void)
{
	return (svsm_ram_top() + SVSM_REGION_MASK) & ~SVSM_REGION_MASK;
}

static uint64_t vtom_max(void)
{
	return (UINT64_C(1) << svsm_range_phys_bits()) - vtom_min();
}

/* The launch allows it and the address space has room for the alias. */
static bool supported(void)
{
	return svsm_vtom_offered() && vtom_min() <= vtom_max();
}

static uint32_t query(struct svsm_call *call)
{
	if ((call->in.rcx & VTOM_QUERY_RESERVED) != 0U) {
		return SVSM_ERR_INVALID_PARAMETER;
	}
	call->answer.out |= ARCH_CALL_RCX;
	call->answer.rcx = (uint64_t)VTOM_ALIGN_BITS << SVSM_VTOM_ALIGN_SHIFT;
	if (supported()) {
		call->answer.out |= ARCH_CALL_RDX | ARCH_CALL_R8;
		call->answer.rcx |= SVSM_VTOM_SUPPORTED;
		call->answer.rdx = vtom_min();
		call->answer.r8 = vtom_max();
	}
	return SVSM_SUCCESS;
}

/* Pure but for the record count: reserved bits, then whether the VM can, then the value. */
static uint32_t check(const struct svsm_call *call)
{
	const bool enable = (call->in.rcx & SVSM_VTOM_ENABLE) != 0U;
	const uint64_t vtom = call->in.rcx & ~SVSM_PAGE_MASK;

	if ((call->in.rcx & SVSM_VTOM_RESERVED) != 0U || (!enable && vtom != 0U)) {
		return SVSM_ERR_INVALID_PARAMETER;
	}
	/* Other vCPUs would keep the old meaning of addresses, and CREATE_VCPU would have to mix
	 * them. */
	if (!supported() || svsm_record_count(2U) > 1U) {
		return SVSM_ERR_INVALID_REQUEST;
	}
	if (enable && ((vtom & SVSM_REGION_MASK) != 0U || vtom < vtom_min() || vtom > vtom_max())) {
		return SVSM_ERR_INVALID_ADDRESS;
	}
	return SVSM_SUCCESS;
}

struct vtom_store {
	size_t field;
	uint64_t value;
};

#define VTOM_STORES 5U

/* The stores that the request asks for. Pure; returns how many. */
static unsigned int plan(const struct svsm_call *call, uint64_t features,
			 struct vtom_store stores[VTOM_STORES])
{
	unsigned int n = 0U;

	stores[n++] = (struct vtom_store){ FIELD(virtual_tom), call->in.rcx & ~SVSM_PAGE_MASK };
	stores[n++] = (struct vtom_store){ FIELD(sev_features), features };
	if ((call->in.rcx & SVSM_VTOM_SET_CR3) != 0U) {
		stores[n++] = (struct vtom_store){ FIELD(cr3), call->in.rdx };
	}
	if ((call->in.rcx & SVSM_VTOM_SET_RIP) != 0U) {
		stores[n++] = (struct vtom_store){ FIELD(rip), call->in.r8 };
	}
	if ((call->in.rcx & SVSM_VTOM_SET_RSP) != 0U) {
		stores[n++] = (struct vtom_store){ FIELD(rsp), call->in.r9 };
	}
	return n;
}

/* All or nothing: a failing call changes no field (section 6.9). A fault means that the host took
 * the VMSA. */
static bool store_all(gpa_t vmsa, const struct vtom_store *stores, unsigned int count)
{
	uint64_t old[VTOM_STORES];

	for (unsigned int i = 0U; i < count; i++) {
		if (!arch_vmsa_read(vmsa, stores[i].field, &old[i])) {
			return false;
		}
	}
	for (unsigned int i = 0U; i < count; i++) {
		if (!arch_vmsa_write(vmsa, stores[i].field, stores[i].value)) {
			while (i > 0U) {
				i--;
				(void)arch_vmsa_write(vmsa, stores[i].field, old[i]);
			}
			return false;
		}
	}
	return true;
}

static uint32_t configure(struct svsm_call *call)
{
	const bool enable = (call->in.rcx & SVSM_VTOM_ENABLE) != 0U;
	const uint64_t features = (svsm_startup_sev_features() & ~VMSA_SEV_VTOM) |
				  (enable ? VMSA_SEV_VTOM : 0U);
	struct vtom_store stores[VTOM_STORES];
	const uint32_t result = check(call);

	if (result != SVSM_SUCCESS) {
		return result;
	}
	if (!store_all(call->vmsa, stores, plan(call, features, stores))) {
		return SVSM_ERR_INVALID_ADDRESS;
	}
	svsm_set_startup_sev_features(features);
	/* Which addresses are private changed: translations made under the old rule must go. */
	svsm_flush(call->cpu);
	return SVSM_SUCCESS;
}

uint32_t svsm_core_configure_vtom(struct svsm_call *call)
{
	return (call->in.rcx & SVSM_VTOM_QUERY) != 0U ? query(call) : configure(call);
}
