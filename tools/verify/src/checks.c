/* SPDX-License-Identifier: Apache-2.0 */
#include "checks.h"

#include <string.h>

#include "bytes.h"
#include "manifest.h"
#include "report.h"
#include "result.h"
#include "service.h"
#include "signature.h"

static void check_report_form(struct context *c)
{
	struct verify_result *result = c->result;
	const char *problem = report_problem(c->input->report);
	uint32_t version = 0;

	result_judge(result, "report.format", problem, "1184 bytes");
	if (problem != NULL) {
		return;
	}
	result->report_parsed = true;
	memcpy(result->report, c->input->report.data, VERIFY_REPORT_BYTES);
	version = bytes_le32(result->report + REPORT_VERSION);
	result_add(result, "report.version",
		   version >= REPORT_MIN_VERSION && version <= REPORT_MAX_VERSION ? VERIFY_PASS
										  : VERIFY_FAIL,
		   "version %u", version);
	result_judge(result, "report.signature_format", signature_format_problem(result->report),
		     "ECDSA P-384 with SHA-384");
}

void check_signature(struct context *c)
{
	struct verify_result *result = c->result;
	const unsigned int key = bytes_le32(result->report + REPORT_KEY_INFO) >> 2 & 7U;
	const struct cert *leaf = &c->certs[VERIFY_LEAF];

	if (leaf->x509 == NULL) {
		result_judge(result, "report.signature", "no certificate to check it with", "");
		return;
	}
	result_add(result, "report.signing_key",
		   key == (result->leaf.vlek ? SIGNING_VLEK : SIGNING_VCEK) ? VERIFY_PASS
									    : VERIFY_FAIL,
		   "the report names key %u, the certificate is of a %s", key,
		   result->leaf.vlek ? "VLEK (1)" : "VCEK (0)");
	result_judge(result, "report.signature", signature_problem(result->report, leaf),
		     "over the raw bytes 0 to 0x29f");
}

static void note_reserved(struct context *c)
{
	const uint8_t *report = c->result->report;

	for (size_t i = 0; i < report_nr_fields; i++) {
		const struct report_field *field = &report_fields[i];

		if (field->kind == FIELD_RESERVED && report_has(report, field) &&
		    !bytes_zero(report + field->offset, field->size)) {
			result_note(c->result, "%s of the report is not zero", field->name);
		}
	}
}

static void note_report(struct context *c)
{
	const uint64_t policy = bytes_le64(c->result->report + REPORT_POLICY);

	if ((policy & POLICY_DEBUG) != 0U) {
		result_note(c->result, "the policy allows DEBUG: the host can read this guest");
	}
	if ((policy & POLICY_MIGRATE_MA) != 0U) {
		result_note(c->result, "the policy allows a migration agent");
	}
	if ((policy & POLICY_MUST_BE_ONE) == 0U) {
		result_note(c->result, "bit 17 of the policy, which must be one, is zero");
	}
	note_reserved(c);
}

void check_manifest(struct context *c)
{
	const struct verify_expect *expect = c->expect;
	struct verify_result *result = c->result;
	const struct verify_span manifest = c->input->manifest;
	const char *problem = NULL;

	if (manifest.data == NULL && expect->check_report_data) {
		result_add(result, "manifest.structure", VERIFY_SKIP, "no manifest");
		return;
	}
	if (manifest.data == NULL) {
		result_judge(result, "manifest.structure", "no manifest", "");
		return;
	}
	if (expect->single_service) {
		problem = service_version_problem(expect->service_guid, expect->manifest_version,
						  manifest);
		result_add(result, "manifest.version", problem == NULL ? VERIFY_PASS : VERIFY_FAIL,
			   "%s, version %u%s%s", service_name(expect->service_guid),
			   expect->manifest_version, problem == NULL ? "" : ": ",
			   problem == NULL ? "" : problem);
		result_note(result, "REPORT_DATA binds the service's manifest, but neither its "
				    "GUID nor the version that was asked for");
		return;
	}
	problem = manifest_problem(manifest);
	result->manifest_parsed = problem == NULL;
	if (problem != NULL) {
		result_judge(result, "manifest.structure", problem, "");
		return;
	}
	result_add(result, "manifest.structure", VERIFY_PASS, "%zu bytes, %u services",
		   manifest.len, manifest_nr_services(manifest));
}

bool verify_run(const struct verify_input *input, const struct verify_expect *expect,
		struct verify_result *result)
{
	struct context c = { .input = input, .expect = expect, .result = result };

	*result = (struct verify_result){
		.verified = true,
		.manifest = input->manifest,
		.single_service = expect->single_service,
		.manifest_version = expect->manifest_version,
	};
	memcpy(result->service_guid, expect->service_guid, VERIFY_GUID_BYTES);
	check_report_form(&c);
	check_certs(&c);
	if (result->report_parsed) {
		check_signature(&c);
		check_expectations(&c);
		note_report(&c);
	}
	check_manifest(&c);
	for (unsigned int i = 0; i < VERIFY_NR_CERTS; i++) {
		cert_describe(&c.certs[i], &result->certs[i]);
		cert_free(&c.certs[i]);
	}
	cert_free(&c.root);
	return result->verified;
}
