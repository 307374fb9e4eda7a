/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NPT_H
#define NPT_H

/*
 * Nested page tables, filled on demand from the RMP. Per VMPL two trees: what accesses with the
 * C-bit reach (private), and what those without reach (shared). A paged guest sees both, the
 * private one at the C-bit; an unpaged one sees the private tree alone.
 *
 * Entries change under a short lock per 2 MiB region, and what the RMP says is read under the same
 * lock. So whoever changed the RMP first and then removes entries finds every entry that was made
 * from the former state.
 */

#include "svm.h"

enum npt_tree { NPT_SHARED, NPT_PRIVATE, NPT_NR_TREES };

#define NPT_ALL_VMPLS 0xfU

void npt_init(void);

/* For nCR3. */
uint64_t npt_root(unsigned int vmpl, bool unpaged);

/*
 * Check @access to the page of @gpa, which is memory, as a private one of @vmpl, and enter what the
 * RMP allows into @tree. VMSA pages are entered without write access unless @open.
 */
enum snpm_fault npt_fill_private(unsigned int vmpl, enum npt_tree tree, gpa_t gpa,
				 enum snpm_access access, bool open);

/* Enter the shared page of @gpa; false: it is not hypervisor-owned. */
bool npt_fill_shared(unsigned int vmpl, gpa_t gpa);

/* Remove the entries of [gpa, gpa+bytes) in the trees of @vmpls. True: there were some. */
bool npt_remove(unsigned int vmpls, gpa_t gpa, uint64_t bytes);
void npt_remove_all(void);

/* Take write access from entries of the page. True: some had it; *vmpls says whose. */
bool npt_protect(gpa_t gpa, unsigned int *vmpls);

#endif
