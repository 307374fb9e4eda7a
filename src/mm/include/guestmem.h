/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_GUESTMEM_H
#define SVSM_GUESTMEM_H

/*
 * Copies between private memory and the guest's pages: the only way in which the core touches guest
 * data. Each call copies each byte once; callers parse the copy, never the guest's memory (double
 * fetch).
 */

#include "cpu.h"

enum svsm_copy {
	SVSM_COPY_OK,
	SVSM_COPY_ADDRESS, /* not the guest's page, or a recovered fault */
	SVSM_COPY_BUSY,	   /* another call is changing the page */
};

/*
 * Copy @len bytes (1..4096) that do not cross a 4 KiB boundary. @own_ca: the calling area of the
 * record being served, which is private by that record and needs no pin. Owner thread of @cpu; must
 * not hold a pin.
 */
enum svsm_copy svsm_guest_read(struct svsm_cpu *cpu, gpa_t own_ca, void *dst, gpa_t src,
			       size_t len);
enum svsm_copy svsm_guest_write(struct svsm_cpu *cpu, gpa_t own_ca, gpa_t dst, const void *src,
				size_t len);

/*
 * Write any length, page by page. Stops at the first page that fails: those before it are written.
 */
enum svsm_copy svsm_guest_write_pages(struct svsm_cpu *cpu, gpa_t own_ca, gpa_t dst,
				      const uint8_t *src, size_t len);

#endif
