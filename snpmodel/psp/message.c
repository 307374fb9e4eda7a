/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/aead.h>
#include <openssl/mem.h>

#include "psp_priv.h"

/* Message header (56860 section 8.26) */
#define HDR_AUTHTAG 0x00U
#define HDR_AUTHTAG_BYTES 0x20U
#define HDR_SEQNO 0x20U
#define HDR_RESERVED_28 0x28U
#define HDR_ALGO 0x30U /* authenticated from here */
#define HDR_VERSION 0x31U
#define HDR_SIZE 0x32U
#define HDR_MSG_TYPE 0x34U
#define HDR_MSG_VERSION 0x35U
#define HDR_MSG_SIZE 0x36U
#define HDR_RESERVED_38 0x38U
#define HDR_VMPCK 0x3cU
#define HDR_RESERVED_3D 0x3dU
#define HDR_BYTES 0x60U

#define ALGO_AES_256_GCM 1U
#define TAG_BYTES 16U
#define IV_BYTES 12U
#define AAD_BYTES (HDR_BYTES - HDR_ALGO)
#define MAX_PAYLOAD (PSP_MESSAGE_BYTES - HDR_BYTES)

enum {
	MSG_KEY_REQ = 3,
	MSG_REPORT_REQ = 5,
	MSG_TSC_INFO_REQ = 17,
};

struct message_kind {
	unsigned int type, version;
	size_t size;
	size_t (*serve)(struct psp *psp, const struct psp_request *request, uint8_t *reply);
};

static const struct message_kind kinds[] = {
	{ MSG_KEY_REQ, 1, PSP_KEY_REQ_BYTES, psp_key_request },
	{ MSG_KEY_REQ, 2, PSP_KEY_REQ_V2_BYTES, psp_key_request },
	{ MSG_REPORT_REQ, 1, PSP_REPORT_REQ_BYTES, psp_report_request },
	{ MSG_TSC_INFO_REQ, 1, PSP_TSC_INFO_BYTES, psp_tsc_info_request },
};

static size_t message_size(const uint8_t *message)
{
	return (size_t)psp_get(message + HDR_MSG_SIZE, 2);
}

/* The sequence number is the nonce: one number, one plaintext, or the key stream is known. */
static void make_iv(const uint8_t *message, uint8_t iv[IV_BYTES])
{
	memset(iv, 0, IV_BYTES);
	memcpy(iv, message + HDR_SEQNO, 8);
}

static EVP_AEAD_CTX *new_context(const uint8_t *key)
{
	return EVP_AEAD_CTX_new(EVP_aead_aes_256_gcm(), key, PSP_KEY_BYTES, TAG_BYTES);
}

bool psp_message_seal(const uint8_t key[PSP_KEY_BYTES], uint8_t message[PSP_MESSAGE_BYTES])
{
	size_t size = message_size(message), tag_len;
	uint8_t iv[IV_BYTES], tag[TAG_BYTES], out[MAX_PAYLOAD];
	EVP_AEAD_CTX *ctx;
	bool ok;

	if (size > MAX_PAYLOAD) {
		return false;
	}
	ctx = new_context(key);
	make_iv(message, iv);
	ok = ctx != NULL && EVP_AEAD_CTX_seal_scatter(ctx, out, tag, &tag_len, sizeof(tag), iv,
						      sizeof(iv), message + HDR_BYTES, size, NULL,
						      0, message + HDR_ALGO, AAD_BYTES) == 1;
	EVP_AEAD_CTX_free(ctx);
	if (ok) {
		memset(message + HDR_AUTHTAG, 0, HDR_AUTHTAG_BYTES);
		memcpy(message + HDR_AUTHTAG, tag, sizeof(tag));
		memcpy(message + HDR_BYTES, out, size);
	}
	return ok;
}

bool psp_message_open(const uint8_t key[PSP_KEY_BYTES], uint8_t message[PSP_MESSAGE_BYTES])
{
	size_t size = message_size(message);
	uint8_t iv[IV_BYTES], out[MAX_PAYLOAD];
	EVP_AEAD_CTX *ctx;
	bool ok;

	if (size > MAX_PAYLOAD) {
		return false;
	}
	ctx = new_context(key);
	make_iv(message, iv);
	ok = ctx != NULL && EVP_AEAD_CTX_open_gather(ctx, out, iv, sizeof(iv), message + HDR_BYTES,
						     size, message + HDR_AUTHTAG, TAG_BYTES,
						     message + HDR_ALGO, AAD_BYTES) == 1;
	EVP_AEAD_CTX_free(ctx);
	if (ok) {
		memcpy(message + HDR_BYTES, out, size);
	}
	OPENSSL_cleanse(out, sizeof(out));
	return ok;
}

static const struct message_kind *find_kind(const uint8_t *message)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (message[HDR_MSG_TYPE] == kinds[i].type &&
		    message[HDR_MSG_VERSION] == kinds[i].version &&
		    message_size(message) == kinds[i].size) {
			return &kinds[i];
		}
	}
	return NULL;
}

static bool header_ok(const uint8_t *message)
{
	return message[HDR_ALGO] == ALGO_AES_256_GCM && message[HDR_VERSION] == 1U &&
	       psp_get(message + HDR_SIZE, 2) == HDR_BYTES && message[HDR_VMPCK] < PSP_NR_VMPLS &&
	       psp_all_zero(message + HDR_AUTHTAG + TAG_BYTES, HDR_AUTHTAG_BYTES - TAG_BYTES) &&
	       psp_all_zero(message + HDR_RESERVED_28, HDR_ALGO - HDR_RESERVED_28) &&
	       psp_all_zero(message + HDR_RESERVED_38, HDR_VMPCK - HDR_RESERVED_38) &&
	       psp_all_zero(message + HDR_RESERVED_3D, HDR_BYTES - HDR_RESERVED_3D);
}

static void reply_header(const uint8_t *request, uint8_t *reply, size_t size)
{
	memcpy(reply + HDR_ALGO, request + HDR_ALGO, AAD_BYTES);
	psp_put(reply + HDR_SEQNO, psp_get(request + HDR_SEQNO, 8) + 1U, 8);
	reply[HDR_MSG_TYPE] = (uint8_t)(request[HDR_MSG_TYPE] + 1U);
	psp_put(reply + HDR_MSG_SIZE, size, 2);
}

static uint32_t serve(struct psp *psp, const struct message_kind *kind, uint8_t *message,
		      uint8_t *response)
{
	struct psp_request request = { .vmpck = message[HDR_VMPCK],
				       .version = kind->version,
				       .payload = message + HDR_BYTES };
	const uint8_t *key = psp->vmpck[request.vmpck];
	uint8_t reply[PSP_MESSAGE_BYTES] = { 0 };
	size_t size;

	if (!psp_message_open(key, message)) {
		return PSP_INVALID_PARAM;
	}
	size = kind->serve(psp, &request, reply + HDR_BYTES);
	reply_header(message, reply, size);
	if (!psp_message_seal(key, reply)) {
		return PSP_INVALID_PARAM;
	}
	psp->next_seqno[request.vmpck] += 2U;
	memcpy(response, reply, sizeof(reply));
	return PSP_OK;
}

uint32_t psp_guest_request(struct psp *psp, const uint8_t request[PSP_MESSAGE_BYTES],
			   uint8_t response[PSP_MESSAGE_BYTES])
{
	uint8_t message[PSP_MESSAGE_BYTES];
	const struct message_kind *kind;
	uint64_t next;

	memcpy(message, request, sizeof(message));
	kind = find_kind(message);
	if (kind == NULL || !header_ok(message)) {
		return PSP_INVALID_PARAM;
	}
	next = psp->next_seqno[message[HDR_VMPCK]];
	/* 0: the number after the last reply; 2^64 - 1: a request whose reply has no number */
	if (next == 0U || next == UINT64_MAX) {
		return PSP_AEAD_OFLOW;
	}
	if (psp_get(message + HDR_SEQNO, 8) != next) {
		return PSP_INVALID_PARAM;
	}
	return serve(psp, kind, message, response);
}
