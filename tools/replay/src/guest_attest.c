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
#define OP_SERVICES_BYTES 0x40U
#define OP_SINGLE_BYTES 0x58U

static void put_buffer(uint8_t *at, const struct guest_attest_buffer *buffer, size_t size_bytes)
{
	memcpy(at, &buffer->gpa, sizeof(buffer->gpa));
	/* little-endian host and guest: the low bytes come first */
	memcpy(at + sizeof(buffer->gpa), &buffer->size, size_bytes);
}

enum hm_access guest_write_attest(struct guest *g, unsigned int vcpu, uint64_t gpa,
				  const struct guest_attest *attest)
{
	uint8_t op[OP_SINGLE_BYTES] = { 0 };

	put_buffer(op + OP_REPORT, &attest->report, sizeof(uint32_t));
	put_buffer(op + OP_NONCE, &attest->nonce, sizeof(uint16_t));
	put_buffer(op + OP_MANIFEST, &attest->manifest, sizeof(uint32_t));
	put_buffer(op + OP_CERTS, &attest->certs, sizeof(uint32_t));
	memcpy(op + OP_GUID, attest->guid, sizeof(attest->guid));
	memcpy(op + OP_VERSION, &attest->manifest_version, sizeof(attest->manifest_version));
	guest_select(g, vcpu);
	return hm_guest_write(g->machine, gpa, op,
			      attest->single ? OP_SINGLE_BYTES : OP_SERVICES_BYTES);
}
