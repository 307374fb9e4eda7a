/* SPDX-License-Identifier: Apache-2.0 */
#include "histogram.h"

static unsigned int bucket_of(uint64_t ticks)
{
	unsigned int bits = 0U;

	if (ticks < 2U * HISTOGRAM_SUB) {
		return (unsigned int)ticks;
	}
	if (ticks >> HISTOGRAM_MAX_BITS != 0U) {
		return HISTOGRAM_BUCKETS - 1U;
	}
	bits = 63U - (unsigned int)__builtin_clzll(ticks);
	return (bits - HISTOGRAM_SUB_BITS) * (unsigned int)HISTOGRAM_SUB +
	       (unsigned int)(ticks >> (bits - HISTOGRAM_SUB_BITS));
}

/* The largest value that falls into the bucket. */
static uint64_t upper_bound(unsigned int bucket)
{
	const unsigned int sub = (unsigned int)HISTOGRAM_SUB;
	unsigned int shift = 0U;

	if (bucket < 2U * sub) {
		return bucket;
	}
	shift = bucket / sub - 1U;
	return ((uint64_t)(bucket % sub + sub + 1U) << shift) - 1U;
}

void histogram_add(struct histogram *h, uint64_t ticks)
{
	h->count++;
	h->sum += ticks;
	h->max = ticks > h->max ? ticks : h->max;
	h->bucket[bucket_of(ticks)]++;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
	into->count += from->count;
	into->sum += from->sum;
	into->max = from->max > into->max ? from->max : into->max;
	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++) {
		into->bucket[i] += from->bucket[i];
	}
}

uint64_t histogram_percentile(const struct histogram *h, uint64_t part, uint64_t whole)
{
	/* Split, so that the product cannot overflow; rounded up. */
	const uint64_t rank =
		h->count / whole * part + (h->count % whole * part + whole - 1U) / whole;
	uint64_t seen = 0U;

	if (h->count == 0U) {
		return 0U;
	}
	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS - 1U; i++) {
		seen += h->bucket[i];
		if (seen >= rank) {
			return upper_bound(i) < h->max ? upper_bound(i) : h->max;
		}
	}
	return h->max;
}
