/* SPDX-License-Identifier: Apache-2.0 */

/* The state of the channel is its own; these tests look inside: secrets that must be gone, and a
 * sequence that no test could reach by counting. */
#include "guest_message.c" /* NOLINT(bugprone-suspicious-include): see above */

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "fake_psp.h"

static const uint8_t zeros[ARCH_PSP_MESSAGE_BYTES];
static struct svsm_report report;

static enum svsm_message ask(uint8_t letter)
{
	uint8_t data[64];
	enum svsm_message status;

	memset(data, letter, sizeof(data));
	assert_int_equal(svsm_channel_take(), SVSM_CHANNEL_TAKEN);
	status = svsm_channel_report(data, false, &report);
	svsm_channel_release();
	return status;
}

static int setup(void **state)
{
	(void)state;
	fake_reset(1);
	return 0;
}

static void test_key_is_wiped_when_the_channel_dies(void **state)
{
	(void)state;
	assert_int_equal(ask('a'), SVSM_MESSAGE_OK);
	assert_memory_equal(channel.key, fake.key, sizeof(channel.key));
	fake_once(FAKE_FIRMWARE);
	assert_int_equal(ask('b'), SVSM_MESSAGE_FAILED);
	assert_memory_equal(channel.key, zeros, sizeof(channel.key));
	assert_memory_equal(channel.request, zeros, sizeof(channel.request));
	assert_int_equal(svsm_channel_take(), SVSM_CHANNEL_DEAD);
}

static void test_reply_is_wiped_at_release(void **state)
{
	(void)state;
	assert_int_equal(ask('a'), SVSM_MESSAGE_OK);
	assert_memory_equal(channel.reply, zeros, sizeof(channel.reply));
}

/* The last usable request has 2^64 - 3, its reply 2^64 - 2. */
static void test_sequence_exhaustion(void **state)
{
	(void)state;
	channel.sequence = UINT64_MAX - 5U;
	fake.next = channel.sequence + 1U;
	assert_int_equal(ask('a'), SVSM_MESSAGE_OK);
	assert_int_equal(fake.log[0].sequence, UINT64_MAX - 4U);
	assert_int_equal(ask('b'), SVSM_MESSAGE_OK);
	assert_int_equal(fake.log[1].sequence, UINT64_MAX - 2U);
	assert_int_equal(channel.sequence, UINT64_MAX - 1U);
	assert_int_equal(ask('c'), SVSM_MESSAGE_FAILED);
	assert_int_equal(fake.sent, 2);
	assert_memory_equal(channel.key, zeros, sizeof(channel.key));
	assert_int_equal(svsm_channel_take(), SVSM_CHANNEL_DEAD);
}

/* The last message may be in flight: it resolves, then the channel is dead. */
static void test_exhaustion_with_a_message_in_flight(void **state)
{
	(void)state;
	channel.sequence = UINT64_MAX - 3U;
	fake.next = channel.sequence + 1U;
	fake_once(FAKE_DROPPED);
	assert_int_equal(ask('a'), SVSM_MESSAGE_FAILED);
	assert_int_equal(ask('b'), SVSM_MESSAGE_FAILED);
	assert_int_equal(fake.sent, 2);
	assert_memory_equal(fake.log[0].page, fake.log[1].page, sizeof(fake.log[0].page));
	assert_int_equal(svsm_channel_take(), SVSM_CHANNEL_DEAD);
	assert_memory_equal(channel.key, zeros, sizeof(channel.key));
}

/* A new life after svsm_channel_init() starts at 1 and knows no message of the old one. */
static void test_init_forgets(void **state)
{
	(void)state;
	fake_once(FAKE_DROPPED);
	assert_int_equal(ask('a'), SVSM_MESSAGE_FAILED);
	assert_true(channel.in_flight);
	fake_reset(2);
	assert_false(channel.in_flight);
	assert_int_equal(ask('b'), SVSM_MESSAGE_OK);
	assert_int_equal(fake.sent, 1);
	assert_int_equal(fake.log[0].sequence, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_key_is_wiped_when_the_channel_dies, setup),
		cmocka_unit_test_setup(test_reply_is_wiped_at_release, setup),
		cmocka_unit_test_setup(test_sequence_exhaustion, setup),
		cmocka_unit_test_setup(test_exhaustion_with_a_message_in_flight, setup),
		cmocka_unit_test_setup(test_init_forgets, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
