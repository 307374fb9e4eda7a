/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LAUNCH_PRIV_H
#define LAUNCH_PRIV_H

/* Shared by the files that read the launch package. One processor, before vCPUs exist. */

#include "launch.h"
#include "launch_abi.h"

#define LAUNCH_MAX_ENTRIES 256U
#define LAUNCH_DIGEST_BYTES 48U

/* A package of which every number has been checked. Entries are copies. */
struct launch_plan {
	const uint8_t *package;
	struct launch_header header;
	struct launch_entry entries[LAUNCH_MAX_ENTRIES];
};

/* Check the package completely and fill @plan. False: a message says what is wrong, nothing has
 * been changed. */
bool launch_check(const void *package, uint64_t bytes, struct launch_plan *plan);

/* Do pages of such entries lie in guest memory (RAM or ROM)? */
static inline bool launch_has_pages(uint32_t type)
{
	return type >= LAUNCH_ROM && type <= LAUNCH_SHARED;
}

static inline uint64_t launch_end(const struct launch_entry *entry)
{
	return entry->gpa + entry->bytes;
}

static inline bool launch_overlap(const struct launch_entry *a, const struct launch_entry *b)
{
	return a->gpa < launch_end(b) && b->gpa < launch_end(a);
}

/*
 * Give all RAM and ROM of the plan to ram.h, write contents, make RMP entries, extend @digest. The
 * secrets page, whose contents are not measured, is left as the template. False: out of memory for
 * ROM, or the RMP refuses; a message was logged.
 */
bool launch_place(const struct launch_plan *plan, uint8_t digest[LAUNCH_DIGEST_BYTES]);

/* Write what the security processor writes into a secrets page (56860 section 8.17, page type
 * SECRETS): version and keys; @page holds the template. */
void launch_fill_secrets(uint8_t *page, const struct launch_result *result);
/* CPUID page of vCPU 0 (56860 section 8.17.2.6). */
void launch_fill_cpuid(uint8_t *page);

/* Extend @digest by the page at @gpa, of an entry of @type with @perms; nothing for types that are
 * not measured. rmp-semantics 10.1 to 10.3. */
void launch_measure(uint8_t digest[LAUNCH_DIGEST_BYTES], const struct launch_entry *entry,
		    uint64_t gpa, const uint8_t *page);

#endif
