/* SPDX-License-Identifier: Apache-2.0 */
#include "psp_guest.h"

#include <string.h>

static struct guest_message tsc_info(unsigned int vmpck)
{
	return (struct guest_message){
		.type = GUEST_TSC_INFO_REQ, .version = 1, .vmpck = (uint8_t)vmpck, .size = 0x80
	};
}

/* rmp-semantics 12.2: 1, 3, 5, ... for each VMPCK on its own; 12.6: the reply's fields. */
static void test_sequences(void **state)
{
	struct psp *psp = psp_create(&(struct psp_config){ .seed = 7,
							   .tsc_scale = UINT64_C(0x180000000),
							   .tsc_offset = UINT64_C(0x1122334455),
							   .tsc_factor = 250 });
	static const uint8_t payload[0x80];
	uint8_t reply[PSP_MESSAGE_BYTES];

	(void)state;
	assert_non_null(psp);
	for (uint64_t round = 0; round < 3U; round++) {
		for (unsigned int vmpck = 0; vmpck < PSP_NR_VMPLS; vmpck++) {
			struct guest_message message = tsc_info(vmpck);
			const uint8_t *info = reply + GUEST_HEADER;

			assert_int_equal(psp_sequence(psp, vmpck), 2U * round + 1U);
			assert_int_equal(guest_exchange(psp, &message, payload, reply), 0x80);
			assert_int_equal(guest_get(info, 8), 0);
			assert_int_equal(guest_get(info + 0x08, 8), UINT64_C(0x180000000));
			assert_int_equal(guest_get(info + 0x10, 8), UINT64_C(0x1122334455));
			assert_int_equal(guest_get(info + 0x18, 4), 250);
		}
	}
	psp_destroy(psp);
}

static void refuse(struct psp *psp, const uint8_t *page, uint32_t status)
{
	uint8_t reply[PSP_MESSAGE_BYTES], before[PSP_MESSAGE_BYTES];
	uint64_t next = psp_sequence(psp, 0);

	memset(reply, 0xee, sizeof(reply));
	memset(before, 0xee, sizeof(before));
	assert_int_equal(psp_guest_request(psp, page, reply), status);
	assert_memory_equal(reply, before, sizeof(reply));
	assert_int_equal(psp_sequence(psp, 0), next);
}

static void accept(struct psp *psp)
{
	static const uint8_t payload[0x80];
	struct guest_message message = tsc_info(0);
	uint8_t reply[PSP_MESSAGE_BYTES];

	(void)guest_exchange(psp, &message, payload, reply);
}

/* rmp-semantics 12.1: each header field, sealed by the key owner, so that only the rule refuses. */
static void test_bad_headers(void **state)
{
	static const struct {
		size_t offset;
		uint8_t value;
	} bad[] = {
		{ 0x20, 0 },  { 0x20, 2 },    { 0x20, 3 },    { 0x27, 1 },  { 0x28, 1 },
		{ 0x2f, 1 },  { 0x30, 0 },    { 0x30, 2 },    { 0x31, 0 },  { 0x31, 2 },
		{ 0x32, 0 },  { 0x32, 0x61 }, { 0x33, 1 },    { 0x34, 0 },  { 0x34, 1 },
		{ 0x34, 2 },  { 0x34, 4 },    { 0x34, 6 },    { 0x34, 7 },  { 0x34, 9 },
		{ 0x34, 11 }, { 0x34, 13 },   { 0x34, 18 },   { 0x34, 19 }, { 0x34, 255 },
		{ 0x35, 0 },  { 0x35, 2 },    { 0x36, 0x7f }, { 0x36, 0 },  { 0x37, 0x0f },
		{ 0x37, 1 },  { 0x37, 0xff }, { 0x38, 1 },    { 0x3b, 1 },  { 0x3c, 1 },
		{ 0x3c, 4 },  { 0x3c, 255 },  { 0x3d, 1 },    { 0x5f, 1 },
	};
	struct psp *psp = guest_psp();

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct guest_message message = tsc_info(0);
		uint8_t page[PSP_MESSAGE_BYTES] = { 0 };

		message.seqno = 1;
		message.key = psp_vmpck(psp, 0);
		guest_header(&message, page);
		page[bad[i].offset] = bad[i].value;
		guest_seal(&message, page);
		refuse(psp, page, PSP_INVALID_PARAM);
	}
	accept(psp);
	psp_destroy(psp);
}

/* Every byte of tag, authenticated header and ciphertext counts. */
static void test_corrupt_bytes(void **state)
{
	struct psp *psp = guest_psp();
	struct guest_message message = tsc_info(0);
	uint8_t page[PSP_MESSAGE_BYTES] = { 0 };

	(void)state;
	guest_prepare(psp, &message, page);
	for (size_t i = 0; i < GUEST_HEADER + message.size; i++) {
		page[i] ^= 0x10U;
		refuse(psp, page, PSP_INVALID_PARAM);
		page[i] ^= 0x10U;
	}
	assert_int_equal(psp_guest_request(psp, page, page), PSP_OK);
	(void)guest_open_reply(&message, page);
	psp_destroy(psp);
}

/* rmp-semantics 12.2: a message that was served, or is early, is refused; the sequence stays. */
static void test_replay_and_gap(void **state)
{
	struct psp *psp = guest_psp();
	struct guest_message message = tsc_info(0);
	uint8_t page[PSP_MESSAGE_BYTES] = { 0 }, reply[PSP_MESSAGE_BYTES];

	(void)state;
	guest_prepare(psp, &message, page);
	assert_int_equal(psp_guest_request(psp, page, reply), PSP_OK);
	refuse(psp, page, PSP_INVALID_PARAM);
	for (uint64_t seqno = 0; seqno < 8U; seqno++) {
		memset(page, 0, sizeof(page));
		message.seqno = seqno;
		guest_header(&message, page);
		guest_seal(&message, page);
		if (seqno != 3U) {
			refuse(psp, page, PSP_INVALID_PARAM);
		}
	}
	accept(psp);
	assert_int_equal(psp_sequence(psp, 0), 5);
	psp_destroy(psp);
}

/* The key of another VMPL, or of another guest, does not speak for this one. */
static void test_wrong_key(void **state)
{
	struct psp *psp = guest_psp(), *other = psp_create(&(struct psp_config){ .seed = 8 });
	struct guest_message message = tsc_info(0);
	uint8_t page[PSP_MESSAGE_BYTES];

	(void)state;
	assert_non_null(other);
	for (unsigned int i = 0; i < 2U; i++) {
		memset(page, 0, sizeof(page));
		message.seqno = 1;
		message.key = i == 0U ? psp_vmpck(psp, 1) : psp_vmpck(other, 0);
		guest_header(&message, page);
		guest_seal(&message, page);
		refuse(psp, page, PSP_INVALID_PARAM);
	}
	psp_destroy(other);
	psp_destroy(psp);
}

/* A reply needs a number too: the last request has 2^64 - 3. */
static void test_exhaustion(void **state)
{
	struct psp *psp = guest_psp();
	struct guest_message message = tsc_info(0);
	uint8_t page[PSP_MESSAGE_BYTES] = { 0 };

	(void)state;
	psp_set_sequence(psp, 0, UINT64_MAX - 2U);
	accept(psp);
	assert_int_equal(psp_sequence(psp, 0), UINT64_MAX);
	guest_prepare(psp, &message, page);
	refuse(psp, page, PSP_AEAD_OFLOW);
	psp_set_sequence(psp, 0, UINT64_MAX - 1U);
	accept(psp);
	memset(page, 0, sizeof(page));
	guest_prepare(psp, &message, page);
	refuse(psp, page, PSP_AEAD_OFLOW);
	psp_destroy(psp);
}

/* 12.6: the payload of TSC_INFO_REQ must be zero; the reply says so under the key. */
static void test_tsc_info_payload(void **state)
{
	struct psp *psp = guest_psp();

	(void)state;
	for (size_t i = 0; i < 0x80U; i += 0x7fU) {
		struct guest_message message = tsc_info(2);
		uint8_t payload[0x80] = { 0 }, reply[PSP_MESSAGE_BYTES];

		payload[i] = 1;
		assert_int_equal(guest_exchange(psp, &message, payload, reply), 0x80);
		assert_int_equal(guest_get(reply + GUEST_HEADER, 4), PSP_INVALID_PARAM);
		assert_int_equal(guest_get(reply + GUEST_HEADER + 8, 8), 0);
	}
	psp_destroy(psp);
}

/* The model's own sealing is the one of the other implementation. */
static void test_seal_and_open(void **state)
{
	struct psp *psp = guest_psp();
	struct guest_message message = tsc_info(3);
	uint8_t page[PSP_MESSAGE_BYTES] = { 0 }, again[PSP_MESSAGE_BYTES] = { 0 };

	(void)state;
	page[GUEST_HEADER] = again[GUEST_HEADER] = 0x77;
	guest_prepare(psp, &message, page);
	guest_header(&message, again);
	assert_true(psp_message_seal(message.key, again));
	assert_memory_equal(page, again, sizeof(page));
	assert_false(psp_message_open(psp_vmpck(psp, 0), again));
	assert_memory_equal(page, again, sizeof(page));
	assert_true(psp_message_open(message.key, again));
	assert_int_equal(again[GUEST_HEADER], 0x77);
	guest_put(again + 0x36, PSP_MESSAGE_BYTES - GUEST_HEADER + 1U, 2);
	assert_false(psp_message_seal(message.key, again));
	assert_false(psp_message_open(message.key, again));
	psp_destroy(psp);
}

/* A seed gives the same VMPCKs, another seed others, and no two of a guest are equal. */
static void test_vmpcks(void **state)
{
	struct psp *a = guest_psp(), *b = guest_psp();
	struct psp *c = psp_create(&(struct psp_config){ .seed = 8 });

	(void)state;
	assert_non_null(c);
	for (unsigned int i = 0; i < PSP_NR_VMPLS; i++) {
		assert_memory_equal(psp_vmpck(a, i), psp_vmpck(b, i), PSP_KEY_BYTES);
		assert_memory_not_equal(psp_vmpck(a, i), psp_vmpck(c, i), PSP_KEY_BYTES);
		for (unsigned int j = 0; j < i; j++) {
			assert_memory_not_equal(psp_vmpck(a, i), psp_vmpck(a, j), PSP_KEY_BYTES);
		}
	}
	psp_destroy(c);
	psp_destroy(b);
	psp_destroy(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sequences),	 cmocka_unit_test(test_bad_headers),
		cmocka_unit_test(test_corrupt_bytes),	 cmocka_unit_test(test_replay_and_gap),
		cmocka_unit_test(test_wrong_key),	 cmocka_unit_test(test_exhaustion),
		cmocka_unit_test(test_tsc_info_payload), cmocka_unit_test(test_seal_and_open),
		cmocka_unit_test(test_vmpcks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
