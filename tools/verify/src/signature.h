/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNATURE_H
#define SIGNATURE_H

#include "certs.h"

/* Form of the signature field, without its value. Returns what is wrong, or NULL. */
const char *signature_format_problem(const uint8_t report[VERIFY_REPORT_BYTES]);

/* ECDSA P-384 with SHA-384 over the raw signed bytes of @report, by the key of @leaf. */
const char *signature_problem(const uint8_t report[VERIFY_REPORT_BYTES], const struct cert *leaf);

#endif
