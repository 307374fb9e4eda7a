/* SPDX-License-Identifier: Apache-2.0 */
#include "psp_guest.h"

#include <string.h>

#define RSP_BYTES 0x40U

struct key_request {
	unsigned int vmpck, version;
	uint32_t root, reserved, vmpl, svn;
	uint64_t fields, tcb, mit_vector;
};

static struct psp_config key_config(void)
{
	struct psp_config config = { .guest_svn = 5, .mit_vector = 0x6, .seed = 21 };

	memset(config.measurement.bytes, 1, PSP_LD_BYTES);
	return config;
}

static struct psp *key_psp(const struct psp_config *config)
{
	struct psp *psp = psp_create(config);

	assert_non_null(psp);
	return psp;
}

/* Status of the request; the key, if any, into @key. */
static uint32_t ask(struct psp *psp, const struct key_request *request, uint8_t key[PSP_KEY_BYTES])
{
	struct guest_message message = { .type = GUEST_KEY_REQ,
					 .version = request->version == 2U ? 2 : 1,
					 .vmpck = (uint8_t)request->vmpck,
					 .size = request->version == 2U ? 0x28 : 0x20 };
	uint8_t payload[0x28] = { 0 }, reply[PSP_MESSAGE_BYTES];

	guest_put(payload, request->root, 4);
	guest_put(payload + 0x04, request->reserved, 4);
	guest_put(payload + 0x08, request->fields, 8);
	guest_put(payload + 0x10, request->vmpl, 4);
	guest_put(payload + 0x14, request->svn, 4);
	guest_put(payload + 0x18, request->tcb, 8);
	guest_put(payload + 0x20, request->mit_vector, 8);
	assert_int_equal(guest_exchange(psp, &message, payload, reply), RSP_BYTES);
	for (size_t i = 4; i < 0x20U; i++) {
		assert_int_equal(reply[GUEST_HEADER + i], 0);
	}
	memcpy(key, reply + GUEST_HEADER + 0x20, PSP_KEY_BYTES);
	return (uint32_t)guest_get(reply + GUEST_HEADER, 4);
}

static void derive(struct psp *psp, const struct key_request *request, uint8_t key[PSP_KEY_BYTES])
{
	assert_int_equal(ask(psp, request, key), PSP_OK);
}

static void refuse(struct psp *psp, const struct key_request *request)
{
	static const uint8_t none[PSP_KEY_BYTES];
	uint8_t key[PSP_KEY_BYTES];

	assert_int_equal(ask(psp, request, key), PSP_INVALID_PARAM);
	assert_memory_equal(key, none, sizeof(key));
}

/* rmp-semantics 12.5: the same inputs give the same key, also after a restart. */
static void test_reproducible(void **state)
{
	struct psp_config config = key_config();
	struct psp *psp = key_psp(&config), *again = key_psp(&config);
	struct key_request request = { .fields = 0x3f, .svn = 5, .tcb = 1 };
	uint8_t first[PSP_KEY_BYTES], second[PSP_KEY_BYTES], third[PSP_KEY_BYTES];

	(void)state;
	derive(psp, &request, first);
	derive(psp, &request, second);
	derive(again, &request, third);
	assert_memory_equal(first, second, sizeof(first));
	assert_memory_equal(first, third, sizeof(first));
	psp_destroy(again);
	psp_destroy(psp);
}

/* Each input that is selected matters: all of these keys differ. */
static void test_inputs_matter(void **state)
{
	static const struct key_request requests[] = {
		{ 0 },
		{ .root = 1 },
		{ .vmpl = 1 },
		{ .vmpl = 3 },
		{ .fields = 1U << 0 },
		{ .fields = 1U << 1 },
		{ .fields = 1U << 2 },
		{ .fields = 1U << 3 },
		{ .fields = 1U << 4, .svn = 4 },
		{ .fields = 1U << 4, .svn = 5 },
		{ .fields = 1U << 5, .tcb = 1 },
		{ .fields = 1U << 5, .tcb = 2 },
		{ .version = 2, .fields = 1U << 6, .mit_vector = 2 },
		{ .version = 2, .fields = 1U << 6, .mit_vector = 4 },
	};
	enum { NR = sizeof(requests) / sizeof(requests[0]) };
	struct psp_config config = key_config();
	struct psp *psp = key_psp(&config);
	uint8_t keys[NR][PSP_KEY_BYTES];

	(void)state;
	for (size_t i = 0; i < NR; i++) {
		derive(psp, &requests[i], keys[i]);
		for (size_t j = 0; j < i; j++) {
			assert_memory_not_equal(keys[i], keys[j], PSP_KEY_BYTES);
		}
	}
	psp_destroy(psp);
}

/* A field of the guest enters only when selected. */
static void test_selection(void **state)
{
	struct psp_config config = key_config();
	struct psp *psp = key_psp(&config), *changed;
	struct key_request with = { .fields = 1U << 3 }, without = { .fields = 1U << 0 };
	struct key_request svn = { .fields = 1U << 0, .svn = 5 };
	uint8_t before[PSP_KEY_BYTES], after[PSP_KEY_BYTES];

	(void)state;
	memset(config.measurement.bytes, 2, PSP_LD_BYTES);
	changed = key_psp(&config);
	derive(psp, &with, before);
	derive(changed, &with, after);
	assert_memory_not_equal(before, after, sizeof(before));
	derive(psp, &without, before);
	derive(changed, &without, after);
	assert_memory_equal(before, after, sizeof(before));
	derive(psp, &svn, after);
	assert_memory_equal(before, after, sizeof(before));
	psp_destroy(changed);
	psp_destroy(psp);
}

/* Message version and the sender's VMPCK are no inputs: VMPL is. */
static void test_not_inputs(void **state)
{
	struct psp_config config = key_config();
	struct psp *psp = key_psp(&config);
	struct key_request request = { .vmpl = 3 };
	uint8_t first[PSP_KEY_BYTES], second[PSP_KEY_BYTES];

	(void)state;
	derive(psp, &request, first);
	request.vmpck = 3;
	request.version = 2;
	derive(psp, &request, second);
	assert_memory_equal(first, second, sizeof(first));
	psp_destroy(psp);
}

/* rmp-semantics 12.5: refusals, answered under the key. */
static void test_refusals(void **state)
{
	static const struct key_request bad[] = {
		{ .root = 2 },
		{ .root = UINT32_MAX },
		{ .reserved = 1 },
		{ .fields = 1U << 6 },
		{ .version = 2, .fields = 1U << 7 },
		{ .fields = UINT64_C(1) << 63 },
		{ .vmpl = 4 },
		{ .vmpl = UINT32_MAX },
		{ .vmpck = 1, .vmpl = 0 },
		{ .vmpck = 3, .vmpl = 2 },
		{ .svn = 6 },
		{ .fields = 1U << 4, .svn = UINT32_MAX },
		/* a newer TEE component, though the number as a whole is smaller */
		{ .fields = 1U << 5, .tcb = UINT64_C(0x0100) },
		{ .fields = 1U << 5, .tcb = UINT64_MAX },
		{ .version = 2, .mit_vector = 1 },
		{ .version = 2, .fields = 1U << 6, .mit_vector = 8 },
	};
	struct psp_config config = key_config();
	struct psp *psp = key_psp(&config);

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		refuse(psp, &bad[i]);
	}
	psp_destroy(psp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reproducible), cmocka_unit_test(test_inputs_matter),
		cmocka_unit_test(test_selection),    cmocka_unit_test(test_not_inputs),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
