/* SPDX-License-Identifier: Apache-2.0 */
#include "rmp_fixture.h"

#define SPN REGION
#define GPN GPN_BASE
#define V SNPM_VALIDATED
#define RWX 0x0f
#define FULL PERMS(RWX, RWX, RWX)
#define RUNNING (SNPM_VMSA | SNPM_INUSE)
#define U3 1U
#define U7 8U

#define G WORD_OF(SNPM_ASID_GUEST, GPN, SNPM_ASSIGNED)

/* Operands that pass every check on a validated 4 KiB page at VMPL0; rows change what they test. */
struct operands {
	unsigned int vmpl;
	uint64_t spn, gpn;
	unsigned int size, target;
	uint8_t perms;
	bool vmsa;
};

struct row {
	const char *name;
	struct operands op;
	enum place place;
	uint64_t word;
	struct snpm_result want;
	uint64_t after; /* the entry after success */
};

static void run_row(const struct row *r, unsigned int switches)
{
	static struct fixture_copy before;
	struct fixture *f = fixture_reset(switches);
	const struct operands *op = &r->op;
	const bool success = r->want.fault == SNPM_NO_FAULT && r->want.code == 0U;
	struct snpm_result got;

	put(f, r->place, SPN, r->word);
	fixture_save(f, &before);
	got = snpm_rmpadjust(&f->rmp, op->vmpl, op->spn, op->gpn, op->size, op->target, op->perms,
			     op->vmsa);
	assert_result(r->name, switches, got, r->want);
	if (success) {
		if (snpm_word(&f->rmp, SPN, NULL) != r->after) {
			fail_msg("%s (switches %x): word %llx", r->name, switches,
				 (unsigned long long)snpm_word(&f->rmp, SPN, NULL));
		}
		put(f, r->place, SPN, r->word);
	}
	assert_true(fixture_same(f, &before));
}

static void run_rows(const struct row *rows, size_t nr, unsigned int mask, unsigned int wanted)
{
	for (unsigned int s = 0; s < NR_SWITCH_SETTINGS; s++) {
		for (size_t i = 0; (s & mask) == wanted && i < nr; i++) {
			run_row(&rows[i], s);
		}
	}
}

#define RUN(rows, mask, wanted) run_rows(rows, sizeof(rows) / sizeof((rows)[0]), mask, wanted)

static const struct row operand_checks_rows[] = {
	{ "2M misaligned",
	  { 0, SPN + 1, GPN + 1, 1, 1, RWX, 0 },
	  PLACE_2M,
	  G | V,
	  WANT_CODE(1),
	  0 },
	{ "size 2", { 0, SPN, GPN, 2, 1, RWX, 0 }, PLACE_4K, G | V, WANT_CODE(1), 0 },
	{ "target 4", { 0, SPN, GPN, 0, 4, RWX, 0 }, PLACE_4K, G | V, WANT_CODE(1), 0 },
	{ "reserved bit", { 0, SPN, GPN, 0, 1, 0x21, 0 }, PLACE_4K, G | V, WANT_CODE(1), 0 },
	{ "input before target",
	  { 2, SPN, GPN + 1, 1, 1, RWX, 0 },
	  PLACE_NONE,
	  0,
	  WANT_CODE(1),
	  0 },
	{ "reserved bit before target",
	  { 2, SPN, GPN, 0, 1, 0x80, 0 },
	  PLACE_NONE,
	  0,
	  WANT_CODE(1),
	  0 },
	{ "input before walk", { 0, SPN, GPN, 0, 4, RWX, 0 }, PLACE_NONE, 0, WANT_CODE(1), 0 },
	{ "target VMPL0 at 0", { 0, SPN, GPN, 0, 0, RWX, 0 }, PLACE_4K, G | V, WANT_CODE(2), 0 },
	{ "target is own", { 1, SPN, GPN, 0, 1, 0, 0 }, PLACE_4K, G | V, WANT_CODE(2), 0 },
	{ "target above own", { 2, SPN, GPN, 0, 1, 0, 0 }, PLACE_4K, G | V, WANT_CODE(2), 0 },
	{ "VMPL3 has no target", { 3, SPN, GPN, 0, 3, 0, 0 }, PLACE_4K, G | V, WANT_CODE(2), 0 },
	{ "target before walk", { 1, SPN, GPN, 0, 1, 0, 0 }, PLACE_NONE, 0, WANT_CODE(2), 0 },
	{ "target before 404", { 1, SPN, GPN, 0, 1, 0, 0 }, PLACE_4K, G, WANT_CODE(2), 0 },
};

/* rmp-semantics 4.2: checks on the operands, before the address is walked. */
static void operand_checks(void **state)
{
	(void)state;
	RUN(operand_checks_rows, 0, 0);
}

static const struct row entry_checks_rows[] = {
	{ "unassigned range",
	  { 0, SPN, GPN, 0, 1, RWX, 0 },
	  PLACE_NONE,
	  0,
	  WANT_FAULT(SNPM_NPF),
	  0 },
	{ "unassigned range, 2M",
	  { 0, SPN, GPN, 1, 1, RWX, 0 },
	  PLACE_NONE,
	  0,
	  WANT_FAULT(SNPM_NPF),
	  0 },
	{ "unassigned 4K", { 0, SPN, GPN, 0, 1, RWX, 0 }, PLACE_4K, 0, WANT_FAULT(SNPM_NPF), 0 },
	{ "outside", { 0, NR_PAGES, GPN, 0, 1, RWX, 0 }, PLACE_NONE, 0, WANT_FAULT(SNPM_NPF), 0 },
	{ "immutable",
	  { 0, SPN, GPN, 0, 1, RWX, 0 },
	  PLACE_4K,
	  G | V | SNPM_IMMUTABLE,
	  WANT_FAULT(SNPM_NPF),
	  0 },
	{ "gPA", { 0, SPN, GPN + 1, 0, 1, RWX, 0 }, PLACE_4K, G | V, WANT_FAULT(SNPM_NPF), 0 },
	{ "ASID",
	  { 0, SPN, GPN, 0, 1, RWX, 0 },
	  PLACE_4K,
	  WORD_OF(SNPM_ASID_OTHER, GPN, SNPM_ASSIGNED | V),
	  WANT_FAULT(SNPM_NPF),
	  0 },
	{ "gPA before size",
	  { 0, SPN, GPN + 1, 0, 1, RWX, 0 },
	  PLACE_2M,
	  G | V,
	  WANT_FAULT(SNPM_NPF),
	  0 },
	{ "gPA before in use",
	  { 0, SPN, GPN + 1, 0, 1, RWX, 0 },
	  PLACE_4K,
	  G | V | SNPM_VMSA | SNPM_INUSE,
	  WANT_FAULT(SNPM_NPF),
	  0 },
	{ "gPA before 404",
	  { 0, SPN, GPN + 1, 0, 1, RWX, 0 },
	  PLACE_4K,
	  G,
	  WANT_FAULT(SNPM_NPF),
	  0 },
	{ "gPA before 6",
	  { 0, SPN, GPN + REGION, 1, 1, RWX, 0 },
	  PLACE_4K,
	  G | V,
	  WANT_FAULT(SNPM_NPF),
	  0 },
	{ "2M entry",
	  { 0, SPN, GPN, 0, 1, RWX, 0 },
	  PLACE_2M,
	  G | V,
	  WANT_FAULT(SNPM_NPF_SIZEM),
	  0 },
	{ "2M entry, inner",
	  { 0, SPN + 9, GPN + 9, 0, 1, RWX, 0 },
	  PLACE_2M,
	  G | V,
	  WANT_FAULT(SNPM_NPF_SIZEM),
	  0 },
	{ "size before 404",
	  { 0, SPN, GPN, 0, 1, RWX, 0 },
	  PLACE_2M,
	  G,
	  WANT_FAULT(SNPM_NPF_SIZEM),
	  0 },
	{ "404", { 0, SPN, GPN, 0, 1, RWX, 0 }, PLACE_4K, G, WANT_FAULT(SNPM_VC_404), 0 },
	{ "404, 2M", { 0, SPN, GPN, 1, 1, RWX, 0 }, PLACE_2M, G, WANT_FAULT(SNPM_VC_404), 0 },
	{ "404 before 6", { 0, SPN, GPN, 1, 1, RWX, 0 }, PLACE_4K, G, WANT_FAULT(SNPM_VC_404), 0 },
	{ "404 before mask",
	  { 1, SPN, GPN, 0, 2, RWX, 0 },
	  PLACE_4K,
	  G,
	  WANT_FAULT(SNPM_VC_404),
	  0 },
	{ "2M over 4K", { 0, SPN, GPN, 1, 1, RWX, 0 }, PLACE_4K, G | V, WANT_CODE(6), 0 },
	{ "6 before mask", { 1, SPN, GPN, 1, 2, RWX, 0 }, PLACE_4K, G | V, WANT_CODE(6), 0 },
	{ "mask above own",
	  { 1, SPN, GPN, 0, 2, RWX, 0 },
	  PLACE_4K,
	  G | V | PERMS(0x07, 0, 0),
	  WANT_CODE(2),
	  0 },
	{ "mask, own empty",
	  { 2, SPN, GPN, 0, 3, 0x01, 0 },
	  PLACE_4K,
	  G | V | PERMS(RWX, 0, 0),
	  WANT_CODE(2),
	  0 },
};

/* rmp-semantics 4.2: checks on the entry, each alone and against the later ones. */
static void entry_checks(void **state)
{
	(void)state;
	RUN(entry_checks_rows, 0, 0);
}

static const struct row success_rows[] = {
	{ "grant",
	  { 0, SPN, GPN, 0, 2, RWX, 0 },
	  PLACE_4K,
	  G | V,
	  WANT_CODE(0),
	  G | V | PERMS(0, RWX, 0) },
	{ "revoke",
	  { 0, SPN, GPN, 0, 1, 0, 0 },
	  PLACE_4K,
	  G | V | FULL,
	  WANT_CODE(0),
	  G | V | PERMS(0, RWX, RWX) },
	{ "replace",
	  { 0, SPN, GPN, 0, 3, 0x05, 0 },
	  PLACE_4K,
	  G | V | PERMS(0, 0, 0x0b),
	  WANT_CODE(0),
	  G | V | PERMS(0, 0, 0x05) },
	{ "no change",
	  { 0, SPN, GPN, 0, 3, RWX, 0 },
	  PLACE_4K,
	  G | V | FULL,
	  WANT_CODE(0),
	  G | V | FULL },
	{ "grant 2M",
	  { 0, SPN, GPN, 1, 1, RWX, 0 },
	  PLACE_2M,
	  G | V,
	  WANT_CODE(0),
	  G | V | PERMS(RWX, 0, 0) },
	{ "set VMSA",
	  { 0, SPN, GPN, 0, 1, 0x01, 1 },
	  PLACE_4K,
	  G | V,
	  WANT_CODE(0),
	  G | V | SNPM_VMSA | PERMS(1, 0, 0) },
	{ "VMSA lost without bit 16",
	  { 0, SPN, GPN, 0, 2, 0, 0 },
	  PLACE_4K,
	  G | V | SNPM_VMSA,
	  WANT_CODE(0),
	  G | V },
	{ "VMPL1: subset",
	  { 1, SPN, GPN, 0, 2, 0x03, 0 },
	  PLACE_4K,
	  G | V | PERMS(0x07, 0, RWX),
	  WANT_CODE(0),
	  G | V | PERMS(0x07, 0x03, RWX) },
	{ "VMPL1: VMSA not set",
	  { 1, SPN, GPN, 0, 2, 0, 1 },
	  PLACE_4K,
	  G | V | FULL,
	  WANT_CODE(0),
	  G | V | PERMS(RWX, 0, RWX) },
	{ "VMPL1: VMSA not cleared",
	  { 1, SPN, GPN, 0, 2, 0, 0 },
	  PLACE_4K,
	  G | V | SNPM_VMSA | FULL,
	  WANT_CODE(0),
	  G | V | SNPM_VMSA | PERMS(RWX, 0, RWX) },
	{ "VMPL2 to 3",
	  { 2, SPN, GPN, 0, 3, 0x01, 0 },
	  PLACE_4K,
	  G | V | PERMS(0, 0x01, 0),
	  WANT_CODE(0),
	  G | V | PERMS(0, 0x01, 0x01) },
};

/* rmp-semantics 4.3 to 4.6: the mask is replaced; the VMSA bit is rewritten at VMPL0 and untouched
 * elsewhere. */
static void success(void **state)
{
	(void)state;
	RUN(success_rows, 0, 0);
}

static const struct row code_rows[] = {
	{ "in use", { 0, SPN, GPN, 0, 1, 0, 0 }, PLACE_4K, G | V | RUNNING, WANT_CODE(3), 0 },
	{ "in use, unvalidated",
	  { 0, SPN, GPN, 0, 1, 0, 0 },
	  PLACE_4K,
	  G | RUNNING,
	  WANT_CODE(3),
	  0 },
	{ "in use at VMPL1",
	  { 1, SPN, GPN, 0, 2, RWX, 0 },
	  PLACE_4K,
	  G | V | RUNNING,
	  WANT_CODE(3),
	  0 },
};

static const struct row npf_rows[] = {
	{ "in use",
	  { 0, SPN, GPN, 0, 1, 0, 0 },
	  PLACE_4K,
	  G | V | RUNNING,
	  WANT_FAULT(SNPM_NPF),
	  0 },
	{ "in use, unvalidated",
	  { 0, SPN, GPN, 0, 1, 0, 0 },
	  PLACE_4K,
	  G | RUNNING,
	  WANT_FAULT(SNPM_NPF),
	  0 },
	{ "in use at VMPL1",
	  { 1, SPN, GPN, 0, 2, RWX, 0 },
	  PLACE_4K,
	  G | V | RUNNING,
	  WANT_FAULT(SNPM_NPF),
	  0 },
};

/* U3: a VMSA in use, after ownership and size, before Validated. Nothing changes under either
 * reading. */
static void in_use(void **state)
{
	(void)state;
	RUN(code_rows, U3, 0);
	RUN(npf_rows, U3, U3);
}

static const struct row taken_rows[] = {
	{ "W",
	  { 0, SPN, GPN, 0, 1, 0x02, 0 },
	  PLACE_4K,
	  G | V,
	  WANT_CODE(0),
	  G | V | PERMS(0x02, 0, 0) },
	{ "SSS",
	  { 0, SPN, GPN, 0, 1, 0x11, 0 },
	  PLACE_4K,
	  G | V,
	  WANT_CODE(0),
	  G | V | PERMS(0x11, 0, 0) },
};

static const struct row refused_rows[] = {
	{ "W", { 0, SPN, GPN, 0, 1, 0x02, 0 }, PLACE_4K, G | V, WANT_CODE(1), 0 },
	{ "WX", { 0, SPN, GPN, 0, 1, 0x0e, 0 }, PLACE_4K, G | V, WANT_CODE(1), 0 },
	{ "SSS", { 0, SPN, GPN, 0, 1, 0x11, 0 }, PLACE_4K, G | V, WANT_CODE(1), 0 },
	{ "before target", { 1, SPN, GPN, 0, 1, 0x02, 0 }, PLACE_4K, G | V, WANT_CODE(1), 0 },
};

static const struct row even_rows[] = {
	{ "RW",
	  { 0, SPN, GPN, 0, 1, 0x03, 0 },
	  PLACE_4K,
	  G | V,
	  WANT_CODE(0),
	  G | V | PERMS(0x03, 0, 0) },
	{ "X",
	  { 0, SPN, GPN, 0, 1, 0x0c, 0 },
	  PLACE_4K,
	  G | V,
	  WANT_CODE(0),
	  G | V | PERMS(0x0c, 0, 0) },
};

/* U7: masks with W and without R, and masks with the shadow-stack bit. */
static void odd_masks(void **state)
{
	(void)state;
	RUN(taken_rows, U7, 0);
	RUN(refused_rows, U7, U7);
	RUN(even_rows, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operand_checks), cmocka_unit_test(entry_checks),
		cmocka_unit_test(success),	  cmocka_unit_test(in_use),
		cmocka_unit_test(odd_masks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
