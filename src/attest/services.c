/* SPDX-License-Identifier: Apache-2.0 */
#include "services.h"

#include <string.h>

/* Written at boot only; ascending by GUID. */
static const struct svsm_service *services[SVSM_SERVICES_MAX];
static unsigned int nr_services;

static const uint8_t manifest_guid[SVSM_GUID_BYTES] = SVSM_MANIFEST_GUID;

void svsm_services_init(void)
{
	nr_services = 0U;
}

bool svsm_service_register(const struct svsm_service *service)
{
	unsigned int at = nr_services;

	if (nr_services == SVSM_SERVICES_MAX || svsm_service_find(service->guid) != NULL) {
		return false;
	}
	while (at > 0U && memcmp(services[at - 1U]->guid, service->guid, SVSM_GUID_BYTES) > 0) {
		services[at] = services[at - 1U];
		at--;
	}
	services[at] = service;
	nr_services++;
	return true;
}

const struct svsm_service *svsm_service_find(const uint8_t guid[SVSM_GUID_BYTES])
{
	for (unsigned int i = 0U; i < nr_services; i++) {
		if (memcmp(services[i]->guid, guid, SVSM_GUID_BYTES) == 0) {
			return services[i];
		}
	}
	return NULL;
}

size_t svsm_services_manifest(uint8_t *manifest, size_t size)
{
	struct svsm_manifest_head head = { .services = nr_services };
	size_t at = sizeof(head) + nr_services * sizeof(struct svsm_manifest_entry);

	if (at > size) {
		return 0U;
	}
	for (unsigned int i = 0U; i < nr_services; i++) {
		struct svsm_manifest_entry entry = { .offset = (uint32_t)at };
		const size_t len = services[i]->manifest(0U, &manifest[at], size - at);

		if (len == 0U || len > size - at) {
			return 0U;
		}
		memcpy(entry.guid, services[i]->guid, SVSM_GUID_BYTES);
		entry.length = (uint32_t)len;
		memcpy(&manifest[sizeof(head) + i * sizeof(entry)], &entry, sizeof(entry));
		at += len;
	}
	memcpy(head.guid, manifest_guid, SVSM_GUID_BYTES);
	head.length = (uint32_t)at;
	memcpy(manifest, &head, sizeof(head));
	return at;
}
