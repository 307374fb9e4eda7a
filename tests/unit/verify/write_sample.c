/* SPDX-License-Identifier: Apache-2.0 */

/* write_sample DIR: a sample as files, with authorities as AMD has them. */

#include <stdlib.h>
#include <string.h>

#include "sample.h"

static bool write_file(const char *directory, const char *name, const uint8_t *data, size_t len)
{
	char path[4096];
	FILE *file = NULL;
	bool written = false;

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "wb");
	if (file == NULL) {
		return false;
	}
	written = fwrite(data, 1, len, file) == len;
	return fclose(file) == 0 && written;
}

int main(int argc, char **argv)
{
	const struct sample_config config = { .ca = SAMPLE_RSA_PSS };
	struct sample *sample = NULL;
	bool ok = false;

	if (argc != 2) {
		return 2;
	}
	sample = sample_create(&config);
	ok = write_file(argv[1], "report", sample->report, sizeof(sample->report)) &&
	     write_file(argv[1], "table", sample->table, sample->table_len) &&
	     write_file(argv[1], "nonce", sample->nonce, sizeof(sample->nonce)) &&
	     write_file(argv[1], "manifest", sample->manifest, sizeof(sample->manifest));
	sample_destroy(sample);
	return ok ? 0 : 1;
}
