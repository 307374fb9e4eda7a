/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MANIFEST_H
#define MANIFEST_H

#include "verify.h"

/* One entry of a services manifest, specification 58019 table 20. */
struct manifest_service {
	const uint8_t *guid;
	uint32_t offset;
	struct verify_span data;
};

/* What is wrong with the structure of a services manifest, or NULL. */
const char *manifest_problem(struct verify_span manifest);

/* For a manifest without a problem. */
uint32_t manifest_nr_services(struct verify_span manifest);
/* @index below manifest_nr_services(). */
struct manifest_service manifest_service(struct verify_span manifest, uint32_t index);

#endif
