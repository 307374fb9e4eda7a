/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/sha.h>

#include "psp_priv.h"

/* MSG_REPORT_REQ and _RSP */
#define REQ_DATA_BYTES 0x40U
#define REQ_VMPL 0x40U
#define REQ_KEY_SEL 0x44U
#define REQ_RESERVED 0x48U
#define RSP_STATUS 0x00U
#define RSP_SIZE 0x04U

enum {
	KEY_SEL_DEFAULT,
	KEY_SEL_VCEK,
	KEY_SEL_VLEK,
};

/* ATTESTATION_REPORT (56860 table of MSG_REPORT_RSP) */
#define REP_GUEST_SVN 0x004U
#define REP_POLICY 0x008U
#define REP_FAMILY_ID 0x010U
#define REP_IMAGE_ID 0x020U
#define REP_VMPL 0x030U
#define REP_SIGNATURE_ALGO 0x034U
#define REP_CURRENT_TCB 0x038U
#define REP_PLATFORM_INFO 0x040U
#define REP_REPORT_DATA 0x050U
#define REP_MEASUREMENT 0x090U
#define REP_HOST_DATA 0x0c0U
#define REP_REPORT_ID 0x140U
#define REP_REPORT_ID_MA 0x160U
#define REP_REPORTED_TCB 0x180U
#define REP_CPUID_FAMILY 0x188U
#define REP_CPUID_MODEL 0x189U
#define REP_CPUID_STEPPING 0x18aU
#define REP_CHIP_ID 0x1a0U
#define REP_COMMITTED_TCB 0x1e0U
#define REP_CURRENT_BUILD 0x1e8U
#define REP_COMMITTED_BUILD 0x1ecU
#define REP_LAUNCH_TCB 0x1f0U
#define REP_LAUNCH_MIT_VECTOR 0x1f8U
#define REP_CURRENT_MIT_VECTOR 0x200U
#define REP_SIGNED_BYTES 0x2a0U
#define REP_SIGNATURE_R 0x2a0U
#define REP_SIGNATURE_S 0x2e8U
#define SIGNATURE_PART_BYTES 72U

#define SIGNATURE_ECDSA_P384_SHA384 1U
#define PLATFORM_SMT (1U << 0)
#define PLATFORM_ECC (1U << 2)

static void put_firmware(uint8_t *at)
{
	at[0] = PSP_BUILD;
	at[1] = PSP_ABI_MINOR;
	at[2] = PSP_ABI_MAJOR;
}

static void put_guest(const struct psp *psp, const struct psp_request *request, uint8_t *report)
{
	const struct psp_config *config = &psp->config;

	psp_put(report, config->report_version, 4);
	psp_put(report + REP_GUEST_SVN, config->guest_svn, 4);
	psp_put(report + REP_POLICY, config->policy, 8);
	memcpy(report + REP_FAMILY_ID, config->family_id, sizeof(config->family_id));
	memcpy(report + REP_IMAGE_ID, config->image_id, sizeof(config->image_id));
	memcpy(report + REP_VMPL, request->payload + REQ_VMPL, 4);
	memcpy(report + REP_REPORT_DATA, request->payload, REQ_DATA_BYTES);
	memcpy(report + REP_MEASUREMENT, config->measurement.bytes, PSP_LD_BYTES);
	memcpy(report + REP_HOST_DATA, config->host_data, sizeof(config->host_data));
	memcpy(report + REP_REPORT_ID, psp->report_id, sizeof(psp->report_id));
	/* no migration agent */
	memset(report + REP_REPORT_ID_MA, 0xff, sizeof(psp->report_id));
}

static void put_platform(const struct psp *psp, uint8_t *report)
{
	psp_put(report + REP_SIGNATURE_ALGO, SIGNATURE_ECDSA_P384_SHA384, 4);
	psp_put(report + REP_PLATFORM_INFO, PLATFORM_SMT | PLATFORM_ECC, 8);
	psp_put(report + REP_CURRENT_TCB, PSP_TCB, 8);
	psp_put(report + REP_REPORTED_TCB, PSP_TCB, 8);
	psp_put(report + REP_COMMITTED_TCB, PSP_TCB, 8);
	psp_put(report + REP_LAUNCH_TCB, PSP_TCB, 8);
	memcpy(report + REP_CHIP_ID, psp->chip_id, sizeof(psp->chip_id));
	put_firmware(report + REP_CURRENT_BUILD);
	put_firmware(report + REP_COMMITTED_BUILD);
	if (psp->config.report_version >= 3U) {
		report[REP_CPUID_FAMILY] = PSP_CPUID_FAMILY;
		report[REP_CPUID_MODEL] = PSP_CPUID_MODEL;
		report[REP_CPUID_STEPPING] = PSP_CPUID_STEPPING;
	}
	if (psp->config.report_version >= 5U) {
		psp_put(report + REP_LAUNCH_MIT_VECTOR, psp->config.mit_vector, 8);
		psp_put(report + REP_CURRENT_MIT_VECTOR, psp->config.mit_vector, 8);
	}
}

static bool sign(const struct psp *psp, uint8_t *report)
{
	uint8_t digest[SHA384_DIGEST_LENGTH];
	ECDSA_SIG *signature;
	bool ok;

	(void)SHA384(report, REP_SIGNED_BYTES, digest);
	signature = ECDSA_do_sign(digest, sizeof(digest), psp->vcek);
	ok = signature != NULL &&
	     BN_bn2le_padded(report + REP_SIGNATURE_R, SIGNATURE_PART_BYTES,
			     ECDSA_SIG_get0_r(signature)) == 1 &&
	     BN_bn2le_padded(report + REP_SIGNATURE_S, SIGNATURE_PART_BYTES,
			     ECDSA_SIG_get0_s(signature)) == 1;
	ECDSA_SIG_free(signature);
	return ok;
}

static uint32_t check(const struct psp_request *request)
{
	uint32_t vmpl = (uint32_t)psp_get(request->payload + REQ_VMPL, 4);
	uint64_t key_sel = psp_get(request->payload + REQ_KEY_SEL, 4);

	if (!psp_vmpl_allowed(request->vmpck, vmpl) || key_sel > KEY_SEL_VLEK ||
	    !psp_all_zero(request->payload + REQ_RESERVED, PSP_REPORT_REQ_BYTES - REQ_RESERVED)) {
		return PSP_INVALID_PARAM;
	}
	/* no VLEK was loaded */
	return key_sel == KEY_SEL_VLEK ? PSP_INVALID_KEY : PSP_OK;
}

size_t psp_report_request(struct psp *psp, const struct psp_request *request, uint8_t *reply)
{
	uint8_t *report = reply + PSP_REPORT_RSP_HEADER;
	uint32_t status = check(request);

	if (status == PSP_OK) {
		put_guest(psp, request, report);
		put_platform(psp, report);
		if (!sign(psp, report)) {
			memset(report, 0, PSP_REPORT_BYTES);
			status = PSP_INVALID_KEY;
		}
	}
	psp_put(reply + RSP_STATUS, status, 4);
	if (status != PSP_OK) {
		return PSP_REPORT_RSP_HEADER;
	}
	psp_put(reply + RSP_SIZE, PSP_REPORT_BYTES, 4);
	return PSP_REPORT_RSP_HEADER + PSP_REPORT_BYTES;
}
