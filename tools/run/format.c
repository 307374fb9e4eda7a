/* SPDX-License-Identifier: Apache-2.0 */
#include "format.h"

#include <stdio.h>

static const char *three_digits(double value, const char *unit, char text[FORMAT_SIZE])
{
	const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;

	(void)snprintf(text, FORMAT_SIZE, "%.*f %s", decimals, value, unit);
	return text;
}

const char *format_count(double value, char text[FORMAT_SIZE])
{
	if (value < 9999.5) {
		(void)snprintf(text, FORMAT_SIZE, "%.0f", value);
		return text;
	}
	if (value < 999.5e3) {
		return three_digits(value / 1e3, "k", text);
	}
	return value < 999.5e6 ? three_digits(value / 1e6, "M", text)
			       : three_digits(value / 1e9, "G", text);
}

const char *format_duration(double nanoseconds, char text[FORMAT_SIZE])
{
	if (nanoseconds < 999.5) {
		(void)snprintf(text, FORMAT_SIZE, "%.0f ns", nanoseconds);
		return text;
	}
	if (nanoseconds < 999.5e3) {
		return three_digits(nanoseconds / 1e3, "us", text);
	}
	return nanoseconds < 999.5e6 ? three_digits(nanoseconds / 1e6, "ms", text)
				     : three_digits(nanoseconds / 1e9, "s", text);
}

const char *format_bytes(uint64_t bytes, char text[FORMAT_SIZE])
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	unsigned int unit = 0U;
	double value = (double)bytes;

	while (value >= 1024.0 && unit + 1U < sizeof(units) / sizeof(units[0])) {
		value /= 1024.0;
		unit++;
	}
	(void)snprintf(text, FORMAT_SIZE, value < 10.0 && unit > 0U ? "%.3g %s" : "%.4g %s", value,
		       units[unit]);
	return text;
}
