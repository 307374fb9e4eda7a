/* SPDX-License-Identifier: Apache-2.0 */
#include "guest.h"

static unsigned int failed;

/* One line per check, the same in every run: no times, addresses or counts that depend on them. */
void check(const char *section, const char *what, uint64_t got, uint64_t want)
{
	print(got == want ? "ok   " : "FAIL ");
	print(section);
	print("  ");
	print(what);
	if (got != want) {
		print(": got ");
		print_hex(got);
		print(", want ");
		print_hex(want);
		failed++;
	}
	print("\n");
}

unsigned int checks_failed(void)
{
	return failed;
}
