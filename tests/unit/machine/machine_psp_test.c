/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_svsm.h"

#include <string.h>

#include "abi/secrets_abi.h"
#include "psp_guest.h"

#define SECRETS_GPA (16U * MIB + 3U * SVSM_PAGE_SIZE)
#define REPORT_BYTES 0x4a0U
#define GENERIC UINT32_MAX

static struct hm_config psp_machine_config(void)
{
	struct hm_config config = fake_config();

	config.psp = true;
	config.seed = 5;
	config.secrets_gpa = SECRETS_GPA;
	return config;
}

static struct hm_machine *psp_machine(void)
{
	struct hm_config config = psp_machine_config();
	struct hm_machine *m = fake_machine(&config);

	hm_bind(m, 0);
	return m;
}

static void finish(struct hm_machine *m)
{
	hm_unbind(m);
	hm_destroy(m);
}

/* A report request for VMPL0 with the next sequence number. */
static struct guest_message prepare(struct hm_machine *m, uint8_t page[PSP_MESSAGE_BYTES])
{
	struct guest_message message = {
		.type = GUEST_REPORT_REQ, .version = 1, .vmpck = 0, .size = 0x60
	};

	memset(page, 0, PSP_MESSAGE_BYTES);
	guest_prepare(hm_psp(m), &message, page);
	assert_memory_equal(message.key, fake_boot_info.vmpck0, PSP_KEY_BYTES);
	return message;
}

/* Like prepare(), and asks the host, who must report success. The reply is in @page. */
static struct guest_message request(struct hm_machine *m, uint8_t page[PSP_MESSAGE_BYTES],
				    bool certs)
{
	struct guest_message message = prepare(m, page);
	struct arch_psp_result result = arch_psp_request(page, page, certs);

	assert_int_equal(result.firmware_error, 0);
	assert_int_equal(result.vmm_error, ARCH_PSP_VMM_OK);
	return message;
}

/* Exactly one honest report; nothing must be armed. */
static void honest(struct hm_machine *m)
{
	uint8_t page[PSP_MESSAGE_BYTES];
	struct guest_message message = request(m, page, false);

	assert_int_equal(guest_open_reply(&message, page), 0x20 + REPORT_BYTES);
	assert_int_equal(guest_get(page + GUEST_HEADER, 4), 0);
}

static bool authentic(struct hm_machine *m, const uint8_t page[PSP_MESSAGE_BYTES])
{
	uint8_t copy[PSP_MESSAGE_BYTES];

	memcpy(copy, page, sizeof(copy));
	return psp_message_open(psp_vmpck(hm_psp(m), 0), copy);
}

/* 58019 section 4.1, table 1; VMPCK0 and the keys above the guest's level are not in its page. */
static void test_guest_secrets(void **state)
{
	static const uint8_t none[PSP_KEY_BYTES];

	(void)state;
	for (unsigned int vmpl = 1; vmpl < SVSM_NR_VMPLS; vmpl++) {
		struct hm_config config = psp_machine_config();
		struct secrets_page page;
		struct hm_machine *m;

		config.guest_vmpl = vmpl;
		config.psp_config.tsc_factor = 77;
		m = fake_machine(&config);
		hm_bind(m, 0);
		assert_int_equal(hm_guest_read(m, SECRETS_GPA, &page, sizeof(page)), HM_OK);
		for (unsigned int i = 0; i < SECRETS_NR_VMPCK; i++) {
			const uint8_t *key = psp_vmpck(hm_psp(m), i);

			assert_memory_not_equal(key, none, sizeof(none));
			assert_memory_equal(page.vmpck[i], i < vmpl ? none : key, sizeof(none));
		}
		assert_int_equal(page.svsm_base, fake_boot_info.svsm.start);
		assert_int_equal(page.svsm_size, fake_boot_info.svsm.end - page.svsm_base);
		assert_int_equal(page.svsm_caa, fake_boot_info.startup_ca.raw);
		assert_int_equal(page.svsm_max_version, 2);
		assert_int_equal(page.svsm_guest_vmpl, vmpl);
		assert_int_equal(page.tsc_factor, 77);
		assert_memory_equal(fake_boot_info.vmpck0, psp_vmpck(hm_psp(m), 0), sizeof(none));
		finish(m);
	}
}

/* No page that the guest may read holds VMPCK0; the SVSM's own page does, outside the arena. */
static void test_vmpck0_stays(void **state)
{
	struct hm_machine *m = psp_machine();
	unsigned int found = 0;
	uint8_t key[PSP_KEY_BYTES], byte;

	(void)state;
	memcpy(key, psp_vmpck(hm_psp(m), 0), sizeof(key));
	for (uint64_t gpa = 0; gpa < FAKE_RAM; gpa += SVSM_PAGE_SIZE) {
		const uint8_t *page = hm_system_page(m, hm_spn(m, gpa));

		for (size_t at = 0; at + sizeof(key) <= SVSM_PAGE_SIZE; at += 8U) {
			if (memcmp(page + at, key, sizeof(key)) == 0) {
				found++;
				assert_in_range(gpa, fake_boot_info.svsm.start,
						fake_boot_info.arena.start - 1U);
				assert_int_not_equal(hm_guest_read(m, gpa, &byte, 1), HM_OK);
			}
		}
	}
	assert_int_equal(found, 1);
	finish(m);
}

/* Without a processor there is no key and the host fails; the guest still finds the SVSM. */
static void test_no_processor(void **state)
{
	static const uint8_t none[PSP_KEY_BYTES];
	struct hm_config config = psp_machine_config();
	uint8_t page[PSP_MESSAGE_BYTES] = { 0 };
	struct secrets_page secrets;
	struct hm_machine *m;

	(void)state;
	config.psp = false;
	m = fake_machine(&config);
	hm_bind(m, 0);
	assert_null(hm_psp(m));
	assert_memory_equal(fake_boot_info.vmpck0, none, sizeof(none));
	assert_int_equal(fake_boot_info.arena.start,
			 fake_boot_info.startup_vmsa.raw + SVSM_PAGE_SIZE);
	assert_int_equal(arch_psp_request(page, page, true).vmm_error, GENERIC);
	arch_psp_certs(page, sizeof(page));
	assert_int_equal(page[0], 0);
	assert_int_equal(hm_guest_read(m, SECRETS_GPA, &secrets, sizeof(secrets)), HM_OK);
	assert_memory_equal(secrets.vmpck[3], none, sizeof(none));
	assert_int_not_equal(secrets.svsm_size, 0);
	finish(m);
}

static void test_refused_config(void **state)
{
	struct hm_config config = psp_machine_config();

	(void)state;
	config.secrets_gpa++;
	assert_null(hm_create(&config));
	config.secrets_gpa = FAKE_RAM;
	assert_null(hm_create(&config));
	config.secrets_gpa = FAKE_RAM - SVSM_PAGE_SIZE; /* the SVSM's */
	assert_null(hm_create(&config));
	config = psp_machine_config();
	config.psp_config.report_version = 4;
	assert_null(hm_create(&config));
	config = psp_machine_config();
	config.svsm = (struct hm_range){ 40U * MIB, 40U * MIB + 5U * SVSM_PAGE_SIZE };
	assert_null(hm_create(&config));
}

static void measurement(const struct hm_config *config, uint8_t out[PSP_LD_BYTES])
{
	struct hm_machine *m = fake_machine(config);

	memcpy(out, psp_configuration(hm_psp(m))->measurement.bytes, PSP_LD_BYTES);
	hm_destroy(m);
}

/* rmp-semantics 10: the digest over the launch pages of this machine, computed here again. */
static void test_measurement(void **state)
{
	struct hm_config config = psp_machine_config();
	struct psp_digest digest;
	uint8_t first[PSP_LD_BYTES], second[PSP_LD_BYTES];
	uint64_t at;
	struct hm_machine *m;

	(void)state;
	config.rom[0] = (struct hm_range){ 4096U * MIB - 2U * SVSM_PAGE_SIZE, 4096U * MIB };
	config.nr_rom = 1;
	m = fake_machine(&config);
	at = fake_boot_info.startup_vmsa.raw;
	psp_digest_init(&digest);
	psp_digest_page(&digest, PSP_PAGE_NORMAL, at + 0x1000, hm_system_page(m, (at >> 12) + 1U),
			NULL);
	for (uint64_t gpa = config.rom[0].start; gpa < config.rom[0].end; gpa += SVSM_PAGE_SIZE) {
		psp_digest_page(&digest, PSP_PAGE_NORMAL, gpa, hm_system_page(m, gpa >> 12), NULL);
	}
	psp_digest_page(&digest, PSP_PAGE_SECRETS, at + 0x2000, NULL, NULL);
	psp_digest_page(&digest, PSP_PAGE_CPUID, at + 0x3000, NULL, NULL);
	psp_digest_page(&digest, PSP_PAGE_VMSA, UINT64_C(0xfffffffff000),
			hm_system_page(m, at >> 12), NULL);
	assert_memory_equal(psp_configuration(hm_psp(m))->measurement.bytes, digest.bytes,
			    PSP_LD_BYTES);
	hm_destroy(m);
	measurement(&config, first);
	assert_memory_equal(first, digest.bytes, PSP_LD_BYTES);
	config.seed++;
	measurement(&config, second);
	assert_memory_equal(first, second, PSP_LD_BYTES);
	config.guest_vmpl = 3;
	measurement(&config, second);
	assert_memory_not_equal(first, second, PSP_LD_BYTES);
}

static void test_honest_host(void **state)
{
	struct hm_config config = psp_machine_config();
	struct hm_psp_stats stats;
	struct hm_machine *m;

	(void)state;
	config.psp_ns = 2000000;
	m = fake_machine(&config);
	hm_bind(m, 0);
	honest(m);
	honest(m);
	hm_psp_stats(m, &stats);
	assert_int_equal(stats.requests, 2);
	assert_int_equal(stats.served, 2);
	assert_int_equal(stats.refused, 0);
	assert_int_equal(stats.extended, 0);
	assert_int_equal(stats.lies, 0);
	assert_int_equal(stats.simulated_ns, 4000000);
	assert_true(stats.busy_ns >= stats.simulated_ns);
	finish(m);
}

/* rmp-semantics 12.7: the table in the shared pages is the processor's. */
static void test_certificates(void **state)
{
	static uint8_t certs[ARCH_PSP_CERT_PAGES * SVSM_PAGE_SIZE];
	static uint8_t table[sizeof(certs)];
	struct hm_machine *m = psp_machine();
	uint8_t page[PSP_MESSAGE_BYTES];
	struct guest_message message;
	size_t len;

	(void)state;
	message = request(m, page, true);
	(void)guest_open_reply(&message, page);
	arch_psp_certs(certs, sizeof(certs));
	len = psp_cert_table(hm_psp(m), table, sizeof(table));
	assert_in_range(len, 1, sizeof(table));
	assert_memory_equal(certs, table, sizeof(table));
	finish(m);
}

/* The processor's refusal reaches the guest as EXITINFO2[31:0]; the old reply stays in the page. */
static void test_refusal(void **state)
{
	struct hm_machine *m = psp_machine();
	uint8_t page[PSP_MESSAGE_BYTES], reply[PSP_MESSAGE_BYTES], again[PSP_MESSAGE_BYTES];
	struct arch_psp_result result;
	struct hm_psp_stats stats;

	(void)state;
	(void)prepare(m, page);
	result = arch_psp_request(page, reply, false);
	assert_int_equal(result.firmware_error, 0);
	result = arch_psp_request(page, again, false);
	assert_int_equal(result.firmware_error, PSP_INVALID_PARAM);
	assert_int_equal(result.vmm_error, 0);
	assert_memory_equal(reply, again, sizeof(reply));
	hm_psp_stats(m, &stats);
	assert_int_equal(stats.refused, 1);
	finish(m);
}

/* Lies that stop the request before or after the processor; the sequence tells which. */
static void test_lost_requests(void **state)
{
	static const struct {
		enum hm_psp_lie kind;
		uint64_t value;
		uint32_t firmware_error, vmm_error;
		bool served;
	} lies[] = {
		{ HM_PSP_DROP, 0, 0, GENERIC, false },
		{ HM_PSP_DROP, UINT64_C(0x500000000), 0, 5, false },
		{ HM_PSP_DROP, 0x16, 0x16, 0, false },
		{ HM_PSP_FAIL_AFTER, 0, 0, GENERIC, true },
		{ HM_PSP_FAIL_AFTER, UINT64_C(0x200000000), 0, ARCH_PSP_VMM_BUSY, true },
		{ HM_PSP_BUSY, 1, 0, ARCH_PSP_VMM_BUSY, false },
	};
	struct hm_machine *m = psp_machine();

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		uint8_t page[PSP_MESSAGE_BYTES];
		struct guest_message message = prepare(m, page);
		struct arch_psp_result result;

		hm_psp_lie(m, lies[i].kind, 1, lies[i].value);
		result = arch_psp_request(page, page, false);
		assert_int_equal(result.firmware_error, lies[i].firmware_error);
		assert_int_equal(result.vmm_error, lies[i].vmm_error);
		assert_int_equal(psp_sequence(hm_psp(m), 0),
				 message.seqno + (lies[i].served ? 2U : 0U));
		assert_int_equal(hm_psp_lies_told(m, lies[i].kind), 1);
		honest(m);
	}
	finish(m);
}

static void test_busy(void **state)
{
	struct hm_machine *m = psp_machine();
	uint8_t page[PSP_MESSAGE_BYTES];

	(void)state;
	hm_psp_lie(m, HM_PSP_BUSY, 2, 3);
	honest(m);
	(void)prepare(m, page);
	for (unsigned int i = 0; i < 3U; i++) {
		assert_int_equal(arch_psp_request(page, page, false).vmm_error, ARCH_PSP_VMM_BUSY);
	}
	honest(m);
	hm_psp_lie(m, HM_PSP_BUSY, 1, 0);
	for (unsigned int i = 0; i < 50U; i++) {
		assert_int_equal(arch_psp_request(page, page, false).vmm_error, ARCH_PSP_VMM_BUSY);
	}
	hm_psp_lie(m, HM_PSP_BUSY, 0, 0);
	honest(m);
	finish(m);
}

/* Each of these replies differs from the honest one and is not authentic. */
static void test_forged_replies(void **state)
{
	static const struct {
		enum hm_psp_lie kind;
		uint64_t value;
	} lies[] = {
		{ HM_PSP_CORRUPT, 0 },
		{ HM_PSP_CORRUPT, UINT64_C(8) * 0x34U },
		{ HM_PSP_CORRUPT, UINT64_C(8) * (0x60U + 0x4bfU) + 7U },
		{ HM_PSP_TRUNCATE, 0 },
		{ HM_PSP_TRUNCATE, 0x60 },
		{ HM_PSP_TRUNCATE, 0x60 + 0x4bf },
		{ HM_PSP_SEQUENCE, 0 },
		{ HM_PSP_SEQUENCE, UINT64_MAX },
		{ HM_PSP_TYPE, 4 },
		{ HM_PSP_SIZE, 0 },
		{ HM_PSP_SIZE, 0xffff },
		{ HM_PSP_FOREIGN, 0 },
		{ HM_PSP_REPLAY, 7 },
	};
	struct hm_machine *m = psp_machine();

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		uint8_t page[PSP_MESSAGE_BYTES];

		hm_psp_lie(m, lies[i].kind, 1, lies[i].value);
		(void)request(m, page, false);
		assert_int_equal(hm_psp_lies_told(m, lies[i].kind), 1);
		if (lies[i].kind != HM_PSP_REPLAY) {
			assert_false(authentic(m, page));
		}
	}
	honest(m);
	finish(m);
}

/* A foreign reply has the right header; only the key tells. */
static void test_foreign_reply(void **state)
{
	struct hm_machine *m = psp_machine();
	uint8_t page[PSP_MESSAGE_BYTES];
	struct guest_message message;

	(void)state;
	honest(m);
	hm_psp_lie(m, HM_PSP_FOREIGN, 1, 0);
	message = request(m, page, false);
	assert_int_equal(guest_get(page + 0x20, 8), message.seqno + 1U);
	assert_int_equal(page[0x34], GUEST_REPORT_REQ + 1);
	assert_int_equal(guest_get(page + 0x36, 2), 0x20 + REPORT_BYTES);
	assert_false(authentic(m, page));
	finish(m);
}

/* A replayed reply is authentic: its sequence number tells. */
static void test_replayed_reply(void **state)
{
	struct hm_machine *m = psp_machine();
	uint8_t old[PSP_MESSAGE_BYTES], page[PSP_MESSAGE_BYTES];
	struct guest_message message;

	(void)state;
	(void)request(m, old, false);
	honest(m);
	hm_psp_lie(m, HM_PSP_REPLAY, 1, 2);
	message = request(m, page, false);
	assert_memory_equal(page, old, sizeof(page));
	assert_true(authentic(m, page));
	assert_int_not_equal(guest_get(page + 0x20, 8), message.seqno + 1U);
	hm_psp_lie(m, HM_PSP_REPLAY, 1, 100);
	(void)request(m, page, false);
	assert_int_equal(page[0x30], 0);
	finish(m);
}

static uint32_t table_length(unsigned int entry)
{
	uint8_t bytes[96];

	arch_psp_certs(bytes, sizeof(bytes));
	return (uint32_t)guest_get(bytes + (size_t)24 * entry + 20U, 4);
}

/* The host's table grows between two requests, until it does not fit any more. */
static void test_growing_certificates(void **state)
{
	struct hm_machine *m = psp_machine();
	uint8_t page[PSP_MESSAGE_BYTES];
	struct arch_psp_result result;
	uint32_t before;
	uint64_t seqno;

	(void)state;
	(void)request(m, page, true);
	before = table_length(2);
	hm_psp_lie(m, HM_PSP_CERT_GROW, 1U | HM_PSP_ALWAYS, 5000);
	(void)request(m, page, true);
	assert_int_equal(table_length(2), before + 5000U);
	(void)request(m, page, true);
	assert_int_equal(table_length(2), before + 10000U);
	hm_psp_lie(m, HM_PSP_CERT_GROW, 1, UINT64_MAX);
	(void)prepare(m, page);
	seqno = psp_sequence(hm_psp(m), 0);
	result = arch_psp_request(page, page, true);
	assert_int_equal(result.vmm_error, ARCH_PSP_VMM_INVALID_LEN);
	assert_true(result.cert_pages > ARCH_PSP_CERT_PAGES);
	assert_int_equal(psp_sequence(hm_psp(m), 0), seqno);
	finish(m);
}

static void test_certificate_pages(void **state)
{
	static const uint64_t pages[] = { 0, 1, ARCH_PSP_CERT_PAGES, 100000, UINT32_MAX };
	struct hm_machine *m = psp_machine();

	(void)state;
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		uint8_t page[PSP_MESSAGE_BYTES];
		uint64_t seqno = psp_sequence(hm_psp(m), 0);
		struct arch_psp_result result;

		(void)prepare(m, page);
		hm_psp_lie(m, HM_PSP_CERT_PAGES, 1, pages[i]);
		result = arch_psp_request(page, page, true);
		assert_int_equal(result.vmm_error, ARCH_PSP_VMM_INVALID_LEN);
		assert_int_equal(result.cert_pages, pages[i]);
		assert_int_equal(psp_sequence(hm_psp(m), 0), seqno);
	}
	honest(m);
	finish(m);
}

/* Each bad table differs from the honest one; the report itself is not touched. */
static void test_bad_tables(void **state)
{
	static uint8_t good[ARCH_PSP_CERT_PAGES * SVSM_PAGE_SIZE], bad[sizeof(good)];
	struct hm_machine *m = psp_machine();
	uint8_t page[PSP_MESSAGE_BYTES];
	struct guest_message message;

	(void)state;
	(void)request(m, page, true);
	arch_psp_certs(good, sizeof(good));
	for (uint64_t how = 0; how < HM_PSP_BAD_NR; how++) {
		hm_psp_lie(m, HM_PSP_CERT_BAD, 1, how);
		message = request(m, page, true);
		(void)guest_open_reply(&message, page);
		arch_psp_certs(bad, sizeof(bad));
		assert_memory_not_equal(good, bad, sizeof(good));
	}
	hm_psp_lie(m, HM_PSP_CERT_NONE, 1, 0);
	(void)request(m, page, true);
	assert_int_equal(table_length(0), 0);
	(void)request(m, page, true);
	arch_psp_certs(bad, sizeof(bad));
	assert_memory_equal(good, bad, sizeof(good));
	finish(m);
}

/* The shared pages change between two copies. */
static void test_changing_certificates(void **state)
{
	struct hm_machine *m = psp_machine();
	uint8_t page[PSP_MESSAGE_BYTES], first[96], second[96];

	(void)state;
	(void)request(m, page, true);
	arch_psp_certs(first, sizeof(first));
	hm_psp_lie(m, HM_PSP_CERT_CHANGE, 1, 20);
	arch_psp_certs(second, sizeof(second));
	assert_int_equal(first[20] ^ second[20], 0xff);
	first[20] = second[20];
	assert_memory_equal(first, second, sizeof(first));
	finish(m);
}

static void test_slow_processor(void **state)
{
	struct hm_machine *m = psp_machine();
	struct hm_psp_stats stats;

	(void)state;
	hm_psp_lie(m, HM_PSP_SLOW, 1, 20000000);
	honest(m);
	honest(m);
	hm_psp_stats(m, &stats);
	assert_int_equal(stats.simulated_ns, 20000000);
	assert_true(stats.busy_ns >= stats.simulated_ns);
	assert_int_equal(stats.lies, 1);
	finish(m);
}

static void *asker(void *arg)
{
	struct hm_machine *m = arg;
	uint8_t page[PSP_MESSAGE_BYTES] = { 0 };
	bool refused = true;

	hm_bind(m, 1);
	for (unsigned int i = 0; i < 100U; i++) {
		refused = arch_psp_request(page, page, false).firmware_error != 0U && refused;
		memset(page, 0, sizeof(page));
	}
	hm_unbind(m);
	return refused ? NULL : m;
}

/* Two CPUs and an arming host at once: the processor serves one command at a time. */
static void test_concurrent(void **state)
{
	struct hm_machine *m = psp_machine();
	struct hm_psp_stats stats;
	pthread_t thread;
	void *failed;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, asker, m), 0);
	for (unsigned int i = 0; i < 50U; i++) {
		uint8_t page[PSP_MESSAGE_BYTES];
		uint64_t next = UINT64_C(2) * i + 1U;

		assert_int_equal(psp_sequence(hm_psp(m), 0), next);
		(void)prepare(m, page);
		assert_int_equal(arch_psp_request(page, page, false).firmware_error, 0);
		hm_psp_lie(m, HM_PSP_TYPE, 0, 0);
	}
	assert_int_equal(pthread_join(thread, &failed), 0);
	assert_null(failed);
	hm_psp_stats(m, &stats);
	assert_int_equal(stats.requests, 150);
	assert_int_equal(stats.served, 50);
	finish(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_guest_secrets),
		cmocka_unit_test(test_vmpck0_stays),
		cmocka_unit_test(test_no_processor),
		cmocka_unit_test(test_refused_config),
		cmocka_unit_test(test_measurement),
		cmocka_unit_test(test_honest_host),
		cmocka_unit_test(test_certificates),
		cmocka_unit_test(test_refusal),
		cmocka_unit_test(test_lost_requests),
		cmocka_unit_test(test_busy),
		cmocka_unit_test(test_forged_replies),
		cmocka_unit_test(test_foreign_reply),
		cmocka_unit_test(test_replayed_reply),
		cmocka_unit_test(test_growing_certificates),
		cmocka_unit_test(test_certificate_pages),
		cmocka_unit_test(test_bad_tables),
		cmocka_unit_test(test_changing_certificates),
		cmocka_unit_test(test_slow_processor),
		cmocka_unit_test(test_concurrent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
