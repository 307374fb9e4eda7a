/* SPDX-License-Identifier: Apache-2.0 */

#include "npt.h"

#include "cpu_ops.h"
#include "ram.h"
#include "rmp.h"

#define PTE_P (UINT64_C(1) << 0)
#define PTE_W (UINT64_C(1) << 1)
#define PTE_U (UINT64_C(1) << 2)
#define PTE_A (UINT64_C(1) << 5)
#define PTE_D (UINT64_C(1) << 6)
#define PTE_LARGE (UINT64_C(1) << 7)
#define PTE_NX (UINT64_C(1) << 63)
#define PTE_ADDRESS UINT64_C(0x000ffffffffff000)
#define PTE_TABLE (PTE_P | PTE_W | PTE_U | PTE_A)
#define ENTRIES 512U
#define NR_LOCKS 64U

typedef _Atomic(uint64_t) pte_t;

static struct {
	pte_t *level3[EMU_NR_VMPLS][NPT_NR_TREES];
	uint64_t paged[EMU_NR_VMPLS], unpaged[EMU_NR_VMPLS];
	struct {
		_Alignas(64) atomic_flag held;
	} locks[NR_LOCKS];
} npt;

static pte_t *new_table(void)
{
	pte_t *table = host_pages(1);

	if (!table) {
		emu_stop(EMU_EXIT_EMULATOR, "out of memory for nested tables: raise the reserve");
	}
	return table;
}

/* A region is locked for a few dozen instructions and by one or two processors at a time: the only
 * place where the emulator spins. */
static atomic_flag *region_lock(gpa_t gpa)
{
	atomic_flag *lock = &npt.locks[gpa.raw / EMU_LARGE_SIZE % NR_LOCKS].held;

	/* acquire: pairs with the release of region_unlock(), entries of the last holder are seen
	 */
	while (atomic_flag_test_and_set_explicit(lock, memory_order_acquire)) {
		cpu_relax();
	}
	return lock;
}

static void region_unlock(atomic_flag *lock)
{
	/* release: pairs with the acquire of region_lock() */
	atomic_flag_clear_explicit(lock, memory_order_release);
}

void npt_init(void)
{
	for (unsigned int v = 0; v < EMU_NR_VMPLS; v++) {
		pte_t *paged = new_table();
		pte_t *unpaged = new_table();

		for (unsigned int t = 0; t < NPT_NR_TREES; t++) {
			npt.level3[v][t] = new_table();
		}
		paged[0] = (uintptr_t)npt.level3[v][NPT_SHARED] | PTE_TABLE;
		paged[SVM_C_MASK >> 39U] = (uintptr_t)npt.level3[v][NPT_PRIVATE] | PTE_TABLE;
		unpaged[0] = (uintptr_t)npt.level3[v][NPT_PRIVATE] | PTE_TABLE;
		npt.paged[v] = (uintptr_t)paged;
		npt.unpaged[v] = (uintptr_t)unpaged;
	}
}

_Static_assert(EMU_C_BIT >= 39, "the trees hang in different entries of the root");

uint64_t npt_root(unsigned int vmpl, bool unpaged)
{
	return unpaged ? npt.unpaged[vmpl] : npt.paged[vmpl];
}

static pte_t *table_of(uint64_t entry)
{
	return (pte_t *)(uintptr_t)(entry & PTE_ADDRESS);
}

/* The table below @entry, made if there is none. Processors of other regions may race for it: the
 * loser's page is lost, once. */
static pte_t *descend(pte_t *entry)
{
	/* acquire: pairs with the release below, the table is zero before it is reached */
	uint64_t old = atomic_load_explicit(entry, memory_order_acquire);

	if ((old & PTE_P) == 0) {
		uint64_t made = (uintptr_t)new_table() | PTE_TABLE;

		/* release: pairs with the acquire above */
		if (atomic_compare_exchange_strong_explicit(entry, &old, made, memory_order_acq_rel,
							    memory_order_acquire)) {
			old = made;
		}
	}
	return table_of(old);
}

/* Entry of the 2 MiB region; NULL if there is none and @make is false. */
static pte_t *region_entry(unsigned int vmpl, enum npt_tree tree, gpa_t gpa, bool make)
{
	pte_t *level3 = &npt.level3[vmpl][tree][gpa.raw >> 30U & (ENTRIES - 1U)];
	uint64_t now = atomic_load_explicit(level3, memory_order_relaxed);

	if ((now & PTE_P) == 0 && !make) {
		return NULL;
	}
	return &descend(level3)[gpa.raw >> 21U & (ENTRIES - 1U)];
}

static pte_t *page_entry(pte_t *region, gpa_t gpa)
{
	return &descend(region)[gpa.raw >> 12U & (ENTRIES - 1U)];
}

/* Rights of a private page; 0: none. TCG knows no pages that only execute, and no difference of
 * user and supervisor code in nested tables: docs/emulator.md. */
static uint64_t private_rights(unsigned int vmpl, uint64_t spn, uint64_t gpn, bool open)
{
	const struct snpm_rmp *rmp = rmp_table();
	const uint64_t word = snpm_word(rmp, spn, NULL);
	uint64_t rights = PTE_P | PTE_U | PTE_A | PTE_D;

	if (snpm_access_check(rmp, vmpl, spn, gpn, SNPM_READ) != SNPM_NO_FAULT) {
		return 0;
	}
	/* VMRUN marks the page in use, then closes it: whoever opens it too late finds the mark. */
	if (snpm_access_check(rmp, vmpl, spn, gpn, SNPM_WRITE) == SNPM_NO_FAULT &&
	    ((word & SNPM_VMSA) == 0 || (open && (word & SNPM_INUSE) == 0))) {
		rights |= PTE_W;
	}
	if (snpm_access_check(rmp, vmpl, spn, gpn, SNPM_XUSER) != SNPM_NO_FAULT &&
	    snpm_access_check(rmp, vmpl, spn, gpn, SNPM_XSUPER) != SNPM_NO_FAULT) {
		rights |= PTE_NX;
	}
	return rights;
}

/* A 2 MiB RMP entry whose system pages are contiguous and aligned. */
static bool mappable_large(gpa_t gpa, hpa_t *first)
{
	gpa_t base = gpa_make(gpa.raw & ~EMU_LARGE_MASK);
	unsigned int size;

	if (!ram_translate(base, first) || (first->raw & EMU_LARGE_MASK) != 0) {
		return false;
	}
	(void)snpm_word(rmp_table(), first->raw >> EMU_PAGE_SHIFT, &size);
	if (size == 0) {
		return false;
	}
	for (uint64_t at = EMU_PAGE_SIZE; at < EMU_LARGE_SIZE; at += EMU_PAGE_SIZE) {
		hpa_t page;

		if (!ram_translate(gpa_make(base.raw + at), &page) || page.raw != first->raw + at) {
			return false;
		}
	}
	return true;
}

/* Own region locked. */
static void enter(unsigned int vmpl, enum npt_tree tree, gpa_t gpa, hpa_t hpa, uint64_t rights)
{
	pte_t *region = region_entry(vmpl, tree, gpa, true);
	uint64_t now = atomic_load_explicit(region, memory_order_relaxed);
	hpa_t first;

	if ((now & PTE_P) == 0 && tree == NPT_PRIVATE && mappable_large(gpa, &first)) {
		atomic_store_explicit(region, first.raw | rights | PTE_LARGE, memory_order_relaxed);
		return;
	}
	if ((now & PTE_P) != 0 && (now & PTE_LARGE) != 0) {
		if (((now ^ rights) & (PTE_W | PTE_NX)) == 0) {
			return;
		}
		/* The RMP entry became smaller a moment ago; who changed it removes the large entry
		 * and waits for all processors. Or rights grew: then all 512 pages have them. */
		if (mappable_large(gpa, &first)) {
			atomic_store_explicit(region, first.raw | rights | PTE_LARGE,
					      memory_order_relaxed);
		}
		return;
	}
	atomic_store_explicit(page_entry(region, gpa), (hpa.raw & ~EMU_PAGE_MASK) | rights,
			      memory_order_relaxed);
}

enum snpm_fault npt_fill_private(unsigned int vmpl, enum npt_tree tree, gpa_t gpa,
				 enum snpm_access access, bool open)
{
	enum snpm_fault fault = SNPM_NPF;
	atomic_flag *lock = region_lock(gpa);
	hpa_t hpa;

	if (ram_translate(gpa, &hpa)) {
		uint64_t spn = hpa.raw >> EMU_PAGE_SHIFT;
		uint64_t rights = private_rights(vmpl, spn, gpa_page_number(gpa), open);

		fault = snpm_access_check(rmp_table(), vmpl, spn, gpa_page_number(gpa), access);
		if (fault == SNPM_NO_FAULT && access == SNPM_WRITE && (rights & PTE_W) == 0) {
			fault = SNPM_NPF; /* a VMSA page that is not open */
		}
		if (rights != 0) {
			enter(vmpl, tree, gpa, hpa, rights);
		}
	}
	region_unlock(lock);
	return fault;
}

bool npt_fill_shared(unsigned int vmpl, gpa_t gpa)
{
	atomic_flag *lock = region_lock(gpa);
	hpa_t hpa;
	bool shared = ram_translate(gpa, &hpa) &&
		      snpm_shared_check(rmp_table(), hpa.raw >> EMU_PAGE_SHIFT) == SNPM_NO_FAULT;

	if (shared) {
		enter(vmpl, NPT_SHARED, gpa, hpa, PTE_P | PTE_W | PTE_U | PTE_A | PTE_D | PTE_NX);
	}
	region_unlock(lock);
	return shared;
}

/* Remove what [gpa, end) has in one region of one tree; region locked. */
static bool remove_in_region(unsigned int vmpl, enum npt_tree tree, gpa_t gpa, uint64_t end)
{
	pte_t *region = region_entry(vmpl, tree, gpa, false);
	uint64_t now = region ? atomic_load_explicit(region, memory_order_relaxed) : 0;
	bool found = false;

	if ((now & PTE_P) == 0) {
		return false;
	}
	if ((now & PTE_LARGE) != 0) {
		atomic_store_explicit(region, 0, memory_order_relaxed);
		return true;
	}
	for (uint64_t at = gpa.raw & ~EMU_PAGE_MASK; at < end; at += EMU_PAGE_SIZE) {
		pte_t *entry = page_entry(region, gpa_make(at));

		if (atomic_load_explicit(entry, memory_order_relaxed) != 0) {
			atomic_store_explicit(entry, 0, memory_order_relaxed);
			found = true;
		}
	}
	return found;
}

bool npt_remove(unsigned int vmpls, gpa_t gpa, uint64_t bytes)
{
	uint64_t end = gpa.raw + bytes;
	bool found = false;

	for (uint64_t at = gpa.raw; at < end; at = (at | EMU_LARGE_MASK) + 1U) {
		uint64_t region_end = (at | EMU_LARGE_MASK) + 1U;
		atomic_flag *lock = region_lock(gpa_make(at));

		for (unsigned int v = 0; v < EMU_NR_VMPLS; v++) {
			for (unsigned int t = 0; (vmpls >> v & 1U) != 0 && t < NPT_NR_TREES; t++) {
				found |= remove_in_region(v, (enum npt_tree)t, gpa_make(at),
							  region_end < end ? region_end : end);
			}
		}
		region_unlock(lock);
	}
	return found;
}

void npt_remove_all(void)
{
	gpa_t top = ram_top();
	uint64_t end = top.raw > UINT64_C(1) << 32U ? top.raw : UINT64_C(1) << 32U;

	(void)npt_remove(NPT_ALL_VMPLS, gpa_make(0), end);
}

/* Own region locked. */
static bool protect_entry(unsigned int vmpl, enum npt_tree tree, gpa_t gpa)
{
	pte_t *entry = region_entry(vmpl, tree, gpa, false);
	uint64_t now = entry ? atomic_load_explicit(entry, memory_order_relaxed) : 0;

	if ((now & PTE_P) != 0 && (now & PTE_LARGE) == 0) {
		entry = page_entry(entry, gpa);
		now = atomic_load_explicit(entry, memory_order_relaxed);
	}
	if ((now & PTE_W) == 0) {
		return false;
	}
	atomic_store_explicit(entry, 0, memory_order_relaxed);
	return true;
}

bool npt_protect(gpa_t gpa, unsigned int *vmpls)
{
	atomic_flag *lock = region_lock(gpa);

	*vmpls = 0;
	for (unsigned int v = 0; v < EMU_NR_VMPLS; v++) {
		for (unsigned int t = 0; t < NPT_NR_TREES; t++) {
			if (protect_entry(v, (enum npt_tree)t, gpa)) {
				*vmpls |= 1U << v;
			}
		}
	}
	region_unlock(lock);
	return *vmpls != 0;
}
