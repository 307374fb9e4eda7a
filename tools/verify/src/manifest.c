/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest.h"

#include <string.h>

#include "bytes.h"

/* Specification 58019 table 20. */
#define MANIFEST_LENGTH 0x10U
#define MANIFEST_COUNT 0x14U
#define MANIFEST_HEADER 0x18U
#define ENTRY_BYTES 24U
#define ENTRY_OFFSET 16U
#define ENTRY_LENGTH 20U

#define MANIFEST_GUID "63849ebb-3d92-4670-a1ff-58f9c94b87bb"

uint32_t manifest_nr_services(struct verify_span manifest)
{
	return bytes_le32(manifest.data + MANIFEST_COUNT);
}

struct manifest_service manifest_service(struct verify_span manifest, uint32_t index)
{
	const uint8_t *entry = manifest.data + MANIFEST_HEADER + (size_t)index * ENTRY_BYTES;
	const uint32_t offset = bytes_le32(entry + ENTRY_OFFSET);

	return (struct manifest_service){
		.guid = entry,
		.offset = offset,
		.data = { manifest.data + offset, bytes_le32(entry + ENTRY_LENGTH) },
	};
}

static const char *header_problem(struct verify_span manifest)
{
	uint8_t guid[VERIFY_GUID_BYTES];

	if (manifest.data == NULL || manifest.len < MANIFEST_HEADER) {
		return "shorter than its header (24 bytes)";
	}
	if (!verify_guid_parse(MANIFEST_GUID, guid) ||
	    memcmp(manifest.data, guid, sizeof(guid)) != 0) {
		return "not the GUID of a services manifest";
	}
	if (bytes_le32(manifest.data + MANIFEST_LENGTH) != manifest.len) {
		return "its length field is not its length";
	}
	if (manifest_nr_services(manifest) > (manifest.len - MANIFEST_HEADER) / ENTRY_BYTES) {
		return "more services than fit";
	}
	return NULL;
}

const char *manifest_problem(struct verify_span manifest)
{
	const char *problem = header_problem(manifest);
	size_t table_end = 0;
	size_t left = 0;
	uint32_t nr = 0;

	if (problem != NULL) {
		return problem;
	}
	nr = manifest_nr_services(manifest);
	table_end = MANIFEST_HEADER + (size_t)nr * ENTRY_BYTES;
	left = manifest.len - table_end;
	for (uint32_t i = 0; i < nr; i++) {
		const uint8_t *entry = manifest.data + MANIFEST_HEADER + (size_t)i * ENTRY_BYTES;
		const size_t offset = bytes_le32(entry + ENTRY_OFFSET);
		const size_t length = bytes_le32(entry + ENTRY_LENGTH);

		if (offset < table_end) {
			return "data of a service lies in the table";
		}
		if (offset > manifest.len || length > manifest.len - offset) {
			return "data of a service lies outside of the manifest";
		}
		/* Else thousands of services of one MiB each could be made of one MiB. */
		if (length > left) {
			return "data of services overlap";
		}
		left -= length;
	}
	return NULL;
}
