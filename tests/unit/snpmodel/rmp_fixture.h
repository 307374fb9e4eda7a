/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RMP_FIXTURE_H
#define RMP_FIXTURE_H

/* A small RMP, raw words built from the documented layout, and a check that an operation changed
 * nothing. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "snpmodel.h"

#define REGION UINT64_C(512)
#define NR_REGIONS UINT64_C(4)
/* The last range is not whole. */
#define NR_PAGES (NR_REGIONS * REGION + 100U)
/* gPA page number of system page 0: aligned, and no gPA equals its system address. */
#define GPN_BASE (UINT64_C(0x5000) * REGION)
#define NR_SWITCH_SETTINGS 16U

struct fixture {
	struct snpm_rmp rmp;
	_Atomic(uint64_t) words_2m[NR_REGIONS + 1U];
	_Atomic(uint64_t) words_4k[NR_PAGES];
};

struct fixture_copy {
	uint64_t words_2m[NR_REGIONS + 1U];
	uint64_t words_4k[NR_PAGES];
};

/* Empty RMP with the switches that bits 3:0 of @switches name. */
static inline struct fixture *fixture_reset(unsigned int switches)
{
	static struct fixture f;

	for (size_t i = 0; i < NR_REGIONS + 1U; i++) {
		atomic_store(&f.words_2m[i], 0);
	}
	for (size_t i = 0; i < NR_PAGES; i++) {
		atomic_store(&f.words_4k[i], 0);
	}
	f.rmp = (struct snpm_rmp){ .words_2m = f.words_2m,
				   .words_4k = f.words_4k,
				   .nr_pages = NR_PAGES };
	f.rmp.switches.u3_inuse_is_npf = (switches & 1U) != 0U;
	f.rmp.switches.u4_identity_keeps = (switches & 2U) != 0U;
	f.rmp.switches.u6_vmrun_needs_valid = (switches & 4U) != 0U;
	f.rmp.switches.u7_reject_odd_masks = (switches & 8U) != 0U;
	return &f;
}

static inline void fixture_save(const struct fixture *f, struct fixture_copy *copy)
{
	for (size_t i = 0; i < NR_REGIONS + 1U; i++) {
		copy->words_2m[i] = atomic_load(&f->words_2m[i]);
	}
	for (size_t i = 0; i < NR_PAGES; i++) {
		copy->words_4k[i] = atomic_load(&f->words_4k[i]);
	}
}

static inline bool fixture_same(const struct fixture *f, const struct fixture_copy *copy)
{
	static struct fixture_copy now;

	fixture_save(f, &now);
	return memcmp(&now, copy, sizeof(now)) == 0;
}

static inline uint64_t word_of(enum snpm_asid asid, uint64_t gpn, uint64_t bits)
{
	return ((uint64_t)asid << SNPM_ASID_SHIFT) | (gpn << SNPM_GPN_SHIFT) | bits;
}

/* An entry of this guest. */
static inline uint64_t guest_word(uint64_t gpn, uint64_t bits)
{
	return word_of(SNPM_ASID_GUEST, gpn, SNPM_ASSIGNED | bits);
}

static inline uint64_t perms_word(uint8_t vmpl1, uint8_t vmpl2, uint8_t vmpl3)
{
	return ((uint64_t)vmpl1 << SNPM_PERM_SHIFT(1U)) | ((uint64_t)vmpl2 << SNPM_PERM_SHIFT(2U)) |
	       ((uint64_t)vmpl3 << SNPM_PERM_SHIFT(3U));
}

/* The 4 KiB entry of @spn is @word. */
static inline void put_4k(struct fixture *f, uint64_t spn, uint64_t word)
{
	atomic_store(&f->words_2m[spn / REGION], SNPM_SPLIT);
	atomic_store(&f->words_4k[spn], word);
}

static inline void put_2m(struct fixture *f, uint64_t spn, uint64_t word)
{
	atomic_store(&f->words_2m[spn / REGION], word);
}

/* Where the entry of a table row lives. */
enum place { PLACE_NONE, PLACE_4K, PLACE_2M };

static inline void put(struct fixture *f, enum place place, uint64_t spn, uint64_t word)
{
	if (place == PLACE_4K) {
		put_4k(f, spn, word);
	} else if (place == PLACE_2M) {
		put_2m(f, spn, word);
	}
}

static inline void assert_result(const char *row, unsigned int switches, struct snpm_result got,
				 struct snpm_result want)
{
	if (got.fault != want.fault || got.code != want.code || got.carry != want.carry) {
		fail_msg("%s (switches %x): fault %d code %u carry %d, want %d %u %d", row,
			 switches, (int)got.fault, got.code, got.carry, (int)want.fault, want.code,
			 want.carry);
	}
}

/* The same as constants, for tables. */
#define WORD_OF(asid, gpn, bits)                                                                   \
	(((uint64_t)(asid) << SNPM_ASID_SHIFT) | ((gpn) << SNPM_GPN_SHIFT) | (bits))
#define PERMS(vmpl1, vmpl2, vmpl3)                                                                 \
	(((uint64_t)(vmpl1) << SNPM_PERM_SHIFT(1U)) | ((uint64_t)(vmpl2) << SNPM_PERM_SHIFT(2U)) | \
	 ((uint64_t)(vmpl3) << SNPM_PERM_SHIFT(3U)))
#define WANT_FAULT(which) { .fault = (which) }
#define WANT_CODE(which) { .code = (which) }
#define WANT_CARRY { .carry = true }

#define FAULT(which) ((struct snpm_result){ .fault = (which) })
#define CODE(which) ((struct snpm_result){ .code = (which) })
#define CARRY ((struct snpm_result){ .carry = true })

#endif
