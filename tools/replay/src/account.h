/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPLAY_ACCOUNT_H
#define REPLAY_ACCOUNT_H

/* The SVSM's own account of its private pages, in the form in which the judge compares it with the
 * RMP. */

#include <stdbool.h>

#include "judge.h"
#include "machine.h"

struct account {
	struct account_pages {
		uint64_t *page; /* owns */
		size_t nr, room;
	} kind[JUDGE_KIND_NR];
	uint8_t *vmsa_vmpl; /* owns */
	bool complete;
};

/*
 * A judge for the machine that was just created. Other than judge_create_for(), the startup VMSA
 * counts as a VMSA of the account, although it lies in the SVSM's range: the guest may read it.
 * NULL if memory is missing.
 */
struct judge *account_judge(struct hm_machine *m);

/* Collect the account of the running SVSM; no vCPU may be inside VMPL0. False if memory is missing.
 */
bool account_take(struct account *account);
struct judge_account account_view(const struct account *account);
void account_free(struct account *account);

#endif
