/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "bytes.h"
#include "verify.h"

/* Table of the SNP extended guest request, GHCB specification 56421: GUID, offset, length. */
#define ENTRY_BYTES 24U
#define ENTRY_OFFSET 16U
#define ENTRY_LENGTH 20U

enum table_cert { TABLE_VCEK, TABLE_VLEK, TABLE_ASK, TABLE_ARK, TABLE_NR };

static const char *const guids[TABLE_NR] = {
	[TABLE_VCEK] = "63da758d-e664-4564-adc5-f4b93be8accd",
	[TABLE_VLEK] = "a8074bc2-a25a-483e-aae6-39c045a0b8a1",
	[TABLE_ASK] = "4ab7b379-bbac-4fe4-a02f-05aef327c782",
	[TABLE_ARK] = "c0b406a4-a803-4952-9743-3fb6014cd0ae",
};

/* Hosts write these GUIDs in the order of the text; the GUID structure of UEFI is accepted too. */
static bool names(const uint8_t *entry, enum table_cert cert)
{
	uint8_t wire[VERIFY_GUID_BYTES];
	char text[GUID_TEXT];
	char plain[2U * VERIFY_GUID_BYTES + 1U];
	char entry_hex[2U * VERIFY_GUID_BYTES + 1U];
	size_t at = 0;

	if (!verify_guid_parse(guids[cert], wire)) {
		return false;
	}
	if (memcmp(entry, wire, sizeof(wire)) == 0) {
		return true;
	}
	guid_text(text, wire);
	for (const char *c = text; *c != '\0'; c++) {
		if (*c != '-') {
			plain[at++] = *c;
		}
	}
	plain[at] = '\0';
	bytes_hex(entry_hex, sizeof(entry_hex), entry, VERIFY_GUID_BYTES);
	return strcmp(entry_hex, plain) == 0;
}

/* The end of the entries, or 0 if the table has none. */
static size_t entries_end(struct verify_span table)
{
	for (size_t at = 0; table.len - at >= ENTRY_BYTES; at += ENTRY_BYTES) {
		if (bytes_zero(table.data + at, ENTRY_BYTES)) {
			return at + ENTRY_BYTES;
		}
	}
	return 0;
}

/* Fills found[]; false if an entry points outside, into the entries, or is there twice. */
static bool walk(struct verify_span table, struct verify_span found[TABLE_NR])
{
	const size_t end = entries_end(table);

	if (end == 0U) {
		return false;
	}
	for (size_t at = 0; at + ENTRY_BYTES < end; at += ENTRY_BYTES) {
		const uint8_t *entry = table.data + at;
		const size_t offset = bytes_le32(entry + ENTRY_OFFSET);
		const size_t length = bytes_le32(entry + ENTRY_LENGTH);

		if (offset < end || offset > table.len || length > table.len - offset) {
			return false;
		}
		for (unsigned int i = 0; i < TABLE_NR; i++) {
			if (!names(entry, (enum table_cert)i)) {
				continue;
			}
			if (found[i].data != NULL) {
				return false;
			}
			found[i] = (struct verify_span){ table.data + offset, length };
		}
	}
	return true;
}

enum verify_find verify_table_find(struct verify_span table, enum verify_cert which,
				   bool prefer_vlek, struct verify_span *cert)
{
	struct verify_span found[TABLE_NR] = { { NULL, 0U } };
	enum table_cert from = TABLE_ARK;

	*cert = (struct verify_span){ NULL, 0U };
	if (table.data == NULL) {
		return VERIFY_ABSENT;
	}
	if (!walk(table, found)) {
		return VERIFY_MALFORMED;
	}
	if (which == VERIFY_ASK) {
		from = TABLE_ASK;
	} else if (which == VERIFY_LEAF) {
		from = found[TABLE_VCEK].data == NULL ||
				       (prefer_vlek && found[TABLE_VLEK].data != NULL)
			       ? TABLE_VLEK
			       : TABLE_VCEK;
	}
	*cert = found[from];
	return cert->data == NULL ? VERIFY_ABSENT : VERIFY_FOUND;
}
