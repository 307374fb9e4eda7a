/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "bytes.h"
#include "manifest.h"
#include "report.h"
#include "service.h"

static const char *const roles[VERIFY_NR_CERTS] = { "ark", "ask", "leaf" };
static const char *const states[] = {
	[VERIFY_PASS] = "pass", [VERIFY_FAIL] = "fail", [VERIFY_SKIP] = "skip"
};

static void put_string(FILE *out, const char *text)
{
	(void)fputc('"', out);
	for (; *text != '\0'; text++) {
		const unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\') {
			(void)fprintf(out, "\\%c", c);
		} else if (c < 0x20U || c >= 0x7fU) {
			(void)fprintf(out, "\\u%04x", c);
		} else {
			(void)fputc(c, out);
		}
	}
	(void)fputc('"', out);
}

static void put_bytes(FILE *out, const uint8_t *p, size_t len)
{
	char text[3];

	(void)fputc('"', out);
	for (size_t i = 0; i < len; i++) {
		bytes_hex(text, sizeof(text), p + i, 1U);
		(void)fputs(text, out);
	}
	(void)fputc('"', out);
}

/* ,"name": "text" */
static void put_member(FILE *out, const char *name, const char *text)
{
	(void)fprintf(out, ", \"%s\": ", name);
	put_string(out, text);
}

static void put_field(FILE *out, const uint8_t *report, const struct report_field *field)
{
	const uint8_t *p = report + field->offset;
	char text[192];

	(void)fprintf(out, "    \"%s\": ", field->name);
	switch (field->kind) {
	case FIELD_BYTES:
	case FIELD_RESERVED:
		put_bytes(out, p, field->size);
		return;
	case FIELD_VERSION:
		(void)fprintf(out, "\"%u.%u.%u\"", p[2], p[1], p[0]);
		return;
	case FIELD_NUMBER:
		(void)fprintf(out, "%" PRIu64, report_number(report, field));
		return;
	case FIELD_WORD:
	case FIELD_TCB:
	case FIELD_POLICY:
	case FIELD_PLATFORM:
	case FIELD_KEY_INFO:
		field_describe(report, field, text, sizeof(text));
		(void)fprintf(out, "{\"value\": \"0x%0*" PRIx64 "\"", field->size * 2,
			      report_number(report, field));
		put_member(out, "meaning", text);
		(void)fputc('}', out);
		return;
	}
}

static void put_report(const struct verify_result *result, FILE *out)
{
	const char *separator = "";

	(void)fputs("  \"report\": ", out);
	if (!result->report_parsed) {
		(void)fputs("null,\n", out);
		return;
	}
	(void)fputs("{\n", out);
	for (size_t i = 0; i < report_nr_fields; i++) {
		if (report_has(result->report, &report_fields[i])) {
			(void)fputs(separator, out);
			put_field(out, result->report, &report_fields[i]);
			separator = ",\n";
		}
	}
	(void)fputs("\n  },\n", out);
}

static void put_leaf(const struct verify_leaf_info *leaf, FILE *out)
{
	put_member(out, "kind", leaf->vlek ? "VLEK" : "VCEK");
	put_member(out, "product", leaf->product);
	put_member(out, "provider", leaf->provider);
	(void)fprintf(out, ", \"tcb\": \"0x%016" PRIx64 "\", \"tcb_complete\": %s, \"chip_id\": ",
		      leaf->tcb, leaf->tcb_complete ? "true" : "false");
	put_bytes(out, leaf->chip_id, leaf->chip_id_len);
}

static void put_certs(const struct verify_result *result, FILE *out)
{
	(void)fputs("  \"certificates\": {\n", out);
	for (unsigned int i = 0; i < VERIFY_NR_CERTS; i++) {
		const struct verify_cert_info *info = &result->certs[i];

		(void)fprintf(out, "    \"%s\": ", roles[i]);
		if (info->parsed) {
			(void)fputs("{\"subject\": ", out);
			put_string(out, info->subject);
			put_member(out, "issuer", info->issuer);
			put_member(out, "serial", info->serial);
			put_member(out, "not_before", info->not_before);
			put_member(out, "not_after", info->not_after);
			put_member(out, "key", info->key);
			put_member(out, "signature_algorithm", info->algorithm);
			put_member(out, "sha256", info->sha256);
			if (i == VERIFY_LEAF) {
				put_leaf(&result->leaf, out);
			}
		}
		(void)fprintf(out, "%s%s\n", info->parsed ? "}" : "null",
			      i + 1U < VERIFY_NR_CERTS ? "," : "");
	}
	(void)fputs("  },\n", out);
}

static void put_service(FILE *out, const uint8_t *guid, uint32_t version, struct verify_span data)
{
	char text[192];

	guid_text(text, guid);
	(void)fputs("    {\"guid\": ", out);
	put_string(out, text);
	put_member(out, "name", service_name(guid));
	service_describe(guid, version, data, text, sizeof(text));
	put_member(out, "meaning", text);
	(void)fputs(", \"data\": ", out);
	put_bytes(out, data.data, data.len);
	(void)fputc('}', out);
}

static void put_services(const struct verify_result *result, FILE *out)
{
	const struct verify_span manifest = result->manifest;
	const uint32_t nr = result->manifest_parsed ? manifest_nr_services(manifest) : 0U;

	(void)fputs("  \"services\": [\n", out);
	if (manifest.data != NULL && result->single_service) {
		put_service(out, result->service_guid, result->manifest_version, manifest);
		(void)fputc('\n', out);
	}
	for (uint32_t i = 0; i < nr; i++) {
		const struct manifest_service service = manifest_service(manifest, i);

		put_service(out, service.guid, 0U, service.data);
		(void)fputs(i + 1U < nr ? ",\n" : "\n", out);
	}
	(void)fputs("  ],\n", out);
}

void verify_print_json(const struct verify_result *result, FILE *out)
{
	(void)fprintf(out, "{\n  \"verified\": %s,\n", result->verified ? "true" : "false");
	put_report(result, out);
	put_certs(result, out);
	put_services(result, out);
	(void)fputs("  \"notes\": [", out);
	for (unsigned int i = 0; i < result->nr_notes; i++) {
		(void)fputs(i == 0U ? "" : ", ", out);
		put_string(out, result->notes[i]);
	}
	(void)fputs("],\n  \"checks\": [\n", out);
	for (unsigned int i = 0; i < result->nr_checks; i++) {
		const struct verify_check *check = &result->checks[i];

		(void)fprintf(out, "    {\"name\": \"%s\", \"result\": \"%s\"", check->name,
			      states[check->status]);
		put_member(out, "detail", check->detail);
		(void)fputs(i + 1U < result->nr_checks ? "},\n" : "}\n", out);
	}
	(void)fputs("  ]\n}\n", out);
}
