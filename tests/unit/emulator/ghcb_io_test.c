/* SPDX-License-Identifier: Apache-2.0 */
/* Exits IOIO and MMIO (56421 section 4.1): operands, string forms, bounds of the scratch area. */
#include "ghcb_rig.h"

#include <string.h>

#define MALFORMED 2U
#define PORT(p) ((uint64_t)(p) << GHCB_IOIO_PORT_SHIFT)
#define BUFFER (RIG_GHCB + 0x800)
#define BUFFER_END (RIG_GHCB + 0xff0)
#define LIMIT (16U * EMU_PAGE_SIZE)

static void single(void **state)
{
	static const struct {
		uint64_t size;
		unsigned int bytes;
		uint64_t mask;
	} sizes[] = {
		{ GHCB_IOIO_SIZE_8, 1, 0xff },
		{ GHCB_IOIO_SIZE_16, 2, 0xffff },
		{ GHCB_IOIO_SIZE_32, 4, 0xffffffff },
	};

	(void)state;
	for (size_t i = 0; i < 3U; i++) {
		rig_reset(0);
		rig_exit(GHCB_EXIT_IOIO, PORT(0xcfc) | sizes[i].size | GHCB_IOIO_IN, 0);
		rig_expect(0, 0);
		assert_true(RIG_IS_VALID(rax));
		assert_int_equal(rig_ghcb()->rax, 0xa5000010 & sizes[i].mask);
		rig_exit(GHCB_EXIT_IOIO, PORT(0xcfc) | sizes[i].size, 0);
		RIG_SET(rax, UINT64_C(0x1122334455667788));
		rig_expect(0, 0);
		assert_false(RIG_IS_VALID(rax));
		assert_int_equal(rig.nr_io, 2);
		assert_int_equal(rig.io[1].port, 0xcfc);
		assert_int_equal(rig.io[1].bytes, sizes[i].bytes);
		assert_int_equal(rig.io[1].value, 0x55667788 & sizes[i].mask);
	}
}

static void bad_operands(void **state)
{
	static const uint64_t infos[] = {
		PORT(0x3f8),
		PORT(0x3f8) | GHCB_IOIO_SIZE_8 | GHCB_IOIO_SIZE_16,
		PORT(0x3f8) | GHCB_IOIO_SIZE_8 | GHCB_IOIO_SIZE_16 | GHCB_IOIO_SIZE_32,
		PORT(0x3f8) | GHCB_IOIO_IN | GHCB_IOIO_STRING,
		PORT(0x103f8) | GHCB_IOIO_SIZE_8,
	};

	(void)state;
	rig_reset(0);
	for (size_t i = 0; i < sizeof(infos) / sizeof(infos[0]); i++) {
		rig_exit(GHCB_EXIT_IOIO, infos[i], 1);
		RIG_SET(rax, 0);
		RIG_SET(sw_scratch, BUFFER);
		rig_expect(MALFORMED, 5);
	}
	assert_int_equal(rig.nr_io, 0);
}

/* Pages 1..20 are shared but for page 3. Bounds in bytes; whether they hold. */
static void scratch_bounds(void **state)
{
	static const struct {
		uint64_t scratch, bytes;
		bool ok;
	} cases[] = {
		{ BUFFER, 0, true },
		{ BUFFER, 2032, true },
		{ BUFFER, 2033, false },
		{ BUFFER_END - 1, 1, true },
		{ BUFFER_END, 1, false },
		{ BUFFER - 1, 1, false },
		{ BUFFER - 1, 2, false },
		{ RIG_GHCB, 1, false },
		{ RIG_GHCB + 0x390, 8, false },
		{ RIG_GHCB - 1, 1, false },
		{ RIG_PAGE(1), 4096, true },
		{ RIG_PAGE(1) + 5, 4096, true },
		{ RIG_PAGE(1), 8192, true },
		{ RIG_PAGE(1), 8193, false },
		{ RIG_PAGE(3), 1, false },
		{ RIG_PAGE(3) - 1, 2, false },
		{ RIG_PAGE(4) - 1, 2, false },
		{ RIG_PAGE(4), LIMIT, true },
		{ RIG_PAGE(4), LIMIT + 1U, false },
		{ RIG_PAGE(5), LIMIT, true },
		{ RIG_PAGE(5), LIMIT + 1U, false },
		{ RIG_PAGE(6), LIMIT, false },
		{ 0, 1, false },
		{ UINT64_MAX, 1, false },
		{ UINT64_MAX - 4095U, 8192, false },
		{ (UINT64_C(1) << EMU_C_BIT) | BUFFER, 1, false },
		{ RIG_PAGE(4), UINT64_C(0x100000001), false },
		{ RIG_PAGE(4), UINT64_MAX, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (uint64_t in = 0; in < 2U; in++) {
			rig_reset(0);
			for (unsigned int page = 1; page <= 20U; page++) {
				rig.pages[page] = page == 3U ? RIG_PRIVATE : RIG_SHARED;
			}
			rig_exit(GHCB_EXIT_IOIO,
				 PORT(0x60) | GHCB_IOIO_STRING | GHCB_IOIO_REP | in |
					 (cases[i].bytes == LIMIT ? GHCB_IOIO_SIZE_32
								  : GHCB_IOIO_SIZE_8),
				 cases[i].bytes == LIMIT ? LIMIT / 4U : cases[i].bytes);
			RIG_SET(sw_scratch, cases[i].scratch);
			ghcb_vmgexit(&rig.vcpus[0]);
			if ((rig_ghcb()->sw_exit_info1 == 0U) != cases[i].ok) {
				print_error("case %zu\n", i);
			}
			assert_int_equal(rig_ghcb()->sw_exit_info1, cases[i].ok ? 0 : MALFORMED);
			assert_int_equal(rig_ghcb()->sw_exit_info2, cases[i].ok ? 0 : 3);
			assert_int_equal(rig.nr_io, !cases[i].ok	      ? 0
						    : cases[i].bytes == LIMIT ? LIMIT / 4U
									      : cases[i].bytes);
		}
	}
}

static void product_does_not_wrap(void **state)
{
	(void)state;
	rig_reset(0);
	rig_exit(GHCB_EXIT_IOIO, PORT(0x60) | GHCB_IOIO_STRING | GHCB_IOIO_SIZE_32,
		 UINT64_C(0x4000000000000001));
	RIG_SET(sw_scratch, BUFFER);
	rig_expect(MALFORMED, 3);
	assert_int_equal(rig.nr_io, 0);
}

/* Longer than the chunks of the copy, over a page boundary, nothing beside it touched. */
static void strings(void **state)
{
	const uint64_t at = RIG_PAGE(2) - 700U;
	const uint8_t *bytes = (const uint8_t *)rig.memory + 2U * EMU_PAGE_SIZE - 700U;
	enum { COUNT = 700 };

	(void)state;
	rig_reset(0);
	rig.pages[1] = rig.pages[2] = RIG_SHARED;
	rig_exit(GHCB_EXIT_IOIO, PORT(0x1f0) | GHCB_IOIO_STRING | GHCB_IOIO_SIZE_16 | GHCB_IOIO_IN,
		 COUNT);
	RIG_SET(sw_scratch, at);
	rig_expect(0, 0);
	assert_int_equal(rig.nr_io, COUNT);
	for (unsigned int i = 0; i < COUNT; i++) {
		uint16_t value;

		memcpy(&value, bytes + 2U * i, 2);
		assert_int_equal(value, (0x10U + i) & 0xffffU);
	}
	assert_int_equal(bytes[-1], 0);
	assert_int_equal(bytes[2 * COUNT], 0);
	rig.nr_io = 0;
	rig_exit(GHCB_EXIT_IOIO, PORT(0x1f0) | GHCB_IOIO_STRING | GHCB_IOIO_SIZE_16, COUNT);
	RIG_SET(sw_scratch, at);
	rig_expect(0, 0);
	for (unsigned int i = 0; i < COUNT; i++) {
		assert_int_equal(rig.io[i].value, (0x10U + i) & 0xffffU);
		assert_int_equal(rig.io[i].bytes, 2);
		assert_false(rig.io[i].in);
	}
}

/* Another vCPU makes the area private in the middle: no access to it, and an answer. */
static void area_taken_away(void **state)
{
	(void)state;
	rig_reset(0);
	rig.pages[1] = RIG_SHARED;
	rig.steal_after = 600;
	rig.steal_page = 1;
	rig_exit(GHCB_EXIT_IOIO, PORT(0x60) | GHCB_IOIO_STRING | GHCB_IOIO_SIZE_8 | GHCB_IOIO_IN,
		 2000);
	RIG_SET(sw_scratch, RIG_PAGE(1));
	rig_expect(MALFORMED, 3);
	assert_int_equal(rig.memory[1][511], (0x10U + 511U) & 0xffU);
	assert_int_equal(rig.memory[1][512], 0);
}

static void mmio(void **state)
{
	uint64_t value;

	(void)state;
	for (uint64_t len = 0; len <= 17U; len++) {
		bool ok = len == 1U || len == 2U || len == 4U || len == 8U;
		uint64_t mask = len >= 8U ? UINT64_MAX : (UINT64_C(1) << (8U * len)) - 1U;

		rig_reset(0);
		rig.mmio_value = UINT64_C(0x1122334455667788);
		rig_exit(GHCB_EXIT_MMIO_READ, 0xfee00020, len);
		RIG_SET(sw_scratch, BUFFER);
		rig_expect(ok ? 0 : MALFORMED, ok ? 0 : 5);
		memcpy(&value, rig_ghcb()->shared_buffer, 8);
		assert_int_equal(value, ok ? UINT64_C(0x1122334455667788) & mask : 0);
		value = UINT64_C(0x99aabbccddeeff00);
		memcpy(rig_ghcb()->shared_buffer, &value, 8);
		rig_exit(GHCB_EXIT_MMIO_WRITE, 0xfee000b0, len);
		RIG_SET(sw_scratch, BUFFER);
		rig_expect(ok ? 0 : MALFORMED, ok ? 0 : 5);
		assert_int_equal(rig.mmio_writes, ok ? 1 : 0);
		if (ok) {
			assert_int_equal(rig.mmio_address, 0xfee000b0);
			assert_int_equal(rig.mmio_bytes, len);
			assert_int_equal(rig.mmio_value, value & mask);
		}
	}
}

static void mmio_bounds_and_refusal(void **state)
{
	uint32_t value;

	(void)state;
	rig_reset(0);
	rig_exit(GHCB_EXIT_MMIO_WRITE, 0xfee000b0, 8);
	RIG_SET(sw_scratch, BUFFER_END - 4U);
	rig_expect(MALFORMED, 3);
	rig_exit(GHCB_EXIT_MMIO_READ, 0xfee000b0, 4);
	RIG_SET(sw_scratch, RIG_PAGE(1));
	rig_expect(MALFORMED, 3);
	assert_int_equal(rig.mmio_bytes, 0);
	/* as a bus without a device */
	rig.refuse = true;
	rig_exit(GHCB_EXIT_MMIO_READ, 0x1000, 4);
	RIG_SET(sw_scratch, BUFFER);
	rig_expect(0, 0);
	memcpy(&value, rig_ghcb()->shared_buffer, 4);
	assert_int_equal(value, UINT32_MAX);
	assert_int_equal(rig_ghcb()->shared_buffer[4], 0);
	rig_exit(GHCB_EXIT_MMIO_WRITE, 0x1000, 4);
	RIG_SET(sw_scratch, BUFFER);
	rig_expect(0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(single),	  cmocka_unit_test(bad_operands),
		cmocka_unit_test(scratch_bounds), cmocka_unit_test(product_does_not_wrap),
		cmocka_unit_test(strings),	  cmocka_unit_test(area_taken_away),
		cmocka_unit_test(mmio),		  cmocka_unit_test(mmio_bounds_and_refusal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
