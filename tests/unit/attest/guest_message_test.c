/* SPDX-License-Identifier: Apache-2.0 */
#include "guest_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "fake_psp.h"

/* The guest-message channel of 58019 section 7, without a machine. */

static struct svsm_report report;

/* One call: own the channel, ask for a report over 64 times @letter, give the channel back. */
static enum svsm_message ask(char letter, bool with_certs)
{
	uint8_t data[64];
	enum svsm_message status;

	memset(data, letter, sizeof(data));
	memset(&report, 0xdd, sizeof(report));
	assert_int_equal(svsm_channel_take(), SVSM_CHANNEL_TAKEN);
	status = svsm_channel_report(data, with_certs, &report);
	svsm_channel_release();
	if (status == SVSM_MESSAGE_OK) {
		assert_int_equal(report.size, REPORT_BYTES);
		assert_memory_equal(&report.bytes[REPORT_DATA], data, sizeof(data));
	}
	fake_check_log();
	return status;
}

static const struct fake_sent *sent(unsigned int back)
{
	assert_true(back < fake.sent);
	return &fake.log[fake.sent - 1U - back];
}

static void expect_same(unsigned int first)
{
	for (unsigned int i = first + 1U; i < fake.sent; i++) {
		assert_memory_equal(fake.log[i].page, fake.log[first].page,
				    sizeof(fake.log[i].page));
	}
}

static int setup(void **state)
{
	(void)state;
	fake_reset(1);
	return 0;
}

static void test_sequence_starts_at_1_and_takes_two(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 20U; i++) {
		assert_int_equal(ask((char)('a' + i), i % 2U == 0U), SVSM_MESSAGE_OK);
		assert_int_equal(fake.sent, i + 1U);
		assert_int_equal(sent(0)->sequence, 2U * i + 1U);
		assert_int_equal(sent(0)->with_certs, i % 2U == 0U);
		assert_int_equal(report.certs, i % 2U == 0U);
		assert_int_equal(report.certs_need, 0);
	}
}

/* Equal requests are new messages too. */
static void test_same_data_again_is_a_new_message(void **state)
{
	(void)state;
	assert_int_equal(ask('a', false), SVSM_MESSAGE_OK);
	assert_int_equal(ask('a', false), SVSM_MESSAGE_OK);
	assert_int_equal(sent(0)->sequence, 3);
}

static void test_no_key_is_dead(void **state)
{
	const uint8_t zeros[32] = { 0 };
	uint8_t key[32] = { 0 };

	(void)state;
	svsm_channel_init(zeros);
	assert_false(svsm_channel_alive());
	assert_int_equal(svsm_channel_take(), SVSM_CHANNEL_DEAD);
	for (unsigned int i = 0; i < sizeof(key); i++) {
		memset(key, 0, sizeof(key));
		key[i] = 0x80;
		svsm_channel_init(key);
		assert_true(svsm_channel_alive());
	}
}

/* ---- a message whose fate is unknown ---- */

/* After each kind of failure: the identical ciphertext, until it resolves. */
static void test_identical_ciphertext_after_host_errors(void **state)
{
	static const enum fake_host failures[] = { FAKE_DROPPED, FAKE_KEPT, FAKE_NO_REPLY,
						   FAKE_NOISE, FAKE_OLD_REPLY };

	(void)state;
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		fake_reset(i);
		assert_int_equal(ask('a', false), SVSM_MESSAGE_OK);
		fake.host = failures[i];
		for (unsigned int n = 0; n < 5U; n++) {
			assert_int_equal(ask('b', n % 2U == 1U), SVSM_MESSAGE_FAILED);
		}
		fake.host = FAKE_HONEST;
		assert_int_equal(ask('b', true), SVSM_MESSAGE_OK);
		assert_int_equal(fake.sent, 7);
		expect_same(1);
		assert_true(report.certs);
		assert_int_equal(ask('b', false), SVSM_MESSAGE_OK);
		assert_int_equal(sent(0)->sequence, 5);
	}
}

static void test_busy_for_ever(void **state)
{
	(void)state;
	fake.host = FAKE_BUSY;
	for (unsigned int i = 0; i < 200U; i++) {
		assert_int_equal(ask((char)('a' + i % 3U), i % 2U == 0U), SVSM_MESSAGE_BUSY);
		assert_true(svsm_channel_alive());
	}
	assert_int_equal(fake.sent, 200);
	expect_same(0);
	fake.host = FAKE_HONEST;
	assert_int_equal(ask('b', false), SVSM_MESSAGE_OK);
	/* the message in flight was of 'a' */
	assert_int_equal(sent(1)->sequence, 1);
	assert_int_equal(sent(0)->sequence, 3);
}

/* Another call's request resolves what is in flight first, without its certificates. */
static void test_other_caller_resolves_first(void **state)
{
	(void)state;
	fake_once(FAKE_KEPT);
	assert_int_equal(ask('a', true), SVSM_MESSAGE_FAILED);
	assert_int_equal(ask('b', true), SVSM_MESSAGE_OK);
	assert_int_equal(fake.sent, 3);
	assert_memory_equal(fake.log[1].page, fake.log[0].page, sizeof(fake.log[0].page));
	assert_false(fake.log[1].with_certs);
	assert_int_equal(fake.log[2].sequence, 3);
	assert_true(fake.log[2].with_certs);
	assert_true(report.certs);
	/* One bit of the data makes another request. */
	fake_once(FAKE_DROPPED);
	assert_int_equal(ask('b', false), SVSM_MESSAGE_FAILED);
	assert_int_equal(ask('c', false), SVSM_MESSAGE_OK);
	assert_int_equal(fake.sent, 6);
}

/* As long as it does not resolve, the other caller's plaintext is not sent at all. */
static void test_other_caller_waits_for_the_unresolved(void **state)
{
	static const struct {
		enum fake_host host;
		enum svsm_message status;
	} cases[] = {
		{ FAKE_DROPPED, SVSM_MESSAGE_FAILED },	{ FAKE_KEPT, SVSM_MESSAGE_FAILED },
		{ FAKE_BUSY, SVSM_MESSAGE_BUSY },	{ FAKE_NOISE, SVSM_MESSAGE_FAILED },
		{ FAKE_NO_REPLY, SVSM_MESSAGE_FAILED },
	};
	unsigned int first;

	(void)state;
	assert_int_equal(ask('z', false), SVSM_MESSAGE_OK);
	first = fake.sent;
	fake_once(FAKE_KEPT);
	assert_int_equal(ask('a', false), SVSM_MESSAGE_FAILED);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fake.host = cases[i].host;
		assert_int_equal(ask('b', true), cases[i].status);
		assert_int_equal(ask('c', false), cases[i].status);
	}
	expect_same(first);
	fake.host = FAKE_HONEST;
	assert_int_equal(ask('c', false), SVSM_MESSAGE_OK);
	assert_int_equal(sent(0)->sequence, 5);
}

/* The host swallowed a message that was served: the processor refuses it now, nothing can ever be
 * agreed again. */
static void test_lost_reply_is_the_end(void **state)
{
	(void)state;
	fake_once(FAKE_KEPT);
	assert_int_equal(ask('a', false), SVSM_MESSAGE_FAILED);
	fake.served = false;
	assert_int_equal(ask('a', false), SVSM_MESSAGE_FAILED);
	assert_int_equal(svsm_channel_take(), SVSM_CHANNEL_DEAD);
}

static void test_dead_after_a_firmware_error(void **state)
{
	(void)state;
	assert_int_equal(ask('a', false), SVSM_MESSAGE_OK);
	fake_once(FAKE_FIRMWARE);
	assert_int_equal(ask('b', false), SVSM_MESSAGE_FAILED);
	assert_int_equal(fake.sent, 2);
	for (unsigned int i = 0; i < 100U; i++) {
		assert_false(svsm_channel_alive());
		assert_int_equal(svsm_channel_take(), SVSM_CHANNEL_DEAD);
	}
	assert_int_equal(fake.sent, 2);
}

/* While another call's message is being resolved, too; its own message is then not sent. */
static void test_dead_while_resolving(void **state)
{
	(void)state;
	fake_once(FAKE_DROPPED);
	assert_int_equal(ask('a', false), SVSM_MESSAGE_FAILED);
	fake_once(FAKE_FIRMWARE);
	assert_int_equal(ask('b', false), SVSM_MESSAGE_FAILED);
	assert_int_equal(fake.sent, 2);
	assert_int_equal(svsm_channel_take(), SVSM_CHANNEL_DEAD);
}

/* ---- certificates ---- */

static void test_room_for_certificates(void **state)
{
	static const uint32_t pages[] = { 1, 17, 0x100000, UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		fake.pages = pages[i];
		fake_once(FAKE_INVALID_LEN);
		assert_int_equal(ask((char)('a' + i), true), SVSM_MESSAGE_OK);
		assert_int_equal(fake.sent, 2U * (i + 1U));
		assert_memory_equal(sent(1)->page, sent(0)->page, sizeof(sent(0)->page));
		assert_true(sent(1)->with_certs);
		assert_false(sent(0)->with_certs);
		assert_false(report.certs);
		assert_true(report.certs_need == (uint64_t)pages[i] * 4096U);
	}
}

/* The host wants more room, and names none: there are no certificates of this request. */
static void test_room_of_0_pages(void **state)
{
	(void)state;
	fake.pages = 0;
	fake_once(FAKE_INVALID_LEN);
	assert_int_equal(ask('a', true), SVSM_MESSAGE_OK);
	assert_false(report.certs);
	assert_int_equal(report.certs_need, 0);
}

static void test_invalid_len_without_certificates(void **state)
{
	(void)state;
	fake.host = FAKE_INVALID_LEN;
	fake.pages = 1;
	assert_int_equal(ask('a', false), SVSM_MESSAGE_FAILED);
	assert_int_equal(fake.sent, 1);
	assert_int_equal(ask('a', true), SVSM_MESSAGE_FAILED);
	assert_int_equal(fake.sent, 3);
	fake.host = FAKE_HONEST;
	assert_int_equal(ask('a', true), SVSM_MESSAGE_OK);
	expect_same(0);
}

/* ---- replies ---- */

static uint64_t lie_value;
static size_t lie_at, lie_bytes;

static void overwrite(uint8_t *message)
{
	memcpy(&message[lie_at], &lie_value, lie_bytes);
}

static void flip(uint8_t *message)
{
	message[lie_at] ^= (uint8_t)lie_value;
}

/* The host answers with a lie; it is not believed, the message stays in flight, and resolves. */
static void refuse(enum fake_host host, void (*spoil)(uint8_t *message))
{
	fake_reset(7);
	assert_int_equal(ask('a', false), SVSM_MESSAGE_OK);
	fake.spoil = spoil;
	fake_once(host);
	assert_int_equal(ask('b', false), SVSM_MESSAGE_FAILED);
	assert_int_equal(ask('b', false), SVSM_MESSAGE_OK);
	assert_int_equal(fake.sent, 3);
	expect_same(1);
}

/* The tag is right each time: whoever could make these has the key, and still is not the reply. */
static void test_reply_header_fields(void **state)
{
	static const struct {
		size_t at, bytes;
		uint64_t value;
	} wrong[] = {
		{ MSG_SEQUENCE, 8, 0 },
		{ MSG_SEQUENCE, 8, 2 },
		{ MSG_SEQUENCE, 8, 3 },
		{ MSG_SEQUENCE, 8, 5 },
		{ MSG_SEQUENCE, 8, 6 },
		{ MSG_SEQUENCE, 8, 7 },
		{ MSG_SEQUENCE, 8, UINT64_MAX },
		{ MSG_SEQUENCE, 8, (UINT64_C(1) << 32) | 4U },
		{ MSG_ALGORITHM, 1, 0 },
		{ MSG_ALGORITHM, 1, 2 },
		{ MSG_HEADER_VERSION, 1, 0 },
		{ MSG_HEADER_VERSION, 1, 2 },
		{ MSG_HEADER_SIZE, 2, 0 },
		{ MSG_HEADER_SIZE, 2, 0x5f },
		{ MSG_HEADER_SIZE, 2, 0x160 },
		{ MSG_TYPE, 1, 0 },
		{ MSG_TYPE, 1, 4 },
		{ MSG_TYPE, 1, 5 },
		{ MSG_TYPE, 1, 18 },
		{ MSG_VERSION, 1, 0 },
		{ MSG_VERSION, 1, 2 },
		{ MSG_VMPCK, 1, 1 },
		{ MSG_VMPCK, 1, 3 },
		{ MSG_SIZE, 2, 0 },
		{ MSG_SIZE, 2, 0x1f },
		{ MSG_SIZE, 2, 4001 },
		{ MSG_SIZE, 2, 4096 },
		{ MSG_SIZE, 2, 0xffff },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		lie_at = wrong[i].at;
		lie_bytes = wrong[i].bytes;
		lie_value = wrong[i].value;
		refuse(FAKE_OTHER_REPLY, overwrite);
	}
}

/* Each bit of the tag, of the additional data and of the payload on its way through the host. */
static void test_reply_bits_on_the_wire(void **state)
{
	(void)state;
	for (unsigned int bit = 0; bit < 8U; bit++) {
		lie_value = UINT64_C(1) << bit;
		for (lie_at = 0; lie_at < 16U; lie_at++) {
			refuse(FAKE_BAD_WIRE, flip);
		}
		for (lie_at = MSG_ALGORITHM; lie_at < MSG_PAYLOAD; lie_at++) {
			refuse(FAKE_BAD_WIRE, flip);
		}
	}
	lie_value = 1;
	for (lie_at = MSG_PAYLOAD; lie_at < MSG_PAYLOAD + RSP_REPORT + REPORT_BYTES; lie_at += 3U) {
		refuse(FAKE_BAD_WIRE, flip);
	}
	for (lie_at = MSG_SEQUENCE; lie_at < MSG_SEQUENCE + 8U; lie_at++) {
		refuse(FAKE_BAD_WIRE, flip);
	}
}

static void truncate_wire(uint8_t *message)
{
	memset(&message[lie_at], 0, ARCH_PSP_MESSAGE_BYTES - lie_at);
}

static void test_truncated_reply(void **state)
{
	(void)state;
	for (lie_at = 0; lie_at < MSG_PAYLOAD + RSP_REPORT + REPORT_BYTES; lie_at += 61U) {
		refuse(FAKE_BAD_WIRE, truncate_wire);
	}
}

static void test_replayed_older_reply(void **state)
{
	(void)state;
	assert_int_equal(ask('a', false), SVSM_MESSAGE_OK);
	assert_int_equal(ask('b', false), SVSM_MESSAGE_OK);
	fake_once(FAKE_OLD_REPLY);
	assert_int_equal(ask('a', false), SVSM_MESSAGE_FAILED);
	assert_int_equal(ask('a', false), SVSM_MESSAGE_OK);
	assert_int_equal(sent(0)->sequence, 5);
}

/* The host shows the guest its own request. */
static void reflect(uint8_t *message)
{
	memcpy(message, sent(0)->page, ARCH_PSP_MESSAGE_BYTES);
}

static void test_reflected_request(void **state)
{
	(void)state;
	refuse(FAKE_BAD_WIRE, reflect);
}

/* Authentic, but no report in it: the call fails, the sequence goes on. */
static void test_authentic_refusals(void **state)
{
	static const struct {
		size_t at, bytes;
		uint64_t value;
	} refusals[] = {
		{ MSG_PAYLOAD + RSP_STATUS, 4, 0x16 },
		{ MSG_PAYLOAD + RSP_STATUS, 4, 0x27 },
		{ MSG_PAYLOAD + RSP_STATUS, 4, 0x80000000U },
		{ MSG_PAYLOAD + RSP_SIZE, 4, 0 },
		{ MSG_PAYLOAD + RSP_SIZE, 4, REPORT_BYTES + 1U },
		{ MSG_PAYLOAD + RSP_SIZE, 4, SVSM_REPORT_MAX + 1U },
		{ MSG_PAYLOAD + RSP_SIZE, 4, UINT32_MAX },
		{ MSG_SIZE, 2, RSP_REPORT },
		{ MSG_SIZE, 2, RSP_REPORT + REPORT_BYTES - 1U },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const unsigned int before = fake.sent;

		lie_at = refusals[i].at;
		lie_bytes = refusals[i].bytes;
		lie_value = refusals[i].value;
		fake.spoil = overwrite;
		fake_once(FAKE_CHANGED);
		assert_int_equal(ask('a', false), SVSM_MESSAGE_FAILED);
		assert_int_equal(fake.sent, before + 1U);
		assert_int_equal(ask('a', false), SVSM_MESSAGE_OK);
		assert_int_equal(fake.sent, before + 2U);
		assert_int_equal(sent(0)->sequence, sent(1)->sequence + 2U);
		assert_true(svsm_channel_alive());
	}
}

/* The largest report that a page can carry. */
static void largest(uint8_t *message)
{
	const uint16_t payload = ARCH_PSP_MESSAGE_BYTES - MSG_PAYLOAD;
	const uint32_t size = payload - RSP_REPORT;

	memcpy(&message[MSG_SIZE], &payload, sizeof(payload));
	memcpy(&message[MSG_PAYLOAD + RSP_SIZE], &size, sizeof(size));
	memset(&message[ARCH_PSP_MESSAGE_BYTES - 8U], 0x77, 8);
}

static void test_largest_report(void **state)
{
	const uint8_t data[64] = { 1 };
	const size_t size = ARCH_PSP_MESSAGE_BYTES - MSG_PAYLOAD - RSP_REPORT;

	(void)state;
	fake.spoil = largest;
	fake.host = FAKE_CHANGED;
	assert_int_equal(svsm_channel_take(), SVSM_CHANNEL_TAKEN);
	assert_int_equal(svsm_channel_report(data, false, &report), SVSM_MESSAGE_OK);
	svsm_channel_release();
	assert_int_equal(report.size, size);
	assert_int_equal(report.bytes[size - 1U], 0x77);
	assert_int_equal(report.bytes[size - 9U], 0);
}

/* ---- random hosts ---- */

static bool may_die;

static void random_spoil(uint8_t *message)
{
	message[fake_random() % 0x500U] ^= (uint8_t)(1U << (fake_random() % 8U));
}

/* Only the header: other contents would be a processor that lies. */
static void random_header(uint8_t *message)
{
	message[MSG_SEQUENCE + fake_random() % (MSG_PAYLOAD - MSG_SEQUENCE)] ^=
		(uint8_t)(1U << (fake_random() % 8U));
}

static enum fake_host random_host(void)
{
	const uint64_t pick = fake_random() % 32U;

	fake.spoil = pick == FAKE_OTHER_REPLY ? random_header : random_spoil;
	fake.pages = (uint32_t)(fake_random() % 40U);
	if (pick >= FAKE_HOSTS || pick == FAKE_CHANGED || (pick == FAKE_FIRMWARE && !may_die)) {
		return FAKE_HONEST;
	}
	return (enum fake_host)pick;
}

/*
 * Whatever the host does: a report is of the caller's data, and one sequence number never carries
 * two plaintexts (checked over the whole record at the end of each run).
 */
static void random_run(uint64_t seed)
{
	unsigned int good = 0;

	fake_reset(seed);
	fake.choose = random_host;
	for (unsigned int i = 0; i < 300U && svsm_channel_alive(); i++) {
		const char letter = (char)('a' + fake_random() % 3U);
		uint8_t data[64];

		memset(data, letter, sizeof(data));
		assert_int_equal(svsm_channel_take(), SVSM_CHANNEL_TAKEN);
		if (svsm_channel_report(data, fake_random() % 2U == 0U, &report) ==
		    SVSM_MESSAGE_OK) {
			good++;
			assert_int_equal(report.size, REPORT_BYTES);
			assert_memory_equal(&report.bytes[REPORT_DATA], data, sizeof(data));
		}
		svsm_channel_release();
	}
	fake_check_log();
	assert_true(may_die || (svsm_channel_alive() && good > 50U));
}

static void test_random_hosts(void **state)
{
	(void)state;
	may_die = false;
	for (uint64_t seed = 100; seed < 140U; seed++) {
		random_run(seed);
	}
	may_die = true;
	for (uint64_t seed = 200; seed < 300U; seed++) {
		random_run(seed);
	}
}

/* ---- ownership ---- */

static void test_one_owner(void **state)
{
	(void)state;
	assert_int_equal(svsm_channel_take(), SVSM_CHANNEL_TAKEN);
	assert_int_equal(svsm_channel_take(), SVSM_CHANNEL_BUSY);
	assert_true(svsm_channel_alive());
	svsm_channel_release();
	assert_int_equal(svsm_channel_take(), SVSM_CHANNEL_TAKEN);
	svsm_channel_release();
}

#define THREADS 4U
#define REPORTS 100U

static void *owner(void *ctx)
{
	const uint8_t *letter = ctx;
	struct svsm_report mine;
	uintptr_t wrong = 0;
	uint8_t data[64];
	unsigned int good = 0;

	memset(data, *letter, sizeof(data));
	while (good < REPORTS) {
		if (svsm_channel_take() != SVSM_CHANNEL_TAKEN) {
			continue;
		}
		if (svsm_channel_report(data, false, &mine) == SVSM_MESSAGE_OK) {
			wrong += memcmp(&mine.bytes[REPORT_DATA], data, sizeof(data)) != 0;
			good++;
		}
		svsm_channel_release();
	}
	return (void *)wrong;
}

static enum fake_host sometimes_busy(void)
{
	static const enum fake_host hosts[] = { FAKE_BUSY, FAKE_DROPPED, FAKE_KEPT, FAKE_HONEST };

	return hosts[fake_random() % 4U];
}

/* The fake processor has no lock: the thread sanitizer sees any two owners. */
static void test_owners_on_many_threads(void **state)
{
	pthread_t threads[THREADS];
	uint8_t letters[THREADS];

	(void)state;
	fake.choose = sometimes_busy;
	for (unsigned int i = 0; i < THREADS; i++) {
		letters[i] = (uint8_t)('a' + i);
		assert_int_equal(pthread_create(&threads[i], NULL, owner, &letters[i]), 0);
	}
	for (unsigned int i = 0; i < THREADS; i++) {
		void *wrong = NULL;

		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		assert_null(wrong);
	}
	fake_check_log();
	assert_true(fake.next >= 2UL * THREADS * REPORTS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_sequence_starts_at_1_and_takes_two, setup),
		cmocka_unit_test_setup(test_same_data_again_is_a_new_message, setup),
		cmocka_unit_test_setup(test_no_key_is_dead, setup),
		cmocka_unit_test_setup(test_identical_ciphertext_after_host_errors, setup),
		cmocka_unit_test_setup(test_busy_for_ever, setup),
		cmocka_unit_test_setup(test_other_caller_resolves_first, setup),
		cmocka_unit_test_setup(test_other_caller_waits_for_the_unresolved, setup),
		cmocka_unit_test_setup(test_lost_reply_is_the_end, setup),
		cmocka_unit_test_setup(test_dead_after_a_firmware_error, setup),
		cmocka_unit_test_setup(test_dead_while_resolving, setup),
		cmocka_unit_test_setup(test_room_for_certificates, setup),
		cmocka_unit_test_setup(test_room_of_0_pages, setup),
		cmocka_unit_test_setup(test_invalid_len_without_certificates, setup),
		cmocka_unit_test_setup(test_reply_header_fields, setup),
		cmocka_unit_test_setup(test_reply_bits_on_the_wire, setup),
		cmocka_unit_test_setup(test_truncated_reply, setup),
		cmocka_unit_test_setup(test_replayed_older_reply, setup),
		cmocka_unit_test_setup(test_reflected_request, setup),
		cmocka_unit_test_setup(test_authentic_refusals, setup),
		cmocka_unit_test_setup(test_largest_report, setup),
		cmocka_unit_test_setup(test_random_hosts, setup),
		cmocka_unit_test_setup(test_one_owner, setup),
		cmocka_unit_test_setup(test_owners_on_many_threads, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
