/* SPDX-License-Identifier: Apache-2.0 */
#include "service.h"

#include <string.h>

#include "bytes.h"

enum service { SERVICE_UNKNOWN, SERVICE_VTPM, SERVICE_APIC, SERVICE_MM };

static const struct {
	const char *guid;
	const char *name;
	enum service service;
} known[] = {
	{ "c476f1eb-0123-45a5-9641-b4e7dde5bfe3", "vTPM", SERVICE_VTPM },
	{ "a1a3ede3-bae9-42c1-97b5-6b75133af830", "APIC emulation", SERVICE_APIC },
	{ "a4453a59-9e1b-4787-a033-1986d6adbe55", "UEFI management mode", SERVICE_MM },
};

#define NR_KNOWN (sizeof(known) / sizeof(known[0]))

static size_t find(const uint8_t guid[VERIFY_GUID_BYTES])
{
	char text[GUID_TEXT];
	size_t i = 0;

	guid_text(text, guid);
	while (i < NR_KNOWN && strcmp(known[i].guid, text) != 0) {
		i++;
	}
	return i;
}

static enum service service_of(const uint8_t guid[VERIFY_GUID_BYTES])
{
	const size_t i = find(guid);

	return i < NR_KNOWN ? known[i].service : SERVICE_UNKNOWN;
}

const char *service_name(const uint8_t guid[VERIFY_GUID_BYTES])
{
	const size_t i = find(guid);

	return i < NR_KNOWN ? known[i].name : "unknown";
}

/* TPMT_PUBLIC begins with type and name algorithm, big-endian (TPM 2.0 part 2). */
static void describe_key(struct verify_span data, char *out, size_t size)
{
	unsigned int type = 0;

	if (data.len < 4U) {
		(void)snprintf(out, size, "too short for a TPMT_PUBLIC");
		return;
	}
	type = bytes_be16(data.data);
	(void)snprintf(out, size, "endorsement key, type 0x%04x%s, name algorithm 0x%04x", type,
		       type == 1U      ? " (RSA)"
		       : type == 0x23U ? " (ECC)"
				       : "",
		       bytes_be16(data.data + 2));
}

/* Specification 58019 table 31: version, count, and that many TPM2B_PUBLIC. */
static void describe_keys(struct verify_span data, char *out, size_t size)
{
	size_t at = 8;
	uint32_t nr = 0;

	while (data.len >= at + 2U) {
		const size_t length = bytes_be16(data.data + at);

		if (length > data.len - at - 2U) {
			break;
		}
		at += 2U + length;
		nr++;
	}
	if (data.len < 8U || at != data.len || nr != bytes_le32(data.data + 4)) {
		(void)snprintf(out, size, "not a list of TPM2B_PUBLIC");
	} else {
		(void)snprintf(out, size, "%u keys (TPM2B_PUBLIC)", nr);
	}
}

/* Specification 58019 tables 42 and 45: version and flags. */
static void describe_flags(struct verify_span data, const char *const names[3], char *out,
			   size_t size)
{
	uint32_t flags = 0;
	int used = 0;

	if (data.len != 8U) {
		(void)snprintf(out, size, "not 8 bytes of version and flags");
		return;
	}
	flags = bytes_le32(data.data + 4);
	used = snprintf(out, size, "version %u, flags 0x%x", bytes_le32(data.data), flags);
	for (unsigned int bit = 0; bit < 3U; bit++) {
		if ((flags >> bit & 1U) != 0U && used > 0 && (size_t)used < size) {
			used += snprintf(out + used, size - (size_t)used, ", %s", names[bit]);
		}
	}
}

void service_describe(const uint8_t guid[VERIFY_GUID_BYTES], uint32_t version,
		      struct verify_span data, char *out, size_t size)
{
	static const char *const apic[3] = { "timer", "INIT and SIPI", "bit 2" };
	static const char *const mm[3] = { "persistent variables", "secure boot",
					   "updatable secure boot databases" };

	*out = '\0';
	switch (service_of(guid)) {
	case SERVICE_VTPM:
		if (version == 0U) {
			describe_key(data, out, size);
		} else if (version == 1U) {
			describe_keys(data, out, size);
		}
		break;
	case SERVICE_APIC:
		describe_flags(data, apic, out, size);
		break;
	case SERVICE_MM:
		describe_flags(data, mm, out, size);
		break;
	case SERVICE_UNKNOWN:
		break;
	}
}

const char *service_version_problem(const uint8_t guid[VERIFY_GUID_BYTES], uint32_t version,
				    struct verify_span data)
{
	const enum service service = service_of(guid);

	if (service == SERVICE_UNKNOWN || (service == SERVICE_VTPM && version == 0U)) {
		return NULL;
	}
	if (data.len < 4U) {
		return "too short for the version it must carry";
	}
	return bytes_le32(data.data) == version ? NULL : "carries another version";
}
