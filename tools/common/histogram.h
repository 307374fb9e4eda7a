/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMON_HISTOGRAM_H
#define COMMON_HISTOGRAM_H

/*
 * Log-linear histogram of durations in clock ticks: 32 equal buckets per power of two, so a
 * percentile is at most 1/32 above the true sample, and exact below 64 ticks. Fixed size, no
 * allocation, no lock: one thread owns it while it records, merging comes after a join.
 *
 * Own code because Debian 12 packages HdrHistogram for Go and Java only, and its C port allocates
 * the counts behind a pointer; here recording is one increment in memory that the vCPU's thread
 * owns.
 */

#include <stdint.h>

#define HISTOGRAM_SUB_BITS 5U
#define HISTOGRAM_SUB (UINT64_C(1) << HISTOGRAM_SUB_BITS)
#define HISTOGRAM_MAX_BITS 40U /* larger samples count in the last bucket; max stays exact */
#define HISTOGRAM_BUCKETS ((HISTOGRAM_MAX_BITS - HISTOGRAM_SUB_BITS + 1U) * 32U)

struct histogram {
	uint64_t count;
	uint64_t sum;
	uint64_t max;
	uint64_t bucket[HISTOGRAM_BUCKETS];
};

/* All zero is empty. */
void histogram_add(struct histogram *h, uint64_t ticks);
void histogram_merge(struct histogram *into, const struct histogram *from);

/*
 * The smallest recorded bound that at least @part of @whole samples do not exceed, e.g. 999 of 1000
 * for p99.9; never above the maximum. 0 if empty. 0 < @part <= @whole.
 */
uint64_t histogram_percentile(const struct histogram *h, uint64_t part, uint64_t whole);

#endif
