/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CHECKS_H
#define CHECKS_H

#include "certs.h"

/* One verification. Checks on the report are for a result with report_parsed. */
struct context {
	const struct verify_input *input;
	const struct verify_expect *expect;
	struct verify_result *result;
	struct cert certs[VERIFY_NR_CERTS];
	struct cert root;
};

/* ARK, ASK and leaf: presence, form, signatures, root, validity, and the leaf's extensions. */
void check_certs(struct context *c);

/* The signature of the report, and that it is by the leaf of this chip and TCB. */
void check_signature(struct context *c);

/* REPORT_DATA, VMPL, measurement, host data, policy, TCB. */
void check_expectations(struct context *c);

void check_manifest(struct context *c);

#endif
