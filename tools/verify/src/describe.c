/* SPDX-License-Identifier: Apache-2.0 */
#include "bytes.h"
#include "report.h"

struct flag {
	uint8_t bit;
	const char *name;
};

static const struct flag policy_flags[] = {
	{ 16, "SMT" },		 { 18, "MIGRATE_MA" },	      { 19, "DEBUG" },
	{ 20, "SINGLE_SOCKET" }, { 21, "CXL_ALLOW" },	      { 22, "AES256XTS" },
	{ 23, "RAPL_DIS" },	 { 24, "CIPHERTEXT_HIDING" }, { 25, "PAGE_SWAP_DISABLE" },
};

static const struct flag platform_flags[] = {
	{ 0, "SMT" },
	{ 1, "TSME" },
	{ 2, "ECC" },
	{ 3, "RAPL_DIS" },
	{ 4, "CIPHERTEXT_HIDING" },
	{ 5, "ALIAS_CHECK_COMPLETE" },
	{ 7, "TIO" },
};

static const struct flag key_flags[] = { { 0, "AUTHOR_KEY_EN" }, { 1, "MASK_CHIP_KEY" } };

struct writer {
	char *out;
	size_t size;
	size_t used;
};

static void put(struct writer *w, const char *text)
{
	for (; *text != '\0' && w->used + 1U < w->size; text++) {
		w->out[w->used++] = *text;
	}
	w->out[w->used] = '\0';
}

static void put_flags(struct writer *w, uint64_t value, const struct flag *flags, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		if ((value >> flags[i].bit & 1U) != 0U) {
			put(w, w->used == 0U ? "" : " ");
			put(w, flags[i].name);
		}
	}
}

#define PUT_FLAGS(w, value, flags)                                                                 \
	put_flags((w), (value), (flags), sizeof(flags) / sizeof((flags)[0]))

static void put_tcb(struct writer *w, uint64_t value, bool turin)
{
	const struct verify_tcb tcb = tcb_parts(value, turin);
	char text[96];

	if (turin) {
		(void)snprintf(text, sizeof(text), "fmc %u ", tcb.fmc);
		put(w, text);
	}
	(void)snprintf(text, sizeof(text), "bootloader %u tee %u snp %u microcode %u",
		       tcb.bootloader, tcb.tee, tcb.snp, tcb.microcode);
	put(w, text);
}

static void put_policy(struct writer *w, uint64_t value)
{
	char text[40];

	(void)snprintf(text, sizeof(text), "ABI at least %u.%u,",
		       (unsigned int)(value >> 8 & 0xffU), (unsigned int)(value & 0xffU));
	put(w, text);
	PUT_FLAGS(w, value, policy_flags);
}

static void put_key_info(struct writer *w, uint64_t value)
{
	const unsigned int key = (unsigned int)(value >> 2 & 7U);

	put(w, key == SIGNING_VCEK   ? "signed by VCEK"
	       : key == SIGNING_VLEK ? "signed by VLEK"
	       : key == SIGNING_NONE ? "not signed"
				     : "unknown signing key");
	PUT_FLAGS(w, value, key_flags);
}

void field_describe(const uint8_t *report, const struct report_field *field, char *out, size_t size)
{
	struct writer w = { .out = out, .size = size };
	const uint64_t value = field->size <= 8U ? report_number(report, field) : 0U;

	*out = '\0';
	switch (field->kind) {
	case FIELD_TCB:
		put_tcb(&w, value, report_turin(report));
		break;
	case FIELD_POLICY:
		put_policy(&w, value);
		break;
	case FIELD_PLATFORM:
		PUT_FLAGS(&w, value, platform_flags);
		break;
	case FIELD_KEY_INFO:
		put_key_info(&w, value);
		break;
	case FIELD_NUMBER:
	case FIELD_WORD:
	case FIELD_BYTES:
	case FIELD_VERSION:
	case FIELD_RESERVED:
		break;
	}
}
