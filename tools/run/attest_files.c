/* SPDX-License-Identifier: Apache-2.0 */
#include "attest_files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const names[] = { "report.bin",  "nonce.bin", "manifest.bin", "certs.bin",
				     "changed.bin", "ark.der",	 "ask.der",	 "vcek.der" };

static bool complain(const char *path)
{
	(void)fprintf(stderr, "phalanx-run: cannot write %s: %s\n", path, strerror(errno));
	return false;
}

static bool join(char *path, const char *directory, const char *name)
{
	const int length = snprintf(path, ATTEST_PATH, "%s/%s", directory, name);

	errno = ENAMETOOLONG;
	return length > 0 && (unsigned int)length < ATTEST_PATH;
}

static bool make_directory(const char *path)
{
	return mkdir(path, 0777) == 0 || errno == EEXIST || complain(path);
}

bool attest_files_open(const char *named, struct attest *attest)
{
	const char *base = getenv("TMPDIR");

	attest->kept = named != NULL;
	if (named != NULL) {
		(void)snprintf(attest->directory, sizeof(attest->directory), "%s", named);
		errno = ENAMETOOLONG;
		return strlen(named) < sizeof(attest->directory) ? make_directory(named)
								 : complain(named);
	}
	base = base == NULL || *base == '\0' ? "/tmp" : base;
	if (!join(attest->directory, base, "phalanx-attest-XXXXXX") ||
	    mkdtemp(attest->directory) == NULL) {
		return complain(attest->directory);
	}
	return true;
}

bool attest_files_directory(const struct attest *attest, unsigned int version, char *path)
{
	char name[16];

	(void)snprintf(name, sizeof(name), "v%u", version);
	return join(path, attest->directory, name) && make_directory(path);
}

static bool write_file(const char *directory, const char *name, const uint8_t *data, size_t len)
{
	char path[ATTEST_PATH];
	FILE *file = NULL;
	bool ok = false;

	if (!join(path, directory, name)) {
		return complain(directory);
	}
	file = fopen(path, "wb");
	if (file == NULL) {
		return complain(path);
	}
	ok = fwrite(data, 1U, len, file) == len;
	return (fclose(file) == 0 && ok) || complain(path);
}

/* A certificate that the host's table does not have is an empty file: openssl will say so. */
static bool write_cert(const char *directory, const char *name,
		       const struct attest_evidence *evidence, enum verify_cert which)
{
	const struct verify_span table = { evidence->certs, evidence->certs_size };
	struct verify_span cert = { evidence->certs, 0U };

	if (verify_table_find(table, which, false, &cert) != VERIFY_FOUND) {
		cert = (struct verify_span){ evidence->certs, 0U };
	}
	return write_file(directory, name, cert.data, cert.len);
}

bool attest_files_write(const char *directory, const struct attest_evidence *evidence,
			unsigned int changed_bit)
{
	uint8_t changed[ATTEST_REPORT_ROOM];

	memcpy(changed, evidence->report, sizeof(changed));
	changed[changed_bit / 8U] ^= (uint8_t)(1U << changed_bit % 8U);
	return write_file(directory, "report.bin", evidence->report, evidence->report_size) &&
	       write_file(directory, "changed.bin", changed, evidence->report_size) &&
	       write_file(directory, "nonce.bin", evidence->nonce, sizeof(evidence->nonce)) &&
	       write_file(directory, "manifest.bin", evidence->manifest, evidence->manifest_size) &&
	       write_file(directory, "certs.bin", evidence->certs, evidence->certs_size) &&
	       write_file(directory, "ark.der", evidence->root, evidence->root_size) &&
	       write_cert(directory, "ask.der", evidence, VERIFY_ASK) &&
	       write_cert(directory, "vcek.der", evidence, VERIFY_LEAF);
}

void attest_files_close(const struct attest *attest)
{
	char directory[ATTEST_PATH];
	char path[ATTEST_PATH];

	if (attest->kept) {
		return;
	}
	for (unsigned int i = 0; i < attest->nr; i++) {
		if (!attest_files_directory(attest, attest->report[i].version, directory)) {
			continue;
		}
		for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
			if (join(path, directory, names[n])) {
				(void)unlink(path);
			}
		}
		(void)rmdir(directory);
	}
	(void)rmdir(attest->directory);
}
