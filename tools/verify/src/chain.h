/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CHAIN_H
#define CHAIN_H

#include "certs.h"

/* Each returns what is wrong, or NULL. @cert and @issuer are loaded. */

/* @cert may sign certificates, with a key of AMD's strength. */
const char *chain_ca_problem(const struct cert *cert);

/* The key of a VCEK or VLEK: EC on P-384, and no authority. */
const char *chain_leaf_problem(const struct cert *cert);

/* @cert names @issuer, and @issuer signed it with SHA-384. */
const char *chain_signature_problem(const struct cert *cert, const struct cert *issuer);

/* @cert is valid at @at, seconds since 1970-01-01T00:00Z. */
const char *chain_validity_problem(const struct cert *cert, int64_t at);

#endif
