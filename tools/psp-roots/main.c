/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Keys and certificates of ARK and ASK for the security processor of the emulated machine, which is
 * too slow to make RSA keys itself, and the ARK alone for those who verify its reports. Whoever has
 * the first file can sign anything for this test platform: it is for its owner only.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "psp.h"

#define ROOTS_MAX 8192U
#define EXIT_USAGE 2

static bool write_all(int fd, const uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t done = write(fd, data, len);

		if (done < 0 && errno != EINTR) {
			return false;
		}
		if (done > 0) {
			data += done;
			len -= (size_t)done;
		}
	}
	return true;
}

static bool write_file(const char *path, const uint8_t *data, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	bool done = fd >= 0 && write_all(fd, data, len);

	if (fd >= 0 && close(fd) != 0) {
		done = false;
	}
	if (!done) {
		fprintf(stderr, "phalanx-psp-roots: %s: %s\n", path, strerror(errno));
	}
	return done;
}

static bool write_ark(const char *path)
{
	const struct psp_config defaults = { .policy = PSP_POLICY_DEFAULT };
	struct psp *psp = psp_create(&defaults);
	const uint8_t *der;
	size_t len;
	bool done;

	der = psp ? psp_cert_der(psp, PSP_CERT_ARK, &len) : NULL;
	if (!der) {
		fprintf(stderr, "phalanx-psp-roots: out of memory\n");
		psp_destroy(psp);
		return false;
	}
	done = write_file(path, der, len, S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH);
	psp_destroy(psp);
	return done;
}

int main(int argc, char **argv)
{
	static uint8_t roots[ROOTS_MAX];
	size_t len;

	if (argc != 3) {
		fprintf(stderr,
			"usage: phalanx-psp-roots ROOTS ARK\n"
			"Make keys and certificates (ROOTS, private) and the root certificate "
			"in DER (ARK).\n");
		return EXIT_USAGE;
	}
	len = psp_roots_save(roots, sizeof(roots));
	if (len == 0) {
		fprintf(stderr, "phalanx-psp-roots: the keys cannot be made\n");
		return 1;
	}
	return write_file(argv[1], roots, len, S_IRUSR | S_IWUSR) && write_ark(argv[2]) ? 0 : 1;
}
