/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "targets.h"

static struct session *session;

static int setup(void **state)
{
	(void)state;
	session = calloc(1U, sizeof(*session));
	return session == NULL ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	results_free(&session->results);
	free(session);
	return 0;
}

static struct row *add(const char *name, const char *kind, unsigned int vcpus, enum impl impl,
		       double rate)
{
	struct row *row = results_row(&session->results, name, kind, "none", vcpus, impl);

	assert_non_null(row);
	row->n = 1U;
	row->value[METRIC_RATE][0] = rate;
	return row;
}

static void test_nothing_measured(void **state)
{
	struct target targets[NR_TARGETS];

	(void)state;
	targets_evaluate(session, targets);
	for (unsigned int i = 0; i < NR_TARGETS; i++) {
		assert_false(targets[i].known || targets[i].met);
	}
}

/* The worse of rescinding and validating decides; the step from one entry to a list does not
 * count as further entries. */
static void test_instructions(void **state)
{
	static const double own[] = { 150.0, 301.0, 700.0, 732.0, 200.0, 2152.0, 4104.0, 0.0 };
	struct target targets[NR_TARGETS];

	(void)state;
	session->nr_instructions = NR_INSTRUCTION_ROWS;
	for (unsigned int i = 0; i < NR_INSTRUCTION_ROWS; i++) {
		session->instruction[i].own = own[i];
	}
	targets_evaluate(session, targets);
	assert_true(targets[0].known && targets[0].met);
	assert_true(targets[1].known && !targets[1].met);
	assert_string_equal(targets[1].worst, "rescind");
	assert_true(targets[2].known && !targets[2].met);
	assert_true(targets[2].value > 60.9 && targets[2].value < 61.1);
	assert_string_equal(targets[2].worst, "validate");
}

static void test_scaling(void **state)
{
	struct target targets[NR_TARGETS];

	(void)state;
	(void)add("null call", "QUERY_PROTOCOL", 1U, IMPL_OURS, 100.0);
	(void)add("null call", "QUERY_PROTOCOL", 2U, IMPL_OURS, 195.0);
	(void)add("null call", "QUERY_PROTOCOL", 64U, IMPL_OURS, 170.0);
	targets_evaluate(session, targets);
	assert_true(targets[3].known && targets[3].met);
	assert_true(targets[4].known && !targets[4].met);
}

static void test_against_others(void **state)
{
	const char *full = "511 entries 4K";
	const char *single = "1 entry 4K, own regions";
	struct target targets[NR_TARGETS];

	(void)state;
	(void)add(full, "validate", 1U, IMPL_OURS, 95.0);
	(void)add(full, "validate", 1U, IMPL_LIMIT, 100.0);
	(void)add(full, "validate", 1U, IMPL_PEER, 50.0);
	(void)add(full, "rescind", 1U, IMPL_OURS, 80.0);
	(void)add(full, "rescind", 1U, IMPL_LIMIT, 100.0);
	(void)add(single, "validate", 1U, IMPL_OURS, 100.0);
	(void)add(single, "validate", 1U, IMPL_PEER, 200.0);
	(void)add(single, "validate", 64U, IMPL_OURS, 100.0);
	(void)add(single, "validate", 64U, IMPL_PEER, 20.0);
	targets_evaluate(session, targets);
	assert_true(targets[5].known && !targets[5].met);
	assert_true(targets[7].known && !targets[7].met);
	assert_true(targets[7].value > 0.49 && targets[7].value < 0.51);
	assert_true(targets[8].known && targets[8].met);
	assert_true(targets[8].value > 9.9 && targets[8].value < 10.1);
}

static void test_tail(void **state)
{
	struct row *row =
		add("1 entry 4K, a vCPU frozen in PVALIDATE", "rescind", 2U, IMPL_OURS, 1.0);
	struct target targets[NR_TARGETS];

	(void)state;
	row->value[METRIC_P50][0] = 100.0;
	row->value[METRIC_P999][0] = 299.0;
	targets_evaluate(session, targets);
	assert_true(targets[6].known && targets[6].met);
	row->value[METRIC_P999][0] = 301.0;
	targets_evaluate(session, targets);
	assert_true(targets[6].known && !targets[6].met);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing_measured, setup, teardown),
		cmocka_unit_test_setup_teardown(test_instructions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_scaling, setup, teardown),
		cmocka_unit_test_setup_teardown(test_against_others, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tail, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
