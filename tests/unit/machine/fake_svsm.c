/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_svsm.h"

struct svsm_boot_info fake_boot_info;
enum svsm_boot_status fake_boot_status;
unsigned int (*fake_serve)(unsigned int cpu_index);

uint64_t svsm_boot_bytes(uint64_t top_gpa, unsigned int nr_cpus)
{
	return (uint64_t)nr_cpus * 0x10000U + (top_gpa >> 40) * 4U * MIB;
}

enum svsm_boot_status svsm_boot(const struct svsm_boot_info *info)
{
	fake_boot_info = *info;
	return fake_boot_status;
}

unsigned int svsm_serve(unsigned int cpu_index)
{
	return fake_serve == NULL ? fake_boot_info.guest_vmpl : fake_serve(cpu_index);
}

struct hm_config fake_config(void)
{
	return (struct hm_config){
		.nr_vcpus = 4,
		.ram = { { 0, FAKE_RAM } },
		.nr_ram = 1,
		.valid = { { 0, FAKE_VALID } },
		.nr_valid = 1,
	};
}

struct hm_machine *fake_machine(const struct hm_config *config)
{
	struct hm_machine *m;

	fake_serve = NULL;
	fake_boot_status = SVSM_BOOT_OK;
	m = hm_create(config);
	assert_non_null(m);
	return m;
}

void fake_make_vmsa(struct hm_machine *m, uint64_t gpa, unsigned int vmpl)
{
	gpa_t page = gpa_make(gpa);
	struct vmsa_page vmsa = { .vmpl = (uint8_t)vmpl,
				  .efer = VMSA_EFER_SVME,
				  .sev_features = VMSA_SEV_SNP };

	(void)m;
	assert_true(arch_guest_write(page, &vmsa, sizeof(vmsa)));
	assert_int_equal(arch_rmpadjust(page, SVSM_PAGE_4K, vmpl, SVSM_PERM_READ, true).code,
			 ARCH_RMP_OK);
}
