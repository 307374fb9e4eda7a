/* SPDX-License-Identifier: Apache-2.0 */
#include "psp_guest.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/x509.h>

#define SAVED_MAX 8192U

/* Roots belong to a process: another one makes them, as another program would. */
static size_t roots_of_another_process(uint8_t saved[SAVED_MAX])
{
	int ends[2], status = -1;
	size_t len = 0;
	ssize_t got;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		len = psp_roots_save(saved, SAVED_MAX);
		_exit(len == 0U || write(ends[1], saved, len) != (ssize_t)len);
	}
	(void)close(ends[1]);
	while ((got = read(ends[0], saved + len, SAVED_MAX - len)) > 0) {
		len += (size_t)got;
	}
	(void)close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	return len;
}

/* Result of psp_roots_load() in a process of its own. */
static bool loads(const uint8_t *saved, size_t len)
{
	int status = -1;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		_exit(psp_roots_load(saved, len) ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status) == 0;
}

static X509 *certificate(const struct psp *psp, enum psp_cert which)
{
	size_t len = 0;
	const uint8_t *der = psp_cert_der(psp, which, &len);

	assert_non_null(der);
	return d2i_X509(NULL, &der, (long)len);
}

static bool signed_by(X509 *cert, X509 *issuer)
{
	EVP_PKEY *key = X509_get_pubkey(issuer);
	bool ok = X509_verify(cert, key) == 1;

	EVP_PKEY_free(key);
	return ok;
}

/* Loaded roots sign VCEKs that verify under the saved certificates (57230). */
static void test_load(void **state)
{
	uint8_t saved[SAVED_MAX];
	size_t len = roots_of_another_process(saved);
	struct psp *psp;
	X509 *ark, *ask, *vcek;

	(void)state;
	assert_false(loads(saved, 0));
	assert_false(loads(saved, len - 1U));
	assert_false(loads(saved + 1, len - 1U));
	assert_true(psp_roots_load(saved, len));
	assert_false(psp_roots_load(saved, len));
	psp = guest_psp();
	ark = certificate(psp, PSP_CERT_ARK);
	ask = certificate(psp, PSP_CERT_ASK);
	vcek = certificate(psp, PSP_CERT_VCEK);
	assert_true(signed_by(ark, ark));
	assert_true(signed_by(ask, ark));
	assert_true(signed_by(vcek, ask));
	X509_free(ark);
	X509_free(ask);
	X509_free(vcek);
	psp_destroy(psp);
}

/* A buffer that is too small takes nothing. */
static void test_save_bounds(void **state)
{
	uint8_t saved[SAVED_MAX];
	size_t len = psp_roots_save(saved, sizeof(saved));

	(void)state;
	assert_true(len > 0U);
	assert_int_equal(psp_roots_save(saved, len), len);
	assert_int_equal(psp_roots_save(saved, len - 1U), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_save_bounds),
	};

	return cmocka_run_group_tests_name("psp_roots (57230)", tests, NULL, NULL);
}
