/* SPDX-License-Identifier: Apache-2.0 */
#include "leaf.h"

#include <openssl/bytestring.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "report.h"

/* 1.3.6.1.4.1.3704.1, encoded; below it: */
static const uint8_t amd_arc[] = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01 };
#define ARC_PRODUCT 2U
#define ARC_SPL 3U /* ARC_SPL.n: security patch levels */
#define ARC_CHIP_ID 4U
#define ARC_PROVIDER 5U

/* n of ARC_SPL.n */
enum spl { SPL_BL = 1, SPL_TEE, SPL_SNP, SPL_4, SPL_5, SPL_6, SPL_7, SPL_UCODE, SPL_FMC, SPL_END };

struct reading {
	struct verify_leaf_info *leaf;
	uint8_t spl[SPL_END];
	bool seen_spl[SPL_END];
	bool seen[ARC_PROVIDER + 1U];
};

/* Bits of TCB_VERSION that a patch level has; 64: none in this layout. */
static unsigned int spl_shift(unsigned int spl, bool turin)
{
	static const uint8_t milan[SPL_END] = {
		[SPL_BL] = 0, [SPL_TEE] = 8,  [SPL_4] = 16,	[SPL_5] = 24,  [SPL_6] = 32,
		[SPL_7] = 40, [SPL_SNP] = 48, [SPL_UCODE] = 56, [SPL_FMC] = 64
	};
	static const uint8_t zen5[SPL_END] = {
		[SPL_FMC] = 0, [SPL_BL] = 8, [SPL_TEE] = 16,   [SPL_SNP] = 24, [SPL_5] = 32,
		[SPL_6] = 40,  [SPL_7] = 48, [SPL_UCODE] = 56, [SPL_4] = 64
	};

	return turin ? zen5[spl] : milan[spl];
}

static const char *read_spl(struct reading *r, unsigned int spl, CBS value)
{
	uint64_t level = 0;

	if (spl == 0U || spl >= SPL_END) {
		return NULL;
	}
	if (r->seen_spl[spl]) {
		return "a patch level is there twice";
	}
	if (CBS_get_asn1_uint64(&value, &level) != 1 || CBS_len(&value) != 0U ||
	    level > UINT8_MAX) {
		return "a patch level is no number of 8 bits";
	}
	r->seen_spl[spl] = true;
	r->spl[spl] = (uint8_t)level;
	return NULL;
}

static const char *read_text(CBS value, char *out, size_t size)
{
	CBS text;
	unsigned int tag = 0;
	size_t len = 0;

	if (CBS_get_any_asn1(&value, &text, &tag) != 1 || CBS_len(&value) != 0U ||
	    (tag != CBS_ASN1_IA5STRING && tag != CBS_ASN1_UTF8STRING)) {
		return "a name is no string";
	}
	len = CBS_len(&text) < size - 1U ? CBS_len(&text) : size - 1U;
	for (size_t i = 0; i < len; i++) {
		const uint8_t c = CBS_data(&text)[i];

		out[i] = c >= 0x20U && c < 0x7fU ? (char)c : '?';
	}
	out[len] = '\0';
	return NULL;
}

static bool chip_id_size(size_t len)
{
	return len == REPORT_CHIP_ID_BYTES || len == 8U;
}

/* AMD puts the plain bytes into the extension; an OCTET STRING around them is accepted. */
static const char *read_chip_id(CBS value, struct verify_leaf_info *leaf)
{
	CBS inner = value;
	CBS octets;

	if (!chip_id_size(CBS_len(&value)) &&
	    CBS_get_asn1(&inner, &octets, CBS_ASN1_OCTETSTRING) == 1 && CBS_len(&inner) == 0U) {
		value = octets;
	}
	if (!chip_id_size(CBS_len(&value))) {
		return "the chip id has neither 64 nor 8 bytes";
	}
	leaf->chip_id_len = CBS_len(&value);
	memcpy(leaf->chip_id, CBS_data(&value), leaf->chip_id_len);
	return NULL;
}

static const char *read_extension(struct reading *r, const uint8_t *arc, size_t len, CBS value)
{
	if (len == 2U && arc[0] == ARC_SPL) {
		return read_spl(r, arc[1], value);
	}
	if (len != 1U || arc[0] > ARC_PROVIDER) {
		return NULL;
	}
	if (r->seen[arc[0]]) {
		return "an extension is there twice";
	}
	r->seen[arc[0]] = true;
	switch (arc[0]) {
	case ARC_PRODUCT:
		return read_text(value, r->leaf->product, sizeof(r->leaf->product));
	case ARC_CHIP_ID:
		return read_chip_id(value, r->leaf);
	case ARC_PROVIDER:
		r->leaf->vlek = true;
		return read_text(value, r->leaf->provider, sizeof(r->leaf->provider));
	default:
		return NULL;
	}
}

static void compose_tcb(const struct reading *r, bool turin, struct verify_leaf_info *leaf)
{
	leaf->tcb_complete = r->seen_spl[SPL_BL] && r->seen_spl[SPL_TEE] && r->seen_spl[SPL_SNP] &&
			     r->seen_spl[SPL_UCODE] && (!turin || r->seen_spl[SPL_FMC]);
	for (unsigned int spl = SPL_BL; spl < SPL_END; spl++) {
		const unsigned int shift = spl_shift(spl, turin);

		if (shift < 64U) {
			leaf->tcb |= (uint64_t)r->spl[spl] << shift;
		}
	}
}

const char *leaf_read(const struct cert *cert, bool turin, struct verify_leaf_info *leaf)
{
	struct reading r = { .leaf = leaf };
	const int nr = X509_get_ext_count(cert->x509);

	for (int i = 0; i < nr; i++) {
		X509_EXTENSION *extension = X509_get_ext(cert->x509, i);
		const ASN1_OBJECT *oid = X509_EXTENSION_get_object(extension);
		const ASN1_OCTET_STRING *data = X509_EXTENSION_get_data(extension);
		const size_t len = OBJ_length(oid);
		const char *problem = NULL;
		CBS value;

		if (len <= sizeof(amd_arc) ||
		    memcmp(OBJ_get0_data(oid), amd_arc, sizeof(amd_arc)) != 0) {
			continue;
		}
		CBS_init(&value, data->data, data->length < 0 ? 0U : (size_t)data->length);
		problem = read_extension(&r, OBJ_get0_data(oid) + sizeof(amd_arc),
					 len - sizeof(amd_arc), value);
		if (problem != NULL) {
			return problem;
		}
	}
	compose_tcb(&r, turin, leaf);
	return NULL;
}
