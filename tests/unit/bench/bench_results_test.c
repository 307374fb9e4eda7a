/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <unistd.h>

#include "results.h"

static const char first[] = "{\"kind\": \"rescind\", \"calls\": 10, \"rate\": 100.5, \"p50\": 7, "
			    "\"p999\": 9, \"flushes\": 1}";
static const char second[] = "{\"kind\": \"rescind\", \"calls\": 12, \"rate\": 200.5}";

static void test_line(void **state)
{
	char text[8];
	double value = 0.0;

	(void)state;
	assert_true(line_number(first, "rate", &value));
	assert_true(value > 100.4 && value < 100.6);
	assert_true(line_text(first, "kind", text, sizeof(text)));
	assert_string_equal(text, "rescind");
	assert_false(line_text(first, "kind", text, sizeof(text) - 1U));
	assert_false(line_number(first, "kind", &value));
	assert_false(line_number(first, "p99", &value));
	assert_false(line_text(first, "calls", text, sizeof(text)));
	assert_false(line_text("{\"kind\": \"open", "kind", text, sizeof(text)));
}

static void fill(struct results *results)
{
	struct row *row = results_row(results, "case", "rescind", "none", 2U, IMPL_PEER);

	assert_non_null(row);
	assert_true(results_add(row, first));
	assert_true(results_add(row, second));
	row = results_row(results, "case", "rescind", "none", 2U, IMPL_OURS);
	assert_non_null(row);
	assert_true(results_add(row, second));
}

static void test_rows(void **state)
{
	struct results results = { .nr = 0U };
	const struct row *row = NULL;

	(void)state;
	fill(&results);
	assert_int_equal(results.nr, 2);
	row = results_find(&results, "case", "rescind", "none", 2U, IMPL_PEER);
	assert_non_null(row);
	assert_int_equal(row->n, 2);
	assert_true(row_median(row, METRIC_RATE) > 150.4);
	assert_true(row_median(row, METRIC_RATE) < 150.6);
	assert_null(results_find(&results, "case", "rescind", "none", 3U, IMPL_PEER));
	assert_null(results_find(&results, "case", "rescind", "none", 2U, IMPL_LIMIT));
	assert_null(results_find(&results, "case", "rescind", "other", 2U, IMPL_PEER));
	results_free(&results);
}

static void test_full_row(void **state)
{
	struct results results = { .nr = 0U };
	struct row *row = results_row(&results, "case", "kind", "none", 1U, IMPL_OURS);

	(void)state;
	for (unsigned int i = 0; i < STATS_MAX; i++) {
		assert_true(results_add(row, first));
	}
	assert_false(results_add(row, first));
	results_free(&results);
}

static void write_file(char *path, const char *text, const struct results *results)
{
	const int fd = mkstemp(path);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");

	assert_non_null(out);
	(void)fputs(text, out);
	if (results != NULL) {
		results_write(out, results);
	}
	assert_int_equal(fclose(out), 0);
}

static void test_file(void **state)
{
	char path[] = "/tmp/bench-results-XXXXXX";
	struct results results = { .nr = 0U };
	struct results read = { .nr = 0U };

	(void)state;
	fill(&results);
	write_file(path, "{\n  \"results\": [\n", &results);
	assert_true(results_read(path, &read));
	assert_int_equal(read.nr, results.nr);
	for (size_t i = 0; i < read.nr; i++) {
		assert_memory_equal(&read.row[i], &results.row[i], sizeof(read.row[i]));
	}
	(void)unlink(path);
	results_free(&results);
	results_free(&read);
}

static void refuse(const char *text)
{
	char path[] = "/tmp/bench-results-XXXXXX";
	struct results read = { .nr = 0U };

	write_file(path, text, NULL);
	assert_false(results_read(path, &read));
	(void)unlink(path);
	results_free(&read);
}

static void test_bad_files(void **state)
{
	struct results read = { .nr = 0U };

	(void)state;
	refuse("");
	refuse("{\"case\": \"x\"}\n");
	refuse("{\"case\": \"x\", \"kind\": \"k\", \"cost\": \"none\", \"vcpus\": 1, \"impl\": "
	       "\"ours\", \"repeats\": 10}\n");
	refuse("{\"case\": \"x\", \"kind\": \"k\", \"cost\": \"none\", \"vcpus\": 1, \"impl\": "
	       "\"theirs\", \"repeats\": 1}\n");
	refuse("{\"case\": \"x\", \"kind\": \"k\", \"cost\": \"none\", \"vcpus\": 1, \"impl\": "
	       "\"ours\", \"repeats\": 2, \"rate\": [1]}\n");
	assert_false(results_read("/tmp/no-such-results", &read));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line),	  cmocka_unit_test(test_rows),
		cmocka_unit_test(test_full_row),  cmocka_unit_test(test_file),
		cmocka_unit_test(test_bad_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
