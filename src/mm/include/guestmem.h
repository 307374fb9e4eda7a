/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_GUESTMEM_H
#define SVSM_GUESTMEM_H

/*
 * Copies between private memory and the guest's pages: the only way in which the core touches guest
 * data. Each call copies each byte once; callers parse the copy, never the guest's memory (double
 * fetch).
 */

#include "arch.h"
#include "cpu.h"

enum svsm_copy {
	SVSM_COPY_OK,
	SVSM_COPY_ADDRESS, /* not the guest's page, or a recovered fault */
	SVSM_COPY_BUSY,	   /* another call is changing the page */
};

/* The same under a pin, for pages that are not the caller's calling area. */
enum svsm_copy svsm_pinned_read(struct svsm_cpu *cpu, void *dst, gpa_t src, size_t len);
enum svsm_copy svsm_pinned_write(struct svsm_cpu *cpu, gpa_t dst, const void *src, size_t len);

/*
 * Copy @len bytes (1..4096) that do not cross a 4 KiB boundary. @own_ca: the calling area of the
 * record being served, which is private by that record and needs no pin. Owner thread of @cpu; must
 * not hold a pin.
 */
static inline enum svsm_copy svsm_guest_read(struct svsm_cpu *cpu, gpa_t own_ca, void *dst,
					     gpa_t src, size_t len)
{
	if (gpa_equal(gpa_page(src), own_ca)) {
		return arch_guest_read(dst, src, len) ? SVSM_COPY_OK : SVSM_COPY_ADDRESS;
	}
	return svsm_pinned_read(cpu, dst, src, len);
}

static inline enum svsm_copy svsm_guest_write(struct svsm_cpu *cpu, gpa_t own_ca, gpa_t dst,
					      const void *src, size_t len)
{
	if (gpa_equal(gpa_page(dst), own_ca)) {
		return arch_guest_write(dst, src, len) ? SVSM_COPY_OK : SVSM_COPY_ADDRESS;
	}
	return svsm_pinned_write(cpu, dst, src, len);
}

/*
 * Write any length, page by page. Stops at the first page that fails: those before it are written.
 */
enum svsm_copy svsm_guest_write_pages(struct svsm_cpu *cpu, gpa_t own_ca, gpa_t dst,
				      const uint8_t *src, size_t len);

#endif
