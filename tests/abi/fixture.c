/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "introspect.h"
#include "ownmap.h"
#include "pin.h"
#include "record.h"

#define FIELD(name) offsetof(struct vmsa_page, name)
#define LIST_HEAD 8U
#define FREEZE_MS 20000U
#define NR_PAGES (ABI_RAM_END >> SVSM_PAGE_SHIFT)

struct variant {
	const char *name;
	unsigned int guest_vmpl;
	bool rmp_4k, vmsa_store_lost, no_invlpgb;
	struct snpm_switches switches;
	bool pairs; /* of failure conditions: their order does not depend on the machine */
};

static const struct variant variants[] = {
	{ "VMPL2, RMP 2M", 2, false, false, false, { 0 }, true },
	{ "VMPL2, RMP 4K", 2, true, false, false, { 0 }, false },
	{ "VMPL1, no INVLPGB", 1, false, false, true, { 0 }, false },
	{ "VMPL3, RMP 4K", 3, true, false, false, { 0 }, true },
	{ "VMPL3, U3 lost store, U3 #NPF",
	  3,
	  false,
	  true,
	  false,
	  { .u3_inuse_is_npf = true },
	  false },
	{ "VMPL1, U4 identity keeps",
	  1,
	  false,
	  false,
	  false,
	  { .u4_identity_keeps = true },
	  false },
	{ "VMPL2, U6, U7, no INVLPGB, RMP 4K",
	  2,
	  true,
	  false,
	  true,
	  { .u6_vmrun_needs_valid = true, .u7_reject_odd_masks = true },
	  false },
	{ "VMPL2, all unknowns the other way",
	  2,
	  false,
	  true,
	  true,
	  { true, true, true, true },
	  false },
};

/* The tests of one process run one after the other. */
static const struct variant *variant = &variants[0];
static _Thread_local struct abi *recording;

static void observe(void *ctx, const struct hm_event *event)
{
	struct abi *a = recording;

	judge_observe(ctx, event);
	if (a != NULL && a->logged < ABI_LOG) {
		a->log[a->logged] = *event;
		a->logged++;
	}
}

static struct hm_config base_config(void)
{
	return (struct hm_config){
		.nr_vcpus = ABI_CPUS,
		.ram = { { 0, ABI_HOLE }, { ABI_HOLE_END, ABI_RAM_END } },
		.nr_ram = 2,
		.valid = { { 0, ABI_VALID_END } },
		.nr_valid = 1,
		.startup_ca = ABI_CA,
		.guest_vmpl = variant->guest_vmpl,
		.phys_bits = ABI_PHYS_BITS,
		.rmp_4k = variant->rmp_4k,
		.vmsa_store_lost = variant->vmsa_store_lost,
		.no_invlpgb = variant->no_invlpgb,
		.switches = variant->switches,
	};
}

static bool boot(struct abi *a)
{
	a->m = hm_create(&a->config);
	if (a->m == NULL) {
		return false;
	}
	a->judge = judge_create_for(a->m);
	if (a->judge == NULL) {
		hm_destroy(a->m);
		return false;
	}
	hm_observe(a->m, observe, a->judge);
	a->apic_ids = hm_boot_info(a->m)->apic_ids;
	a->vmsa[0] = hm_boot_info(a->m)->startup_vmsa.raw;
	a->ca[0] = ABI_CA;
	a->cpu = 0;
	hm_bind(a->m, 0);
	recording = a;
	return true;
}

void abi_suspend(struct abi *a)
{
	recording = NULL;
	hm_unbind(a->m);
	hm_observe(a->m, NULL, NULL);
	judge_destroy(a->judge);
	hm_destroy(a->m);
}

void abi_resume(struct abi *a)
{
	assert_true(boot(a));
}

static int start(void **state, const struct hm_config *config)
{
	struct abi *a = calloc(1, sizeof(*a));

	if (a == NULL) {
		return -1;
	}
	a->config = *config;
	a->vmpl = config->guest_vmpl;
	a->rmp_4k = config->rmp_4k;
	if (!boot(a)) {
		free(a);
		return -1;
	}
	*state = a;
	abi_judge(a);
	return 0;
}

int abi_setup(void **state)
{
	const struct hm_config config = base_config();

	return start(state, &config);
}

int abi_setup_vtom(void **state)
{
	struct hm_config config = base_config();

	config.vtom_supported = true;
	return start(state, &config);
}

int abi_setup_budget(void **state)
{
	struct hm_config config = base_config();

	config.budget_entries = ABI_BUDGET;
	return start(state, &config);
}

int abi_setup_pages(void **state)
{
	struct hm_config config = base_config();

	config.budget_pages = ABI_BUDGET_PAGES;
	return start(state, &config);
}

const uint32_t abi_sparse_ids[ABI_CPUS] = { 7U, 0x100U, 3U, 0xfffffffeU };

int abi_setup_apic_ids(void **state)
{
	struct hm_config config = base_config();

	config.apic_ids = abi_sparse_ids;
	return start(state, &config);
}

int abi_setup_secrets(void **state)
{
	struct hm_config config = base_config();

	config.psp = true;
	config.secrets_gpa = ABI_SPARE;
	return start(state, &config);
}

int abi_teardown(void **state)
{
	struct abi *a = *state;

	abi_suspend(a);
	free(a);
	return 0;
}

int abi_run(const char *name, const struct CMUnitTest *tests, size_t count)
{
	int failed = 0;

#ifdef ABI_LIST_IN_CALLING_AREA
	(void)printf("test_apart_*: not run here, they need a list outside the calling area\n");
	cmocka_set_skip_filter("test_apart_*");
#endif
	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
		variant = &variants[i];
		(void)printf("machine: %s\n", variant->name);
		(void)fflush(stdout);
		failed += _cmocka_run_group_tests(name, tests, count, NULL, NULL);
	}
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

void abi_on(struct abi *a, unsigned int cpu)
{
	if (cpu != a->cpu) {
		hm_unbind(a->m);
		hm_bind(a->m, cpu);
		a->cpu = cpu;
	}
}

/* ---- the judge ---- */

struct account {
	uint64_t pages[JUDGE_KIND_NR][NR_PAGES];
	uint8_t vmpl[NR_PAGES];
	size_t counts[JUDGE_KIND_NR];
};

static struct account account;

static void collect(void *ctx, enum svsm_private_kind kind, gpa_t page, unsigned int vmpl)
{
	static const enum judge_kind kinds[] = {
		[SVSM_PRIVATE_VMSA] = JUDGE_KIND_VMSA,
		[SVSM_PRIVATE_CALLING_AREA] = JUDGE_KIND_CA,
		[SVSM_PRIVATE_DEPOSITED] = JUDGE_KIND_DEPOSITED,
	};
	struct account *to = ctx;
	const size_t at = to->counts[kinds[kind]]++;

	assert_true(at < NR_PAGES);
	to->pages[kinds[kind]][at] = page.raw;
	if (kind == SVSM_PRIVATE_VMSA) {
		to->vmpl[at] = (uint8_t)vmpl;
	}
}

static void check_records(void)
{
	for (unsigned int i = 0; i < svsm_cpus_count(); i++) {
		for (unsigned int slot = 0; slot < SVSM_RECORDS_PER_CPU; slot++) {
			const uint64_t word = atomic_load(&svsm_cpu_at(i)->records.word[slot]);

			if ((word & 0xffU) != SVSM_RECORD_FREE &&
			    (word & 0xffU) != SVSM_RECORD_IDLE) {
				fail_msg("CPU %u record %u is left in state %u", i, slot,
					 (unsigned int)(word & 0xffU));
			}
		}
		assert_false(svsm_pinned(svsm_cpu_at(i)));
	}
}

static enum svsm_page_state map_state(const struct abi *a, uint64_t gpa)
{
	return svsm_map_state(svsm_cpu_at(a->cpu), gpa_make(gpa));
}

static void check_claims(const struct abi *a)
{
	for (uint64_t gpa = 0; gpa < ABI_RAM_END; gpa += SVSM_PAGE_SIZE) {
		if (map_state(a, gpa) == SVSM_PAGE_CLAIMED) {
			fail_msg("a claim of page 0x%llx is left behind", (unsigned long long)gpa);
		}
	}
}

void abi_judge(struct abi *a)
{
	struct judge_account told = { .vmsa_vmpl = account.vmpl };

	memset(account.counts, 0, sizeof(account.counts));
	svsm_introspect_private(collect, &account);
	for (unsigned int kind = 0; kind < JUDGE_KIND_NR; kind++) {
		told.pages[kind] = account.pages[kind];
		told.counts[kind] = account.counts[kind];
	}
	if (!judge_check_quiescent(a->judge, &told) || judge_violations(a->judge) != 0U) {
		fail_msg("the judge: %s", judge_first_violation(a->judge));
	}
	check_records();
	check_claims(a);
}

/* ---- calls ---- */

/* Which registers @regs names as outputs on success. */
static unsigned int may_change(const struct hm_regs *regs)
{
	enum { RCX = 1, RDX = 2, R8 = 4, CR3 = 8, RIP = 16, RSP = 32 };

	if (regs->rax == ABI_QUERY_PROTOCOL) {
		return RCX;
	}
	if (regs->rax != ABI_CONFIGURE_VTOM) {
		return 0;
	}
	if ((regs->rcx & 1U) != 0U) {
		return RCX | RDX | R8;
	}
	return ((regs->rcx & 4U) != 0U ? CR3 : 0U) | ((regs->rcx & 8U) != 0U ? RIP : 0U) |
	       ((regs->rcx & 16U) != 0U ? RSP : 0U);
}

static const struct {
	size_t reg;
	size_t field;
} outputs[] = {
	{ offsetof(struct hm_regs, rcx), FIELD(rcx) },
	{ offsetof(struct hm_regs, rdx), FIELD(rdx) },
	{ offsetof(struct hm_regs, r8), FIELD(r8) },
	{ offsetof(struct hm_regs, cr3), FIELD(cr3) },
	{ offsetof(struct hm_regs, rip), FIELD(rip) },
	{ offsetof(struct hm_regs, rsp), FIELD(rsp) },
	{ offsetof(struct hm_regs, r9), FIELD(r9) },
};

#define NR_OUTPUTS (sizeof(outputs) / sizeof(outputs[0]))

static void check_registers(const struct hm_regs *before, const struct hm_regs *after)
{
	const unsigned int mask = after->rax == ABI_SUCCESS ? may_change(before) : 0U;

	if (after->rax >> 32 != 0U) {
		fail_msg("RAX 0x%llx is no 32-bit value", (unsigned long long)after->rax);
	}
	for (size_t i = 0; i < NR_OUTPUTS; i++) {
		uint64_t was = 0;
		uint64_t is = 0;

		memcpy(&was, (const char *)before + outputs[i].reg, sizeof(was));
		memcpy(&is, (const char *)after + outputs[i].reg, sizeof(is));
		if (was != is && (mask & (1U << i)) == 0U) {
			fail_msg("the register saved at 0x%zx is no output and changed from 0x%llx "
				 "to 0x%llx",
				 outputs[i].field, (unsigned long long)was, (unsigned long long)is);
		}
	}
}

static bool field_may_be_stored(const struct hm_regs *regs, uint64_t field)
{
	const unsigned int mask = may_change(regs);

	if (field == FIELD(rax) || field == FIELD(efer) || field == FIELD(guest_exitcode)) {
		return true;
	}
	if (regs->rax == ABI_CONFIGURE_VTOM && (regs->rcx & 1U) == 0U &&
	    (field == FIELD(virtual_tom) || field == FIELD(sev_features))) {
		return true;
	}
	for (size_t i = 0; i < NR_OUTPUTS; i++) {
		if (field == outputs[i].field && (mask & (1U << i)) != 0U) {
			return true;
		}
	}
	return false;
}

static void check_stores(const struct abi *a, const struct hm_regs *regs, uint64_t vmsa)
{
	for (unsigned int i = 0; i < a->logged; i++) {
		const struct hm_event *e = &a->log[i];

		if (e->kind == HM_EV_VMSA_WRITE && e->gpa == vmsa &&
		    !field_may_be_stored(regs, e->a)) {
			fail_msg("the SVSM stored to offset 0x%llx of the caller's VMSA",
				 (unsigned long long)e->a);
		}
	}
}

uint32_t abi_call_unjudged(struct abi *a, struct hm_regs *regs)
{
	const struct hm_regs before = *regs;
	const uint64_t vmsa = a->vmsa[a->cpu];
	enum hm_call outcome;

	a->logged = 0;
	outcome = hm_call(a->m, a->ca[a->cpu], regs);
	assert_true(a->logged < ABI_LOG);
	check_stores(a, &before, vmsa);
	switch (outcome) {
	case HM_CALL_DONE:
		check_registers(&before, regs);
		break;
	case HM_CALL_NOT_SERVED:
		return ABI_NOT_SERVED;
	case HM_CALL_STOPPED:
		return ABI_STOPPED;
	case HM_CALL_FAULT:
	default:
		fail_msg("the guest cannot write its calling area 0x%llx",
			 (unsigned long long)a->ca[a->cpu]);
		break;
	}
	if (before.rax == ABI_REMAP_CA && regs->rax == ABI_SUCCESS) {
		a->ca[a->cpu] = before.rcx;
	}
	return (uint32_t)regs->rax;
}

uint32_t abi_call(struct abi *a, struct hm_regs *regs)
{
	const uint32_t result = abi_call_unjudged(a, regs);

	abi_judge(a);
	return result;
}

uint32_t abi_core(struct abi *a, enum abi_core_call call, uint64_t rcx)
{
	struct hm_regs regs = { .rax = (uint64_t)call, .rcx = rcx };

	return abi_call(a, &regs);
}

/* ---- guest memory ---- */

void abi_write(struct abi *a, uint64_t gpa, const void *src, size_t len)
{
	assert_int_equal(hm_guest_write(a->m, gpa, src, len), HM_OK);
}

void abi_read(struct abi *a, uint64_t gpa, void *dst, size_t len)
{
	assert_int_equal(hm_guest_read(a->m, gpa, dst, len), HM_OK);
}

uint64_t abi_read64(struct abi *a, uint64_t gpa)
{
	uint64_t value = 0;

	abi_read(a, gpa, &value, sizeof(value));
	return value;
}

uint8_t abi_read8(struct abi *a, uint64_t gpa)
{
	uint8_t value = 0;

	abi_read(a, gpa, &value, sizeof(value));
	return value;
}

void abi_fill(struct abi *a, uint64_t page, uint8_t byte)
{
	unsigned char bytes[SVSM_PAGE_SIZE];

	memset(bytes, byte, sizeof(bytes));
	abi_write(a, page, bytes, sizeof(bytes));
}

void abi_expect_filled(struct abi *a, uint64_t page, uint8_t byte)
{
	unsigned char bytes[SVSM_PAGE_SIZE];

	abi_read(a, page, bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++) {
		if (bytes[i] != byte) {
			fail_msg("byte 0x%zx of page 0x%llx is 0x%02x, not 0x%02x", i,
				 (unsigned long long)page, bytes[i], byte);
		}
	}
}

void abi_host_fill(struct abi *a, uint64_t gpa, uint64_t pages, uint8_t byte)
{
	for (uint64_t i = 0; i < pages; i++) {
		memset(hm_system_page(a->m, hm_spn(a->m, gpa + i * ABI_4K)), byte, ABI_4K);
	}
}

void abi_list_write(struct abi *a, uint64_t at, const struct abi_list *list, unsigned int entries)
{
	abi_write(a, at, list, LIST_HEAD + entries * sizeof(list->entry[0]));
}

unsigned int abi_list_next(struct abi *a, uint64_t at)
{
	uint16_t next = 0;

	abi_read(a, at + 2U, &next, sizeof(next));
	return next;
}

uint64_t abi_list_entry(struct abi *a, uint64_t at, unsigned int index)
{
	return abi_read64(a, at + LIST_HEAD + index * sizeof(uint64_t));
}

uint32_t abi_with_list(struct abi *a, enum abi_core_call call, const uint64_t *entries,
		       unsigned int n)
{
	struct abi_list list = { .count = (uint16_t)n };

	assert_true(n <= sizeof(list.entry) / sizeof(list.entry[0]));
	memcpy(list.entry, entries, n * sizeof(*entries));
	abi_list_write(a, ABI_LIST, &list, n);
	return abi_core(a, call, ABI_LIST);
}

uint32_t abi_pvalidate(struct abi *a, uint64_t entry)
{
	return abi_with_list(a, ABI_PVALIDATE, &entry, 1);
}

uint32_t abi_deposit(struct abi *a, uint64_t entry)
{
	return abi_with_list(a, ABI_DEPOSIT_MEM, &entry, 1);
}

/* ---- pages ---- */

static uint64_t rmp_word(struct abi *a, uint64_t gpa)
{
	return snpm_word(hm_rmp(a->m), hm_spn(a->m, gpa), NULL);
}

unsigned int abi_rights(struct abi *a, uint64_t gpa, unsigned int vmpl)
{
	const uint64_t word = rmp_word(a, gpa);

	return (word & SNPM_VALIDATED) == 0U
		       ? 0U
		       : (unsigned int)((word >> SNPM_PERM_SHIFT(vmpl)) & SNPM_PERM_BITS);
}

/* Rights that @what gives @vmpl at most and at least. */
static bool rights_fit(struct abi *a, uint64_t gpa, enum abi_page what, unsigned int vmpl)
{
	const unsigned int rights = abi_rights(a, gpa, vmpl);

	if (what == ABI_GRANTED || what == ABI_CALLING_AREA) {
		return rights == (vmpl <= a->vmpl ? SVSM_PERM_RWX : SVSM_PERM_NONE);
	}
	return what == ABI_VMSA_PAGE ? (rights & ~SVSM_PERM_READ) == 0U : rights == 0U;
}

static enum svsm_page_state map_state_for(enum abi_page what)
{
	switch (what) {
	case ABI_GRANTED:
		return SVSM_PAGE_VALID;
	case ABI_UNVALIDATED:
		return SVSM_PAGE_INVALID;
	case ABI_LOST:
	case ABI_PRIVATE:
	case ABI_CALLING_AREA:
	case ABI_VMSA_PAGE:
	default:
		return SVSM_PAGE_PRIVATE;
	}
}

void abi_expect_page(struct abi *a, uint64_t gpa, enum abi_page what)
{
	const uint64_t word = rmp_word(a, gpa);
	const enum svsm_page_state state = map_state(a, gpa);
	const bool validated = what != ABI_UNVALIDATED && what != ABI_LOST;
	bool ok = ((word & SNPM_VALIDATED) != 0U) == validated &&
		  ((word & SNPM_VMSA) != 0U) == (what == ABI_VMSA_PAGE) &&
		  state == map_state_for(what);

	for (unsigned int vmpl = 1; vmpl < SVSM_NR_VMPLS; vmpl++) {
		ok = ok && rights_fit(a, gpa, what, vmpl);
	}
	if (!ok) {
		fail_msg("page 0x%llx is not of kind %d: RMP word 0x%llx, map state %d",
			 (unsigned long long)gpa, (int)what, (unsigned long long)word, (int)state);
	}
}

void abi_expect_pages(struct abi *a, uint64_t gpa, uint64_t pages, enum abi_page what)
{
	for (uint64_t i = 0; i < pages; i++) {
		abi_expect_page(a, gpa + i * ABI_4K, what);
	}
}

uint64_t abi_svsm_page(const struct abi *a)
{
	return hm_config(a->m)->svsm.end - ABI_4K;
}

/* ---- VMSAs ---- */

uint64_t abi_vmsa_of(unsigned int cpu)
{
	return ABI_VMSAS + 2U * ABI_4K * cpu;
}

uint64_t abi_ca_of(unsigned int cpu)
{
	return abi_vmsa_of(cpu) + ABI_4K;
}

void abi_vmsa_template(struct abi *a, struct vmsa_page *vmsa)
{
	memset(vmsa, 0, sizeof(*vmsa));
	vmsa->vmpl = (uint8_t)a->vmpl;
	vmsa->efer = VMSA_EFER_SVME | 0xd01U; /* and what a 64-bit guest has set */
	vmsa->sev_features = abi_vmsa_peek(a, a->vmsa[0], FIELD(sev_features));
	vmsa->rip = 0xfff0;
	vmsa->guest_exitcode = VMSA_EXIT_VMGEXIT;
}

void abi_vmsa_write(struct abi *a, uint64_t page, unsigned int vmpl)
{
	struct vmsa_page vmsa;

	abi_vmsa_template(a, &vmsa);
	vmsa.vmpl = (uint8_t)vmpl;
	abi_write(a, page, &vmsa, sizeof(vmsa));
}

uint64_t abi_vmsa_peek(struct abi *a, uint64_t vmsa, size_t field)
{
	uint64_t value = 0;

	memcpy(&value, (const char *)hm_system_page(a->m, hm_spn(a->m, vmsa)) + field,
	       sizeof(value));
	return value;
}

void abi_vmsa_poke(struct abi *a, uint64_t vmsa, size_t field, uint64_t value)
{
	memcpy((char *)hm_system_page(a->m, hm_spn(a->m, vmsa)) + field, &value, sizeof(value));
}

uint32_t abi_create(struct abi *a, uint64_t vmsa, uint64_t ca, uint32_t apic_id)
{
	struct hm_regs regs = { .rax = ABI_CREATE_VCPU, .rcx = vmsa, .rdx = ca, .r8 = apic_id };

	return abi_call(a, &regs);
}

void abi_start_cpu(struct abi *a, unsigned int cpu)
{
	abi_vmsa_write(a, abi_vmsa_of(cpu), a->vmpl);
	assert_int_equal(abi_create(a, abi_vmsa_of(cpu), abi_ca_of(cpu), a->apic_ids[cpu]),
			 ABI_SUCCESS);
	hm_ap_create(a->m, cpu, abi_vmsa_of(cpu));
	a->vmsa[cpu] = abi_vmsa_of(cpu);
	a->ca[cpu] = abi_ca_of(cpu);
}

void abi_remove_cpu(struct abi *a, unsigned int cpu)
{
	abi_on(a, 0);
	hm_ap_destroy(a->m, cpu);
	assert_int_equal(abi_core(a, ABI_DELETE_VCPU, a->vmsa[cpu]), ABI_SUCCESS);
	a->vmsa[cpu] = 0;
	a->ca[cpu] = 0;
}

/* ---- events ---- */

unsigned int abi_count(const struct abi *a, enum hm_event_kind kind)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < a->logged; i++) {
		n += a->log[i].kind == kind ? 1U : 0U;
	}
	return n;
}

static bool about(const struct hm_event *e, uint64_t page)
{
	return page - e->gpa < svsm_page_bytes(e->size);
}

unsigned int abi_find(const struct abi *a, enum hm_event_kind kind, uint64_t page,
		      unsigned int from)
{
	unsigned int i = from;

	while (i < a->logged && (a->log[i].kind != kind || !about(&a->log[i], page))) {
		i++;
	}
	return i;
}

unsigned int abi_find_adjust(const struct abi *a, uint64_t page, unsigned int vmpl,
			     unsigned int perms, unsigned int from)
{
	unsigned int i = abi_find(a, HM_EV_RMPADJUST, page, from);

	while (i < a->logged && (a->log[i].a != vmpl || (a->log[i].b & 0xffU) != perms)) {
		i = abi_find(a, HM_EV_RMPADJUST, page, i + 1U);
	}
	return i;
}

/* ---- failure conditions ---- */

struct snapshot {
	uint64_t rmp[NR_PAGES];
	uint8_t map[NR_PAGES];
	unsigned char list[SVSM_PAGE_SIZE];
	unsigned char vmsa[SVSM_PAGE_SIZE];
};

static void take_snapshot(struct abi *a, const struct abi_request *r, struct snapshot *s)
{
	memset(s, 0, sizeof(*s));
	for (uint64_t i = 0; i < NR_PAGES; i++) {
		s->rmp[i] = rmp_word(a, i << SVSM_PAGE_SHIFT) & ~(uint64_t)SNPM_INUSE;
		s->map[i] = (uint8_t)map_state(a, i << SVSM_PAGE_SHIFT);
	}
	if (r->entries != 0U) {
		memcpy(s->list, hm_system_page(a->m, hm_spn(a->m, r->list_at)), SVSM_PAGE_SIZE);
	}
	if (r->vmsa_at != 0U) {
		memcpy(s->vmsa, hm_system_page(a->m, hm_spn(a->m, r->vmsa_at)), SVSM_PAGE_SIZE);
	}
}

static void check_unchanged(const struct snapshot *before, const struct snapshot *after,
			    const char *what)
{
	if (memcmp(before->rmp, after->rmp, sizeof(before->rmp)) != 0 ||
	    memcmp(before->map, after->map, sizeof(before->map)) != 0) {
		fail_msg("%s: the refused call changed the state of a page", what);
	}
	if (memcmp(before->list, after->list, sizeof(before->list)) != 0) {
		fail_msg("%s: the refused call changed its list", what);
	}
	if (memcmp(before->vmsa, after->vmsa, sizeof(before->vmsa)) != 0) {
		fail_msg("%s: the refused call changed the page that was to be a VMSA", what);
	}
}

static void write_request(struct abi *a, const struct abi_request *r)
{
	if (r->entries != 0U) {
		abi_list_write(a, r->list_at, &r->list, r->entries);
	}
	if (r->vmsa_at != 0U) {
		abi_write(a, r->vmsa_at, &r->vmsa, sizeof(r->vmsa));
	}
}

static void check_pair(struct abi *a, const struct abi_row *row, const struct abi_row *other,
		       void (*good)(struct abi *a, struct abi_request *r))
{
	static struct snapshot before;
	static struct snapshot after;
	static struct abi_request r;
	char what[128];
	uint32_t result;

	memset(&r, 0, sizeof(r));
	good(a, &r);
	row->spoil(a, &r);
	if (other != row) {
		other->spoil(a, &r);
	}
	(void)snprintf(what, sizeof(what), "%s with %s", row->name, other->name);
	write_request(a, &r);
	take_snapshot(a, &r, &before);
	result = abi_call(a, &r.regs);
	take_snapshot(a, &r, &after);
	if (result != row->code) {
		fail_msg("%s: 0x%08x instead of 0x%08x", what, result, row->code);
	}
	check_unchanged(&before, &after, what);
}

void abi_check_rows(struct abi *a, const struct abi_row *rows, size_t count,
		    void (*good)(struct abi *a, struct abi_request *r))
{
	static struct abi_request r;

	for (size_t i = 0; i < count; i++) {
		check_pair(a, &rows[i], &rows[i], good);
		for (size_t j = i + 1U; variant->pairs && j < count; j++) {
			if ((rows[i].aspects & rows[j].aspects) == 0U) {
				check_pair(a, &rows[i], &rows[j], good);
			}
		}
	}
	memset(&r, 0, sizeof(r));
	good(a, &r);
	write_request(a, &r);
	assert_int_equal(abi_call(a, &r.regs), ABI_SUCCESS);
}

/* ---- a stopped CPU ---- */

static void *play(void *ctx)
{
	struct abi_frozen *f = ctx;

	hm_bind(f->a->m, f->cpu);
	f->outcome = hm_call(f->a->m, f->a->ca[f->cpu], &f->regs);
	hm_unbind(f->a->m);
	return NULL;
}

void abi_freeze(struct abi *a, struct abi_frozen *f, unsigned int cpu, const struct hm_regs *regs,
		enum arch_point point, unsigned int nth)
{
	*f = (struct abi_frozen){ .a = a, .cpu = cpu, .regs = *regs };
	hm_freeze_at(a->m, cpu, point, nth);
	assert_int_equal(pthread_create(&f->thread, NULL, play, f), 0);
	assert_true(hm_wait_frozen(a->m, cpu, FREEZE_MS));
}

uint32_t abi_thaw(struct abi *a, struct abi_frozen *f)
{
	hm_thaw(a->m, f->cpu);
	assert_int_equal(pthread_join(f->thread, NULL), 0);
	abi_judge(a);
	switch (f->outcome) {
	case HM_CALL_DONE:
		return (uint32_t)f->regs.rax;
	case HM_CALL_NOT_SERVED:
		return ABI_NOT_SERVED;
	case HM_CALL_STOPPED:
		return ABI_STOPPED;
	case HM_CALL_FAULT:
	default:
		fail_msg("the stopped CPU cannot write its calling area");
	}
	return ABI_NOT_SERVED;
}

static void *run_guest(void *ctx)
{
	struct abi_running *r = ctx;
	uint8_t byte = 0;

	hm_bind(r->a->m, r->cpu);
	(void)hm_guest_read(r->a->m, ABI_SPARE, &byte, sizeof(byte));
	(void)sem_post(&r->running);
	(void)sem_wait(&r->stop);
	hm_unbind(r->a->m);
	return NULL;
}

void abi_run_guest(struct abi *a, struct abi_running *r, unsigned int cpu)
{
	r->a = a;
	r->cpu = cpu;
	assert_int_equal(sem_init(&r->running, 0, 0), 0);
	assert_int_equal(sem_init(&r->stop, 0, 0), 0);
	assert_int_equal(pthread_create(&r->thread, NULL, run_guest, r), 0);
	assert_int_equal(sem_wait(&r->running), 0);
}

void abi_stop_guest(struct abi_running *r)
{
	assert_int_equal(sem_post(&r->stop), 0);
	assert_int_equal(pthread_join(r->thread, NULL), 0);
	(void)sem_destroy(&r->running);
	(void)sem_destroy(&r->stop);
}

/* ---- host faults ---- */

bool abi_faulty(struct abi *a, struct hm_regs *regs, uint32_t *result)
{
	bool struck;

	hm_inject(a->m, a->cpu, a->fault, a->fault_step, a->fault_value);
	*result = abi_call_unjudged(a, regs);
	struck = hm_injection_fired(a->m, a->cpu, a->fault);
	hm_inject(a->m, a->cpu, a->fault, 0, 0);
	abi_judge(a);
	return struck;
}

unsigned int abi_sweep(struct abi *a, enum hm_injected what, uint32_t value, abi_attempt *attempt)
{
	a->fault = what;
	a->fault_value = value;
	for (a->fault_step = 1; attempt(a); a->fault_step++) {
	}
	return a->fault_step - 1U;
}
