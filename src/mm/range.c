/* SPDX-License-Identifier: Apache-2.0 */
#include "range.h"

static unsigned int phys_bits_set;

void svsm_range_init(unsigned int phys_bits)
{
	phys_bits_set = phys_bits;
}

unsigned int svsm_range_phys_bits(void)
{
	return phys_bits_set;
}

bool svsm_range_make(gpa_t start, uint64_t len, struct svsm_range *range)
{
	const uint64_t limit = UINT64_C(1) << phys_bits_set;

	if (len == 0U || len > limit || start.raw > limit - len) {
		return false;
	}
	*range = (struct svsm_range){ start, len };
	return true;
}
