/* SPDX-License-Identifier: Apache-2.0 */
#include "guest_attest.h"

#include <string.h>

/* Offsets and sizes of 58019 tables 19 and 22. */
#define OP_REPORT 0x00U
#define OP_NONCE 0x10U
#define OP_MANIFEST 0x20U
#define OP_CERTS 0x30U
#define OP_GUID 0x40U
#define OP_VERSION 0x50U

static void put_buffer(uint8_t *at, const struct guest_attest_buffer *buffer, size_t size_bytes)
{
	memcpy(at, &buffer->gpa, sizeof(buffer->gpa));
	/* little-endian host and guest: the low bytes come first */
	memcpy(at + sizeof(buffer->gpa), &buffer->size, size_bytes);
}

void guest_attest_format(const struct guest_attest *attest, uint8_t *op, size_t size)
{
	uint8_t whole[GUEST_ATTEST_SINGLE_BYTES] = { 0 };

	put_buffer(whole + OP_REPORT, &attest->report, sizeof(uint32_t));
	put_buffer(whole + OP_NONCE, &attest->nonce, sizeof(uint16_t));
	put_buffer(whole + OP_MANIFEST, &attest->manifest, sizeof(uint32_t));
	put_buffer(whole + OP_CERTS, &attest->certs, sizeof(uint32_t));
	memcpy(whole + OP_GUID, attest->guid, sizeof(attest->guid));
	memcpy(whole + OP_VERSION, &attest->manifest_version, sizeof(attest->manifest_version));
	memcpy(op, whole, size);
}

enum hm_access guest_write_attest(struct guest *g, unsigned int vcpu, uint64_t gpa,
				  const struct guest_attest *attest)
{
	const size_t size = attest->single ? GUEST_ATTEST_SINGLE_BYTES
					   : GUEST_ATTEST_SERVICES_BYTES;
	uint8_t op[GUEST_ATTEST_SINGLE_BYTES];

	guest_attest_format(attest, op, size);
	guest_select(g, vcpu);
	return hm_guest_write(g->machine, gpa, op, size);
}
