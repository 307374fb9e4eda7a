/* SPDX-License-Identifier: Apache-2.0 */
#include "signature.h"

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "bytes.h"
#include "report.h"

#define ALGO_ECDSA_P384_SHA384 1U

const char *signature_format_problem(const uint8_t report[VERIFY_REPORT_BYTES])
{
	if (bytes_le32(report + REPORT_SIGNATURE_ALGO) != ALGO_ECDSA_P384_SHA384) {
		return "the algorithm is not 1 (ECDSA P-384 with SHA-384)";
	}
	if (!bytes_zero(report + REPORT_SIGNATURE_END,
			VERIFY_REPORT_BYTES - REPORT_SIGNATURE_END)) {
		return "reserved bytes after R and S are not zero";
	}
	return NULL;
}

const char *signature_problem(const uint8_t report[VERIFY_REPORT_BYTES], const struct cert *leaf)
{
	const EC_KEY *ec = leaf->key == NULL ? NULL : EVP_PKEY_get0_EC_KEY(leaf->key);
	/* All 72 bytes each: a number above the order of the curve is refused, not cut. */
	BIGNUM *r = BN_le2bn(report + REPORT_R, REPORT_SCALAR_BYTES, NULL);
	BIGNUM *s = BN_le2bn(report + REPORT_S, REPORT_SCALAR_BYTES, NULL);
	ECDSA_SIG *signature = ECDSA_SIG_new();
	uint8_t digest[SHA384_DIGEST_LENGTH];
	bool right = false;

	SHA384(report, VERIFY_SIGNED_BYTES, digest);
	if (r != NULL && s != NULL && signature != NULL && ECDSA_SIG_set0(signature, r, s) == 1) {
		r = NULL;
		s = NULL;
		right = ec != NULL && ECDSA_do_verify(digest, sizeof(digest), signature, ec) == 1;
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(signature);
	return right ? NULL : "wrong signature";
}
