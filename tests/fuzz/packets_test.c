/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "packets.h"

static void empty_input_is_the_default_machine(void **state)
{
	struct fz_program program;

	(void)state;
	fz_decode(NULL, 0U, &program);
	assert_int_equal(program.nr, 0);
	assert_int_equal(program.params.vcpus, 1);
	assert_int_equal(program.params.vmpl, 2);
	assert_int_equal(program.params.mode, FZ_SINGLE);
	assert_int_equal(program.params.check_every, 4);
	assert_false(program.params.prepared);
}

static void parameters_are_where_the_grammar_says(void **state)
{
	const uint8_t input[FZ_PARAM_BYTES] = { 0xf7, 0x25, 9, 0x0c, 0, 0x12, 0x34, 0x56 };
	struct fz_program program;

	(void)state;
	fz_decode(input, sizeof(input), &program);
	assert_int_equal(program.params.vcpus, 4);
	assert_int_equal(program.params.vmpl, 1);
	assert_true(program.params.rmp_4k && program.params.no_invlpgb && program.params.vtom &&
		    program.params.prepared);
	assert_true(program.params.u3 && program.params.u6 && program.params.deposits);
	assert_false(program.params.u4 || program.params.u7 || program.params.store_lost ||
		     program.params.more_valid);
	assert_false(program.params.psp);
	assert_int_equal(program.params.budget_entries, 9);
	assert_int_equal(program.params.budget_pages, fz_budget_pages[4]);
	assert_int_equal(program.params.check_every, 12);
	assert_int_equal(program.params.seed, 0x5634);
}

static void attestation_is_the_last_bit(void **state)
{
	const uint8_t input[FZ_PARAM_BYTES] = { 0, 0x80 };
	struct fz_program program;

	(void)state;
	fz_decode(input, sizeof(input), &program);
	assert_true(program.params.psp);
	assert_false(program.params.more_valid || program.params.deposits);
}

static void two_actors_need_two_started_cpus(void **state)
{
	const uint8_t lockstep[FZ_PARAM_BYTES] = { 0, 0, 0, 0, 2 };
	const uint8_t free_running[FZ_PARAM_BYTES] = { 0, 0, 0, 0, 0xff };
	struct fz_program program;

	(void)state;
	fz_decode(lockstep, sizeof(lockstep), &program);
	assert_int_equal(program.params.mode, FZ_LOCKSTEP);
	assert_int_equal(program.params.vcpus, 2);
	assert_true(program.params.prepared);
	fz_decode(free_running, sizeof(free_running), &program);
	assert_int_equal(program.params.mode, FZ_FREE);
	assert_int_equal(program.params.vcpus, 2);
}

static void a_packet_survives_pack_and_unpack(void **state)
{
	(void)state;
	for (unsigned int op = 0U; op < FZ_OP_NR; op++) {
		const struct fz_packet packet = { .op = (enum fz_op)op,
						  .a = (uint8_t)(op + 1U),
						  .b = 0xfe,
						  .c = 0x7f,
						  .x = UINT32_C(0x89abcdef) + op,
						  .y = UINT64_C(0x0123456789abcdef) - op };
		uint8_t bytes[FZ_PACKET_BYTES];
		struct fz_packet back;

		fz_pack(&packet, bytes);
		back = fz_unpack(bytes);
		assert_int_equal(back.op, packet.op);
		assert_int_equal(back.a, packet.a);
		assert_int_equal(back.b, packet.b);
		assert_int_equal(back.c, packet.c);
		assert_int_equal(back.x, packet.x);
		assert_true(back.y == packet.y);
		assert_string_not_equal(fz_op_name(back.op), "?");
	}
}

static void every_operation_byte_decodes(void **state)
{
	uint8_t bytes[FZ_PACKET_BYTES] = { 0 };

	(void)state;
	for (unsigned int op = 0U; op < 256U; op++) {
		bytes[0] = (uint8_t)op;
		assert_int_equal(fz_unpack(bytes).op, op % FZ_OP_NR);
	}
}

static void a_short_rest_and_too_many_packets_are_ignored(void **state)
{
	static uint8_t input[FZ_PARAM_BYTES + (FZ_MAX_PACKETS + 3U) * FZ_PACKET_BYTES];
	struct fz_program program;

	(void)state;
	fz_decode(input, FZ_PARAM_BYTES + FZ_PACKET_BYTES - 1U, &program);
	assert_int_equal(program.nr, 0);
	fz_decode(input, FZ_PARAM_BYTES + FZ_PACKET_BYTES, &program);
	assert_int_equal(program.nr, 1);
	fz_decode(input, FZ_PARAM_BYTES + 2U * FZ_PACKET_BYTES + 5U, &program);
	assert_int_equal(program.nr, 2);
	fz_decode(input, sizeof(input), &program);
	assert_int_equal(program.nr, FZ_MAX_PACKETS);
}

static void selectors_have_class_index_offset(void **state)
{
	struct fz_selector s = fz_select(UINT32_C(0x0abc1236));

	(void)state;
	assert_int_equal(s.class, FZ_AT_ENTRY);
	assert_int_equal(s.index, 0x123);
	assert_int_equal(s.offset, 0xabc);
	assert_false(s.misaligned);
	s = fz_select(UINT32_C(0x8fff000f));
	assert_int_equal(s.class, FZ_AT_REGION_ENTRY);
	assert_int_equal(s.index, 0);
	assert_int_equal(s.offset, 0xfff);
	assert_true(s.misaligned);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_input_is_the_default_machine),
		cmocka_unit_test(parameters_are_where_the_grammar_says),
		cmocka_unit_test(attestation_is_the_last_bit),
		cmocka_unit_test(two_actors_need_two_started_cpus),
		cmocka_unit_test(a_packet_survives_pack_and_unpack),
		cmocka_unit_test(every_operation_byte_decodes),
		cmocka_unit_test(a_short_rest_and_too_many_packets_are_ignored),
		cmocka_unit_test(selectors_have_class_index_offset),
	};

	return cmocka_run_group_tests_name("packets", tests, NULL, NULL);
}
