/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_PVALIDATE_SESSION_H
#define SVSM_PVALIDATE_SESSION_H

/*
 * One PVALIDATE call over a list (58019 section 6.3): the private copy of the list, what may still
 * be done in this call, and the flush that is owed.
 *
 * Rescinded pages stay claimed until one global flush for all of them, at the end of the call or
 * before the next validation in the list (A11): entries [owed_from, owed_to) are the ones that wait
 * for it.
 */

#include "limits.h"
#include "op_list.h"
#include "ownmap.h"

struct svsm_pv_session {
	struct svsm_call *call;
	struct svsm_op_list list;
	struct svsm_budget budget;
	unsigned int own_page; /* first entry that names the page of the list; count if none does */
	unsigned int owed_from;
	unsigned int owed_to;
	uint8_t runs[SVSM_LIST_MAX_ENTRIES]; /* of claimed 4 KiB entries: svsm_map_claim_list() */
};

/* A 2 MiB entry. */
struct svsm_pv_op {
	gpa_t gpa;
	bool validate;
	bool ignore_cf;
	bool fallback;
};

/* The call, after svsm_op_list_start(). */
uint32_t svsm_pv_list(struct svsm_call *call);

/*
 * Release the claimed entries [from, to) to @state; a run begins at @from. svsm_pv_release_rest():
 * @from may be inside a run.
 */
void svsm_pv_release(const struct svsm_pv_session *s, unsigned int from, unsigned int to,
		     enum svsm_page_state state);
void svsm_pv_release_rest(struct svsm_pv_session *s, unsigned int from, unsigned int to,
			  enum svsm_page_state state);

/* Flush, then let go of the rescinded pages, if any. */
void svsm_pv_flush_owed(struct svsm_pv_session *s);

/* The same if a flush is owed at all. */
static inline void svsm_pv_settle(struct svsm_pv_session *s)
{
	if (s->owed_from != s->owed_to) {
		svsm_pv_flush_owed(s);
	}
}

/* @n entries from `next` on are rescinded and keep their claims. */
static inline void svsm_pv_owe(struct svsm_pv_session *s, unsigned int n)
{
	if (s->owed_to != s->list.next) {
		svsm_pv_settle(s);
		s->owed_from = s->list.next;
	}
	s->owed_to = s->list.next + n;
}

/* Why a claim failed, as a result. VALID or INVALID: the page is what the entry asks for: CF. */
uint32_t svsm_pv_refused(enum svsm_page_state seen, bool ignore_cf);

/* Work on the 2 MiB entry at `next`, which @op describes. */
uint32_t svsm_pv_region(struct svsm_pv_session *s, const struct svsm_pv_op *op);

/*
 * Page by page, for a 2 MiB entry over 4 KiB RMP entries. The region is claimed whole and was
 * @state throughout; or its pages differ, and it is not claimed yet. Releases it.
 */
uint32_t svsm_pv_fallback_uniform(struct svsm_pv_session *s, const struct svsm_pv_op *op,
				  enum svsm_page_state state);
uint32_t svsm_pv_fallback_mixed(struct svsm_pv_session *s, const struct svsm_pv_op *op);

#endif
