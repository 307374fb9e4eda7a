/* SPDX-License-Identifier: Apache-2.0 */
#include "certs.h"

#include <string.h>

#include "attest_abi.h"

size_t svsm_certs_size(const uint8_t *table, size_t size)
{
	static const uint8_t no_guid[SVSM_GUID_BYTES];
	size_t end = 0U;

	for (size_t at = 0U; at + sizeof(struct psp_cert_entry) <= size;
	     at += sizeof(struct psp_cert_entry)) {
		struct psp_cert_entry entry;

		memcpy(&entry, &table[at], sizeof(entry));
		if (memcmp(entry.guid, no_guid, SVSM_GUID_BYTES) == 0) {
			const size_t table_end = at + sizeof(entry);

			return at == 0U ? 0U : (end > table_end ? end : table_end);
		}
		if (entry.length > size || entry.offset > size - entry.length) {
			return 0U;
		}
		if ((size_t)entry.offset + entry.length > end) {
			end = (size_t)entry.offset + entry.length;
		}
	}
	return 0U;
}
