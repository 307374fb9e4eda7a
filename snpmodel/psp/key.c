/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/digest.h>
#include <openssl/hkdf.h>
#include <openssl/mem.h>

#include "psp_priv.h"

/* MSG_KEY_REQ and _RSP */
#define REQ_ROOT_KEY_SELECT 0x00U
#define REQ_RESERVED_04 0x04U
#define REQ_FIELD_SELECT 0x08U
#define REQ_VMPL 0x10U
#define REQ_GUEST_SVN 0x14U
#define REQ_TCB 0x18U
#define REQ_MIT_VECTOR 0x20U /* message version 2 */
#define RSP_STATUS 0x00U
#define RSP_KEY 0x20U

#define ROOT_VMRK 1U

enum {
	FIELD_POLICY = 1U << 0,
	FIELD_IMAGE_ID = 1U << 1,
	FIELD_FAMILY_ID = 1U << 2,
	FIELD_MEASUREMENT = 1U << 3,
	FIELD_GUEST_SVN = 1U << 4,
	FIELD_TCB = 1U << 5,
	FIELD_MIT_VECTOR = 1U << 6,
};
#define FIELDS_V1 ((UINT64_C(1) << 6) - 1U)
#define FIELDS_V2 ((UINT64_C(1) << 7) - 1U)

struct key_request {
	uint64_t root, fields, tcb, mit_vector;
	uint32_t vmpl, guest_svn;
};

/* What a derived key depends on. Unselected fields are zero; @fields tells them from zero ones. */
struct key_context {
	uint8_t fields[8], vmpl[4], policy[8], image_id[16], family_id[16];
	uint8_t measurement[PSP_LD_BYTES], guest_svn[4], tcb[8], mit_vector[8];
};

static struct key_request parse(const struct psp_request *request)
{
	const uint8_t *at = request->payload;

	return (struct key_request){
		.root = psp_get(at + REQ_ROOT_KEY_SELECT, 4),
		.fields = psp_get(at + REQ_FIELD_SELECT, 8),
		.vmpl = (uint32_t)psp_get(at + REQ_VMPL, 4),
		.guest_svn = (uint32_t)psp_get(at + REQ_GUEST_SVN, 4),
		.tcb = psp_get(at + REQ_TCB, 8),
		.mit_vector = request->version >= 2U ? psp_get(at + REQ_MIT_VECTOR, 8) : 0U,
	};
}

/* A guest may ask for the keys of an older TCB, never of a newer one: each component counts. */
static bool tcb_at_most(uint64_t tcb, uint64_t limit)
{
	for (unsigned int shift = 0; shift < 64U; shift += 8U) {
		if (((tcb >> shift) & 0xffU) > ((limit >> shift) & 0xffU)) {
			return false;
		}
	}
	return true;
}

static bool allowed(const struct psp *psp, const struct psp_request *request,
		    const struct key_request *key)
{
	uint64_t known = request->version >= 2U ? FIELDS_V2 : FIELDS_V1;

	return key->root <= ROOT_VMRK && psp_all_zero(request->payload + REQ_RESERVED_04, 4) &&
	       (key->fields & ~known) == 0U && psp_vmpl_allowed(request->vmpck, key->vmpl) &&
	       key->guest_svn <= psp->config.guest_svn && tcb_at_most(key->tcb, PSP_TCB) &&
	       (key->mit_vector & ~psp->config.mit_vector) == 0U;
}

static void fill_context(const struct psp *psp, const struct key_request *key,
			 struct key_context *context)
{
	const struct psp_config *config = &psp->config;

	memset(context, 0, sizeof(*context));
	psp_put(context->fields, key->fields, 8);
	psp_put(context->vmpl, key->vmpl, 4);
	if ((key->fields & FIELD_POLICY) != 0U) {
		psp_put(context->policy, config->policy, 8);
	}
	if ((key->fields & FIELD_IMAGE_ID) != 0U) {
		memcpy(context->image_id, config->image_id, sizeof(context->image_id));
	}
	if ((key->fields & FIELD_FAMILY_ID) != 0U) {
		memcpy(context->family_id, config->family_id, sizeof(context->family_id));
	}
	if ((key->fields & FIELD_MEASUREMENT) != 0U) {
		memcpy(context->measurement, config->measurement.bytes, PSP_LD_BYTES);
	}
	if ((key->fields & FIELD_GUEST_SVN) != 0U) {
		psp_put(context->guest_svn, key->guest_svn, 4);
	}
	if ((key->fields & FIELD_TCB) != 0U) {
		psp_put(context->tcb, key->tcb, 8);
	}
	if ((key->fields & FIELD_MIT_VECTOR) != 0U) {
		psp_put(context->mit_vector, key->mit_vector, 8);
	}
}

/* The firmware's own derivation is secret: any pseudorandom function of the same inputs will do. */
static bool derive(const struct psp *psp, const struct key_request *key, uint8_t *out)
{
	static const uint8_t salt[] = "phalanx psp derived key";
	const uint8_t *root = key->root == ROOT_VMRK ? psp->vmrk : psp->chip_secret;
	struct key_context context;

	fill_context(psp, key, &context);
	return HKDF(out, PSP_KEY_BYTES, EVP_sha384(), root, PSP_KEY_BYTES, salt, sizeof(salt),
		    (const uint8_t *)&context, sizeof(context)) == 1;
}

size_t psp_key_request(struct psp *psp, const struct psp_request *request, uint8_t *reply)
{
	struct key_request key = parse(request);
	uint32_t status = PSP_INVALID_PARAM;

	if (allowed(psp, request, &key)) {
		status = derive(psp, &key, reply + RSP_KEY) ? PSP_OK : PSP_INVALID_KEY;
	}
	psp_put(reply + RSP_STATUS, status, 4);
	return PSP_KEY_RSP_BYTES;
}
