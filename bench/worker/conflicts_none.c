/* SPDX-License-Identifier: Apache-2.0 */
#include "plans.h"

uint64_t worker_conflicts(void)
{
	return 0U;
}
