/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "bytes.h"
#include "manifest.h"
#include "report.h"
#include "service.h"

static const char *const roles[VERIFY_NR_CERTS] = { "ARK", "ASK", "leaf" };
static const char *const marks[] = {
	[VERIFY_PASS] = "pass", [VERIFY_FAIL] = "FAIL", [VERIFY_SKIP] = "----"
};

#define HEX_PER_LINE 32U

/* Hexadecimal lines, aligned behind a label of @indent columns that is already written. */
static void print_bytes(FILE *out, int indent, const uint8_t *p, size_t len)
{
	char text[2U * HEX_PER_LINE + 1U];

	for (size_t at = 0; at < len; at += HEX_PER_LINE) {
		bytes_hex(text, sizeof(text), p + at,
			  len - at < HEX_PER_LINE ? len - at : HEX_PER_LINE);
		(void)fprintf(out, "%*s%s\n", at == 0U ? 0 : indent, "", text);
	}
	if (len == 0U) {
		(void)fputs("(empty)\n", out);
	}
}

static void print_field(FILE *out, const uint8_t *report, const struct report_field *field)
{
	const uint8_t *p = report + field->offset;
	char text[192];

	(void)fprintf(out, "  %-20s ", field->name);
	switch (field->kind) {
	case FIELD_BYTES:
	case FIELD_RESERVED:
		print_bytes(out, 23, p, field->size);
		return;
	case FIELD_VERSION:
		(void)fprintf(out, "%u.%u build %u\n", p[2], p[1], p[0]);
		return;
	case FIELD_NUMBER:
		(void)fprintf(out, "%" PRIu64 "\n", report_number(report, field));
		return;
	case FIELD_WORD:
	case FIELD_TCB:
	case FIELD_POLICY:
	case FIELD_PLATFORM:
	case FIELD_KEY_INFO:
		field_describe(report, field, text, sizeof(text));
		(void)fprintf(out, "0x%0*" PRIx64 "%s%s\n", field->size * 2,
			      report_number(report, field), *text == '\0' ? "" : "  ", text);
		return;
	}
}

static void print_report(const struct verify_result *result, FILE *out)
{
	(void)fputs("Attestation report\n", out);
	if (!result->report_parsed) {
		(void)fputs("  (none)\n", out);
		return;
	}
	for (size_t i = 0; i < report_nr_fields; i++) {
		const struct report_field *field = &report_fields[i];

		if (!report_has(result->report, field) ||
		    (field->kind == FIELD_RESERVED &&
		     bytes_zero(result->report + field->offset, field->size))) {
			continue;
		}
		print_field(out, result->report, field);
	}
}

static void print_leaf(const struct verify_leaf_info *leaf, FILE *out)
{
	(void)fprintf(out, "        %-10s %s\n", "product", leaf->product);
	if (leaf->vlek) {
		(void)fprintf(out, "        %-10s %s\n", "provider", leaf->provider);
	}
	(void)fprintf(out, "        %-10s 0x%016" PRIx64 "%s\n", "TCB", leaf->tcb,
		      leaf->tcb_complete ? "" : " (incomplete)");
	(void)fprintf(out, "        %-10s ", "chip id");
	print_bytes(out, 19, leaf->chip_id, leaf->chip_id_len);
}

static void print_certs(const struct verify_result *result, FILE *out)
{
	(void)fputs("Certificates\n", out);
	for (unsigned int i = 0; i < VERIFY_NR_CERTS; i++) {
		const struct verify_cert_info *info = &result->certs[i];

		if (!info->parsed) {
			(void)fprintf(out, "  %-5s (none)\n", roles[i]);
			continue;
		}
		(void)fprintf(out, "  %-5s %-10s %s\n", roles[i], "subject", info->subject);
		(void)fprintf(out, "        %-10s %s\n", "issuer", info->issuer);
		(void)fprintf(out, "        %-10s %s\n", "serial", info->serial);
		(void)fprintf(out, "        %-10s %s to %s\n", "valid", info->not_before,
			      info->not_after);
		(void)fprintf(out, "        %-10s %s, signed with %s\n", "key", info->key,
			      info->algorithm);
		(void)fprintf(out, "        %-10s %s\n", "SHA-256", info->sha256);
	}
	if (result->certs[VERIFY_LEAF].parsed) {
		print_leaf(&result->leaf, out);
	}
}

static void print_service(const uint8_t *guid, uint32_t version, struct verify_span data, FILE *out)
{
	char name[GUID_TEXT];
	char text[192];

	guid_text(name, guid);
	service_describe(guid, version, data, text, sizeof(text));
	(void)fprintf(out, "  %s  %s, %zu bytes%s%s\n", name, service_name(guid), data.len,
		      *text == '\0' ? "" : ": ", text);
	(void)fputs("    ", out);
	print_bytes(out, 4, data.data, data.len);
}

static void print_manifest(const struct verify_result *result, FILE *out)
{
	const struct verify_span manifest = result->manifest;

	if (manifest.data == NULL) {
		return;
	}
	(void)fputs(result->single_service ? "Manifest of one service\n" : "Services manifest\n",
		    out);
	if (result->single_service) {
		print_service(result->service_guid, result->manifest_version, manifest, out);
	} else if (!result->manifest_parsed) {
		(void)fputs("  (malformed)\n", out);
	} else {
		for (uint32_t i = 0; i < manifest_nr_services(manifest); i++) {
			const struct manifest_service service = manifest_service(manifest, i);

			print_service(service.guid, 0U, service.data, out);
		}
	}
}

void verify_print_text(const struct verify_result *result, FILE *out)
{
	print_report(result, out);
	print_certs(result, out);
	print_manifest(result, out);
	(void)fputs("Checks\n", out);
	for (unsigned int i = 0; i < result->nr_checks; i++) {
		const struct verify_check *check = &result->checks[i];

		(void)fprintf(out, "  %s  %-24s %s\n", marks[check->status], check->name,
			      check->detail);
	}
	for (unsigned int i = 0; i < result->nr_notes; i++) {
		(void)fprintf(out, "%s  %s\n", i == 0U ? "Notes\n" : "", result->notes[i]);
	}
	(void)fputs(result->verified ? "Verified\n" : "NOT verified:", out);
	for (unsigned int i = 0; i < result->nr_checks; i++) {
		if (result->checks[i].status == VERIFY_FAIL) {
			(void)fprintf(out, " %s", result->checks[i].name);
		}
	}
	(void)fputs(result->verified ? "" : "\n", out);
}
