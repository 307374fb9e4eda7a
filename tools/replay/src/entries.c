/* SPDX-License-Identifier: Apache-2.0 */
#include "entries.h"

uint64_t entry_step(uint64_t entry)
{
	return (entry & ENTRY_SIZE_MASK) == ENTRY_SIZE_2M ? UINT64_C(0x200000) : UINT64_C(0x1000);
}

bool entry_starts_run(const struct entry_list *list, unsigned int i)
{
	return i == 0U || list->entry[i] != list->entry[i - 1U] + entry_step(list->entry[i - 1U]);
}

static bool add_run(struct slice word, struct entry_list *list, struct text_error *error)
{
	struct slice first = word;
	struct slice times;
	uint64_t entry = 0;
	uint64_t count = 1;

	if (slice_cut(word, '*', &first, &times) && (!text_dec(times, &count) || count == 0U)) {
		return text_fail(error, "bad repeat count in entry '%.*s'", SLICE_ARG(word));
	}
	if (!text_hex(first, &entry)) {
		return text_fail(error, "bad entry '%.*s'", SLICE_ARG(word));
	}
	if (count > ENTRIES_MAX - list->nr) {
		return text_fail(error, "more than %u entries in a list", ENTRIES_MAX);
	}
	for (uint64_t i = 0; i < count; i++) {
		list->entry[list->nr++] = entry + i * entry_step(entry);
	}
	return true;
}

bool entries_parse(struct slice text, struct entry_list *list, struct text_error *error)
{
	list->nr = 0;
	for (struct slice word = text_word(&text); word.len > 0U; word = text_word(&text)) {
		if (!add_run(word, list, error)) {
			return false;
		}
	}
	return true;
}
