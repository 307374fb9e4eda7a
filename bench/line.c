/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "results.h"

#define MAX_KEY 32U

/* What follows `"key": `, NULL if the line has no such key. */
static const char *behind(const char *line, const char *key)
{
	char pattern[MAX_KEY];
	const char *at = NULL;

	(void)snprintf(pattern, sizeof(pattern), "\"%s\": ", key);
	at = strstr(line, pattern);
	return at == NULL ? NULL : at + strlen(pattern);
}

bool line_number(const char *line, const char *key, double *value)
{
	const char *at = behind(line, key);
	char *end = NULL;

	if (at == NULL) {
		return false;
	}
	*value = strtod(at, &end);
	return end != at;
}

bool line_text(const char *line, const char *key, char *text, size_t size)
{
	const char *at = behind(line, key);
	size_t len = 0U;

	if (at == NULL || *at != '"') {
		return false;
	}
	at++;
	len = strcspn(at, "\"\\");
	if (at[len] != '"' || len >= size) {
		return false;
	}
	memcpy(text, at, len);
	text[len] = '\0';
	return true;
}
