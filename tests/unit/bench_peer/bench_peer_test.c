/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/*
 * The same streams of calls (stream.h: 58019 sections 5, 6.2 to 6.5 and 6.8) on ours, on the peer
 * design and on the limit: every RAX, RCX and `next`, and guest memory and RMP words at the end,
 * are the same.
 */

#define SEEDS 6U
#define STEPS 1200U
#define MIN_LINES 1000U

static FILE *run(const char *program, unsigned int seed, unsigned int vmpl, const char *mode,
		 const char *mask)
{
	char command[1024];
	FILE *out;

	assert_true(snprintf(command, sizeof(command), "'%s' %u %u %u %s %s 2>/dev/null", program,
			     seed, STEPS, vmpl, mode, mask) < (int)sizeof(command));
	out = popen(command, "r");
	assert_non_null(out);
	return out;
}

/* Compare two runs line by line; the status of each must be 0. */
static void compare(const char *program, unsigned int seed, unsigned int vmpl, const char *mode,
		    const char *mask)
{
	FILE *ours = run(DRIVER_OURS, seed, vmpl, mode, "");
	FILE *other = run(program, seed, vmpl, mode, mask);
	char left[256] = "";
	char right[256] = "";
	unsigned int lines = 0;

	while (fgets(left, sizeof(left), ours) != NULL) {
		lines++;
		if (fgets(right, sizeof(right), other) == NULL || strcmp(left, right) != 0) {
			fail_msg("seed %u, VMPL%u, %s, mask '%s', line %u:\nours  %s\nother %s",
				 seed, vmpl, mode, mask, lines, left, right);
		}
	}
	assert_null(fgets(right, sizeof(right), other));
	assert_int_equal(pclose(ours), 0);
	assert_int_equal(pclose(other), 0);
	assert_int_equal(strncmp(left, "memory ", 7U), 0);
	assert_true(lines > MIN_LINES);
}

static void test_peer_gives_our_results(void **state)
{
	(void)state;
	for (unsigned int seed = 1; seed <= SEEDS; seed++) {
		compare(DRIVER_PEER, seed, 1U + seed % 3U, "all", "");
	}
}

/* With the guest at VMPL1 nothing of an RMP word is masked. */
static void test_peer_gives_our_rmp_words_at_vmpl1(void **state)
{
	(void)state;
	compare(DRIVER_PEER, 21U, 1U, "all", "");
	compare(DRIVER_PEER, 22U, 1U, "valid", "");
}

/* No cost is part of a result; without scans and flushes only for the requests and guests that
 * bench_impl.h names. */
static void test_costs_change_no_result(void **state)
{
	(void)state;
	compare(DRIVER_PEER, 31U, 2U, "all", "0xe");
	compare(DRIVER_PEER, 32U, 3U, "all", "0xb");
	compare(DRIVER_PEER, 33U, 1U, "valid", "0xd");
	compare(DRIVER_PEER, 34U, 1U, "valid", "0x7");
	compare(DRIVER_PEER, 35U, 1U, "valid", "0");
}

static void test_limit_gives_our_results_on_valid_requests(void **state)
{
	(void)state;
	for (unsigned int seed = 41; seed < 41U + SEEDS; seed++) {
		compare(DRIVER_LIMIT, seed, 1U + seed % 3U, "valid", "");
	}
}

/* The comparison can fail: two seeds give two logs. */
static void test_logs_of_two_seeds_differ(void **state)
{
	FILE *one = run(DRIVER_OURS, 51U, 2U, "all", "");
	FILE *two = run(DRIVER_OURS, 52U, 2U, "all", "");
	char left[256];
	char right[256];
	bool differ = false;

	(void)state;
	while (!differ && fgets(left, sizeof(left), one) != NULL &&
	       fgets(right, sizeof(right), two) != NULL) {
		differ = strcmp(left, right) != 0;
	}
	(void)pclose(one);
	(void)pclose(two);
	assert_true(differ);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_peer_gives_our_results),
		cmocka_unit_test(test_peer_gives_our_rmp_words_at_vmpl1),
		cmocka_unit_test(test_costs_change_no_result),
		cmocka_unit_test(test_limit_gives_our_results_on_valid_requests),
		cmocka_unit_test(test_logs_of_two_seeds_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
