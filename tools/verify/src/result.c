/* SPDX-License-Identifier: Apache-2.0 */
#include "result.h"

#include <stdarg.h>

void result_add(struct verify_result *result, const char *name, enum verify_status status,
		const char *format, ...)
{
	struct verify_check *check = NULL;
	va_list args;

	if (status == VERIFY_FAIL || result->nr_checks == VERIFY_MAX_CHECKS) {
		result->verified = false;
	}
	if (result->nr_checks == VERIFY_MAX_CHECKS) {
		return;
	}
	check = &result->checks[result->nr_checks++];
	check->name = name;
	check->status = status;
	va_start(args, format);
	(void)vsnprintf(check->detail, sizeof(check->detail), format, args);
	va_end(args);
}

void result_judge(struct verify_result *result, const char *name, const char *problem,
		  const char *detail)
{
	result_add(result, name, problem == NULL ? VERIFY_PASS : VERIFY_FAIL, "%s",
		   problem == NULL ? detail : problem);
}

void result_note(struct verify_result *result, const char *format, ...)
{
	va_list args;

	if (result->nr_notes == VERIFY_MAX_NOTES) {
		return;
	}
	va_start(args, format);
	(void)vsnprintf(result->notes[result->nr_notes++], VERIFY_TEXT, format, args);
	va_end(args);
}
