/* SPDX-License-Identifier: Apache-2.0 */
#include "files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILE_BYTES ((size_t)1 << 20)

static bool complain(const char *name, const char *why)
{
	(void)fprintf(stderr, "phalanx-verify: %s: %s\n", name, why);
	return false;
}

static bool read_file(const char *name, struct verify_span *bytes)
{
	uint8_t *data = NULL;
	FILE *file = NULL;
	bool failed = false;

	if (name == NULL) {
		return true;
	}
	file = fopen(name, "rb");
	if (file == NULL) {
		return complain(name, strerror(errno));
	}
	data = malloc(MAX_FILE_BYTES + 1U);
	if (data == NULL) {
		(void)fclose(file);
		return complain(name, "out of memory");
	}
	bytes->data = data;
	bytes->len = fread(data, 1, MAX_FILE_BYTES + 1U, file);
	failed = ferror(file) != 0;
	(void)fclose(file);
	if (failed) {
		return complain(name, "cannot be read");
	}
	return bytes->len <= MAX_FILE_BYTES || complain(name, "larger than 1 MiB");
}

bool files_read(const struct options *options, struct verify_input *input)
{
	*input = (struct verify_input){ 0 };
	for (unsigned int i = 0; i < VERIFY_NR_CERTS; i++) {
		if (!read_file(options->certs[i], &input->certs[i])) {
			return false;
		}
	}
	return read_file(options->report, &input->report) &&
	       read_file(options->table, &input->table) && read_file(options->root, &input->root) &&
	       read_file(options->nonce, &input->nonce) &&
	       read_file(options->manifest, &input->manifest);
}

static void free_span(struct verify_span *bytes)
{
	free((void *)(uintptr_t)bytes->data);
	*bytes = (struct verify_span){ NULL, 0U };
}

void files_free(struct verify_input *input)
{
	for (unsigned int i = 0; i < VERIFY_NR_CERTS; i++) {
		free_span(&input->certs[i]);
	}
	free_span(&input->report);
	free_span(&input->table);
	free_span(&input->root);
	free_span(&input->nonce);
	free_span(&input->manifest);
}

static bool write_bytes(const char *name, struct verify_span bytes)
{
	FILE *file = fopen(name, "wb");
	size_t written = 0;

	if (file == NULL) {
		return complain(name, strerror(errno));
	}
	written = fwrite(bytes.data, 1, bytes.len, file);
	if (fclose(file) != 0 || written != bytes.len) {
		return complain(name, "cannot be written");
	}
	return true;
}

bool files_extract(struct verify_span table, const char *directory)
{
	static const char *const names[VERIFY_NR_CERTS] = { "ark.der", "ask.der", "vcek.der" };
	char path[4096];

	for (unsigned int i = 0; i < VERIFY_NR_CERTS; i++) {
		struct verify_span cert;
		const int length = snprintf(path, sizeof(path), "%s/%s", directory, names[i]);

		if (length < 0 || (size_t)length >= sizeof(path)) {
			return complain(directory, "the name is too long");
		}
		if (verify_table_find(table, (enum verify_cert)i, false, &cert) == VERIFY_FOUND &&
		    !write_bytes(path, cert)) {
			return false;
		}
	}
	return true;
}

bool files_write_json(const struct verify_result *result, const char *name)
{
	FILE *file = fopen(name, "w");
	bool failed = false;

	if (file == NULL) {
		return complain(name, strerror(errno));
	}
	verify_print_json(result, file);
	failed = ferror(file) != 0;
	if (fclose(file) != 0 || failed) {
		return complain(name, "cannot be written");
	}
	return true;
}
