/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "stress.h"

/*
 * The host stops a vCPU at every point of every kind of call, for as long as it likes. The others
 * go on: calls on pages that the stopped one does not work on succeed, none is BUSY for it
 * (architecture 4, concurrency A15, A16). When it goes on, its call ends as if nothing had been.
 */

#define FROZEN 1U
#define SPARE_APIC 3U

/* Pages of each kind are taken in turn, so that every round has fresh ones. */
struct frozen {
	struct rig rig;
	uint64_t next_page;   /* valid 4 KiB pages, from 4 MiB on */
	uint64_t next_region; /* valid regions */
	uint64_t page, region, ca;
	unsigned int stops;
};

#define FIRST_PAGE (4U * MIB)
#define LAST_PAGE (64U * MIB)
#define FIRST_REGION (64U * MIB)
#define LAST_REGION (124U * MIB)

static uint64_t fresh_page(struct frozen *f)
{
	f->next_page = f->next_page + PAGE < LAST_PAGE ? f->next_page + PAGE : FIRST_PAGE + PAGE;
	return f->next_page;
}

static uint64_t fresh_region(struct frozen *f)
{
	f->next_region = f->next_region + 2U * MIB < LAST_REGION ? f->next_region + 2U * MIB
								 : FIRST_REGION;
	return f->next_region;
}

struct kind {
	const char *name;
	/* Registers of the call, made on the vCPU that will stop; the pages are ready. */
	struct hm_regs (*prepare)(struct frozen *f);
	/* What must be true when it is over; puts the pages back. */
	void (*check)(struct frozen *f);
};

static void give_back(struct frozen *f, uint64_t entry)
{
	assert_int_equal(rig_one(&f->rig, FROZEN, PVALIDATE, entry | SVSM_PV_VALIDATE),
			 SVSM_SUCCESS);
	assert_int_equal(rig_touch(&f->rig, FROZEN, entry & ~SVSM_PAGE_MASK), HM_OK);
}

static struct hm_regs rescind(struct frozen *f)
{
	const struct hm_regs regs = { .rax = PVALIDATE, .rcx = fresh_page(f) };

	/* the list in a page of the guest, so that copies are pinned */
	f->page = fresh_page(f);
	rig_list(&f->rig, FROZEN, regs.rcx, &f->page, 1);
	return regs;
}

static void check_rescind(struct frozen *f)
{
	assert_int_equal(rig_touch(&f->rig, FROZEN, f->page), HM_VC_404);
	give_back(f, f->page);
}

static struct hm_regs validate(struct frozen *f)
{
	f->page = fresh_page(f);
	assert_int_equal(rig_one(&f->rig, FROZEN, PVALIDATE, f->page), SVSM_SUCCESS);
	return rig_one_regs(&f->rig, FROZEN, PVALIDATE, f->page | SVSM_PV_VALIDATE);
}

static void check_valid(struct frozen *f)
{
	uint64_t value = 1;

	assert_int_equal(rig_read(&f->rig, FROZEN, f->page, &value, sizeof(value)), HM_OK);
	assert_int_equal(value, 0);
}

static struct hm_regs rescind_2m(struct frozen *f)
{
	f->region = fresh_region(f);
	return rig_one_regs(&f->rig, FROZEN, PVALIDATE,
			    f->region | SVSM_PAGE_2M | SVSM_PV_FALLBACK);
}

static void check_rescind_2m(struct frozen *f)
{
	assert_int_equal(rig_touch(&f->rig, FROZEN, f->region + 77U * PAGE), HM_VC_404);
	give_back(f, f->region | SVSM_PAGE_2M | SVSM_PV_FALLBACK);
}

static struct hm_regs validate_2m(struct frozen *f)
{
	const uint64_t entry = fresh_region(f) | SVSM_PAGE_2M | SVSM_PV_FALLBACK;

	f->page = f->next_region + 300U * PAGE;
	assert_int_equal(rig_one(&f->rig, FROZEN, PVALIDATE, entry), SVSM_SUCCESS);
	return rig_one_regs(&f->rig, FROZEN, PVALIDATE, entry | SVSM_PV_VALIDATE);
}

static struct hm_regs deposit(struct frozen *f)
{
	f->page = fresh_page(f);
	return rig_one_regs(&f->rig, FROZEN, DEPOSIT_MEM, f->page);
}

static struct hm_regs deposit_2m(struct frozen *f)
{
	f->page = fresh_region(f) + 5U * PAGE;
	return rig_one_regs(&f->rig, FROZEN, DEPOSIT_MEM, f->next_region | SVSM_PAGE_2M);
}

static void withdraw_all(struct frozen *f)
{
	const uint64_t at = rig_ca_page(FROZEN) + sizeof(struct svsm_calling_area);
	const struct hm_regs regs = { .rax = WITHDRAW_MEM, .rcx = at };
	struct svsm_withdraw_head head;

	do {
		assert_int_equal(rig_call(&f->rig, FROZEN, &regs), SVSM_SUCCESS);
		assert_int_equal(rig_read(&f->rig, FROZEN, at, &head, sizeof(head)), HM_OK);
	} while (head.count > 0U);
}

/* The bystanders withdraw too: the page is deposited or was given to them, never lost. */
static void check_deposit(struct frozen *f)
{
	withdraw_all(f);
	assert_int_equal(rig_touch(&f->rig, FROZEN, f->page), HM_OK);
}

static struct hm_regs withdraw(struct frozen *f)
{
	f->page = fresh_page(f);
	assert_int_equal(rig_one(&f->rig, FROZEN, DEPOSIT_MEM, f->page), SVSM_SUCCESS);
	return (struct hm_regs){ .rax = WITHDRAW_MEM, .rcx = fresh_page(f) };
}

static struct hm_regs create(struct frozen *f)
{
	f->page = fresh_page(f);
	f->ca = fresh_page(f);
	rig_write_vmsa(&f->rig, FROZEN, f->page, 2);
	return (struct hm_regs){
		.rax = CREATE_VCPU, .rcx = f->page, .rdx = f->ca, .r8 = SPARE_APIC
	};
}

static void delete_vmsa(struct frozen *f, unsigned int cpu, uint64_t vmsa)
{
	const struct hm_regs regs = { .rax = DELETE_VCPU, .rcx = vmsa };

	assert_int_equal(rig_call(&f->rig, cpu, &regs), SVSM_SUCCESS);
}

static void check_create(struct frozen *f)
{
	assert_int_equal(rig_touch(&f->rig, FROZEN, f->page), HM_NPF);
	delete_vmsa(f, FROZEN, f->page);
	assert_int_equal(rig_touch(&f->rig, FROZEN, f->page), HM_OK);
}

static struct hm_regs destroy(struct frozen *f)
{
	const struct hm_regs regs = create(f);

	assert_int_equal(rig_call(&f->rig, FROZEN, &regs), SVSM_SUCCESS);
	return (struct hm_regs){ .rax = DELETE_VCPU, .rcx = f->page };
}

static void check_writable(struct frozen *f)
{
	assert_int_equal(rig_touch(&f->rig, FROZEN, f->page), HM_OK);
	assert_int_equal(rig_touch(&f->rig, FROZEN, f->ca), HM_OK);
}

/* REMAP_CA to another page and back again. */
static struct hm_regs remap(struct frozen *f)
{
	f->ca = fresh_page(f);
	f->page = rig_ca_page(FROZEN);
	return (struct hm_regs){ .rax = REMAP_CA, .rcx = f->ca };
}

static void check_remap(struct frozen *f)
{
	const struct hm_regs back = { .rax = REMAP_CA, .rcx = f->page };

	f->rig.vcpu[FROZEN].ca = f->ca;
	assert_int_equal(rig_call(&f->rig, FROZEN, &back), SVSM_SUCCESS);
	f->rig.vcpu[FROZEN].ca = f->page;
}

static struct hm_regs query(struct frozen *f)
{
	(void)f;
	return (struct hm_regs){ .rax = QUERY_PROTOCOL, .rcx = 1 };
}

static void check_nothing(struct frozen *f)
{
	(void)f;
}

static const struct kind kinds[] = {
	{ "PVALIDATE, rescind", rescind, check_rescind },
	{ "PVALIDATE, validate", validate, check_valid },
	{ "PVALIDATE, rescind 2M", rescind_2m, check_rescind_2m },
	{ "PVALIDATE, validate 2M", validate_2m, check_valid },
	{ "DEPOSIT_MEM", deposit, check_deposit },
	{ "DEPOSIT_MEM, 2M", deposit_2m, check_deposit },
	{ "WITHDRAW_MEM", withdraw, check_deposit },
	{ "CREATE_VCPU", create, check_create },
	{ "DELETE_VCPU", destroy, check_writable },
	{ "REMAP_CA", remap, check_remap },
	{ "QUERY_PROTOCOL", query, check_nothing },
};

/* One call of each kind on a bystander, with pages of its own. */
static void bystander(struct frozen *f, unsigned int cpu)
{
	struct rig *r = &f->rig;
	const uint64_t page = fresh_page(f), vmsa = fresh_page(f), ca = fresh_page(f);
	const uint64_t region = fresh_region(f) | SVSM_PAGE_2M | SVSM_PV_FALLBACK;
	const uint64_t own_ca = r->vcpu[cpu].ca;
	const struct hm_regs take = { .rax = WITHDRAW_MEM, .rcx = fresh_page(f) };
	const struct hm_regs make = {
		.rax = CREATE_VCPU, .rcx = vmsa, .rdx = ca, .r8 = SPARE_APIC
	};
	struct hm_regs move = { .rax = REMAP_CA, .rcx = ca };

	assert_int_equal(rig_one(r, cpu, PVALIDATE, page), SVSM_SUCCESS);
	assert_int_equal(rig_one(r, cpu, PVALIDATE, page | SVSM_PV_VALIDATE), SVSM_SUCCESS);
	if (f->stops % 8U == 0U) {
		/* 512 pages one by one: not each time */
		assert_int_equal(rig_one(r, cpu, PVALIDATE, region), SVSM_SUCCESS);
		assert_int_equal(rig_one(r, cpu, PVALIDATE, region | SVSM_PV_VALIDATE),
				 SVSM_SUCCESS);
	}
	assert_int_equal(rig_one(r, cpu, DEPOSIT_MEM, page), SVSM_SUCCESS);
	assert_int_equal(rig_call(r, cpu, &take), SVSM_SUCCESS);
	rig_write_vmsa(r, cpu, vmsa, 2);
	assert_int_equal(rig_call(r, cpu, &make), SVSM_SUCCESS);
	delete_vmsa(f, cpu, vmsa);
	assert_int_equal(rig_call(r, cpu, &move), SVSM_SUCCESS);
	r->vcpu[cpu].ca = ca;
	move.rcx = own_ca;
	assert_int_equal(rig_call(r, cpu, &move), SVSM_SUCCESS);
	r->vcpu[cpu].ca = own_ca;
}

/* False: a call of this kind does not get to the @nth @point. */
static bool stop_at(struct frozen *f, const struct kind *kind, enum arch_point point,
		    unsigned int nth)
{
	const struct hm_regs regs = kind->prepare(f);
	const bool stopped = rig_freeze(&f->rig, FROZEN, point, nth, &regs);
	uint64_t rax;

	if (stopped) {
		f->stops++;
		bystander(f, 0);
		bystander(f, 2);
	}
	rax = stopped ? rig_thaw(&f->rig, FROZEN) : rig_end(&f->rig, FROZEN);
	if (rax != SVSM_SUCCESS) {
		fail_msg("%s stopped at point %d, %u: %jx", kind->name, (int)point, nth,
			 (uintmax_t)rax);
	}
	kind->check(f);
	return stopped;
}

static void stop_everywhere(const struct hm_config *config)
{
	static struct frozen f;

	memset(&f, 0, sizeof(f));
	f.next_page = FIRST_PAGE;
	f.next_region = FIRST_REGION;
	rig_start(&f.rig, config);
	for (unsigned int cpu = 1; cpu < 3U; cpu++) {
		rig_boot_cpu(&f.rig, cpu);
	}
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		for (unsigned int point = 0; point < ARCH_POINT_NR; point++) {
			/* all of the first, then ever fewer: a fallback has thousands */
			for (unsigned int nth = 1;
			     stop_at(&f, &kinds[k], (enum arch_point)point, nth);
			     nth += 1U + nth / 12U) {
			}
		}
		rig_check(&f.rig);
	}
	(void)print_message("%u stops\n", f.stops);
	assert_true(f.stops > 200U);
	rig_stop(&f.rig);
}

static struct hm_config frozen_config(void)
{
	struct hm_config config = rig_config(4);

	config.ram[0].end = 128U * MIB;
	config.valid[0].end = 124U * MIB;
	return config;
}

static void test_4k(void **state)
{
	const struct hm_config config = frozen_config();

	(void)state;
	stop_everywhere(&config);
}

/* 2 MiB RMP entries, and the unknowns of VMSAs in use read the other way. */
static void test_2m(void **state)
{
	struct hm_config config = frozen_config();

	(void)state;
	config.rmp_4k = false;
	config.vmsa_store_lost = true;
	config.switches.u3_inuse_is_npf = true;
	stop_everywhere(&config);
}

static void test_no_invlpgb(void **state)
{
	struct hm_config config = frozen_config();

	(void)state;
	config.rmp_4k = false;
	config.no_invlpgb = true;
	stop_everywhere(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_4k),
		cmocka_unit_test(test_2m),
		cmocka_unit_test(test_no_invlpgb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
