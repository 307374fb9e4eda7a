/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ARCH_INLINE_H
#define ARCH_INLINE_H

/*
 * On hardware the host can stop a vCPU at every instruction: nothing is needed to offer it the
 * place.
 */
static inline void arch_point(enum arch_point point)
{
	(void)point;
}

/* Fault injection exists in the hosted machine only. */
static inline bool arch_alloc_permitted(void)
{
	return true;
}

#endif
