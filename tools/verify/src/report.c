/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include "bytes.h"

#define ALWAYS 0U, UINT8_MAX

const struct report_field report_fields[] = {
	{ "version", 0x00, 4, ALWAYS, FIELD_NUMBER },
	{ "guest_svn", 0x04, 4, ALWAYS, FIELD_NUMBER },
	{ "policy", 0x08, 8, ALWAYS, FIELD_POLICY },
	{ "family_id", 0x10, 16, ALWAYS, FIELD_BYTES },
	{ "image_id", 0x20, 16, ALWAYS, FIELD_BYTES },
	{ "vmpl", 0x30, 4, ALWAYS, FIELD_NUMBER },
	{ "signature_algo", 0x34, 4, ALWAYS, FIELD_NUMBER },
	{ "current_tcb", 0x38, 8, ALWAYS, FIELD_TCB },
	{ "platform_info", 0x40, 8, ALWAYS, FIELD_PLATFORM },
	{ "key_info", 0x48, 4, ALWAYS, FIELD_KEY_INFO },
	{ "reserved_4c", 0x4c, 4, ALWAYS, FIELD_RESERVED },
	{ "report_data", 0x50, 64, ALWAYS, FIELD_BYTES },
	{ "measurement", 0x90, 48, ALWAYS, FIELD_BYTES },
	{ "host_data", 0xc0, 32, ALWAYS, FIELD_BYTES },
	{ "id_key_digest", 0xe0, 48, ALWAYS, FIELD_BYTES },
	{ "author_key_digest", 0x110, 48, ALWAYS, FIELD_BYTES },
	{ "report_id", 0x140, 32, ALWAYS, FIELD_BYTES },
	{ "report_id_ma", 0x160, 32, ALWAYS, FIELD_BYTES },
	{ "reported_tcb", 0x180, 8, ALWAYS, FIELD_TCB },
	{ "cpuid_family", 0x188, 1, 3, UINT8_MAX, FIELD_NUMBER },
	{ "cpuid_model", 0x189, 1, 3, UINT8_MAX, FIELD_NUMBER },
	{ "cpuid_stepping", 0x18a, 1, 3, UINT8_MAX, FIELD_NUMBER },
	{ "reserved_188", 0x188, 3, 0, 2, FIELD_RESERVED },
	{ "reserved_18b", 0x18b, 21, ALWAYS, FIELD_RESERVED },
	{ "chip_id", 0x1a0, 64, ALWAYS, FIELD_BYTES },
	{ "committed_tcb", 0x1e0, 8, ALWAYS, FIELD_TCB },
	{ "current_firmware", 0x1e8, 3, ALWAYS, FIELD_VERSION },
	{ "reserved_1eb", 0x1eb, 1, ALWAYS, FIELD_RESERVED },
	{ "committed_firmware", 0x1ec, 3, ALWAYS, FIELD_VERSION },
	{ "reserved_1ef", 0x1ef, 1, ALWAYS, FIELD_RESERVED },
	{ "launch_tcb", 0x1f0, 8, ALWAYS, FIELD_TCB },
	{ "launch_mit_vector", 0x1f8, 8, 5, UINT8_MAX, FIELD_WORD },
	{ "current_mit_vector", 0x200, 8, 5, UINT8_MAX, FIELD_WORD },
	{ "reserved_1f8", 0x1f8, 16, 0, 4, FIELD_RESERVED },
	{ "reserved_208", 0x208, 152, ALWAYS, FIELD_RESERVED },
	{ "signature_r", REPORT_R, REPORT_SCALAR_BYTES, ALWAYS, FIELD_BYTES },
	{ "signature_s", REPORT_S, REPORT_SCALAR_BYTES, ALWAYS, FIELD_BYTES },
};

const size_t report_nr_fields = sizeof(report_fields) / sizeof(report_fields[0]);

bool report_has(const uint8_t *report, const struct report_field *field)
{
	const uint32_t version = bytes_le32(report + REPORT_VERSION);
	const uint32_t known = version < UINT8_MAX ? version : UINT8_MAX;

	return known >= field->since && known <= field->until;
}

uint64_t report_number(const uint8_t *report, const struct report_field *field)
{
	const uint8_t *p = report + field->offset;

	switch (field->size) {
	case 1U:
		return *p;
	case 4U:
		return bytes_le32(p);
	default:
		return bytes_le64(p);
	}
}

const char *report_problem(struct verify_span raw)
{
	if (raw.data == NULL || raw.len < VERIFY_REPORT_BYTES) {
		return "shorter than a report (1184 bytes)";
	}
	if (!bytes_zero(raw.data + VERIFY_REPORT_BYTES, raw.len - VERIFY_REPORT_BYTES)) {
		return "more than zeros after the report (1184 bytes)";
	}
	return NULL;
}

bool report_turin(const uint8_t *report)
{
	/* Version 2 names no CPU; only firmware of earlier families wrote it. */
	return bytes_le32(report + REPORT_VERSION) >= 3U && report[REPORT_CPUID_FAMILY] >= 0x1aU;
}

struct verify_tcb tcb_parts(uint64_t tcb, bool turin)
{
	struct verify_tcb parts = { .microcode = (uint8_t)(tcb >> 56) };

	if (turin) {
		parts.fmc = (uint8_t)tcb;
		parts.bootloader = (uint8_t)(tcb >> 8);
		parts.tee = (uint8_t)(tcb >> 16);
		parts.snp = (uint8_t)(tcb >> 24);
	} else {
		parts.bootloader = (uint8_t)tcb;
		parts.tee = (uint8_t)(tcb >> 8);
		parts.snp = (uint8_t)(tcb >> 48);
	}
	return parts;
}
