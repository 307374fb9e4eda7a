/* SPDX-License-Identifier: Apache-2.0 */
#include "abi/secrets_abi.h"
#include "observe_priv.h"
#include "ram.h"
#include "rmp.h"

/*
 * What a trace begins with, found out when the guest under the SVSM makes its first request: at
 * that point the RMP still is as the SVSM has prepared it, and the guest's secrets page, which the
 * SVSM has written, says the rest (58019 section 4.1).
 */

#define FOUR_GIB (UINT64_C(1) << 32)
#define READ_WRITE 3U

enum page_kind { PAGE_NONE, PAGE_RAM, PAGE_ROM };

struct header {
	void (*emit)(const struct trace_text *line);
	unsigned int vmpl;
	gpa_t secrets;
	bool any_2m;
};

static uint64_t rmp_word(gpa_t gpa, unsigned int *size)
{
	hpa_t hpa;

	*size = 0;
	return ram_translate(gpa, &hpa) ? snpm_word(rmp_table(), hpa.raw >> EMU_PAGE_SHIFT, size)
					: 0U;
}

bool svsm_page_accessible(gpa_t gpa, unsigned int vmpl)
{
	unsigned int size;
	uint64_t word = rmp_word(gpa, &size);
	uint64_t perms = vmpl == 0U ? READ_WRITE : word >> SNPM_PERM_SHIFT(vmpl);

	return (word & SNPM_VALIDATED) != 0U && (word & SNPM_VMSA) == 0U &&
	       (perms & READ_WRITE) == READ_WRITE;
}

static enum page_kind kind_of(gpa_t gpa)
{
	hpa_t hpa;

	if (!ram_is_memory(gpa) || !ram_translate(gpa, &hpa)) {
		return PAGE_NONE;
	}
	return hpa.raw == gpa.raw ? PAGE_RAM : PAGE_ROM;
}

static bool is_ram(const struct header *header, gpa_t gpa)
{
	(void)header;
	return kind_of(gpa) == PAGE_RAM;
}

static bool is_rom(const struct header *header, gpa_t gpa)
{
	(void)header;
	return kind_of(gpa) == PAGE_ROM;
}

static bool is_valid(const struct header *header, gpa_t gpa)
{
	return kind_of(gpa) == PAGE_RAM && svsm_page_accessible(gpa, header->vmpl);
}

static void emit_range(const struct header *header, const char *name, uint64_t start, uint64_t end)
{
	char text[80];
	struct trace_text line = { .text = text, .size = sizeof(text) };

	text_add(&line, TRACE_MARK);
	text_add(&line, name);
	text_add(&line, " ");
	text_add_hex(&line, start);
	text_add(&line, " ");
	text_add_hex(&line, end);
	text_add(&line, "\n");
	header->emit(&line);
}

/* A line for each run of pages that @belongs says yes to. */
static void emit_ranges(const struct header *header, const char *name,
			bool (*belongs)(const struct header *header, gpa_t gpa))
{
	uint64_t top = ram_top().raw < FOUR_GIB ? FOUR_GIB : ram_top().raw;
	uint64_t start = 0;
	bool inside = false;

	for (uint64_t gpa = 0; gpa < top; gpa += EMU_PAGE_SIZE) {
		bool in = belongs(header, gpa_make(gpa));

		if (in && !inside) {
			start = gpa;
		} else if (!in && inside) {
			emit_range(header, name, start, gpa);
		}
		inside = in;
	}
	if (inside) {
		emit_range(header, name, start, top);
	}
}

/* Nothing else looks like it: it names a range that this VMPL has no right to, and a page of this
 * VMPL's own. */
static bool is_secrets(const struct header *header, gpa_t gpa)
{
	const struct secrets_page *page =
		is_valid(header, gpa) ? ram_pointer(gpa, sizeof(struct secrets_page)) : NULL;

	if (page == NULL || page->svsm_size == 0U || page->svsm_guest_vmpl != header->vmpl ||
	    page->svsm_max_version == 0U ||
	    ((page->svsm_base | page->svsm_size | page->svsm_caa) & EMU_PAGE_MASK) != 0U) {
		return false;
	}
	return kind_of(gpa_make(page->svsm_base)) == PAGE_RAM &&
	       !svsm_page_accessible(gpa_make(page->svsm_base), header->vmpl) &&
	       svsm_page_accessible(gpa_make(page->svsm_caa), header->vmpl);
}

static void survey(struct header *header)
{
	header->secrets = GPA_NONE;
	for (uint64_t gpa = 0; gpa < ram_top().raw; gpa += EMU_PAGE_SIZE) {
		unsigned int size;

		(void)rmp_word(gpa_make(gpa), &size);
		header->any_2m = header->any_2m || size == 1U;
		if (gpa_is_none(header->secrets) && is_secrets(header, gpa_make(gpa))) {
			header->secrets = gpa_make(gpa);
		}
	}
}

static void emit_text(const struct header *header, const char *string)
{
	char text[120];
	struct trace_text line = { .text = text, .size = sizeof(text) };

	text_add(&line, TRACE_MARK);
	text_add(&line, string);
	text_add(&line, "\n");
	header->emit(&line);
}

static void emit_initial(const struct header *header, uint64_t caa)
{
	char text[120];
	struct trace_text line = { .text = text, .size = sizeof(text) };

	text_add(&line, TRACE_MARK "# initial caa ");
	text_add_hex(&line, caa);
	text_add(&line, " guest vmpl ");
	text_add_dec(&line, header->vmpl);
	text_add(&line, " policy rebind rmp ");
	text_add(&line, header->any_2m ? "2m\n" : "4k\n");
	header->emit(&line);
}

gpa_t svsm_header(unsigned int vmpl, void (*emit)(const struct trace_text *line))
{
	struct header header = { .emit = emit, .vmpl = vmpl };
	const struct secrets_page *page;

	survey(&header);
	emit_text(&header, "# SVSM call trace v1: recorded by the emulator");
	emit_text(&header, "# every line in order of completion; not real hardware");
	emit_ranges(&header, "valid", is_valid);
	page = gpa_is_none(header.secrets)
		       ? NULL
		       : ram_pointer(header.secrets, sizeof(struct secrets_page));
	if (page == NULL) {
		emit_text(&header, "# the guest has no secrets page that names an SVSM");
	} else {
		emit_initial(&header, page->svsm_caa);
	}
	emit_ranges(&header, "ram", is_ram);
	if (page != NULL) {
		emit_range(&header, "svsm", page->svsm_base, page->svsm_base + page->svsm_size);
	}
	emit_ranges(&header, "# rom", is_rom);
	return page == NULL ? GPA_NONE : gpa_make(page->svsm_caa);
}
