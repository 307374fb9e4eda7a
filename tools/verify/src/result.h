/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RESULT_H
#define RESULT_H

#include "verify.h"

/* Record a check; @format gives its detail. At most VERIFY_MAX_CHECKS: more is a failure. */
__attribute__((format(printf, 4, 5))) void result_add(struct verify_result *result,
						      const char *name, enum verify_status status,
						      const char *format, ...);

/* Record a check that failed if there is a @problem, else passed with @detail. */
void result_judge(struct verify_result *result, const char *name, const char *problem,
		  const char *detail);

/* What is not wrong but should be known; dropped when there is no room. */
__attribute__((format(printf, 2, 3))) void result_note(struct verify_result *result,
						       const char *format, ...);

#endif
