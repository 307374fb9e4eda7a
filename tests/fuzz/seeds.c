/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Writes the seed corpus of the call fuzzer: one input per call and interesting circumstance.
 * Usage: fuzz_seeds DIRECTORY
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packets.h"

#define AT(class, index, offset)                                                                   \
	((uint32_t)(class) | (uint32_t)(index) << 4 | (uint32_t)(offset) << 16)
#define Y(low, high) ((uint64_t)(low) | (uint64_t)(high) << 32)

#define REMAP_CA 0U
#define PVALIDATE 1U
#define CREATE_VCPU 2U
#define DELETE_VCPU 3U
#define DEPOSIT_MEM 4U
#define WITHDRAW_MEM 5U
#define QUERY_PROTOCOL 6U
#define CONFIGURE_VTOM 7U

#define SMALL 0x00U
#define LARGE 0x01U
#define VALIDATE 0x04U
#define IGNORE_CF 0x08U
#define FALLBACK 0x10U

/* Parameters: byte 0 and 1, mode in byte 4. */
#define CPUS(n) ((uint8_t)((n) - 1U))
#define RMP_4K 0x10U
#define NO_INVLPGB 0x20U
#define VTOM 0x40U
#define PREPARED 0x80U
#define DEPOSITS 0x20U
#define MORE_VALID 0x40U
#define PSP 0x80U
#define LOCKSTEP 2U
#define FREE 3U

#define LIST_HERE AT(FZ_AT_VALID, 32, 0)
#define LAST_LIST AT(FZ_AT_LIST, 0, 0)
#define PAGE(n) AT(FZ_AT_VALID, n, 0)
#define INVALID_PAGE(n) AT(FZ_AT_RAM, 0x500 + (n), 0)
#define REGION(n) AT(FZ_AT_REGION, n, 0)

static struct fz_packet list(unsigned int entries, uint8_t flags, uint32_t first, uint32_t step)
{
	return (struct fz_packet){ .op = FZ_LIST,
				   .a = (uint8_t)entries,
				   .b = flags,
				   .x = LIST_HERE,
				   .y = Y(first, step) };
}

static struct fz_packet call(unsigned int id, uint32_t x, uint64_t y)
{
	return (struct fz_packet){ .op = FZ_CALL, .a = (uint8_t)id, .x = x, .y = y };
}

static struct fz_packet again(unsigned int id, uint32_t x)
{
	return (struct fz_packet){ .op = FZ_CALL, .a = (uint8_t)id, .b = FZ_CALL_REPEAT, .x = x };
}

static struct fz_packet host(enum fz_op op, uint8_t a, uint8_t b, uint32_t x)
{
	return (struct fz_packet){ .op = op, .a = a, .b = b, .x = x };
}

static struct fz_packet preempt(unsigned int point, unsigned int nth, unsigned int packets)
{
	return (struct fz_packet){ .op = FZ_PREEMPT,
				   .a = (uint8_t)point,
				   .b = (uint8_t)(nth - 1U),
				   .c = (uint8_t)(packets - 1U) };
}

static void save(const char *dir, const char *name, const uint8_t params[FZ_PARAM_BYTES],
		 const struct fz_packet *packets, unsigned int nr)
{
	char path[4096];
	uint8_t bytes[FZ_PACKET_BYTES];
	FILE *file = NULL;
	bool ok = true;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "wb");
	if (file == NULL) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	ok = fwrite(params, 1U, FZ_PARAM_BYTES, file) == FZ_PARAM_BYTES;
	for (unsigned int i = 0U; i < nr; i++) {
		fz_pack(&packets[i], bytes);
		ok = fwrite(bytes, 1U, sizeof(bytes), file) == sizeof(bytes) && ok;
	}
	if (fclose(file) != 0 || !ok) {
		perror(path);
		exit(EXIT_FAILURE);
	}
}

#define SAVE(dir, name, params, ...)                                                               \
	do {                                                                                       \
		const struct fz_packet packets_[] = { __VA_ARGS__ };                               \
		const uint8_t params_[FZ_PARAM_BYTES] = params;                                    \
		save(dir, name, params_, packets_, sizeof(packets_) / sizeof(packets_[0]));        \
	} while (false)
#define PARAMS(p0, p1, entries, pages, mode)                                                       \
	{ (uint8_t)(p0), (uint8_t)(p1), entries, pages, mode, 3U, 1U }

static void pvalidate_seeds(const char *dir)
{
	SAVE(dir, "pvalidate-4k", PARAMS(CPUS(1), 0, 0, 0, 0),
	     list(5, VALIDATE, INVALID_PAGE(0), 1), call(PVALIDATE, LAST_LIST, 0),
	     list(3, SMALL, INVALID_PAGE(1), 1), call(PVALIDATE, LAST_LIST, 0),
	     host(FZ_PSC, 2, 0, AT(FZ_AT_ENTRY, 0, 0)), host(FZ_PSC, 2, 2, AT(FZ_AT_ENTRY, 0, 0)),
	     list(3, VALIDATE, INVALID_PAGE(1), 1), call(PVALIDATE, LAST_LIST, 0),
	     host(FZ_READ, 8, 0, AT(FZ_AT_ENTRY, 0, 0)));
	SAVE(dir, "pvalidate-2m", PARAMS(CPUS(2), 0, 0, 0, 0),
	     list(3, LARGE | VALIDATE | FALLBACK, REGION(2), 1), again(PVALIDATE, LAST_LIST),
	     host(FZ_PSMASH, 0, 0, REGION(3)), list(3, LARGE | FALLBACK, REGION(2), 1),
	     again(PVALIDATE, LAST_LIST), list(1, SMALL | VALIDATE, REGION(2), 1),
	     call(PVALIDATE, LAST_LIST, 0),
	     list(1, LARGE | VALIDATE | FALLBACK | IGNORE_CF, REGION(2), 1),
	     again(PVALIDATE, LAST_LIST));
	SAVE(dir, "pvalidate-rmp4k", PARAMS(CPUS(1) | RMP_4K, 0, 0, 0, 0),
	     list(2, LARGE | VALIDATE, REGION(2), 1), call(PVALIDATE, LAST_LIST, 0),
	     list(2, LARGE | VALIDATE | FALLBACK, REGION(2), 1), again(PVALIDATE, LAST_LIST),
	     list(2, LARGE | FALLBACK, REGION(2), 1), again(PVALIDATE, LAST_LIST));
	SAVE(dir, "pvalidate-cf", PARAMS(CPUS(1), 0, 0, 0, 0), list(2, VALIDATE, PAGE(4), 1),
	     call(PVALIDATE, LAST_LIST, 0), list(2, VALIDATE | IGNORE_CF, PAGE(4), 1),
	     call(PVALIDATE, LAST_LIST, 0), list(2, SMALL, INVALID_PAGE(0), 1),
	     call(PVALIDATE, LAST_LIST, 0), list(2, IGNORE_CF, INVALID_PAGE(0), 1),
	     call(PVALIDATE, LAST_LIST, 0), host(FZ_STEAL, 0, 0, PAGE(6)),
	     list(1, SMALL, PAGE(6), 1), call(PVALIDATE, LAST_LIST, 0));
	SAVE(dir, "pvalidate-budget", PARAMS(CPUS(1), 0, 3, 0, 0),
	     list(10, VALIDATE, INVALID_PAGE(0), 1), again(PVALIDATE, LAST_LIST),
	     list(10, SMALL, INVALID_PAGE(0), 2), again(PVALIDATE, LAST_LIST));
	SAVE(dir, "pvalidate-own-list", PARAMS(CPUS(1), 0, 0, 0, 0), list(4, SMALL, PAGE(30), 1),
	     call(PVALIDATE, LAST_LIST, 0), list(2, SMALL, AT(FZ_AT_OWN_CA, 0, 0), 1),
	     call(PVALIDATE, LAST_LIST, 0), list(2, SMALL, AT(FZ_AT_SVSM, 3, 0), 1),
	     call(PVALIDATE, LAST_LIST, 0), list(2, VALIDATE, AT(FZ_AT_HOLE, 1, 0), 1),
	     call(PVALIDATE, LAST_LIST, 0));
	SAVE(dir, "pvalidate-twice", PARAMS(CPUS(1), 0, 0, 0, 0), list(3, SMALL, PAGE(4), 0),
	     call(PVALIDATE, LAST_LIST, 0), list(3, VALIDATE, PAGE(4), 0),
	     call(PVALIDATE, LAST_LIST, 0));
	SAVE(dir, "pvalidate-faults", PARAMS(CPUS(1), 0, 0, 0, 0), host(FZ_INJECT, 0, 1, 0),
	     list(3, VALIDATE, INVALID_PAGE(0), 1), call(PVALIDATE, LAST_LIST, 0),
	     host(FZ_INJECT, 0, 7, 0), again(PVALIDATE, LAST_LIST), host(FZ_INJECT, 0, 3, 0),
	     list(3, VALIDATE, INVALID_PAGE(8), 1), call(PVALIDATE, LAST_LIST, 0));
	SAVE(dir, "pvalidate-remap", PARAMS(CPUS(1), 0, 0, 0, 0), list(1, SMALL, PAGE(4), 1),
	     call(PVALIDATE, LAST_LIST, 0), host(FZ_REMAP, 0, 0, PAGE(4)),
	     host(FZ_PSC, 0, 2, PAGE(4)), list(1, VALIDATE, PAGE(4), 1),
	     call(PVALIDATE, LAST_LIST, 0), host(FZ_REMAP, 0, 1, PAGE(4)),
	     host(FZ_READ, 1, 0, PAGE(4)), call(PVALIDATE, LAST_LIST, 0));
}

#define VMSA_AT(n) { .op = FZ_VMSA, .x = PAGE(n) }

static void vcpu_seeds(const char *dir)
{
	const struct fz_packet image = VMSA_AT(8);
	const struct fz_packet other = VMSA_AT(10);
	const struct fz_packet wrong = { .op = FZ_VMSA, .a = 1, .x = PAGE(8) };
	const struct fz_packet gate = { .op = FZ_VMSA, .b = FZ_FLAW_SVME, .x = PAGE(8) };
	const struct fz_packet low = { .op = FZ_VMSA, .a = 4, .x = PAGE(8) };

	SAVE(dir, "create-delete", PARAMS(CPUS(2), 0, 0, 0, 0), image,
	     call(CREATE_VCPU, PAGE(8), Y(PAGE(9), 1)), host(FZ_AP_CREATE, 1, 0, PAGE(8)),
	     host(FZ_SWITCH, 1, 0, 0), call(QUERY_PROTOCOL, 0, 1), host(FZ_SWITCH, 0, 0, 0),
	     call(DELETE_VCPU, PAGE(8), 0), host(FZ_AP_DESTROY, 1, 0, 0), image,
	     call(CREATE_VCPU, PAGE(8), Y(PAGE(9), 1)));
	SAVE(dir, "create-refused", PARAMS(CPUS(2), 0, 0, 0, 0), wrong,
	     call(CREATE_VCPU, PAGE(8), Y(PAGE(9), 1)), gate,
	     call(CREATE_VCPU, PAGE(8), Y(PAGE(9), 1)), image,
	     call(CREATE_VCPU, PAGE(8), Y(PAGE(8), 1)), call(CREATE_VCPU, PAGE(8), Y(PAGE(9), 2)),
	     call(CREATE_VCPU, INVALID_PAGE(0), Y(PAGE(9), 1)),
	     call(CREATE_VCPU, PAGE(8), Y(AT(FZ_AT_OWN_CA, 0, 0), 0)),
	     call(DELETE_VCPU, AT(FZ_AT_OWN_VMSA, 0, 0), 0));
	SAVE(dir, "create-rebind", PARAMS(CPUS(2) | PREPARED, 0, 0, 0, 0), image,
	     call(CREATE_VCPU, PAGE(8), Y(AT(FZ_AT_CA, 1, 0), 1)),
	     host(FZ_AP_CREATE, 1, 0, PAGE(8)), host(FZ_SWITCH, 1, 0, 0),
	     call(QUERY_PROTOCOL, 0, 2), host(FZ_AP_CREATE, 1, 0, AT(FZ_AT_VMSA, 1, 0)),
	     call(QUERY_PROTOCOL, 0, 2), host(FZ_SPURIOUS, 0, 0, 0),
	     call(DELETE_VCPU, AT(FZ_AT_VMSA, 1, 0), 0));
	SAVE(dir, "delete-self", PARAMS(CPUS(2) | PREPARED, 0, 0, 0, 0), host(FZ_SWITCH, 1, 0, 0),
	     call(DELETE_VCPU, AT(FZ_AT_OWN_VMSA, 0, 0), 0), host(FZ_SPURIOUS, 0, 0, 0),
	     call(QUERY_PROTOCOL, 0, 1), host(FZ_SWITCH, 0, 0, 0), call(QUERY_PROTOCOL, 0, 1));
	SAVE(dir, "delete-remapped", PARAMS(CPUS(2) | PREPARED, 0, 0, 0, 0),
	     host(FZ_REMAP, 0, 0, AT(FZ_AT_VMSA, 1, 0)), call(DELETE_VCPU, AT(FZ_AT_VMSA, 1, 0), 0),
	     host(FZ_REMAP, 0, 1, AT(FZ_AT_VMSA, 1, 0)), host(FZ_CHECK, 0, 0, 0),
	     host(FZ_SWITCH, 1, 0, 0), call(QUERY_PROTOCOL, 0, 1), host(FZ_SWITCH, 0, 0, 0),
	     call(DELETE_VCPU, AT(FZ_AT_VMSA, 1, 0), 0), host(FZ_CHECK, 0, 0, 0));
	SAVE(dir, "low-vmpl", PARAMS(CPUS(2), 0, 0, 0, 0), low,
	     call(CREATE_VCPU, PAGE(8), Y(PAGE(9), 1)), host(FZ_AP_CREATE, 1, 0, PAGE(8)),
	     host(FZ_SWITCH, 1, 0, 0), call(QUERY_PROTOCOL, 0, 1), host(FZ_SWITCH, 0, 0, 0),
	     call(DELETE_VCPU, PAGE(8), 0));
	SAVE(dir, "create-two", PARAMS(CPUS(2) | NO_INVLPGB, 0x1f, 0, 0, 0), image, other,
	     call(CREATE_VCPU, PAGE(8), Y(PAGE(9), 0)), call(CREATE_VCPU, PAGE(10), Y(PAGE(11), 0)),
	     host(FZ_AP_CREATE, 0, 0, PAGE(10)), call(REMAP_CA, PAGE(12), 0),
	     host(FZ_AP_CREATE, 0, 0, PAGE(8)), call(DELETE_VCPU, PAGE(10), 0),
	     call(QUERY_PROTOCOL, 0, 1));
}

static void memory_seeds(const char *dir)
{
	SAVE(dir, "deposit-withdraw", PARAMS(CPUS(2) | PREPARED, DEPOSITS, 0, 0, 0),
	     list(6, SMALL, PAGE(4), 1), call(DEPOSIT_MEM, LAST_LIST, 0),
	     host(FZ_READ, 0, 0, PAGE(4)), call(WITHDRAW_MEM, LIST_HERE, 0),
	     host(FZ_READ, 255, 0, AT(FZ_AT_WITHDRAWN, 0, 0)), call(WITHDRAW_MEM, LIST_HERE, 0));
	SAVE(dir, "deposit-2m", PARAMS(CPUS(1), DEPOSITS | MORE_VALID, 0, 0, 0),
	     list(1, LARGE, REGION(1), 1), again(DEPOSIT_MEM, LAST_LIST),
	     call(WITHDRAW_MEM, LIST_HERE, 0), call(WITHDRAW_MEM, LIST_HERE, 0),
	     host(FZ_STEAL, 0, 0, REGION(1)), call(WITHDRAW_MEM, AT(FZ_AT_OWN_CA, 0, 2048), 0));
	SAVE(dir, "deposit-refused", PARAMS(CPUS(1), DEPOSITS, 2, 0, 0),
	     list(4, SMALL, PAGE(30), 1), again(DEPOSIT_MEM, LAST_LIST),
	     list(4, SMALL, PAGE(40), 0), again(DEPOSIT_MEM, LAST_LIST),
	     list(1, SMALL, AT(FZ_AT_OWN_CA, 0, 0), 1), again(DEPOSIT_MEM, LAST_LIST),
	     list(1, VALIDATE, PAGE(4), 1), again(DEPOSIT_MEM, LAST_LIST), host(FZ_INJECT, 0, 4, 0),
	     list(3, SMALL, PAGE(50), 1), again(DEPOSIT_MEM, LAST_LIST));
	SAVE(dir, "remap-ca", PARAMS(CPUS(1), 0, 0, 0, 0), call(REMAP_CA, PAGE(5), 0),
	     call(QUERY_PROTOCOL, 0, 1), call(REMAP_CA, PAGE(5), 0),
	     call(REMAP_CA, INVALID_PAGE(0), 0), call(REMAP_CA, AT(FZ_AT_HIGH, 0, 0), 0),
	     call(REMAP_CA, AT(FZ_AT_ALIAS, 9, 0), 0), call(REMAP_CA, AT(FZ_AT_OWN_VMSA, 0, 0), 0),
	     host(FZ_STEAL, 0, 0, PAGE(6)), call(REMAP_CA, PAGE(6), 0),
	     host(FZ_STEAL, 0, 1, AT(FZ_AT_OWN_CA, 0, 0)), call(QUERY_PROTOCOL, 0, 1));
	SAVE(dir, "query", PARAMS(CPUS(1), 0, 0, 0, 0), call(QUERY_PROTOCOL, 0, 0),
	     call(QUERY_PROTOCOL, 0, 1), call(QUERY_PROTOCOL, 0, 3),
	     call(QUERY_PROTOCOL, 0, Y(1, 1)), call(FZ_CALL_UNKNOWN, 0, 0),
	     call(FZ_CALL_PROTOCOL, 0, 0));
	SAVE(dir, "pending", PARAMS(CPUS(1), 0, 0, 0, 0),
	     { .op = FZ_CALL, .a = QUERY_PROTOCOL, .b = 2, .y = 1 },
	     { .op = FZ_CALL, .a = QUERY_PROTOCOL, .b = 3, .y = 1 }, host(FZ_SPURIOUS, 0, 0, 0),
	     { .op = FZ_WRITE, .x = AT(FZ_AT_OWN_CA, 0, 0), .y = 1 }, host(FZ_SPURIOUS, 0, 0, 0),
	     { .op = FZ_LEAVE, .b = 1, .y = 0x403 }, host(FZ_SPURIOUS, 0, 0, 0));
	SAVE(dir, "vtom", PARAMS(CPUS(1) | VTOM, 0, 0, 0, 0), call(CONFIGURE_VTOM, 0, 1),
	     { .op = FZ_CALL, .a = CONFIGURE_VTOM, .c = 1, .y = 2 },
	     { .op = FZ_CALL, .a = CONFIGURE_VTOM, .c = 2, .y = 0x1e },
	     { .op = FZ_CALL, .a = CONFIGURE_VTOM, .c = 0, .y = 0 },
	     { .op = FZ_CALL, .a = CONFIGURE_VTOM, .c = 3, .y = 0x123456 },
	     { .op = FZ_VMSA, .b = FZ_FLAW_VTOM, .x = PAGE(8) },
	     call(CREATE_VCPU, PAGE(8), Y(PAGE(9), 0)));
	SAVE(dir, "raw", PARAMS(CPUS(1), DEPOSITS, 0, 0, 0), list(2, VALIDATE, INVALID_PAGE(0), 1),
	     { .op = FZ_REG, .a = 0, .y = PVALIDATE },
	     { .op = FZ_REG, .a = 1, .b = 1, .c = 1, .y = LAST_LIST }, { .op = FZ_CALL_RAW },
	     { .op = FZ_REG, .a = 1, .y = UINT64_MAX }, { .op = FZ_CALL_RAW },
	     { .op = FZ_REG, .a = 0, .y = UINT64_MAX }, { .op = FZ_CALL_RAW });
}

static void race_seeds(const char *dir)
{
	const struct fz_packet image = VMSA_AT(8);
	const uint8_t p0 = CPUS(2) | PREPARED;

	SAVE(dir, "lock-deposit-copy", PARAMS(p0, DEPOSITS, 0, 0, LOCKSTEP),
	     list(4, VALIDATE, INVALID_PAGE(0), 1), preempt(3, 1, 2), call(PVALIDATE, LAST_LIST, 0),
	     { .op = FZ_LIST, .a = 1, .x = PAGE(34), .y = Y(LIST_HERE, 1) },
	     call(DEPOSIT_MEM, LAST_LIST, 0), list(3, SMALL, PAGE(4), 1), preempt(7, 2, 2),
	     call(DEPOSIT_MEM, LAST_LIST, 0), host(FZ_WRITE, 7, 0, PAGE(4)),
	     call(WITHDRAW_MEM, AT(FZ_AT_OWN_CA, 0, 64), 0));
	SAVE(dir, "lock-create", PARAMS(p0, 0, 0, 0, LOCKSTEP), image, preempt(7, 1, 2),
	     call(CREATE_VCPU, PAGE(8), Y(PAGE(9), 1)),
	     { .op = FZ_WRITE, .a = 7, .x = AT(FZ_AT_VALID, 8, 0xc8) },
	     call(DELETE_VCPU, PAGE(8), 0), preempt(0, 1, 1), call(DELETE_VCPU, PAGE(8), 0),
	     call(DELETE_VCPU, PAGE(8), 0), call(QUERY_PROTOCOL, 0, 1));
	SAVE(dir, "lock-delete-in-use", PARAMS(p0, 0x10, 0, 0, LOCKSTEP), preempt(12, 20, 1),
	     call(DELETE_VCPU, AT(FZ_AT_VMSA, 1, 0), 0), call(QUERY_PROTOCOL, 0, 1),
	     call(DELETE_VCPU, AT(FZ_AT_VMSA, 1, 0), 0));
	SAVE(dir, "lock-remap-ca", PARAMS(p0, 0, 0, 0, LOCKSTEP), preempt(6, 1, 2),
	     call(REMAP_CA, PAGE(5), 0), list(1, SMALL, PAGE(5), 1), call(PVALIDATE, LAST_LIST, 0),
	     preempt(4, 1, 1), call(QUERY_PROTOCOL, 0, 1), host(FZ_STEAL, 0, 0, PAGE(5)));
	SAVE(dir, "lock-2m", PARAMS(p0, MORE_VALID, 0, 0, LOCKSTEP),
	     list(1, LARGE | FALLBACK, REGION(1), 1), preempt(8, 1, 3),
	     call(PVALIDATE, LAST_LIST, 0), list(1, VALIDATE, REGION(1), 1),
	     call(PVALIDATE, LAST_LIST, 0), host(FZ_READ, 1, 0, REGION(1)),
	     list(1, LARGE | VALIDATE | FALLBACK, REGION(1), 1), preempt(0, 1, 1),
	     call(PVALIDATE, LAST_LIST, 0), host(FZ_PSMASH, 0, 0, REGION(1)));
	SAVE(dir, "free-pvalidate", PARAMS(p0, MORE_VALID, 4, 0, FREE),
	     list(40, VALIDATE, INVALID_PAGE(0), 1), again(PVALIDATE, LAST_LIST),
	     list(40, SMALL, INVALID_PAGE(0), 1), again(PVALIDATE, LAST_LIST),
	     list(2, LARGE | FALLBACK, REGION(1), 1), again(PVALIDATE, LAST_LIST));
	SAVE(dir, "free-deposit", PARAMS(p0, DEPOSITS, 0, 0, FREE), list(20, SMALL, PAGE(40), 1),
	     again(DEPOSIT_MEM, LAST_LIST), call(WITHDRAW_MEM, LIST_HERE, 0),
	     list(20, SMALL, PAGE(60), 1), again(DEPOSIT_MEM, LAST_LIST), image,
	     call(CREATE_VCPU, PAGE(8), Y(PAGE(9), 1)), call(DELETE_VCPU, PAGE(8), 0),
	     call(REMAP_CA, PAGE(5), 0), call(WITHDRAW_MEM, LIST_HERE, 0));
}

#define CERTS 0x20U	    /* a: room for the certificates */
#define ONE_CERT_PAGE 0x30U /* a: less */
#define SERVICES FZ_CALL_SERVICES
#define SINGLE FZ_CALL_SINGLE

static struct fz_packet attest(uint8_t a, uint8_t b, uint8_t c, uint32_t flaw)
{
	return (struct fz_packet){
		.op = FZ_ATTEST, .a = a, .b = b, .c = c, .x = LIST_HERE, .y = Y(PAGE(40), flaw)
	};
}

static struct fz_packet lie(uint8_t kind, uint8_t b, uint64_t value)
{
	return (struct fz_packet){ .op = FZ_LIE, .a = kind, .b = b, .y = value };
}

/* Each lie at the second request: with a call before it, the repetition that it needs, and what is
 * left of the channel afterwards. */
static void lie_seeds(const char *dir)
{
	/* In the order of enum hm_psp_lie. */
	static const struct {
		const char *name;
		uint8_t a;
		uint64_t value;
	} lies[] = {
		{ "attest-lie-busy", 0, 2 },
		{ "attest-lie-drop", 0, 0 },
		{ "attest-lie-fail-after", 0, 0 },
		{ "attest-lie-slow", 0, 90000 },
		{ "attest-lie-replay", 0, 0 },
		{ "attest-lie-foreign", 0, 0 },
		{ "attest-lie-sequence", 0, 0 },
		{ "attest-lie-type", 0, 5 },
		{ "attest-lie-size", 0, 0xffff },
		{ "attest-lie-corrupt", 0, 8U * 0x200U },
		{ "attest-lie-truncate", 0, 0x300 },
		{ "attest-lie-cert-pages", CERTS, 9 },
		{ "attest-lie-cert-grow", CERTS, 0x2800 },
		{ "attest-lie-cert-none", CERTS, 0 },
		{ "attest-lie-cert-bad", CERTS, 2 },
		{ "attest-lie-cert-change", CERTS, 0x14 },
	};

	for (uint8_t kind = 0U; kind < sizeof(lies) / sizeof(lies[0]); kind++) {
		SAVE(dir, lies[kind].name, PARAMS(CPUS(1), PSP, 0, 0, 0),
		     attest(lies[kind].a, 0, 0, 0), call(SERVICES, LAST_LIST, 0),
		     lie(kind, 0, lies[kind].value), again(SERVICES, LAST_LIST),
		     call(SERVICES, LAST_LIST, 0), attest(lies[kind].a, 0, 3, 0),
		     call(SINGLE, LAST_LIST, 0), lie(kind, FZ_LIE_ALWAYS, lies[kind].value + 1U),
		     again(SERVICES, LAST_LIST), lie(kind, FZ_LIE_DISARM, 0),
		     call(SERVICES, LAST_LIST, 0), call(SINGLE, LAST_LIST, 0));
	}
}

static void attest_seeds(const char *dir)
{
	SAVE(dir, "attest-calls", PARAMS(CPUS(1), PSP, 0, 0, 0), attest(0, 0, 0, 0),
	     call(SERVICES, LAST_LIST, 0), call(SINGLE, LAST_LIST, 0), attest(2, 0, 1, 0),
	     call(SINGLE, LAST_LIST, 1), attest(8, 0x40, 255, 0), call(SINGLE, LAST_LIST, 2),
	     attest(12, 0, 0, 0), call(SINGLE, LAST_LIST, 3), attest(3, 0, 0, 0),
	     call(SINGLE, LAST_LIST, 4), call(QUERY_PROTOCOL, 0, Y(1, 1)),
	     call(QUERY_PROTOCOL, 0, Y(2, 1)), call(FZ_CALL_PROTOCOL, LAST_LIST, 2));
	SAVE(dir, "attest-none", PARAMS(CPUS(1), 0, 0, 0, 0), attest(0, 0, 0, 0),
	     call(SERVICES, LAST_LIST, 0), call(SINGLE, LAST_LIST, 0),
	     call(QUERY_PROTOCOL, 0, Y(1, 1)));
	SAVE(dir, "attest-sizes", PARAMS(CPUS(1), PSP, 0, 0, 0), attest(0, 0xa0, 0, 0),
	     call(SERVICES, LAST_LIST, 0), attest(0, 0xd0, 0, 0), call(SERVICES, LAST_LIST, 0),
	     call(SINGLE, LAST_LIST, 0), attest(ONE_CERT_PAGE, 0x80, 0, 0),
	     call(SERVICES, LAST_LIST, 0), attest(CERTS, 0xc0, 0, 0), call(SINGLE, LAST_LIST, 0),
	     attest(CERTS, 0, 0, 0), call(SERVICES, LAST_LIST, 0),
	     attest(0, FZ_ATTEST_MANIFEST_SIZE, 0, UINT32_MAX), call(SERVICES, LAST_LIST, 0),
	     attest(0, FZ_ATTEST_REPORT_SIZE, 0, 0x4a0), call(SERVICES, LAST_LIST, 0));
	SAVE(dir, "attest-refused", PARAMS(CPUS(1), PSP, 0, 0, 0),
	     attest(0, FZ_ATTEST_RESERVED, 0, 1), call(SERVICES, LAST_LIST, 0),
	     attest(0, FZ_ATTEST_RESERVED, 4, 1), call(SERVICES, LAST_LIST, 0),
	     call(SINGLE, LAST_LIST, 0), attest(0, FZ_ATTEST_RESERVED, 3, 1),
	     call(SERVICES, LAST_LIST, 0), call(SINGLE, LAST_LIST, 0),
	     attest(0, FZ_ATTEST_MISALIGNED, 2, 8), call(SERVICES, LAST_LIST, 0),
	     attest(0, FZ_ATTEST_NONCE_CROSSES, 0, 0xfe0), call(SERVICES, LAST_LIST, 0),
	     attest(0, FZ_ATTEST_OVERLAP_OUT, 0, 0), call(SERVICES, LAST_LIST, 0),
	     attest(0, FZ_ATTEST_OVERLAP_NONCE, 0, 16), call(SERVICES, LAST_LIST, 0),
	     attest(0, FZ_ATTEST_GUID, 0, 16), call(SINGLE, LAST_LIST, 0),
	     call(SERVICES, AT(FZ_AT_VALID, 32, 0xff8), 0),
	     call(SERVICES, AT(FZ_AT_VALID, 32, 1) | 1U << 31, 0));
	SAVE(dir, "attest-addresses", PARAMS(CPUS(1), PSP, 0, 0, 0),
	     attest(0, FZ_ATTEST_REPORT_AT, 0, INVALID_PAGE(0)), call(SERVICES, LAST_LIST, 0),
	     attest(0, FZ_ATTEST_MANIFEST_AT, 0, AT(FZ_AT_SVSM, 0, 0)),
	     call(SERVICES, LAST_LIST, 0),
	     attest(0, FZ_ATTEST_MANIFEST_AT, 0, AT(FZ_AT_HIGH, 1, 0)),
	     call(SERVICES, LAST_LIST, 0),
	     attest(CERTS, FZ_ATTEST_CERTS_AT, 0, AT(FZ_AT_OWN_CA, 0, 0)),
	     call(SINGLE, LAST_LIST, 0), attest(0, FZ_ATTEST_NONCE_AT, 0, AT(FZ_AT_OWN_CA, 0, 64)),
	     call(SINGLE, LAST_LIST, 0), attest(0, 0, 0, 0),
	     host(FZ_STEAL, 0, 0, AT(FZ_AT_ENTRY, 4, 0)), call(SERVICES, LAST_LIST, 0),
	     attest(0, 0, 0, 0), host(FZ_INJECT, 0, 6, 0), call(SERVICES, LAST_LIST, 0),
	     { .op = FZ_ATTEST, .x = AT(FZ_AT_OWN_CA, 0, 0), .y = PAGE(60) },
	     call(SERVICES, LAST_LIST, 0));
	SAVE(dir, "attest-lock", PARAMS(CPUS(2) | PREPARED, PSP, 0, 0, LOCKSTEP),
	     attest(0, 0, 0, 0), preempt(12, 1, 2), call(SERVICES, LAST_LIST, 0),
	     call(SINGLE, LAST_LIST, 0), list(1, SMALL, PAGE(4), 1), preempt(12, 2, 3),
	     call(SERVICES, LAST_LIST, 0), list(1, SMALL, PAGE(41), 1),
	     call(PVALIDATE, LAST_LIST, 0), lie(2, 0, 0), attest(0, 0, 7, 0), preempt(12, 1, 1),
	     call(SERVICES, LAST_LIST, 0), call(SERVICES, LAST_LIST, 0),
	     call(SERVICES, LAST_LIST, 0));
	SAVE(dir, "attest-free", PARAMS(CPUS(3) | PREPARED, PSP, 0, 0, FREE), attest(0, 0, 0, 0),
	     again(SERVICES, LAST_LIST), attest(2, 0, 9, 0), again(SINGLE, LAST_LIST), lie(0, 0, 3),
	     again(SERVICES, LAST_LIST), lie(1, 0, 0), again(SINGLE, LAST_LIST), lie(9, 1, 77),
	     again(SINGLE, LAST_LIST), again(SERVICES, LAST_LIST));
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		(void)fputs("usage: fuzz_seeds DIRECTORY\n", stderr);
		return EXIT_FAILURE;
	}
	pvalidate_seeds(argv[1]);
	vcpu_seeds(argv[1]);
	memory_seeds(argv[1]);
	race_seeds(argv[1]);
	attest_seeds(argv[1]);
	lie_seeds(argv[1]);
	return EXIT_SUCCESS;
}
