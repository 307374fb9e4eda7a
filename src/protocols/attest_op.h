/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_ATTEST_OP_H
#define SVSM_ATTEST_OP_H

/*
 * What the two attestation calls share (58019 Tables 19 and 22): fetching the structure, checking
 * it, and the answer.
 */

#include "attest_abi.h"
#include "protocols.h"
#include "services.h"

#define SVSM_ERR_ATTEST_FAILED                                                                     \
	UINT32_C(0x80001000) /* the attestation request failed (section 7.1) */

/*
 * Copy the structure that RCX names, once. @bytes: SVSM_ATTEST_SERVICES_BYTES or _SINGLE_BYTES.
 * INVALID_PARAMETER: misaligned, or it crosses a 4 KiB boundary; INVALID_ADDRESS; BUSY.
 */
uint32_t svsm_attest_fetch(struct svsm_call *call, size_t bytes, struct svsm_attest_op *op);

/*
 * Format: reserved fields, alignment of the buffers, a nonce across a 4 KiB boundary, overlaps.
 * Pure.
 */
uint32_t svsm_attest_check_format(const struct svsm_call *call, size_t bytes,
				  const struct svsm_attest_op *op);

/* Every page of every buffer must be the guest's. INVALID_ADDRESS, or BUSY. */
uint32_t svsm_attest_check_pages(struct svsm_call *call, const struct svsm_attest_op *op);

/* Writes a manifest of at most @size bytes; returns its length, 0 if there is none. */
typedef size_t svsm_manifest_source(const struct svsm_attest_op *op, uint8_t *manifest,
				    size_t size);

/*
 * The request itself, once the structure is checked: manifest, digest, report, certificates,
 * answer.
 */
uint32_t svsm_attest_answer(struct svsm_call *call, const struct svsm_attest_op *op,
			    svsm_manifest_source *source);

#endif
