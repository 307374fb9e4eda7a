/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CERTS_H
#define CERTS_H

#include <openssl/x509.h>

#include "verify.h"

/* Real ones have less than 2 KiB. */
#define VERIFY_MAX_CERT_BYTES (64U << 10)

struct cert {
	X509 *x509;    /* owned; NULL: none, or malformed */
	EVP_PKEY *key; /* owned; NULL: unreadable */
	uint8_t *der;  /* owned, of OPENSSL_malloc */
	size_t len;
};

/* Read one certificate, DER or PEM, with nothing after a DER. False: @cert is empty. */
bool cert_load(struct verify_span bytes, struct cert *cert);
void cert_free(struct cert *cert);
bool cert_same(const struct cert *a, const struct cert *b);
void cert_describe(const struct cert *cert, struct verify_cert_info *info);

#endif
