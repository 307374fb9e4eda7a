/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPLAY_GUEST_ATTEST_H
#define REPLAY_GUEST_ATTEST_H

/* The attestation calls of a guest (58019 section 7), in its own words: it shares no definition
 * with the SVSM that it judges. */

#include "guest.h"

#define GUEST_ATTEST_SERVICES (UINT64_C(1) << 32)

struct guest_attest_buffer {
	uint64_t gpa;
	uint32_t size;
};

struct guest_attest {
	struct guest_attest_buffer report, nonce, manifest, certs;
	bool single; /* the structure of ATTEST_SINGLE_SERVICE, which has the next two */
	uint8_t guid[16];
	uint32_t manifest_version;
};

#define GUEST_ATTEST_SERVICES_BYTES 0x40U
#define GUEST_ATTEST_SINGLE_BYTES 0x58U

/* The first @size bytes of the operation structure (58019 tables 19 and 22); at most
 * GUEST_ATTEST_SINGLE_BYTES. */
void guest_attest_format(const struct guest_attest *attest, uint8_t *op, size_t size);

/* The operation structure at @gpa, written by @vcpu. */
enum hm_access guest_write_attest(struct guest *g, unsigned int vcpu, uint64_t gpa,
				  const struct guest_attest *attest);

#endif
