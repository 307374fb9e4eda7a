/* SPDX-License-Identifier: Apache-2.0 */
#include "attest_op.h"

#include <string.h>

#include "certs.h"
#include "crypto.h"
#include "guest_message.h"
#include "guestmem.h"
#include "op_list.h"
#include "ownmap.h"
#include "range.h"
#include "svsm_abi.h"

/* Buffers of the one call that owns the channel: attestation has one request at a time. */
static struct {
	uint8_t manifest[SVSM_MANIFEST_MAX];
	uint8_t nonce[SVSM_PAGE_SIZE];
	uint8_t certs[ARCH_PSP_CERT_PAGES * SVSM_PAGE_SIZE];
	struct svsm_report report;
} work;

uint32_t svsm_attest_fetch(struct svsm_call *call, size_t bytes, struct svsm_attest_op *op)
{
	const gpa_t at = gpa_make(call->in.rcx);
	struct svsm_range range;

	if (!gpa_aligned(at, sizeof(uint64_t)) || gpa_offset(at) + bytes > SVSM_PAGE_SIZE) {
		return SVSM_ERR_INVALID_PARAMETER;
	}
	if (!svsm_range_make(at, bytes, &range) || svsm_in_call_header(call, at)) {
		return SVSM_ERR_INVALID_ADDRESS;
	}
	memset(op, 0, sizeof(*op));
	return svsm_copy_result(svsm_guest_read(call->cpu, call->ca, op, at, bytes));
}

/* The four buffers and the structure as byte ranges; size 0: absent. */
struct span {
	uint64_t start;
	uint64_t len;
};

static bool spans_overlap(const struct span *a, const struct span *b)
{
	/* Differences, not sums: nothing here is range-checked yet. */
	return a->len != 0U && b->len != 0U &&
	       (a->start <= b->start ? b->start - a->start < a->len : a->start - b->start < b->len);
}

/*
 * Output buffers may overlap neither each other nor what is still to be read (nonce) or was (the
 * structure).
 */
static bool outputs_overlap(const struct svsm_call *call, size_t bytes,
			    const struct svsm_attest_op *op)
{
	const struct span spans[] = {
		{ op->report_gpa, op->report_size },
		{ op->manifest_gpa, op->manifest_size },
		{ op->certs_gpa, op->certs_size },
		{ op->nonce_gpa, op->nonce_size },
		{ call->in.rcx, bytes },
	};
	const size_t outputs = 3U;

	for (size_t i = 0U; i < outputs; i++) {
		for (size_t j = i + 1U; j < sizeof(spans) / sizeof(spans[0]); j++) {
			if (spans_overlap(&spans[i], &spans[j])) {
				return true;
			}
		}
	}
	return false;
}

uint32_t svsm_attest_check_format(const struct svsm_call *call, size_t bytes,
				  const struct svsm_attest_op *op)
{
	static const uint8_t zeros[sizeof(op->reserved_01a)];
	const bool services = bytes == SVSM_ATTEST_SERVICES_BYTES;

	if (op->reserved_00c != 0U || op->reserved_02c != 0U || op->reserved_03c != 0U ||
	    op->reserved_054 != 0U ||
	    (services && memcmp(op->reserved_01a, zeros, sizeof(zeros)) != 0)) {
		return SVSM_ERR_INVALID_PARAMETER;
	}
	if (!gpa_aligned(gpa_make(op->report_gpa), SVSM_PAGE_SIZE) ||
	    !gpa_aligned(gpa_make(op->manifest_gpa), SVSM_PAGE_SIZE) ||
	    (op->certs_size != 0U && !gpa_aligned(gpa_make(op->certs_gpa), SVSM_PAGE_SIZE))) {
		return SVSM_ERR_INVALID_PARAMETER;
	}
	if (op->nonce_size != 0U &&
	    gpa_offset(gpa_make(op->nonce_gpa)) + op->nonce_size > SVSM_PAGE_SIZE) {
		return SVSM_ERR_INVALID_PARAMETER;
	}
	return outputs_overlap(call, bytes, op) ? SVSM_ERR_INVALID_PARAMETER : SVSM_SUCCESS;
}

/* A size of 0 is a question for the size, not an address. */
static uint32_t check_buffer(struct svsm_call *call, uint64_t gpa, uint64_t size)
{
	struct svsm_range range;

	if (size == 0U) {
		return SVSM_SUCCESS;
	}
	if (!svsm_range_make(gpa_make(gpa), size, &range)) {
		return SVSM_ERR_INVALID_ADDRESS;
	}
	switch (svsm_map_state_range(call->cpu, range.start, range.len)) {
	case SVSM_PAGE_VALID:
		return SVSM_SUCCESS;
	case SVSM_PAGE_CLAIMED:
		return SVSM_ERR_BUSY;
	case SVSM_PAGE_INVALID:
	case SVSM_PAGE_PRIVATE:
	case SVSM_PAGE_ABSENT:
	case SVSM_PAGE_MIXED:
		break;
	}
	return SVSM_ERR_INVALID_ADDRESS;
}

/*
 * The nonce is only read: it may lie in the caller's own calling area, as Linux's structure does.
 */
static uint32_t check_nonce(struct svsm_call *call, const struct svsm_attest_op *op)
{
	const gpa_t gpa = gpa_make(op->nonce_gpa);

	if (op->nonce_size != 0U && gpa_equal(gpa_page(gpa), call->ca)) {
		return svsm_in_call_header(call, gpa) ? SVSM_ERR_INVALID_ADDRESS : SVSM_SUCCESS;
	}
	return check_buffer(call, op->nonce_gpa, op->nonce_size);
}

uint32_t svsm_attest_check_pages(struct svsm_call *call, const struct svsm_attest_op *op)
{
	uint32_t result = check_buffer(call, op->report_gpa, op->report_size);

	if (result == SVSM_SUCCESS) {
		result = check_buffer(call, op->manifest_gpa, op->manifest_size);
	}
	if (result == SVSM_SUCCESS) {
		result = check_buffer(call, op->certs_gpa, op->certs_size);
	}
	return result == SVSM_SUCCESS ? check_nonce(call, op) : result;
}

static void answer_size(struct svsm_call *call, enum arch_call_out reg, uint64_t *slot,
			uint64_t size)
{
	call->answer.out |= reg;
	*slot = size;
}

/* Read the nonce and ask for the report over SHA-512(nonce || manifest). */
static uint32_t request_report(struct svsm_call *call, const struct svsm_attest_op *op,
			       size_t manifest_size)
{
	uint8_t digest[SVSM_SHA512_BYTES];
	uint32_t result = SVSM_SUCCESS;

	if (op->nonce_size != 0U) {
		result = svsm_copy_result(svsm_guest_read(call->cpu, call->ca, work.nonce,
							  gpa_make(op->nonce_gpa), op->nonce_size));
	}
	if (result != SVSM_SUCCESS) {
		return result;
	}
	svsm_sha512(work.nonce, op->nonce_size, work.manifest, manifest_size, digest);
	switch (svsm_channel_report(digest, op->certs_size != 0U, &work.report)) {
	case SVSM_MESSAGE_OK:
		return SVSM_SUCCESS;
	case SVSM_MESSAGE_BUSY:
		return SVSM_ERR_BUSY;
	case SVSM_MESSAGE_FAILED:
		break;
	}
	return SVSM_ERR_ATTEST_FAILED;
}

/* Certificates are host data and optional: a malformed table counts as none. Returns their size. */
static uint64_t fetch_certs(void)
{
	if (!work.report.certs) {
		return work.report.certs_need;
	}
	arch_psp_certs(work.certs, sizeof(work.certs));
	return svsm_certs_size(work.certs, sizeof(work.certs));
}

static uint32_t write_answer(struct svsm_call *call, const struct svsm_attest_op *op,
			     size_t manifest_size, size_t certs_size)
{
	enum svsm_copy copy = svsm_guest_write_pages(call->cpu, call->ca, gpa_make(op->report_gpa),
						     work.report.bytes, work.report.size);

	if (copy == SVSM_COPY_OK) {
		copy = svsm_guest_write_pages(call->cpu, call->ca, gpa_make(op->manifest_gpa),
					      work.manifest, manifest_size);
	}
	if (copy == SVSM_COPY_OK) {
		copy = svsm_guest_write_pages(call->cpu, call->ca, gpa_make(op->certs_gpa),
					      work.certs, certs_size);
	}
	return svsm_copy_result(copy);
}

/*
 * The channel is owned. Sizes are answered in the order of section 7.1: manifest, certificates,
 * report.
 */
static uint32_t answer(struct svsm_call *call, const struct svsm_attest_op *op,
		       svsm_manifest_source *source)
{
	const size_t manifest_size = source(op, work.manifest, sizeof(work.manifest));
	uint64_t certs_size = 0U;
	uint32_t result = SVSM_SUCCESS;

	if (manifest_size == 0U) {
		/* A service failed, or its manifest is too large: not the caller's mistake. */
		return SVSM_ERR_ATTEST_FAILED;
	}
	if (manifest_size > op->manifest_size) {
		answer_size(call, ARCH_CALL_RCX, &call->answer.rcx, manifest_size);
		return SVSM_ERR_INVALID_PARAMETER;
	}
	result = request_report(call, op, manifest_size);
	if (result != SVSM_SUCCESS) {
		return result;
	}
	certs_size = fetch_certs();
	answer_size(call, ARCH_CALL_RCX, &call->answer.rcx, manifest_size);
	if (op->certs_size != 0U) {
		answer_size(call, ARCH_CALL_RDX, &call->answer.rdx, certs_size);
	}
	if (certs_size > op->certs_size) {
		return SVSM_ERR_INVALID_PARAMETER;
	}
	answer_size(call, ARCH_CALL_R8, &call->answer.r8, work.report.size);
	if (work.report.size > op->report_size) {
		return SVSM_ERR_INVALID_PARAMETER;
	}
	/* Room that only the guest has: this SVSM's shared memory for certificates is smaller. */
	result = work.report.certs_need != 0U
			 ? SVSM_ERR_ATTEST_FAILED
			 : write_answer(call, op, manifest_size, (size_t)certs_size);
	answer_size(call, ARCH_CALL_RDX, &call->answer.rdx, certs_size);
	if (result != SVSM_SUCCESS) {
		/* A guest that was told BUSY may issue the same registers again. */
		call->answer.out = 0U;
	}
	return result;
}

uint32_t svsm_attest_answer(struct svsm_call *call, const struct svsm_attest_op *op,
			    svsm_manifest_source *source)
{
	uint32_t result = SVSM_SUCCESS;

	switch (svsm_channel_take()) {
	case SVSM_CHANNEL_TAKEN:
		break;
	case SVSM_CHANNEL_BUSY:
		return SVSM_ERR_BUSY;
	case SVSM_CHANNEL_DEAD:
		return SVSM_ERR_ATTEST_FAILED;
	}
	result = answer(call, op, source);
	svsm_channel_release();
	return result;
}
