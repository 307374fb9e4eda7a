/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "bench.h"
#include "boot.h"
#include "introspect.h"
#include "machine.h"

/*
 * What the SVSM reserves, read from booted machines; and what leaves it really uses when every
 * 2 MiB region of the guest is split by rescinding one 4 KiB page of it (rescinding touches no
 * guest memory of this process). The split run takes 4 KiB of RMP per region, so it is made up to
 * SPLIT_LIMIT of RAM only.
 */
#define GIB (UINT64_C(1) << 30)
#define TIB (UINT64_C(1) << 40)
#define SPLIT_LIMIT TIB
#define LIST_ENTRIES 510U
#define RAX_PVALIDATE UINT64_C(1)

static const unsigned int vcpu_counts[] = { 1U, 64U, 1024U };
static const uint64_t ram_sizes[] = { 16U * GIB, TIB, 16U * TIB };

#define NR_VCPUS (sizeof(vcpu_counts) / sizeof(vcpu_counts[0]))
#define NR_RAM (sizeof(ram_sizes) / sizeof(ram_sizes[0]))

struct list {
	uint16_t count;
	uint16_t next;
	uint32_t reserved;
	uint64_t entry[LIST_ENTRIES];
};

static double mib(uint64_t bytes)
{
	return (double)bytes / (double)(1U << 20);
}

/* One call per full list, re-issued as a guest does. */
static bool rescind_list(struct hm_machine *m, uint64_t ca, const struct list *list)
{
	const uint64_t at = ca + 8U;
	struct hm_regs regs;

	if (hm_guest_write(m, at, list, 8U + list->count * sizeof(list->entry[0])) != HM_OK) {
		return false;
	}
	do {
		regs = (struct hm_regs){ .rax = RAX_PVALIDATE, .rcx = at };
		if (hm_call(m, ca, &regs) != HM_CALL_DONE) {
			return false;
		}
	} while (regs.rax == UINT64_C(0x80000000));
	return regs.rax == 0U;
}

/* Rescind the second page of every region below the SVSM's range. */
static bool split_all(struct hm_machine *m)
{
	const struct hm_config *config = hm_config(m);
	const uint64_t top = config->startup_ca & ~SVSM_REGION_MASK;
	struct list list = { 0 };

	for (uint64_t gpa = 0; gpa < top; gpa += SVSM_REGION_SIZE) {
		list.entry[list.count] = gpa + SVSM_PAGE_SIZE;
		list.count++;
		if (list.count == LIST_ENTRIES || gpa + SVSM_REGION_SIZE >= top) {
			if (!rescind_list(m, config->startup_ca, &list)) {
				return false;
			}
			list.count = 0;
		}
	}
	return true;
}

static bool one_machine(unsigned int vcpus, uint64_t ram, bool split)
{
	struct hm_config config = { .nr_vcpus = vcpus, .nr_ram = 1U };
	const uint64_t total = svsm_boot_bytes(ram, vcpus);
	const uint64_t fixed = svsm_boot_bytes(ram, 0);
	struct svsm_memory_use use;
	struct hm_machine *m = NULL;
	bool ok = true;

	config.ram[0] = (struct hm_range){ 0, ram };
	config.nr_valid = split ? 1U : 0U;
	config.valid[0] = (struct hm_range){ 0, ram };
	m = hm_create(&config);
	if (m == NULL) {
		return false;
	}
	if (split) {
		hm_bind(m, 0);
		ok = split_all(m);
		hm_unbind(m);
	}
	svsm_introspect_memory(&use);
	printf("%6u  %8.0f  %10.1f  %10.1f  %12.1f  %12.1f", vcpus, (double)ram / (double)GIB,
	       (double)(total - fixed) / 1024.0 / vcpus, mib(use.map_bytes),
	       mib(fixed - use.map_bytes), mib(total));
	if (split) {
		printf("  %12.1f\n", mib(use.leaf_bytes));
	} else {
		printf("  %12s\n", "-");
	}
	hm_destroy(m);
	if (!ok) {
		(void)fprintf(stderr, "bench: a PVALIDATE of the split run failed\n");
	}
	return ok;
}

bool bench_memory(struct session *session)
{
	bool ok = true;

	printf("Memory of the SVSM (arena as reserved at boot; leaves after one 4 KiB page of "
	       "every "
	       "region was validated)\n");
	printf("%6s  %8s  %10s  %10s  %12s  %12s  %12s\n", "vCPUs", "RAM GiB", "KiB/vCPU",
	       "map MiB", "leaves MiB", "arena MiB", "split MiB");
	for (unsigned int v = 0; v < NR_VCPUS && ok; v++) {
		for (unsigned int r = 0; r < NR_RAM && ok; r++) {
			const bool split = ram_sizes[r] <=
					   (session->options.quick ? 16U * GIB : SPLIT_LIMIT);

			ok = one_machine(vcpu_counts[v], ram_sizes[r], split);
		}
	}
	return ok;
}
