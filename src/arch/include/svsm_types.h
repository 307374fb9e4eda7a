/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_TYPES_H
#define SVSM_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SVSM_PAGE_SHIFT 12U
#define SVSM_PAGE_SIZE (UINT64_C(1) << SVSM_PAGE_SHIFT)
#define SVSM_PAGE_MASK (SVSM_PAGE_SIZE - 1U)
#define SVSM_REGION_SHIFT 21U
#define SVSM_REGION_SIZE (UINT64_C(1) << SVSM_REGION_SHIFT)
#define SVSM_REGION_MASK (SVSM_REGION_SIZE - 1U)
#define SVSM_PAGES_PER_REGION 512U
#define SVSM_CACHE_LINE 64U
#define SVSM_NR_VMPLS 4U

/* Guest physical address. A one-field type, so that a gPA, a host pointer and a count cannot be
 * mixed up. */
typedef struct {
	uint64_t raw;
} gpa_t;

/* Page size as the PVALIDATE and RMPADJUST operands encode it (58019 Table 8, bits 1:0). */
enum svsm_page_size {
	SVSM_PAGE_4K = 0,
	SVSM_PAGE_2M = 1,
};

/* VMPL permission mask bits of RMPADJUST (AMD APM vol. 2, 15.36.5). */
#define SVSM_PERM_NONE 0x00U
#define SVSM_PERM_READ 0x01U
#define SVSM_PERM_WRITE 0x02U
#define SVSM_PERM_XUSER 0x04U
#define SVSM_PERM_XSUPER 0x08U
#define SVSM_PERM_RWX 0x0fU

static inline gpa_t gpa_make(uint64_t raw)
{
	return (gpa_t){ .raw = raw };
}

static inline gpa_t gpa_add(gpa_t gpa, uint64_t bytes)
{
	return gpa_make(gpa.raw + bytes);
}

static inline gpa_t gpa_page(gpa_t gpa)
{
	return gpa_make(gpa.raw & ~SVSM_PAGE_MASK);
}

static inline uint64_t gpa_offset(gpa_t gpa)
{
	return gpa.raw & SVSM_PAGE_MASK;
}

static inline bool gpa_equal(gpa_t a, gpa_t b)
{
	return a.raw == b.raw;
}

static inline bool gpa_aligned(gpa_t gpa, uint64_t alignment)
{
	return (gpa.raw & (alignment - 1U)) == 0U;
}

static inline uint64_t svsm_page_bytes(enum svsm_page_size size)
{
	return size == SVSM_PAGE_2M ? SVSM_REGION_SIZE : SVSM_PAGE_SIZE;
}

#endif
