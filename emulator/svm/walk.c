/* SPDX-License-Identifier: Apache-2.0 */

/* Page walks of the running guest in software, and what is read and written through them. */

#include "walk.h"

#include <string.h>

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
/* Above the physical width that guests are told of, but for the C-bit. */
#define PTE_RESERVED (PTE_ADDRESS & ~(SVM_C_MASK | (SVM_C_MASK - 1U)))

#define PF_P 1U
#define PF_W 2U
#define PF_U 4U
#define PF_RSVD 8U
#define PF_I 16U

/* Geometry of a paging mode. */
struct mode {
	unsigned int levels;
	unsigned int top_shift;
	unsigned int index_bits; /* 9, or 10 for 32-bit tables */
	bool pae_root;		 /* the top level has four entries without rights */
};

static struct mode mode_of(const struct vmcb_save *save)
{
	if ((save->efer & X86_EFER_LMA) != 0) {
		return (struct mode){ .levels = 4, .top_shift = 39, .index_bits = 9 };
	}
	if ((save->cr4 & X86_CR4_PAE) != 0) {
		return (struct mode){
			.levels = 3, .top_shift = 30, .index_bits = 9, .pae_root = true
		};
	}
	return (struct mode){ .levels = 2, .top_shift = 22, .index_bits = 10 };
}

static uint64_t root_of(const struct vmcb_save *save, const struct mode *mode)
{
	if (mode->pae_root) {
		return save->cr3 & UINT64_C(0xffffffe0);
	}
	return save->cr3 & (mode->index_bits == 10 ? UINT64_C(0xfffff000) : PTE_ADDRESS);
}

/* One table entry. */
struct entry {
	void *at;
	uint64_t value;
	unsigned int bytes;
};

static bool entry_read(struct entry *entry, uint64_t table, const struct mode *mode,
		       unsigned int shift, uint64_t va)
{
	uint64_t mask = mode->pae_root && shift == 30 ? 3U : (1U << mode->index_bits) - 1U;

	entry->bytes = mode->index_bits == 10 ? 4U : 8U;
	entry->at =
		ram_pointer(gpa_make((table & ~SVM_C_MASK) + (va >> shift & mask) * entry->bytes),
			    entry->bytes);
	if (!entry->at) {
		return false;
	}
	/* Other processors of the guest change tables meanwhile; nothing is published here. */
	entry->value = entry->bytes == 4 ? atomic_load_explicit((_Atomic(uint32_t) *)entry->at,
								memory_order_relaxed)
					 : atomic_load_explicit((_Atomic(uint64_t) *)entry->at,
								memory_order_relaxed);
	return true;
}

static void entry_mark(const struct entry *entry, uint64_t bits)
{
	if ((entry->value & bits) == bits) {
		return;
	}
	/* As a locked operation of the processor's walker; no order of its own. */
	if (entry->bytes == 4) {
		atomic_fetch_or_explicit((_Atomic(uint32_t) *)entry->at, (uint32_t)bits,
					 memory_order_relaxed);
	} else {
		atomic_fetch_or_explicit((_Atomic(uint64_t) *)entry->at, bits,
					 memory_order_relaxed);
	}
}

static bool is_leaf(const struct vmcb_save *save, const struct mode *mode, unsigned int shift,
		    uint64_t value)
{
	if (shift == 12) {
		return true;
	}
	if ((value & PTE_LARGE) == 0 || shift > 30 || (mode->pae_root && shift == 30)) {
		return false;
	}
	return mode->index_bits == 9 || (save->cr4 & X86_CR4_PSE) != 0;
}

static uint64_t leaf_address(const struct mode *mode, unsigned int shift, uint64_t value,
			     uint64_t va)
{
	uint64_t offset = (UINT64_C(1) << shift) - 1U;

	if (mode->index_bits == 10 && shift == 22) { /* PSE-36 */
		return (value >> 13U & 0xffU) << 32U | (value & 0xffc00000U) | (va & offset);
	}
	return (value & PTE_ADDRESS & ~offset) | (va & offset);
}

/* Rights of all levels together: page-fault error code, 0 if allowed. */
static uint32_t rights_fault(const struct vmcb_save *save, uint64_t rights, unsigned int how)
{
	bool user_page = (rights & PTE_U) != 0;
	bool write = (how & WALK_WRITE) != 0;
	bool fetch = (how & WALK_FETCH) != 0;

	if (fetch && (rights & PTE_NX) != 0 && (save->efer & X86_EFER_NXE) != 0) {
		return PF_P;
	}
	if ((how & WALK_USER) != 0) {
		return !user_page || (write && (rights & PTE_W) == 0) ? PF_P : 0;
	}
	if (write && (rights & PTE_W) == 0 && (save->cr0 & X86_CR0_WP) != 0) {
		return PF_P;
	}
	if (user_page && fetch && (save->cr4 & X86_CR4_SMEP) != 0) {
		return PF_P;
	}
	if (user_page && !fetch && (save->cr4 & X86_CR4_SMAP) != 0 &&
	    ((how & WALK_IMPLICIT) != 0 || (save->rflags & X86_FLAG_AC) == 0)) {
		return PF_P;
	}
	return 0;
}

static struct guest_walk failed(const struct vmcb_save *save, uint32_t error, unsigned int how)
{
	bool tells_fetch = (save->efer & X86_EFER_NXE) != 0 || (save->cr4 & X86_CR4_SMEP) != 0;

	error |= (how & WALK_WRITE) != 0 ? PF_W : 0U;
	error |= (how & WALK_USER) != 0 ? PF_U : 0U;
	error |= (how & WALK_FETCH) != 0 && tells_fetch ? PF_I : 0U;
	return (struct guest_walk){ .pf_error = error };
}

static struct guest_walk paged_walk(struct vcpu *vcpu, uint64_t va, unsigned int how,
				    struct walk_path *path)
{
	const struct vmcb_save *save = &vcpu->vmcb->save;
	const struct mode mode = mode_of(save);
	uint64_t table = root_of(save, &mode), rights = PTE_U | PTE_W;
	bool probe = (how & WALK_PROBE) != 0;
	unsigned int shift = mode.top_shift;
	struct entry entry;
	uint64_t address;
	uint32_t error;

	for (;; shift -= mode.index_bits) {
		if (path) {
			path->tables[path->nr++] = gpa_make(table & ~SVM_C_MASK & ~EMU_PAGE_MASK);
		}
		if (!entry_read(&entry, table, &mode, shift, va) || (entry.value & PTE_P) == 0) {
			return failed(save, 0, how);
		}
		if (entry.bytes == 8 && (entry.value & PTE_RESERVED) != 0) {
			return failed(save, PF_P | PF_RSVD, how);
		}
		if (!mode.pae_root || shift != 30) {
			rights = (rights & entry.value & (PTE_U | PTE_W)) |
				 ((rights | entry.value) & PTE_NX);
		}
		if (is_leaf(save, &mode, shift, entry.value)) {
			break;
		}
		if (!probe && (!mode.pae_root || shift != 30)) {
			entry_mark(&entry, PTE_A);
		}
		table = entry.value & PTE_ADDRESS;
	}
	error = probe ? 0 : rights_fault(save, rights, how);
	if (error != 0) {
		return failed(save, error, how);
	}
	if (!probe) {
		entry_mark(&entry, (how & WALK_WRITE) != 0 ? PTE_A | PTE_D : PTE_A);
	}
	address = leaf_address(&mode, shift, entry.value, va);
	return (struct guest_walk){
		.ok = true,
		.gpa = gpa_make(address & ~SVM_C_MASK),
		/* Without PAE no entry can have a C-bit, and all is private. */
		.private_ = entry.bytes == 4 || (address & SVM_C_MASK) != 0,
	};
}

struct guest_walk walk_as(struct vcpu *vcpu, uint64_t va, unsigned int how, struct walk_path *path)
{
	if (!svm_long_mode(vcpu)) {
		va &= UINT32_MAX;
	}
	if ((vcpu->vmcb->save.cr0 & X86_CR0_PG) == 0) {
		return (struct guest_walk){ .ok = true, .gpa = gpa_make(va), .private_ = true };
	}
	return paged_walk(vcpu, va, how, path);
}

struct guest_walk guest_walk(struct vcpu *vcpu, uint64_t va, bool write, bool fetch)
{
	unsigned int how = (write ? WALK_WRITE : 0U) | (fetch ? WALK_FETCH : 0U);

	if (vcpu->vmcb->save.cpl == 3) {
		how |= WALK_USER;
	}
	return walk_as(vcpu, va, how, NULL);
}

size_t guest_fetch(struct vcpu *vcpu, uint8_t *bytes, size_t len)
{
	const struct vmcb_save *save = &vcpu->vmcb->save;
	uint64_t va = svm_code64(vcpu) ? save->rip : (save->cs.base + save->rip) & UINT32_MAX;
	size_t got = 0;

	while (got < len) {
		size_t room = EMU_PAGE_SIZE - (size_t)((va + got) & EMU_PAGE_MASK);
		size_t part = len - got < room ? len - got : room;
		struct guest_walk walk = guest_walk(vcpu, va + got, false, true);
		const void *at = walk.ok ? ram_pointer(walk.gpa, part) : NULL;

		if (!at) {
			break;
		}
		memcpy(bytes + got, at, part);
		got += part;
	}
	return got;
}

void guest_skip(struct vcpu *vcpu, unsigned int bytes)
{
	struct vmcb *vmcb = vcpu->vmcb;

	vmcb->save.rip += bytes;
	if (!svm_code64(vcpu)) {
		vmcb->save.rip &= UINT32_MAX;
	}
	vmcb->control.int_state &= ~SVM_INT_SHADOW;
}

/* May the VMPL do this to a private page? What a host would resolve and retry (an unassigned page)
 * cannot be told from a lack of validation by the guest: both are #VC. */
static bool rmp_allows(const struct vcpu *vcpu, const struct guest_walk *walk, bool write)
{
	hpa_t hpa;

	if (!ram_translate(walk->gpa, &hpa)) {
		return false;
	}
	if (!walk->private_) {
		return snpm_shared_check(rmp_table(), hpa.raw >> EMU_PAGE_SHIFT) == SNPM_NO_FAULT;
	}
	return snpm_access_check(rmp_table(), vcpu->vmpl, hpa.raw >> EMU_PAGE_SHIFT,
				 gpa_page_number(walk->gpa),
				 write ? SNPM_WRITE : SNPM_READ) == SNPM_NO_FAULT;
}

static void *page_at(struct vcpu *vcpu, uint64_t va, size_t len, bool write,
		     struct walk_fault *fault)
{
	struct guest_walk walk = walk_as(vcpu, va, WALK_IMPLICIT | (write ? WALK_WRITE : 0U), NULL);
	void *at = NULL;

	if (!walk.ok) {
		*fault = (struct walk_fault){ .vector = 14, .error = walk.pf_error, .cr2 = va };
		return NULL;
	}
	if (rmp_allows(vcpu, &walk, write)) {
		at = ram_pointer(walk.gpa, len);
	}
	if (!at) {
		*fault = (struct walk_fault){ .vector = 29,
					      .error = SVM_EXIT_NOT_VALIDATED,
					      .cr2 = va };
	}
	return at;
}

bool walk_read(struct vcpu *vcpu, uint64_t va, void *into, size_t len, struct walk_fault *fault)
{
	for (size_t done = 0, part; done < len; done += part) {
		size_t room = EMU_PAGE_SIZE - (size_t)((va + done) & EMU_PAGE_MASK);
		const void *at;

		part = len - done < room ? len - done : room;
		at = page_at(vcpu, va + done, part, false, fault);
		if (!at) {
			return false;
		}
		memcpy((uint8_t *)into + done, at, part);
	}
	return true;
}

bool walk_write(struct vcpu *vcpu, uint64_t va, const void *from, size_t len,
		struct walk_fault *fault)
{
	for (size_t done = 0, part; done < len; done += part) {
		size_t room = EMU_PAGE_SIZE - (size_t)((va + done) & EMU_PAGE_MASK);
		void *at;

		part = len - done < room ? len - done : room;
		at = page_at(vcpu, va + done, part, true, fault);
		if (!at) {
			return false;
		}
		memcpy(at, (const uint8_t *)from + done, part);
	}
	return true;
}
