/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "sample.h"

/*
 * Three kinds of input, by the first byte modulo 3:
 * - edits of a right sample, three bytes each (offset, offset, mask): whatever they change of
 *   report, nonce or manifest, the report must not verify any more, and unchanged it must;
 * - such edits of the certificate table: if the report verifies, then by the right leaf;
 * - report, table, manifest, root and nonce, each a length of two bytes and that many bytes; what
 *   comes out of them must only print.
 * The second byte chooses what is expected of the report.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static struct sample *sample;
static struct verify_result result;
static FILE *null;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const struct sample_config config = { .ca = SAMPLE_EC };

	(void)argc;
	(void)argv;
	sample = sample_create(&config);
	null = fopen("/dev/null", "w");
	return null == NULL ? 1 : 0;
}

static void print(void)
{
	verify_print_text(&result, null);
	verify_print_json(&result, null);
}

/* One buffer of what is bound: report, nonce, manifest. */
#define NONCE_AT VERIFY_REPORT_BYTES
#define MANIFEST_AT (NONCE_AT + SAMPLE_NONCE_BYTES)
#define BOUND_BYTES (MANIFEST_AT + SAMPLE_MANIFEST_BYTES)

static void edits(const uint8_t *data, size_t size, const struct verify_expect *expect)
{
	uint8_t right[BOUND_BYTES];
	uint8_t bound[BOUND_BYTES];
	struct verify_input input = sample_input(sample);
	bool same = false;

	memcpy(right, sample->report, VERIFY_REPORT_BYTES);
	memcpy(right + NONCE_AT, sample->nonce, SAMPLE_NONCE_BYTES);
	memcpy(right + MANIFEST_AT, sample->manifest, SAMPLE_MANIFEST_BYTES);
	memcpy(bound, right, sizeof(bound));
	for (; size >= 3U; size -= 3U, data += 3) {
		bound[((size_t)data[0] << 8 | data[1]) % BOUND_BYTES] ^= data[2];
	}
	same = memcmp(bound, right, sizeof(bound)) == 0;
	input.report.data = bound;
	input.nonce.data = bound + NONCE_AT;
	input.manifest.data = bound + MANIFEST_AT;
	if (verify_run(&input, expect, &result) != same) {
		abort();
	}
	print();
}

static void table_edits(const uint8_t *data, size_t size, const struct verify_expect *expect)
{
	static char leaf[sizeof(result.certs[VERIFY_LEAF].sha256)];
	uint8_t *table = malloc(sample->table_len);
	struct verify_input input = sample_input(sample);

	if (table == NULL) {
		abort();
	}
	if (leaf[0] == '\0' && verify_run(&input, expect, &result)) {
		memcpy(leaf, result.certs[VERIFY_LEAF].sha256, sizeof(leaf));
	}
	memcpy(table, sample->table, sample->table_len);
	for (; size >= 3U; size -= 3U, data += 3) {
		table[((size_t)data[0] << 8 | data[1]) % sample->table_len] ^= data[2];
	}
	input.table.data = table;
	if (verify_run(&input, expect, &result) &&
	    memcmp(leaf, result.certs[VERIFY_LEAF].sha256, sizeof(leaf)) != 0) {
		abort();
	}
	print();
	free(table);
}

/*
 * A section in memory of its own, so that reading beyond it is seen; the rest moves on. The length
 * 0xffff stands for the part of the sample.
 */
static struct verify_span section(const uint8_t **data, size_t *size, struct verify_span right)
{
	struct verify_span from = { *data, 0U };
	uint8_t *copy = NULL;

	if (*size >= 2U) {
		from.len = (size_t)(*data)[0] << 8 | (*data)[1];
		*data += 2;
		*size -= 2U;
		if (from.len == 0xffffU) {
			from = right;
		} else {
			from.data = *data;
			from.len = from.len < *size ? from.len : *size;
			*data += from.len;
			*size -= from.len;
		}
	}
	copy = malloc(from.len == 0U ? 1U : from.len);
	if (copy == NULL) {
		abort();
	}
	memcpy(copy, from.data, from.len);
	return (struct verify_span){ copy, from.len };
}

static void anything(const uint8_t *data, size_t size, const struct verify_expect *expect)
{
	const struct verify_input right = sample_input(sample);
	struct verify_input input = { .report = section(&data, &size, right.report) };

	input.table = section(&data, &size, right.table);
	input.manifest = section(&data, &size, right.manifest);
	input.root = section(&data, &size, right.root);
	input.nonce = section(&data, &size, right.nonce);
	(void)verify_run(&input, expect, &result);
	print();
	free((void *)(uintptr_t)input.report.data);
	free((void *)(uintptr_t)input.table.data);
	free((void *)(uintptr_t)input.manifest.data);
	free((void *)(uintptr_t)input.root.data);
	free((void *)(uintptr_t)input.nonce.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const guids[] = { "c476f1eb-0123-45a5-9641-b4e7dde5bfe3",
					     "a1a3ede3-bae9-42c1-97b5-6b75133af830",
					     "a4453a59-9e1b-4787-a033-1986d6adbe55" };
	struct verify_expect expect = { .at = SAMPLE_NOW };

	if (size < 2U) {
		return 0;
	}
	if (data[0] % 3U == 0U) {
		edits(data + 2, size - 2U, &expect);
		return 0;
	}
	if (data[0] % 3U == 1U) {
		table_edits(data + 2, size - 2U, &expect);
		return 0;
	}
	expect.allow_unknown_root = (data[1] & 1U) != 0U;
	expect.single_service = (data[1] & 2U) != 0U;
	expect.manifest_version = data[1] >> 2 & 1U;
	(void)verify_guid_parse(guids[(data[1] >> 3) % 3U], expect.service_guid);
	anything(data + 2, size - 2U, &expect);
	return 0;
}
