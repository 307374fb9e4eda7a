/* SPDX-License-Identifier: Apache-2.0 */
#include <cpuid.h>
#include <emmintrin.h>
#include <string.h>

#include "machine_internal.h"

/*
 * Guest pages are written by guest CPUs while VMPL0 reads them, and the other way round: that is
 * the attack model, not a race to avoid. Accesses of 1, 2, 4 and 8 aligned bytes are single; under
 * ThreadSanitizer all others are relaxed atomics too, so that what it reports is a race of the
 * SVSM's own data.
 */

static bool is_unit(const void *address, size_t len)
{
	return (len == 1U || len == 2U || len == 4U || len == 8U) &&
	       ((uintptr_t)address & (len - 1U)) == 0U;
}

static void load_unit(void *dst, const void *src, size_t len)
{
	union {
		uint8_t u8;
		uint16_t u16;
		uint32_t u32;
		uint64_t u64;
	} value;

	switch (len) {
	case 1:
		/* pairs with store_unit: what was written before SVSM_CALL_PENDING was set */
		value.u8 =
			atomic_load_explicit((const _Atomic(uint8_t) *)src, memory_order_acquire);
		break;
	case 2:
		value.u16 =
			atomic_load_explicit((const _Atomic(uint16_t) *)src, memory_order_relaxed);
		break;
	case 4:
		value.u32 =
			atomic_load_explicit((const _Atomic(uint32_t) *)src, memory_order_relaxed);
		break;
	default:
		value.u64 =
			atomic_load_explicit((const _Atomic(uint64_t) *)src, memory_order_relaxed);
		break;
	}
	memcpy(dst, &value, len);
}

static void store_unit(void *dst, const void *src, size_t len)
{
	union {
		uint8_t u8;
		uint16_t u16;
		uint32_t u32;
		uint64_t u64;
	} value;

	memcpy(&value, src, len);
	switch (len) {
	case 1:
		/* pairs with load_unit and with the exchange of hm_call: results before
		 * SVSM_CALL_PENDING is 0 */
		atomic_store_explicit((_Atomic(uint8_t) *)dst, value.u8, memory_order_release);
		break;
	case 2:
		atomic_store_explicit((_Atomic(uint16_t) *)dst, value.u16, memory_order_relaxed);
		break;
	case 4:
		atomic_store_explicit((_Atomic(uint32_t) *)dst, value.u32, memory_order_relaxed);
		break;
	default:
		atomic_store_explicit((_Atomic(uint64_t) *)dst, value.u64, memory_order_relaxed);
		break;
	}
}

#if HM_TSAN

static size_t unit_at(const void *address, size_t len)
{
	return ((uintptr_t)address & 7U) == 0U && len >= 8U ? 8U : 1U;
}

static void copy_from(unsigned char *dst, const unsigned char *src, size_t len)
{
	for (size_t step; len > 0U; dst += step, src += step, len -= step) {
		step = unit_at(src, len);
		load_unit(dst, src, step);
	}
}

static void copy_to(unsigned char *dst, const unsigned char *src, size_t len)
{
	for (size_t step; len > 0U; dst += step, src += step, len -= step) {
		step = unit_at(dst, len);
		store_unit(dst, src, step);
	}
}

static void zero_page(unsigned char *page, enum arch_zero_method method)
{
	(void)method;
	for (size_t i = 0; i < SVSM_PAGE_SIZE; i += 8U) {
		atomic_store_explicit((_Atomic(uint64_t) *)(void *)(page + i), 0U,
				      memory_order_relaxed);
	}
}

#else

static void copy_from(unsigned char *dst, const unsigned char *src, size_t len)
{
	memcpy(dst, src, len);
}

static void copy_to(unsigned char *dst, const unsigned char *src, size_t len)
{
	memcpy(dst, src, len);
}

static void zero_stosb(unsigned char *page)
{
	size_t count = SVSM_PAGE_SIZE;

	__asm__ volatile("rep stosb" : "+D"(page), "+c"(count) : "a"(0) : "memory");
}

static void zero_clzero(unsigned char *page)
{
	for (size_t i = 0; i < SVSM_PAGE_SIZE; i += SVSM_CACHE_LINE) {
		__asm__ volatile("clzero" : : "a"(page + i) : "memory");
	}
}

static void zero_nt(unsigned char *page)
{
	for (size_t i = 0; i < SVSM_PAGE_SIZE; i += 8U) {
		_mm_stream_si64((long long *)(void *)(page + i), 0);
	}
}

static void zero_page(unsigned char *page, enum arch_zero_method method)
{
	switch (method) {
	case ARCH_ZERO_CLZERO:
		zero_clzero(page);
		break;
	case ARCH_ZERO_NT:
		zero_nt(page);
		break;
	case ARCH_ZERO_STOSB:
	case ARCH_ZERO_NR:
	default:
		zero_stosb(page);
		break;
	}
}

#endif

void hm_copy_from(void *dst, const unsigned char *src, size_t len)
{
	if (is_unit(src, len)) {
		load_unit(dst, src, len);
	} else {
		copy_from(dst, src, len);
	}
}

void hm_copy_to(unsigned char *dst, const void *src, size_t len)
{
	if (is_unit(dst, len)) {
		store_unit(dst, src, len);
	} else {
		copy_to(dst, src, len);
	}
}

uint32_t hm_zero_methods_of_cpu(void)
{
	uint32_t methods = (1U << ARCH_ZERO_STOSB) | (1U << ARCH_ZERO_NT);
	unsigned int eax, ebx, ecx, edx;

	if (__get_cpuid(0x80000008U, &eax, &ebx, &ecx, &edx) != 0 && (ebx & 1U) != 0U) {
		methods |= 1U << ARCH_ZERO_CLZERO;
	}
	return methods;
}

static void emit_copy(struct hm_cpu *cpu, enum hm_event_kind kind, const struct hm_view *view,
		      uint64_t offset, uint64_t len)
{
	if (hm_observed(cpu->machine)) {
		hm_emit(cpu->machine, &(struct hm_event){ .kind = kind,
							  .cpu = cpu->index,
							  .gpa = view->gpn << SVSM_PAGE_SHIFT,
							  .spn = view->spn,
							  .a = offset,
							  .b = len });
	}
}

bool arch_guest_read(void *dst, gpa_t src, size_t len)
{
	struct hm_cpu *cpu = hm_self_checked(__func__);
	struct hm_view view;

	arch_point(ARCH_POINT_ARCH_CALL);
	if (len == 0U) {
		return true;
	}
	if (len > SVSM_PAGE_SIZE - gpa_offset(src)) {
		hm_die("arch_guest_read crosses a page", src.raw);
	}
	hm_count(cpu->machine, HM_COUNT_COPIES);
	if (hm_injected_now(cpu, HM_INJECT_GUEST_READ, NULL) ||
	    !hm_vmpl0_begin(cpu, src.raw, SNPM_READ, &view)) {
		return false;
	}
	hm_copy_from(dst, view.page + gpa_offset(src), len);
	emit_copy(cpu, HM_EV_SVSM_READ, &view, gpa_offset(src), len);
	hm_bracket_end(cpu);
	return true;
}

bool arch_guest_write(gpa_t dst, const void *src, size_t len)
{
	struct hm_cpu *cpu = hm_self_checked(__func__);
	struct hm_view view;

	arch_point(ARCH_POINT_ARCH_CALL);
	if (len == 0U) {
		return true;
	}
	if (len > SVSM_PAGE_SIZE - gpa_offset(dst)) {
		hm_die("arch_guest_write crosses a page", dst.raw);
	}
	hm_count(cpu->machine, HM_COUNT_COPIES);
	if (hm_injected_now(cpu, HM_INJECT_GUEST_WRITE, NULL) ||
	    !hm_vmpl0_begin(cpu, dst.raw, SNPM_WRITE, &view)) {
		return false;
	}
	hm_copy_to(view.page + gpa_offset(dst), src, len);
	emit_copy(cpu, HM_EV_SVSM_WRITE, &view, gpa_offset(dst), len);
	hm_bracket_end(cpu);
	return true;
}

unsigned int arch_guest_read_byte(gpa_t src)
{
	uint8_t value;

	return arch_guest_read(&value, src, sizeof(value)) ? value : ARCH_BYTE_FAULT;
}

bool arch_guest_write_byte(gpa_t dst, uint8_t value)
{
	return arch_guest_write(dst, &value, sizeof(value));
}

uint32_t arch_zero_methods(void)
{
	const struct hm_machine *m = hm_current();

	return m == NULL ? hm_zero_methods_of_cpu() : m->zero_methods;
}

/* The model claims no COHERENCY_SFW_NO, so stale lines have to be evicted first
 * (rmp-semantics 3.7). */
static void coherency_touch(const unsigned char *page)
{
	(void)atomic_load_explicit((const _Atomic(uint8_t) *)page, memory_order_relaxed);
	(void)atomic_load_explicit((const _Atomic(uint8_t) *)(page + SVSM_PAGE_SIZE - 1U),
				   memory_order_relaxed);
}

static void emit_zero(struct hm_cpu *cpu, uint64_t gpn, uint64_t spn, enum svsm_page_size size)
{
	if (hm_observed(cpu->machine)) {
		hm_emit(cpu->machine, &(struct hm_event){ .kind = HM_EV_ZERO,
							  .cpu = cpu->index,
							  .size = size,
							  .gpa = gpn << SVSM_PAGE_SHIFT,
							  .spn = spn });
	}
}

static bool zero_4k(struct hm_cpu *cpu, uint64_t gpa, enum arch_zero_method method, uint64_t *spn)
{
	struct hm_view view;

	if (!hm_vmpl0_begin(cpu, gpa, SNPM_WRITE, &view)) {
		return false;
	}
	coherency_touch(view.page);
	zero_page(view.page, method);
	*spn = view.spn;
	hm_bracket_end(cpu);
	return true;
}

/* One event if the system pages were contiguous, else one per page. */
static bool zero_2m(struct hm_cpu *cpu, uint64_t gpa, enum arch_zero_method method)
{
	uint64_t gpn = gpa >> SVSM_PAGE_SHIFT;
	uint64_t base = 0, spn, pages = 0;
	bool one = true;

	for (; pages < SVSM_PAGES_PER_REGION; pages++) {
		if (!zero_4k(cpu, gpa + (pages << SVSM_PAGE_SHIFT), method, &spn)) {
			break;
		}
		base = pages == 0U ? spn : base;
		if (one && spn != base + pages) {
			for (uint64_t i = 0; i < pages; i++) {
				emit_zero(cpu, gpn + i, base + i, SVSM_PAGE_4K);
			}
			one = false;
		}
		if (!one) {
			emit_zero(cpu, gpn + pages, spn, SVSM_PAGE_4K);
		}
	}
	if (one && pages == SVSM_PAGES_PER_REGION) {
		emit_zero(cpu, gpn, base, SVSM_PAGE_2M);
	}
	return pages == SVSM_PAGES_PER_REGION;
}

bool arch_zero(gpa_t gpa, enum svsm_page_size size, enum arch_zero_method method)
{
	struct hm_cpu *cpu = hm_self_checked(__func__);
	uint64_t spn;

	arch_point(ARCH_POINT_ARCH_CALL);
	if (!gpa_aligned(gpa, svsm_page_bytes(size))) {
		hm_die("arch_zero of an unaligned page", gpa.raw);
	}
	if ((cpu->machine->zero_methods & (1U << method)) == 0U) {
		method = ARCH_ZERO_STOSB;
	}
	if (hm_injected_now(cpu, HM_INJECT_ZERO, NULL)) {
		return false;
	}
	if (size == SVSM_PAGE_2M) {
		hm_count(cpu->machine, HM_COUNT_ZERO_2M);
		return zero_2m(cpu, gpa.raw, method);
	}
	hm_count(cpu->machine, HM_COUNT_ZERO_4K);
	if (!zero_4k(cpu, gpa.raw, method, &spn)) {
		return false;
	}
	emit_zero(cpu, gpa.raw >> SVSM_PAGE_SHIFT, spn, SVSM_PAGE_4K);
	return true;
}

void arch_store_fence(void)
{
	struct hm_cpu *cpu = hm_self_checked(__func__);

	arch_point(ARCH_POINT_ARCH_CALL);
	_mm_sfence();
	if (hm_observed(cpu->machine)) {
		hm_emit(cpu->machine,
			&(struct hm_event){ .kind = HM_EV_ZERO_FENCE, .cpu = cpu->index });
	}
}

static void emit_flush(struct hm_cpu *cpu, enum hm_event_kind kind, gpa_t gpa,
		       enum svsm_page_size size)
{
	if (hm_observed(cpu->machine)) {
		hm_emit(cpu->machine,
			&(struct hm_event){
				.kind = kind, .cpu = cpu->index, .size = size, .gpa = gpa.raw });
	}
}

void arch_flush_local(gpa_t gpa, enum svsm_page_size size)
{
	struct hm_cpu *cpu = hm_self_checked(__func__);

	arch_point(ARCH_POINT_ARCH_CALL);
	hm_count(cpu->machine, HM_COUNT_FLUSH_LOCAL);
	hm_tlb_drop(&cpu->tlb[0], gpa.raw >> SVSM_PAGE_SHIFT,
		    svsm_page_bytes(size) >> SVSM_PAGE_SHIFT);
	emit_flush(cpu, HM_EV_FLUSH_LOCAL, gpa, size);
}

void arch_flush_global(void)
{
	struct hm_cpu *cpu = hm_self_checked(__func__);

	arch_point(ARCH_POINT_ARCH_CALL);
	hm_count(cpu->machine, HM_COUNT_FLUSH_GLOBAL);
	hm_cost(cpu->machine, cpu->machine->config.cost_flush);
	emit_flush(cpu, HM_EV_FLUSH_BEGIN, gpa_make(0), SVSM_PAGE_4K);
	if (cpu->machine->config.no_invlpgb) {
		hm_tlb_clear(&cpu->tlb[0]);
		hm_registry_flush(cpu);
	} else {
		hm_flush_all(cpu->machine);
	}
	emit_flush(cpu, HM_EV_FLUSH_GLOBAL, gpa_make(0), SVSM_PAGE_4K);
}
