/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ARCH_INLINE_H
#define ARCH_INLINE_H

#include <stdatomic.h>

/* Non-zero while a host actor wants to stop a vCPU at some point (machine.h, hm_freeze_at()). */
extern atomic_uint hm_points_armed;

void hm_point_reached(enum arch_point point);

static inline void arch_point(enum arch_point point)
{
	if (__builtin_expect(atomic_load_explicit(&hm_points_armed, memory_order_relaxed) != 0U,
			     0)) {
		hm_point_reached(point);
	}
}

/* False makes the page pool answer "empty" once: fault injection (HM_INJECT_ALLOC). */
bool hm_alloc_permitted(void);
extern atomic_uint hm_alloc_armed;

static inline bool arch_alloc_permitted(void)
{
	return atomic_load_explicit(&hm_alloc_armed, memory_order_relaxed) == 0U ||
	       hm_alloc_permitted();
}

#endif
