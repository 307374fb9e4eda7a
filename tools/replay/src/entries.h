/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPLAY_ENTRIES_H
#define REPLAY_ENTRIES_H

/* Entry lists of PVALIDATE and DEPOSIT_MEM (58019 tables 8, 9 and 13) as traces and scripts write
 * them. */

#include "text.h"

/* More than fit a page (511), so that a script can write lists that are too long. */
#define ENTRIES_MAX 1024U

#define ENTRY_SIZE_MASK UINT64_C(3)
#define ENTRY_SIZE_2M UINT64_C(1)
#define ENTRY_VALIDATE (UINT64_C(1) << 2)

struct entry_list {
	unsigned int nr;
	uint64_t entry[ENTRIES_MAX];
};

/*
 * "E E*N ..." (between the brackets): E hexadecimal, N decimal, 1 or more; E*N is E, E+s, E+2s, ...
 * with s the page size that bits 1:0 of E name. False, with the reason, on malformed text or more
 * than ENTRIES_MAX entries.
 */
bool entries_parse(struct slice text, struct entry_list *list, struct text_error *error);

/* Bytes from an entry to its successor in a run. */
uint64_t entry_step(uint64_t entry);
/* True if entry @i does not continue the run of its predecessor. */
bool entry_starts_run(const struct entry_list *list, unsigned int i);

#endif
