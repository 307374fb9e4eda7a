/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "bytes.h"
#include "chain.h"
#include "checks.h"
#include "leaf.h"
#include "report.h"
#include "result.h"

static const char *const roles[VERIFY_NR_CERTS] = { "ARK", "ASK", "VCEK or VLEK" };

static bool report_wants_vlek(const struct verify_result *result)
{
	return result->report_parsed &&
	       (bytes_le32(result->report + REPORT_KEY_INFO) >> 2 & 7U) == SIGNING_VLEK;
}

/* From its own file, the table, or for the ARK the trusted root: whichever is there first. */
static bool load_one(struct context *c, enum verify_cert which, const char **problem)
{
	struct verify_span bytes = c->input->certs[which];

	if (bytes.data == NULL) {
		const enum verify_find found = verify_table_find(
			c->input->table, which, report_wants_vlek(c->result), &bytes);

		if (found == VERIFY_MALFORMED) {
			*problem = "the certificate table is malformed";
			return false;
		}
		if (found == VERIFY_ABSENT && which == VERIFY_ARK) {
			bytes = c->input->root;
		}
	}
	*problem = bytes.data == NULL ? "not given" : "malformed";
	return cert_load(bytes, &c->certs[which]);
}

static bool load_all(struct context *c)
{
	const char *problem = NULL;

	for (unsigned int i = 0; i < VERIFY_NR_CERTS; i++) {
		if (!load_one(c, (enum verify_cert)i, &problem)) {
			result_add(c->result, "certs.format", VERIFY_FAIL, "%s: %s", roles[i],
				   problem);
			return false;
		}
	}
	result_add(c->result, "certs.format", VERIFY_PASS, "ARK, ASK and leaf");
	return true;
}

static void check_authority(struct context *c, const char *name, enum verify_cert which)
{
	const struct cert *cert = &c->certs[which];
	const char *problem = chain_ca_problem(cert);

	if (problem == NULL) {
		problem = chain_signature_problem(cert, &c->certs[VERIFY_ARK]);
	}
	result_judge(c->result, name, problem,
		     which == VERIFY_ARK ? "signed by itself" : "signed by the ARK");
}

static void check_leaf(struct context *c)
{
	const struct cert *leaf = &c->certs[VERIFY_LEAF];
	const char *problem = chain_leaf_problem(leaf);

	if (problem == NULL) {
		problem = chain_signature_problem(leaf, &c->certs[VERIFY_ASK]);
	}
	result_judge(c->result, "chain.leaf", problem, "signed by the ASK, key on P-384");
}

static void check_root(struct context *c)
{
	struct verify_result *result = c->result;

	if (c->input->root.data == NULL) {
		if (c->expect->allow_unknown_root) {
			result_add(result, "chain.root", VERIFY_SKIP,
				   "UNTRUSTED: no root was given");
		} else {
			result_judge(result, "chain.root", "untrusted: no root was given", "");
		}
		return;
	}
	if (!cert_load(c->input->root, &c->root)) {
		result_judge(result, "chain.root", "the trusted root is no certificate", "");
		return;
	}
	result_judge(result, "chain.root",
		     cert_same(&c->root, &c->certs[VERIFY_ARK]) ? NULL
								: "the chain ends in another root",
		     "the trusted root");
}

static void check_validity(struct context *c)
{
	for (unsigned int i = 0; i < VERIFY_NR_CERTS; i++) {
		const char *problem = chain_validity_problem(&c->certs[i], c->expect->at);

		if (problem != NULL) {
			result_add(c->result, "chain.validity",
				   c->expect->enforce_validity ? VERIFY_FAIL : VERIFY_SKIP,
				   "%s: %s%s", roles[i], problem,
				   c->expect->enforce_validity ? "" : " (not enforced)");
			return;
		}
	}
	result_add(c->result, "chain.validity", VERIFY_PASS, "all valid at %lld",
		   (long long)c->expect->at);
}

static void check_leaf_tcb(struct context *c)
{
	const struct verify_leaf_info *leaf = &c->result->leaf;
	const uint64_t reported = bytes_le64(c->result->report + REPORT_REPORTED_TCB);

	result_add(c->result, "leaf.tcb",
		   leaf->tcb_complete && leaf->tcb == reported ? VERIFY_PASS : VERIFY_FAIL,
		   "certificate 0x%016llx%s, REPORTED_TCB 0x%016llx", (unsigned long long)leaf->tcb,
		   leaf->tcb_complete ? "" : " (incomplete)", (unsigned long long)reported);
}

static void check_leaf_chip(struct context *c)
{
	const struct verify_leaf_info *leaf = &c->result->leaf;
	const uint8_t *chip_id = c->result->report + REPORT_CHIP_ID;
	const char *problem = NULL;

	if (leaf->vlek) {
		result_add(c->result, "leaf.chip_id", VERIFY_SKIP, "a VLEK names no chip");
		return;
	}
	if (leaf->chip_id_len == 0U) {
		problem = "the certificate names no chip";
	} else if (bytes_zero(chip_id, REPORT_CHIP_ID_BYTES)) {
		problem = "CHIP_ID of the report is masked";
	} else if (memcmp(leaf->chip_id, chip_id, leaf->chip_id_len) != 0 ||
		   !bytes_zero(chip_id + leaf->chip_id_len,
			       REPORT_CHIP_ID_BYTES - leaf->chip_id_len)) {
		problem = "the certificate is of another chip";
	}
	result_judge(c->result, "leaf.chip_id", problem, "certificate and report agree");
}

static void check_leaf_extensions(struct context *c)
{
	struct verify_result *result = c->result;
	const bool turin = result->report_parsed && report_turin(result->report);
	const char *problem = leaf_read(&c->certs[VERIFY_LEAF], turin, &result->leaf);

	result_judge(result, "leaf.extensions", problem, "readable");
	if (problem == NULL && result->report_parsed) {
		check_leaf_tcb(c);
		check_leaf_chip(c);
	}
}

void check_certs(struct context *c)
{
	if (!load_all(c)) {
		return;
	}
	check_authority(c, "chain.ark", VERIFY_ARK);
	check_authority(c, "chain.ask", VERIFY_ASK);
	check_leaf(c);
	check_root(c);
	check_validity(c);
	check_leaf_extensions(c);
}
