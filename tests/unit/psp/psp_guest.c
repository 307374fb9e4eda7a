/* SPDX-License-Identifier: Apache-2.0 */
#include "psp_guest.h"

#include <string.h>

#include <openssl/cipher.h>

uint64_t guest_get(const uint8_t *at, size_t bytes)
{
	uint64_t value = 0;

	for (size_t i = bytes; i > 0U; i--) {
		value = value << 8 | at[i - 1U];
	}
	return value;
}

void guest_put(uint8_t *at, uint64_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++, value >>= 8) {
		at[i] = (uint8_t)value;
	}
}

void guest_header(const struct guest_message *message, uint8_t *page)
{
	memset(page, 0, GUEST_HEADER);
	guest_put(page + 0x20, message->seqno, 8);
	page[0x30] = 1;
	page[0x31] = 1;
	guest_put(page + 0x32, GUEST_HEADER, 2);
	page[0x34] = message->type;
	page[0x35] = message->version;
	guest_put(page + 0x36, message->size, 2);
	page[0x3c] = message->vmpck;
}

static EVP_CIPHER_CTX *cipher(const struct guest_message *message, const uint8_t *page, int encrypt)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t iv[12] = { 0 };
	int len;

	memcpy(iv, page + 0x20, 8);
	assert_non_null(ctx);
	assert_int_equal(EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, message->key, iv, encrypt),
			 1);
	assert_int_equal(EVP_CipherUpdate(ctx, NULL, &len, page + 0x30, 0x30), 1);
	return ctx;
}

void guest_seal(const struct guest_message *message, uint8_t *page)
{
	EVP_CIPHER_CTX *ctx = cipher(message, page, 1);
	uint8_t *payload = page + GUEST_HEADER;
	int len;

	assert_int_equal(EVP_CipherUpdate(ctx, payload, &len, payload, (int)message->size), 1);
	assert_int_equal(EVP_CipherFinal_ex(ctx, payload, &len), 1);
	assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, page), 1);
	EVP_CIPHER_CTX_free(ctx);
}

void guest_prepare(struct psp *psp, struct guest_message *message, uint8_t *page)
{
	message->seqno = psp_sequence(psp, message->vmpck);
	message->key = psp_vmpck(psp, message->vmpck);
	guest_header(message, page);
	guest_seal(message, page);
}

size_t guest_open_reply(const struct guest_message *message, uint8_t *page)
{
	EVP_CIPHER_CTX *ctx;
	uint8_t *payload = page + GUEST_HEADER;
	size_t size = (size_t)guest_get(page + 0x36, 2);
	int len;

	assert_int_equal(guest_get(page + 0x20, 8), message->seqno + 1U);
	assert_int_equal(page[0x30], 1);
	assert_int_equal(page[0x31], 1);
	assert_int_equal(guest_get(page + 0x32, 2), GUEST_HEADER);
	assert_int_equal(page[0x34], message->type + 1U);
	assert_int_equal(page[0x35], message->version);
	assert_int_equal(page[0x3c], message->vmpck);
	assert_in_range(size, 0, PSP_MESSAGE_BYTES - GUEST_HEADER);
	ctx = cipher(message, page, 0);
	assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, 16, page), 1);
	assert_int_equal(EVP_CipherUpdate(ctx, payload, &len, payload, (int)size), 1);
	assert_int_equal(EVP_CipherFinal_ex(ctx, payload, &len), 1);
	EVP_CIPHER_CTX_free(ctx);
	return size;
}

size_t guest_exchange(struct psp *psp, struct guest_message *message, const uint8_t *payload,
		      uint8_t reply[PSP_MESSAGE_BYTES])
{
	uint8_t page[PSP_MESSAGE_BYTES] = { 0 };

	memcpy(page + GUEST_HEADER, payload, message->size);
	guest_prepare(psp, message, page);
	assert_int_equal(psp_guest_request(psp, page, reply), PSP_OK);
	return guest_open_reply(message, reply);
}

struct psp *guest_psp(void)
{
	struct psp *psp = psp_create(&(struct psp_config){ .seed = 7 });

	assert_non_null(psp);
	return psp;
}
