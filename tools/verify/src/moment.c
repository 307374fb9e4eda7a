/* SPDX-License-Identifier: Apache-2.0 */
#include "moment.h"

#include <string.h>

#define DAY_SECONDS 86400
#define MAX_SECONDS INT64_C(253402300799) /* end of 9999 */

/* @nr digits at @text as a number; negative if one is no digit. */
static int digits(const char *text, unsigned int nr)
{
	int value = 0;

	for (unsigned int i = 0; i < nr; i++) {
		if (text[i] < '0' || text[i] > '9') {
			return -1;
		}
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

static bool leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static bool days_of(int year, int month, int day, int64_t *days)
{
	static const int length[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int64_t count = 0;

	if (year < 1970 || month < 1 || month > 12 || day < 1 ||
	    day > length[month - 1] + (month == 2 && leap(year) ? 1 : 0)) {
		return false;
	}
	for (int y = 1970; y < year; y++) {
		count += leap(y) ? 366 : 365;
	}
	for (int m = 1; m < month; m++) {
		count += length[m - 1] + (m == 2 && leap(year) ? 1 : 0);
	}
	*days = count + day - 1;
	return true;
}

/* True if @text has the punctuation of @shape, in which 'd' stands for anything. */
static bool shaped(const char *text, const char *shape)
{
	if (strlen(text) != strlen(shape)) {
		return false;
	}
	for (size_t i = 0; shape[i] != '\0'; i++) {
		if (shape[i] != 'd' && shape[i] != text[i]) {
			return false;
		}
	}
	return true;
}

static bool parse_number(const char *text, int64_t *seconds)
{
	int64_t value = 0;

	for (const char *c = text; *c != '\0'; c++) {
		if (*c < '0' || *c > '9' || value > MAX_SECONDS / 10) {
			return false;
		}
		value = value * 10 + (*c - '0');
	}
	*seconds = value;
	return *text != '\0' && value <= MAX_SECONDS;
}

bool moment_parse(const char *text, int64_t *seconds)
{
	int hour = 0;
	int minute = 0;
	int second = 0;
	int64_t days = 0;

	if (shaped(text, "dddd-dd-ddTdd:dd:ddZ")) {
		hour = digits(text + 11, 2U);
		minute = digits(text + 14, 2U);
		second = digits(text + 17, 2U);
	} else if (!shaped(text, "dddd-dd-dd")) {
		return parse_number(text, seconds);
	}
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 ||
	    !days_of(digits(text, 4U), digits(text + 5, 2U), digits(text + 8, 2U), &days)) {
		return false;
	}
	*seconds = days * DAY_SECONDS + INT64_C(3600) * hour + INT64_C(60) * minute + second;
	return true;
}
