/* SPDX-License-Identifier: Apache-2.0 */
#include "parser_fixture.h"

#include <unistd.h>

#include "lines.h"
#include "trace.h"

static void splitting(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		size_t lines;
	} rows[] = {
		{ "", 0, 0 },	  { "\n", 1, 1 },	{ "a", 1, 1 },
		{ "a\nb", 3, 2 }, { "a\n\nb\n", 5, 3 }, { "a\0b\n", 4, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct lines lines;
		struct text_error error;

		assert_true(lines_from(rows[i].text, rows[i].len, &lines, &error));
		assert_int_equal(lines.nr, rows[i].lines);
		lines_free(&lines);
	}
}

/* A temporary file with @len bytes; the caller unlinks @path. */
static void temporary(char path[32], const char *bytes, size_t len)
{
	int fd;

	(void)snprintf(path, 32, "/tmp/replay-lines-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	(void)close(fd);
}

static bool load(const char *bytes, size_t len, size_t *nr)
{
	char path[32];
	struct lines lines;
	struct text_error error = { .message = "" };
	bool ok;

	temporary(path, bytes, len);
	ok = lines_load(path, &lines, &error);
	(void)unlink(path);
	*nr = lines.nr;
	assert_true(ok || error.message[0] != '\0');
	lines_free(&lines);
	return ok;
}

static void plain_files(void **state)
{
	size_t nr = 0;

	(void)state;
	assert_true(load("", 0, &nr));
	assert_int_equal(nr, 0);
	assert_true(load("one\ntwo\n", 8, &nr));
	assert_int_equal(nr, 2);
}

static void missing_files(void **state)
{
	struct lines lines;
	struct text_error error = { .message = "" };

	(void)state;
	assert_false(lines_load("nonexistent.replay", &lines, &error));
	assert_int_equal(lines.nr, 0);
	assert_false(lines_load("/", &lines, &error));
}

/* Damaged compressed input is refused as a whole: no replay of the half that came out. */
static void damaged_xz(void **state)
{
	static const char magic[] = { '\xfd', '7', 'z', 'X', 'Z', '\0', 'x', 'x' };
	char bytes[4096];
	size_t nr = 0;
	size_t len;
	FILE *file = fopen(PHALANX_TRACES "/linux612-1cpu.trace.xz", "rb");

	(void)state;
	assert_non_null(file);
	len = fread(bytes, 1, sizeof(bytes), file);
	(void)fclose(file);
	assert_int_equal(len, sizeof(bytes));
	assert_false(load(magic, sizeof(magic), &nr));
	assert_false(load(bytes, len, &nr));
	assert_int_equal(nr, 0);
}

/* Every recording that the repository ships is well-formed and says what machine it needs. */
static void shipped_traces(void **state)
{
	static const struct {
		const char *name;
		unsigned int vcpus;
		size_t lines;
		bool busy, rmp_4k;
		unsigned int incomplete;
	} rows[] = {
		{ "linux612-1cpu", 1, 1202, false, false, 0 },
		{ "linux612-2cpu-busy", 2, 1878, true, false, 0 },
		{ "linux612-2cpu-incomplete", 2, 1285, false, false, 16 },
		{ "linux612-2cpu-rmp4k", 2, 1351, false, true, 0 },
		{ "linux612-2cpu", 2, 1262, false, false, 0 },
		{ "linux612-4cpu-par", 4, 1817, false, false, 0 },
		{ "linux612-4cpu", 4, 1382, false, false, 0 },
		{ "ovmf2502-linux612-1cpu", 1, 1309, false, false, 0 },
		{ "ovmf2502-linux612-2cpu-busy", 2, 1820, true, false, 0 },
		{ "ovmf2502-linux612-2cpu-incomplete", 2, 1512, false, false, 16 },
		{ "ovmf2502-linux612-2cpu-rmp4k", 2, 2055, false, true, 0 },
		{ "ovmf2502-linux612-2cpu", 2, 1392, false, false, 0 },
		{ "ovmf2502-linux612-4cpu-swap", 4, 1292, false, false, 0 },
		{ "ovmf2502-linux612-4cpu", 4, 1556, false, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char path[512];
		struct lines lines;
		struct text_error error;
		struct trace_setup setup;
		size_t bad = 0;

		(void)snprintf(path, sizeof(path), "%s/%s.trace.xz", PHALANX_TRACES, rows[i].name);
		if (!lines_load(path, &lines, &error) ||
		    !trace_scan(&lines, &setup, &bad, &error)) {
			fail_msg("%s:%zu: %s", path, bad, error.message);
		}
		assert_int_equal(lines.nr, rows[i].lines);
		assert_int_equal(setup.nr_vcpus, rows[i].vcpus);
		assert_int_equal(setup.policy_busy, rows[i].busy);
		assert_int_equal(setup.policy_incomplete, rows[i].incomplete);
		assert_int_equal(setup.rmp_4k, rows[i].rmp_4k);
		lines_free(&lines);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splitting),	  cmocka_unit_test(plain_files),
		cmocka_unit_test(missing_files),  cmocka_unit_test(damaged_xz),
		cmocka_unit_test(shipped_traces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
