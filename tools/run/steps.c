/* SPDX-License-Identifier: Apache-2.0 */
#include "steps.h"

#define GROUP(steps, rounds) { steps, sizeof(steps) / sizeof((steps)[0]), rounds }

unsigned int steps_program(const struct scale *scale, struct step_group group[STEPS_MAX_GROUPS])
{
	const struct step_group program[] = {
		GROUP(steps_create, 1U),
		GROUP(steps_calls, 1U),
		GROUP(steps_remap, 1U),
		GROUP(steps_accept, 1U),
		GROUP(steps_single, scale->convert_rounds),
		GROUP(steps_list, scale->convert_rounds),
		GROUP(steps_large, scale->convert_rounds),
		GROUP(steps_online, scale->online_rounds),
		GROUP(steps_deposit_small, scale->deposit_rounds),
		GROUP(steps_deposit_large, scale->deposit_rounds),
		GROUP(steps_deposit_mixed, 1U),
	};
	const unsigned int count = sizeof(program) / sizeof(program[0]);

	_Static_assert(sizeof(program) / sizeof(program[0]) <= STEPS_MAX_GROUPS,
		       "the program fits");
	for (unsigned int i = 0; i < count; i++) {
		group[i] = program[i];
	}
	return count;
}
