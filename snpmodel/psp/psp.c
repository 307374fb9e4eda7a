/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include <openssl/digest.h>
#include <openssl/ec_key.h>
#include <openssl/hkdf.h>
#include <openssl/mem.h>
#include <openssl/nid.h>

#include "psp_priv.h"

#define POLICY_ABI_MINOR 0xffU
#define POLICY_ABI_MAJOR_SHIFT 8U
#define POLICY_MUST_BE_ONE (UINT64_C(1) << 17)
#define POLICY_KNOWN ((UINT64_C(1) << 26) - 1U)
#define TSC_SCALE_ONE (UINT64_C(1) << 32)

static bool policy_ok(uint64_t policy)
{
	uint64_t minor = policy & POLICY_ABI_MINOR;
	uint64_t major = (policy >> POLICY_ABI_MAJOR_SHIFT) & 0xffU;

	return (policy & POLICY_MUST_BE_ONE) != 0U && (policy & ~POLICY_KNOWN) == 0U &&
	       (major < PSP_ABI_MAJOR || (major == PSP_ABI_MAJOR && minor <= PSP_ABI_MINOR));
}

static bool set_config(struct psp *psp, const struct psp_config *config)
{
	psp->config = *config;
	if (psp->config.report_version == 0U) {
		psp->config.report_version = 5;
	}
	if (psp->config.policy == 0U) {
		psp->config.policy = PSP_POLICY_DEFAULT;
	}
	if (psp->config.tsc_scale == 0U) {
		psp->config.tsc_scale = TSC_SCALE_ONE;
	}
	return (psp->config.report_version == 2U || psp->config.report_version == 3U ||
		psp->config.report_version == 5U) &&
	       policy_ok(psp->config.policy);
}

static bool derive(const struct psp *psp, const char *label, unsigned int index, uint8_t *out,
		   size_t len)
{
	static const uint8_t salt[] = "phalanx psp";
	uint8_t seed[8], info[32] = { 0 };

	psp_put(seed, psp->config.seed, sizeof(seed));
	for (size_t i = 0; label[i] != '\0'; i++) {
		info[i] = (uint8_t)label[i];
	}
	info[sizeof(info) - 1U] = (uint8_t)index;
	return HKDF(out, len, EVP_sha384(), seed, sizeof(seed), salt, sizeof(salt), info,
		    sizeof(info)) == 1;
}

static bool derive_secrets(struct psp *psp)
{
	bool ok = derive(psp, "chip id", 0, psp->chip_id, sizeof(psp->chip_id)) &&
		  derive(psp, "chip secret", 0, psp->chip_secret, sizeof(psp->chip_secret)) &&
		  derive(psp, "report id", 0, psp->report_id, sizeof(psp->report_id)) &&
		  derive(psp, "vmrk", 0, psp->vmrk, sizeof(psp->vmrk));

	for (unsigned int vmpl = 0; ok && vmpl < PSP_NR_VMPLS; vmpl++) {
		psp->next_seqno[vmpl] = 1;
		ok = derive(psp, "vmpck", vmpl, psp->vmpck[vmpl], PSP_KEY_BYTES);
	}
	return ok;
}

struct psp *psp_create(const struct psp_config *config)
{
	struct psp *psp = calloc(1, sizeof(*psp));

	if (psp == NULL) {
		return NULL;
	}
	psp->vcek = EC_KEY_new_by_curve_name(NID_secp384r1);
	psp->vcek_cert = psp_vcek_new();
	if (psp->vcek == NULL || psp->vcek_cert == NULL || !set_config(psp, config) ||
	    !derive_secrets(psp) || EC_KEY_generate_key(psp->vcek) != 1) {
		psp_destroy(psp);
		return NULL;
	}
	return psp;
}

void psp_destroy(struct psp *psp)
{
	if (psp == NULL) {
		return;
	}
	EC_KEY_free(psp->vcek);
	psp_vcek_free(psp->vcek_cert);
	OPENSSL_cleanse(psp, sizeof(*psp));
	free(psp);
}

const struct psp_config *psp_configuration(const struct psp *psp)
{
	return &psp->config;
}

const uint8_t *psp_vmpck(const struct psp *psp, unsigned int vmpl)
{
	return psp->vmpck[vmpl];
}

uint64_t psp_sequence(const struct psp *psp, unsigned int vmpck)
{
	return psp->next_seqno[vmpck];
}

void psp_set_sequence(struct psp *psp, unsigned int vmpck, uint64_t next)
{
	psp->next_seqno[vmpck] = next;
}
