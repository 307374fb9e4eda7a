/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_SERVICES_H
#define SVSM_SERVICES_H

/*
 * Registry of the services that attestation describes (58019 sections 7.1, 7.2). Filled at boot,
 * read-only afterwards: readers need no protection. Services are kept in the order of their GUID
 * bytes, so one binary always produces its manifest in the same order.
 */

#include "attest_abi.h"

#define SVSM_SERVICES_MAX 8U
#define SVSM_MANIFEST_MAX 16384U

struct svsm_service {
	uint8_t guid[SVSM_GUID_BYTES]; /* as on the wire */
	/*
	 * Write the manifest of @version into @manifest (@size bytes) and return its length; more
	 * than @size: nothing written; 0: the version is not supported. Version 0 is the format
	 * that ATTEST_SERVICES uses. Runs on any vCPU, one at a time (the owner of the channel).
	 */
	size_t (*manifest)(uint32_t version, uint8_t *manifest, size_t size);
};

/* Boot only. Forget all services. */
void svsm_services_init(void);

/* Boot only. False: the registry is full, or the GUID is there already. @service must stay. */
bool svsm_service_register(const struct svsm_service *service);

/* The service with this GUID, or NULL. */
const struct svsm_service *svsm_service_find(const uint8_t guid[SVSM_GUID_BYTES]);

/*
 * Assemble the services manifest (Table 20) into @manifest; returns its length, or 0 if it does not
 * fit @size or a service fails.
 */
size_t svsm_services_manifest(uint8_t *manifest, size_t size);

#endif
