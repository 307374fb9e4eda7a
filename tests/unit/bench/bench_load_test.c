/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "load.h"

/* What the parent writes as a command line is what the worker reads from it. */
static void round_trip(const struct load *load)
{
	static struct load_args args;
	char *argv[LOAD_MAX_ARGS];
	struct load read;
	int argc = 0;

	load_args(load, "worker", &args);
	for (; args.argv[argc] != NULL; argc++) {
		argv[argc] = args.text[argc];
	}
	assert_true(load_parse(argc, argv, &read));
	assert_int_equal(read.call, load->call);
	assert_int_equal(read.layout, load->layout);
	assert_int_equal(read.beside, load->beside);
	assert_int_equal(read.vcpus, load->vcpus);
	assert_int_equal(read.records, load->records);
	assert_int_equal(read.entries, load->entries);
	assert_int_equal(read.large, load->large);
	assert_int_equal(read.ms, load->ms);
	assert_int_equal(read.cycles, load->cycles);
	assert_int_equal(read.peer_costs, load->peer_costs);
	assert_memory_equal(&read.cost, &load->cost, sizeof(read.cost));
}

static void test_round_trip(void **state)
{
	const struct load full = {
		.call = LOAD_TRACES,
		.layout = LOAD_SHARED,
		.beside = LOAD_FROZEN_CREATE,
		.vcpus = 256U,
		.records = 300U,
		.entries = 511U,
		.large = true,
		.ms = 77U,
		.cycles = 3U,
		.peer_costs = 5U,
		.cost = { 1000000000U, 1000000000U, 1000000000U, 1000000000U },
		.traces = "somewhere",
	};
	const struct load least = { .vcpus = 1U, .records = 1U, .entries = 1U, .ms = 1U };

	(void)state;
	round_trip(&full);
	round_trip(&least);
}

static bool parse(const char *name, const char *value)
{
	char program[] = "worker";
	char first[32], second[32];
	char *argv[] = { program, first, second };
	struct load load;

	(void)snprintf(first, sizeof(first), "%s", name);
	(void)snprintf(second, sizeof(second), "%s", value == NULL ? "" : value);
	return load_parse(value == NULL ? 2 : 3, argv, &load);
}

static void test_refused(void **state)
{
	(void)state;
	assert_true(parse("--vcpus", "512"));
	assert_false(parse("--vcpus", "513"));
	assert_false(parse("--vcpus", "0"));
	assert_false(parse("--vcpus", "-1"));
	assert_false(parse("--vcpus", NULL));
	assert_false(parse("--entries", "512"));
	assert_false(parse("--call", "nothing"));
	assert_false(parse("--call", "traces"));
	assert_false(parse("--layout", ""));
	assert_false(parse("--beside", "beside"));
	assert_false(parse("--peer-costs", "16"));
	assert_false(parse("--what", "1"));
	assert_false(parse("--cost", "x=1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
