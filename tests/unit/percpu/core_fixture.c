/* SPDX-License-Identifier: Apache-2.0 */
#include "core_fixture.h"

struct hm_machine *core_machine;

struct hm_config core_config(void)
{
	static const uint32_t apic_ids[CORE_CPUS] = { 0, 2, 4, 6 };

	return (struct hm_config){
		.nr_vcpus = CORE_CPUS,
		.apic_ids = apic_ids,
		.ram = { { 0, 64U * MIB } },
		.nr_ram = 1,
		.valid = { { 0, 32U * MIB } },
		.nr_valid = 1,
		.rmp_4k = true,
	};
}

void core_start(const struct hm_config *config)
{
	core_machine = hm_create(config);
	assert_non_null(core_machine);
	hm_bind(core_machine, 0);
}

int core_setup(void **state)
{
	const struct hm_config config = core_config();

	(void)state;
	core_start(&config);
	return 0;
}

int core_teardown(void **state)
{
	(void)state;
	hm_unbind(core_machine);
	hm_destroy(core_machine);
	return 0;
}
