/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_psp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/aead.h>

#include "guest_message.h"

#define TAG_BYTES 16U
#define NONCE_BYTES 12U
#define AAD_BYTES 0x30U
#define REQUEST_BYTES 0x60U
#define FIRMWARE_INVALID_PARAM 0x16U
#define HOST_FAILED UINT32_MAX

struct fake_psp fake;
static uint64_t random_state;

uint64_t fake_random(void)
{
	random_state = random_state * 6364136223846793005U + 1442695040888963407U;
	return random_state >> 16;
}

static void random_bytes(uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		at[i] = (uint8_t)fake_random();
	}
}

void fake_reset(uint64_t seed)
{
	memset(&fake, 0, offsetof(struct fake_psp, log));
	random_state = seed * 2U + 1U;
	random_bytes(fake.key, sizeof(fake.key));
	fake.next = 1U;
	svsm_channel_init(fake.key);
}

void fake_once(enum fake_host host)
{
	fake.once = host;
	fake.use_once = true;
}

static uint64_t get(const uint8_t *at, size_t bytes)
{
	uint64_t value = 0;

	memcpy(&value, at, bytes);
	return value;
}

static void put(uint8_t *at, uint64_t value, size_t bytes)
{
	memcpy(at, &value, bytes);
}

void fake_seal(uint8_t message[ARCH_PSP_MESSAGE_BYTES])
{
	uint8_t nonce[NONCE_BYTES] = { 0 };
	size_t size = (size_t)get(&message[MSG_SIZE], 2);
	size_t tag_len = 0;
	EVP_AEAD_CTX ctx;

	/* A lie about the size cannot make the processor encrypt beyond the page. */
	if (size > ARCH_PSP_MESSAGE_BYTES - MSG_PAYLOAD) {
		size = ARCH_PSP_MESSAGE_BYTES - MSG_PAYLOAD;
	}
	memcpy(nonce, &message[MSG_SEQUENCE], 8);
	assert_int_equal(EVP_AEAD_CTX_init(&ctx, EVP_aead_aes_256_gcm(), fake.key, sizeof(fake.key),
					   TAG_BYTES, NULL),
			 1);
	assert_int_equal(EVP_AEAD_CTX_seal_scatter(&ctx, &message[MSG_PAYLOAD], &message[MSG_TAG],
						   &tag_len, TAG_BYTES, nonce, sizeof(nonce),
						   &message[MSG_PAYLOAD], size, NULL, 0,
						   &message[MSG_ALGORITHM], AAD_BYTES),
			 1);
	EVP_AEAD_CTX_cleanup(&ctx);
}

/* Decrypt a request; false: not authentic. */
static bool open_request(const uint8_t *page, uint8_t payload[REQUEST_BYTES])
{
	uint8_t nonce[NONCE_BYTES] = { 0 };
	EVP_AEAD_CTX ctx;
	int ok;

	memcpy(nonce, &page[MSG_SEQUENCE], 8);
	assert_int_equal(EVP_AEAD_CTX_init(&ctx, EVP_aead_aes_256_gcm(), fake.key, sizeof(fake.key),
					   TAG_BYTES, NULL),
			 1);
	ok = EVP_AEAD_CTX_open_gather(&ctx, payload, nonce, sizeof(nonce), &page[MSG_PAYLOAD],
				      REQUEST_BYTES, &page[MSG_TAG], TAG_BYTES,
				      &page[MSG_ALGORITHM], AAD_BYTES);
	EVP_AEAD_CTX_cleanup(&ctx);
	return ok == 1;
}

static void expect_zero(const uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		assert_int_equal(at[i], 0);
	}
}

static void check_request(const struct fake_sent *sent)
{
	static const uint8_t aad[16] = { 1, 1, 0x60, 0, 5, 1, REQUEST_BYTES, 0 };
	uint8_t payload[REQUEST_BYTES] = { 0 };

	assert_true(open_request(sent->page, payload));
	assert_memory_equal(payload, sent->data, sizeof(sent->data));
	expect_zero(&payload[64], sizeof(payload) - 64U); /* VMPL 0, default key, reserved */
	assert_memory_equal(&sent->page[MSG_ALGORITHM], aad, sizeof(aad));
	expect_zero(&sent->page[TAG_BYTES], MSG_SEQUENCE - TAG_BYTES);
	expect_zero(&sent->page[0x28], 8);
	expect_zero(&sent->page[0x40], MSG_PAYLOAD - 0x40U);
	expect_zero(&sent->page[MSG_PAYLOAD + REQUEST_BYTES],
		    ARCH_PSP_MESSAGE_BYTES - MSG_PAYLOAD - REQUEST_BYTES);
}

void fake_check_log(void)
{
	uint64_t last = 0;

	for (unsigned int i = 0; i < fake.sent; i++) {
		const struct fake_sent *sent = &fake.log[i];

		check_request(sent);
		assert_int_equal(sent->sequence % 2U, 1);
		if (sent->sequence == last) {
			assert_memory_equal(sent->page, fake.log[i - 1U].page, sizeof(sent->page));
		} else {
			/* numbers only grow: what is equal is adjacent */
			assert_int_equal(sent->sequence, last == 0U ? 1U : last + 2U);
			last = sent->sequence;
		}
	}
}

static void record(const uint8_t *request, bool with_certs)
{
	struct fake_sent *sent = &fake.log[fake.sent];
	uint8_t payload[REQUEST_BYTES] = { 0 };

	assert_true(fake.sent < FAKE_LOG);
	fake.sent++;
	memcpy(sent->page, request, sizeof(sent->page));
	sent->with_certs = with_certs;
	sent->sequence = get(&request[MSG_SEQUENCE], 8);
	assert_true(open_request(request, payload));
	memcpy(sent->data, payload, sizeof(sent->data));
}

static void make_reply(const struct fake_sent *sent, uint8_t *reply)
{
	memset(reply, 0, ARCH_PSP_MESSAGE_BYTES);
	put(&reply[MSG_SEQUENCE], sent->sequence + 1U, 8);
	memcpy(&reply[MSG_ALGORITHM], &sent->page[MSG_ALGORITHM], AAD_BYTES);
	reply[MSG_TYPE] = 6;
	put(&reply[MSG_SIZE], RSP_REPORT + REPORT_BYTES, 2);
	put(&reply[MSG_PAYLOAD + RSP_SIZE], REPORT_BYTES, 4);
	memset(&reply[MSG_PAYLOAD + RSP_REPORT], 0x5a, REPORT_BYTES);
	put(&reply[MSG_PAYLOAD + RSP_REPORT + REPORT_VMPL], 0, 4);
	memcpy(&reply[MSG_PAYLOAD + RSP_REPORT + REPORT_DATA], sent->data, sizeof(sent->data));
}

/* The processor. Its sequence is strict: a served message is refused a second time. */
static bool serve(const struct fake_sent *sent, bool change)
{
	uint8_t reply[ARCH_PSP_MESSAGE_BYTES];

	if (sent->sequence != fake.next) {
		return false;
	}
	make_reply(sent, reply);
	if (change) {
		fake.spoil(reply);
	}
	fake_seal(reply);
	memcpy(fake.before, fake.last, sizeof(fake.before));
	memcpy(fake.last, reply, sizeof(fake.last));
	memcpy(fake.last_request, sent->page, sizeof(fake.last_request));
	fake.served = true;
	fake.next += 2U;
	return true;
}

/* A lie in the place of the reply, which the host keeps. */
static void lie(enum fake_host host, const struct fake_sent *sent, uint8_t *response)
{
	switch (host) {
	case FAKE_NOISE:
		random_bytes(response, ARCH_PSP_MESSAGE_BYTES);
		break;
	case FAKE_OLD_REPLY:
		memcpy(response, fake.before, ARCH_PSP_MESSAGE_BYTES);
		break;
	case FAKE_OTHER_REPLY:
		make_reply(sent, response);
		fake.spoil(response);
		fake_seal(response);
		break;
	case FAKE_BAD_WIRE:
		memcpy(response, fake.last, ARCH_PSP_MESSAGE_BYTES);
		fake.spoil(response);
		break;
	default:
		break;
	}
}

static enum fake_host next_host(void)
{
	if (fake.choose != NULL) {
		return fake.choose();
	}
	if (fake.use_once) {
		fake.use_once = false;
		return fake.once;
	}
	return fake.host;
}

static struct arch_psp_result deliver(enum fake_host host, const struct fake_sent *sent,
				      uint8_t *response)
{
	const bool again = fake.served &&
			   memcmp(sent->page, fake.last_request, sizeof(fake.last_request)) == 0;

	if (!again && !serve(sent, host == FAKE_CHANGED)) {
		return (struct arch_psp_result){ .firmware_error = FIRMWARE_INVALID_PARAM };
	}
	if (host == FAKE_KEPT) {
		return (struct arch_psp_result){ .vmm_error = HOST_FAILED };
	}
	if (host == FAKE_HONEST || host == FAKE_CHANGED) {
		memcpy(response, fake.last, ARCH_PSP_MESSAGE_BYTES);
	} else {
		lie(host, sent, response);
	}
	return (struct arch_psp_result){ 0 };
}

struct arch_psp_result arch_psp_request(const uint8_t request[ARCH_PSP_MESSAGE_BYTES],
					uint8_t response[ARCH_PSP_MESSAGE_BYTES], bool with_certs)
{
	const enum fake_host host = next_host();

	record(request, with_certs);
	switch (host) {
	case FAKE_BUSY:
		return (struct arch_psp_result){ .vmm_error = ARCH_PSP_VMM_BUSY };
	case FAKE_DROPPED:
		return (struct arch_psp_result){ .vmm_error = HOST_FAILED };
	case FAKE_INVALID_LEN:
		return (struct arch_psp_result){ .vmm_error = ARCH_PSP_VMM_INVALID_LEN,
						 .cert_pages = fake.pages };
	case FAKE_FIRMWARE:
		return (struct arch_psp_result){ .firmware_error = FIRMWARE_INVALID_PARAM };
	default:
		return deliver(host, &fake.log[fake.sent - 1U], response);
	}
}

void arch_psp_certs(void *dst, size_t len)
{
	memset(dst, 0, len);
}
