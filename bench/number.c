/* SPDX-License-Identifier: Apache-2.0 */
#include "number.h"

bool number_parse(const char *text, size_t len, uint64_t min, uint64_t max, uint64_t *value)
{
	uint64_t number = 0U;

	for (size_t i = 0; i < len; i++) {
		const unsigned int digit = (unsigned int)(unsigned char)text[i] - '0';

		if (digit > 9U || number > (UINT64_MAX - digit) / 10U) {
			return false;
		}
		number = number * 10U + digit;
	}
	if (len == 0U || number < min || number > max) {
		return false;
	}
	*value = number;
	return true;
}
