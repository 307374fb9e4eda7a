/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#define FIRST_PAGE (4U * MIB + PAGE)
#define CA (3U * MIB)
#define VMPL_OFFSET offsetof(struct vmsa_page, vmpl)

static const uint8_t vmpl0;

/*
 * vCPU 1 has a translation of the page that it may use until it is flushed, and stores VMPL 0 while
 * vCPU 0 is stopped at the @nth arch call of CREATE_VCPU, and once more after it. False: the call
 * has fewer arch calls.
 */
static bool attack(struct rig *r, unsigned int nth, uint64_t page)
{
	const struct hm_regs create = { .rax = CREATE_VCPU, .rcx = page, .rdx = CA, .r8 = 1 };
	const struct hm_regs remove = { .rax = DELETE_VCPU, .rcx = page };
	const struct vmsa_page *vmsa = hm_system_page(r->m, hm_spn(r->m, page));
	uint64_t rax;
	bool frozen;

	rig_write_vmsa(r, 1, page, 2);
	frozen = rig_freeze(r, 0, ARCH_POINT_ARCH_CALL, nth, &create);
	if (frozen) {
		(void)rig_write(r, 1, page + VMPL_OFFSET, &vmpl0, 1);
	}
	rax = frozen ? rig_thaw(r, 0) : rig_end(r, 0);
	if (rax != SVSM_SUCCESS) {
		assert_int_equal(rax, SVSM_ERR_INVALID_PARAMETER);
		return frozen;
	}
	attack_check(vmsa->vmpl == 2, "A3: VMSA.VMPL was 0 when CREATE_VCPU returned");
	(void)rig_write(r, 1, page + VMPL_OFFSET, &vmpl0, 1);
	attack_check(vmsa->vmpl == 2, "A3: the guest wrote a VMSA through a stale translation");
	assert_int_equal(rig_call(r, 0, &remove), SVSM_SUCCESS);
	return frozen;
}

static void attack_everywhere(const struct hm_config *config)
{
	struct rig r;
	unsigned int nth = 1;

	rig_start(&r, config);
	rig_boot_all(&r);
	while (attack(&r, nth, FIRST_PAGE + nth * PAGE)) {
		nth++;
	}
	/* the checks of 58019 section 6.4 read three fields twice */
	assert_in_range(nth, 12, 1000);
	rig_stop(&r);
}

/* A3: the VMSA is checked after the flush (58019 section 6.4). */
static void test_broadcast(void **state)
{
	const struct hm_config config = rig_config(2);

	(void)state;
	attack_everywhere(&config);
}

/* A3: the same where translations are dropped by PCPU_ID stores. */
static void test_no_invlpgb(void **state)
{
	struct hm_config config = rig_config(2);

	(void)state;
	config.no_invlpgb = true;
	attack_everywhere(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_broadcast),
		cmocka_unit_test(test_no_invlpgb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
