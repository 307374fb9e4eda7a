/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PARSER_FIXTURE_H
#define PARSER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "text.h"

#define FUZZ_SEED UINT64_C(0x9e3779b97f4a7c15)
#define FUZZ_ROUNDS 4000U
#define FUZZ_LINE 512U

/* Parses one line; returns whether it was accepted. The slice lies in a heap block of exactly its
 * length. */
typedef bool (*line_parser)(struct slice line, struct text_error *error);

static inline uint64_t fuzz_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static inline struct slice slice_made(const char *p, size_t len)
{
	return (struct slice){ .p = p, .len = len };
}

/* A refusal must say why, in printable text; reads past the line are caught by AddressSanitizer. */
static inline bool parse_exact(line_parser parse, const char *text, size_t len)
{
	struct text_error error = { .message = "" };
	char *copy = malloc(len == 0U ? 1U : len);
	bool ok;

	assert_non_null(copy);
	memcpy(copy, text, len);
	ok = parse(slice_made(copy, len), &error);
	if (!ok) {
		assert_true(error.message[0] != '\0');
		for (const char *c = error.message; *c != '\0'; c++) {
			assert_true(*c >= ' ' && *c <= '~');
		}
	}
	free(copy);
	return ok;
}

static inline void fuzz_truncate(line_parser parse, const char *line)
{
	for (size_t len = 0; len <= strlen(line); len++) {
		(void)parse_exact(parse, line, len);
	}
	assert_true(parse_exact(parse, line, strlen(line)));
}

static inline void fuzz_mutate(line_parser parse, const char *line)
{
	static const char bytes[] = " =[]*-#,.0x9afKGT\t\r\x01\xff";
	uint64_t state = FUZZ_SEED;
	size_t refused = 0;

	assert_true(strlen(line) < FUZZ_LINE - 1U);
	for (unsigned int round = 0; round < FUZZ_ROUNDS; round++) {
		char mutant[FUZZ_LINE];
		size_t len = strlen(line);
		unsigned int edits = 1U + (unsigned int)(fuzz_next(&state) % 4U);

		memcpy(mutant, line, len);
		for (unsigned int e = 0; e < edits; e++) {
			mutant[fuzz_next(&state) % len] =
				bytes[fuzz_next(&state) % (sizeof(bytes) - 1U)];
		}
		refused += parse_exact(parse, mutant, len) ? 0U : 1U;
	}
	print_message("seed 0x%llx: %zu of %u mutants refused: %.40s\n",
		      (unsigned long long)FUZZ_SEED, refused, FUZZ_ROUNDS, line);
}

#endif
