/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "abi/secrets_abi.h"

#include <string.h>

/* 58019 section 4.1: what the SVSM does before the guest runs. Machines of these tests boot on
 * their own. */

#define SECRETS ABI_SPARE
#define MAX_VERSION 2U /* of the core protocol */

static struct hm_config config_of(const struct abi *a)
{
	struct hm_config config = *hm_config(a->m);

	config.apic_ids = NULL;
	return config;
}

/* Boot a machine of @config beside none: the fixture's is taken down and set up again. */
static bool boots(struct abi *a, const struct hm_config *config)
{
	struct hm_machine *m;

	abi_suspend(a);
	m = hm_create(config);
	hm_destroy(m);
	abi_resume(a);
	return m != NULL;
}

/* The guest's copy of the secrets page tells where the SVSM and the calling area are (Table 1). */
static void test_secrets_page_names_the_svsm(void **state)
{
	struct abi *a = *state;
	const struct hm_config *config = hm_config(a->m);
	struct secrets_page page;

	abi_read(a, SECRETS, &page, sizeof(page));
	assert_int_equal(page.svsm_base, config->svsm.start);
	assert_int_equal(page.svsm_size, config->svsm.end - config->svsm.start);
	assert_int_equal(page.svsm_base % ABI_4K, 0);
	assert_int_equal(page.svsm_size % ABI_4K, 0);
	assert_int_not_equal(page.svsm_size, 0);
	assert_int_equal(page.svsm_caa, ABI_CA);
	assert_int_equal(page.svsm_caa % ABI_4K, 0);
	assert_int_equal(page.svsm_max_version, MAX_VERSION);
	assert_int_equal(page.svsm_guest_vmpl, a->vmpl);
	for (size_t i = 0; i < sizeof(page.svsm_reserved_15d); i++) {
		assert_int_equal(page.svsm_reserved_15d[i], 0);
	}
}

/* What the secrets page says of the core protocol is what QUERY_PROTOCOL says. */
static void test_secrets_page_agrees_with_query_protocol(void **state)
{
	struct abi *a = *state;
	struct hm_regs regs = { .rax = ABI_QUERY_PROTOCOL, .rcx = MAX_VERSION };
	struct secrets_page page;

	abi_read(a, SECRETS, &page, sizeof(page));
	assert_int_equal(abi_call(a, &regs), ABI_SUCCESS);
	assert_int_equal(regs.rcx >> 32, page.svsm_max_version);
	regs = (struct hm_regs){ .rax = ABI_QUERY_PROTOCOL, .rcx = page.svsm_max_version + 1U };
	assert_int_equal(abi_call(a, &regs), ABI_SUCCESS);
	assert_int_equal(regs.rcx, 0);
}

/* VMPCK0, and the keys of VMPLs more privileged than the guest, are not in the guest's copy; its
 * own is. */
static void test_keys_of_the_svsm_are_wiped(void **state)
{
	static const uint8_t zero[SECRETS_VMPCK_BYTES];
	struct abi *a = *state;
	struct secrets_page page;

	abi_read(a, SECRETS, &page, sizeof(page));
	for (unsigned int vmpl = 0; vmpl < SECRETS_NR_VMPCK; vmpl++) {
		assert_int_equal(memcmp(page.vmpck[vmpl], zero, sizeof(zero)) != 0,
				 vmpl >= a->vmpl);
	}
}

/* SVSM memory: access for VMPL0 and for nobody else. */
static void test_svsm_range_is_private(void **state)
{
	struct abi *a = *state;
	const struct hm_config *config = hm_config(a->m);
	uint8_t byte;

	for (uint64_t gpa = config->svsm.start; gpa < config->svsm.end; gpa += ABI_4K) {
		for (unsigned int vmpl = 1; vmpl < SVSM_NR_VMPLS; vmpl++) {
			assert_int_equal(abi_rights(a, gpa, vmpl) &
						 ~(gpa == a->vmsa[0] ? SVSM_PERM_READ : 0U),
					 0);
		}
	}
	assert_int_equal(hm_guest_read(a->m, abi_svsm_page(a), &byte, 1), HM_NPF);
	byte = 1;
	assert_int_equal(hm_guest_write(a->m, abi_svsm_page(a), &byte, 1), HM_NPF);
}

/* The first calling area lies outside the SVSM and is the guest's memory without restriction. */
static void test_first_calling_area(void **state)
{
	struct abi *a = *state;
	const struct hm_config *config = hm_config(a->m);

	assert_true(ABI_CA < config->svsm.start || ABI_CA >= config->svsm.end);
	abi_expect_page(a, ABI_CA, ABI_CALLING_AREA);
	assert_int_equal(abi_read8(a, ABI_CA), 0);
}

/* The startup VMSA is checked before it runs: features that the SVSM cannot work with end the
 * boot. */
static void test_unsupported_sev_features_end_the_boot(void **state)
{
	static const uint64_t unsupported[] = {
		VMSA_SEV_SNP | VMSA_SEV_VMSA_REG_PROT,
		VMSA_SEV_SNP | UINT64_C(1) << 2,
		VMSA_SEV_SNP | UINT64_C(1) << 4,
		VMSA_SEV_SNP | UINT64_C(1) << 63,
		VMSA_SEV_VTOM,
	};
	struct abi *a = *state;
	struct hm_config config = config_of(a);

	for (size_t i = 0; i < sizeof(unsupported) / sizeof(unsupported[0]); i++) {
		config.sev_features = unsupported[i];
		assert_false(boots(a, &config));
	}
	config.sev_features = VMSA_SEV_SNP;
	assert_true(boots(a, &config));
}

/* Two CPUs with one APIC id, and no room for the tables. */
static void test_bad_launch_parameters_end_the_boot(void **state)
{
	static const uint32_t twice[ABI_CPUS] = { 0, 1, 2, 1 };
	struct abi *a = *state;
	struct hm_config config = config_of(a);

	config.apic_ids = twice;
	assert_false(boots(a, &config));
	config = config_of(a);
	config.svsm.start = config.svsm.end - 0x10000U;
	assert_false(boots(a, &config));
}

/* Section 3: the initial memory is enough for all core services: no call asks for more, whatever is
 * done with all memory there is. */
static void test_core_calls_need_no_deposit(void **state)
{
	struct abi *a = *state;

	for (uint64_t region = ABI_INVALID; region < ABI_INVALID_END; region += ABI_2M) {
		assert_int_equal(abi_pvalidate(a, (region + 0x5000U) | ABI_PV_VALIDATE),
				 ABI_SUCCESS);
	}
	for (uint64_t region = ABI_VALID; region < ABI_VALID_END; region += ABI_2M) {
		assert_int_equal(abi_pvalidate(a, region + 0x9000U), ABI_SUCCESS);
	}
	for (unsigned int cpu = 1; cpu < ABI_CPUS; cpu++) {
		abi_start_cpu(a, cpu);
	}
	assert_int_equal(abi_core(a, ABI_WITHDRAW_MEM, ABI_LIST), ABI_SUCCESS);
	assert_int_equal(abi_core(a, ABI_REMAP_CA, ABI_SPARE + 0x9000U), ABI_SUCCESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ABI_TEST_WITH(test_secrets_page_names_the_svsm, abi_setup_secrets),
		ABI_TEST_WITH(test_secrets_page_agrees_with_query_protocol, abi_setup_secrets),
		ABI_TEST_WITH(test_keys_of_the_svsm_are_wiped, abi_setup_secrets),
		ABI_TEST(test_svsm_range_is_private),
		ABI_TEST(test_first_calling_area),
		ABI_TEST(test_unsupported_sev_features_end_the_boot),
		ABI_TEST(test_bad_launch_parameters_end_the_boot),
		ABI_TEST(test_core_calls_need_no_deposit),
	};

	return ABI_RUN(tests);
}
