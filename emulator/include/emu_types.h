/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EMU_TYPES_H
#define EMU_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EMU_MAX_CPUS 16U
#define EMU_NR_VMPLS 4U
#define EMU_PAGE_SHIFT 12U
#define EMU_PAGE_SIZE (UINT64_C(1) << EMU_PAGE_SHIFT)
#define EMU_PAGE_MASK (EMU_PAGE_SIZE - 1U)
#define EMU_LARGE_SIZE (UINT64_C(1) << 21U)
#define EMU_LARGE_MASK (EMU_LARGE_SIZE - 1U)
/* Position of the C-bit; guests are told that their physical addresses have as many bits. */
#define EMU_C_BIT 39U

/* Guest physical address without the C-bit. Guest memory is mapped where QEMU has it, unless a
 * hostile host moved a page or the page is firmware: ram.h translates. */
typedef struct {
	uint64_t raw;
} gpa_t;

/* Physical address of the machine that QEMU provides; mapped one to one in the emulator. */
typedef struct {
	uint64_t raw;
} hpa_t;

#define GPA_NONE ((gpa_t){ UINT64_MAX })

static inline gpa_t gpa_make(uint64_t raw)
{
	return (gpa_t){ .raw = raw };
}

static inline bool gpa_is_none(gpa_t gpa)
{
	return gpa.raw == UINT64_MAX;
}

static inline uint64_t gpa_page_number(gpa_t gpa)
{
	return gpa.raw >> EMU_PAGE_SHIFT;
}

static inline hpa_t hpa_make(uint64_t raw)
{
	return (hpa_t){ .raw = raw };
}

#endif
