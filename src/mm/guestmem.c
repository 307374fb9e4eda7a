/* SPDX-License-Identifier: Apache-2.0 */
#include "guestmem.h"

#include "ownmap.h"
#include "pin.h"

/* With the pin published, may the page be touched? */
static enum svsm_copy pinned_verdict(struct svsm_cpu *cpu, gpa_t gpa)
{
	const enum svsm_page_state state = svsm_map_state(cpu, gpa);

	arch_point(ARCH_POINT_PIN_CHECKED);
	if (state == SVSM_PAGE_VALID) {
		return SVSM_COPY_OK;
	}
	return state == SVSM_PAGE_CLAIMED ? SVSM_COPY_BUSY : SVSM_COPY_ADDRESS;
}

enum svsm_copy svsm_pinned_read(struct svsm_cpu *cpu, void *dst, gpa_t src, size_t len)
{
	enum svsm_copy verdict = SVSM_COPY_OK;

	svsm_pin_set(cpu, src);
	verdict = pinned_verdict(cpu, src);
	if (verdict == SVSM_COPY_OK && !arch_guest_read(dst, src, len)) {
		verdict = SVSM_COPY_ADDRESS;
	}
	svsm_pin_clear(cpu);
	return verdict;
}

enum svsm_copy svsm_pinned_write(struct svsm_cpu *cpu, gpa_t dst, const void *src, size_t len)
{
	enum svsm_copy verdict = SVSM_COPY_OK;

	svsm_pin_set(cpu, dst);
	verdict = pinned_verdict(cpu, dst);
	if (verdict == SVSM_COPY_OK && !arch_guest_write(dst, src, len)) {
		verdict = SVSM_COPY_ADDRESS;
	}
	svsm_pin_clear(cpu);
	return verdict;
}

enum svsm_copy svsm_guest_write_pages(struct svsm_cpu *cpu, gpa_t own_ca, gpa_t dst,
				      const uint8_t *src, size_t len)
{
	enum svsm_copy copy = SVSM_COPY_OK;
	size_t done = 0U;

	while (done < len && copy == SVSM_COPY_OK) {
		const gpa_t at = gpa_add(dst, done);
		const size_t room = (size_t)(SVSM_PAGE_SIZE - gpa_offset(at));
		const size_t n = len - done < room ? len - done : room;

		copy = svsm_guest_write(cpu, own_ca, at, &src[done], n);
		done += n;
	}
	return copy;
}
