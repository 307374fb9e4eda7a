/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/mem.h>
#include <openssl/sha.h>
#include <string.h>

#include "bytes.h"
#include "checks.h"
#include "report.h"
#include "result.h"

/* Specification 58019 sections 7.1 and 7.2: REPORT_DATA is SHA-512(nonce || manifest). */
static void check_report_data(struct context *c)
{
	const uint8_t *actual = c->result->report + REPORT_DATA;
	const struct verify_input *input = c->input;
	uint8_t digest[SHA512_DIGEST_LENGTH];
	SHA512_CTX sha;

	if (c->expect->check_report_data) {
		result_judge(c->result, "report.report_data",
			     memcmp(actual, c->expect->report_data, sizeof(digest)) == 0
				     ? NULL
				     : "not the expected value",
			     "the expected value");
		return;
	}
	if (input->nonce.data == NULL || input->manifest.data == NULL) {
		result_judge(c->result, "report.report_data", "nonce or manifest not given", "");
		return;
	}
	SHA512_Init(&sha);
	SHA512_Update(&sha, input->nonce.data, input->nonce.len);
	SHA512_Update(&sha, input->manifest.data, input->manifest.len);
	SHA512_Final(digest, &sha);
	result_judge(c->result, "report.report_data",
		     memcmp(actual, digest, sizeof(digest)) == 0 ? NULL
								 : "not SHA-512(nonce || manifest)",
		     "SHA-512(nonce || manifest)");
}

static void check_bytes(struct context *c, const char *name, bool wanted, size_t offset,
			const uint8_t *expected, size_t len)
{
	if (!wanted) {
		result_add(c->result, name, VERIFY_SKIP, "nothing expected");
		return;
	}
	result_judge(c->result, name,
		     memcmp(c->result->report + offset, expected, len) == 0
			     ? NULL
			     : "not the expected value",
		     "the expected value");
}

static void check_vmpl(struct context *c)
{
	const uint32_t vmpl = bytes_le32(c->result->report + REPORT_VMPL);

	result_add(c->result, "report.vmpl", vmpl == c->expect->vmpl ? VERIFY_PASS : VERIFY_FAIL,
		   "VMPL %u, expected %u", vmpl, c->expect->vmpl);
}

static void check_policy(struct context *c)
{
	const uint64_t policy = bytes_le64(c->result->report + REPORT_POLICY);
	const struct verify_expect *expect = c->expect;

	if (expect->policy_mask == 0U) {
		result_add(c->result, "report.policy", VERIFY_SKIP, "nothing expected");
		return;
	}
	result_add(
		c->result, "report.policy",
		(policy & expect->policy_mask) == expect->policy_value ? VERIFY_PASS : VERIFY_FAIL,
		"0x%llx, expected 0x%llx in bits 0x%llx", (unsigned long long)policy,
		(unsigned long long)expect->policy_value, (unsigned long long)expect->policy_mask);
}

static void check_tcb(struct context *c)
{
	const uint8_t *report = c->result->report;
	const struct verify_tcb *min = &c->expect->min_tcb;
	const struct verify_tcb tcb =
		tcb_parts(bytes_le64(report + REPORT_REPORTED_TCB), report_turin(report));
	const char *low = NULL;

	if (!c->expect->check_min_tcb) {
		result_add(c->result, "report.tcb", VERIFY_SKIP, "nothing expected");
		return;
	}
	if (tcb.fmc < min->fmc) {
		low = "fmc of REPORTED_TCB is too low";
	} else if (tcb.bootloader < min->bootloader) {
		low = "bootloader of REPORTED_TCB is too low";
	} else if (tcb.tee < min->tee) {
		low = "tee of REPORTED_TCB is too low";
	} else if (tcb.snp < min->snp) {
		low = "snp of REPORTED_TCB is too low";
	} else if (tcb.microcode < min->microcode) {
		low = "microcode of REPORTED_TCB is too low";
	}
	result_judge(c->result, "report.tcb", low, "REPORTED_TCB is high enough");
}

void check_expectations(struct context *c)
{
	const struct verify_expect *expect = c->expect;

	check_report_data(c);
	check_vmpl(c);
	check_bytes(c, "report.measurement", expect->check_measurement, REPORT_MEASUREMENT,
		    expect->measurement, sizeof(expect->measurement));
	check_bytes(c, "report.host_data", expect->check_host_data, REPORT_HOST_DATA,
		    expect->host_data, sizeof(expect->host_data));
	check_policy(c);
	check_tcb(c);
}
