/* SPDX-License-Identifier: Apache-2.0 */
#include "cost.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "number.h"

static const struct {
	const char *name;
	size_t offset;
} fields[] = {
	{ "pvalidate", offsetof(struct cost_model, pvalidate) },
	{ "rmpadjust", offsetof(struct cost_model, rmpadjust) },
	{ "switch", offsetof(struct cost_model, switching) },
	{ "flush", offsetof(struct cost_model, flush) },
};

#define NR_FIELDS (sizeof(fields) / sizeof(fields[0]))

/* One "name=N" of @len bytes. */
static bool parse_field(const char *text, size_t len, struct cost_model *model, unsigned int *seen)
{
	for (unsigned int i = 0; i < NR_FIELDS; i++) {
		const size_t name = strlen(fields[i].name);
		uint64_t value = 0U;

		if (len <= name || strncmp(text, fields[i].name, name) != 0 || text[name] != '=') {
			continue;
		}
		if ((*seen & (1U << i)) != 0U ||
		    !number_parse(text + name + 1U, len - name - 1U, 0U, COST_MAX, &value)) {
			return false;
		}
		*seen |= 1U << i;
		memcpy((char *)model + fields[i].offset, &value, sizeof(value));
		return true;
	}
	return false;
}

static bool parse_list(const char *text, struct cost_model *model)
{
	struct cost_model parsed = { 0 };
	unsigned int seen = 0U;

	for (;;) {
		const size_t len = strcspn(text, ",");

		if (!parse_field(text, len, &parsed, &seen)) {
			return false;
		}
		if (text[len] == '\0') {
			*model = parsed;
			return true;
		}
		text += len + 1U;
	}
}

bool cost_parse(const char *text, struct cost_model *model)
{
	if (strcmp(text, "none") == 0) {
		*model = (struct cost_model){ 0 };
		return true;
	}
	return parse_list(strcmp(text, "published") == 0 ? COST_PUBLISHED : text, model);
}

bool cost_is_none(const struct cost_model *model)
{
	return (model->pvalidate | model->rmpadjust | model->switching | model->flush) == 0U;
}

void cost_format(const struct cost_model *model, char *text, size_t size)
{
	if (cost_is_none(model)) {
		(void)snprintf(text, size, "none");
		return;
	}
	(void)snprintf(text, size,
		       "pvalidate=%" PRIu64 ",rmpadjust=%" PRIu64 ",switch=%" PRIu64
		       ",flush=%" PRIu64,
		       model->pvalidate, model->rmpadjust, model->switching, model->flush);
}
