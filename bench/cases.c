/* SPDX-License-Identifier: Apache-2.0 */
#include "cases.h"

/* 2 MiB lists touch vcpus * entries * 2 MiB of this computer's memory: bounded to about 1 GiB. */
#define LONG_MS 400U

#define PV(n, where) .call = LOAD_PVALIDATE, .entries = (n), .layout = (where)

const struct bench_case bench_cases[] = {
	{ .name = "null call", .load = { .call = LOAD_NULL }, .quick = true, .costed = true },
	{ .name = "null call, storm beside",
	  .load = { .call = LOAD_NULL, .beside = LOAD_STORM },
	  .counts = COUNTS_SOME },
	{ .name = "null call, a vCPU frozen in PVALIDATE",
	  .load = { .call = LOAD_NULL, .beside = LOAD_FROZEN },
	  .counts = COUNTS_SOME },
	{ .name = "1 entry 4K, own regions",
	  .load = { PV(1U, LOAD_CONTIGUOUS) },
	  .quick = true,
	  .costed = true },
	{ .name = "1 entry 4K, shared regions",
	  .load = { PV(1U, LOAD_SHARED) },
	  .quick = true,
	  .costed = true },
	{ .name = "1 entry 4K, storm beside",
	  .load = { PV(1U, LOAD_CONTIGUOUS), .beside = LOAD_STORM },
	  .counts = COUNTS_SOME },
	{ .name = "1 entry 4K, a vCPU frozen in PVALIDATE",
	  .load = { PV(1U, LOAD_CONTIGUOUS), .beside = LOAD_FROZEN },
	  .counts = COUNTS_SOME,
	  .quick = true },
	{ .name = "1 entry 4K, a vCPU frozen in CREATE_VCPU",
	  .load = { PV(1U, LOAD_CONTIGUOUS), .beside = LOAD_FROZEN_CREATE },
	  .counts = COUNTS_SOME,
	  .no_limit = true },
	{ .name = "2 entries 4K", .load = { PV(2U, LOAD_CONTIGUOUS) }, .counts = COUNTS_SOME },
	{ .name = "2 entries 4K, scattered",
	  .load = { PV(2U, LOAD_SCATTERED) },
	  .counts = COUNTS_SOME },
	{ .name = "64 entries 4K",
	  .load = { PV(64U, LOAD_CONTIGUOUS) },
	  .quick = true,
	  .costed = true },
	{ .name = "64 entries 4K, scattered",
	  .load = { PV(64U, LOAD_SCATTERED) },
	  .counts = COUNTS_SOME },
	{ .name = "64 entries 4K, shared regions",
	  .load = { PV(64U, LOAD_SHARED) },
	  .counts = COUNTS_SOME },
	{ .name = "64 entries 4K, storm beside",
	  .load = { PV(64U, LOAD_CONTIGUOUS), .beside = LOAD_STORM },
	  .counts = COUNTS_SOME },
	{ .name = "64 entries 4K, a vCPU frozen in PVALIDATE",
	  .load = { PV(64U, LOAD_CONTIGUOUS), .beside = LOAD_FROZEN },
	  .counts = COUNTS_SOME },
	{ .name = "511 entries 4K",
	  .load = { PV(511U, LOAD_CONTIGUOUS) },
	  .quick = true,
	  .costed = true },
	{ .name = "511 entries 4K, scattered",
	  .load = { PV(511U, LOAD_SCATTERED) },
	  .counts = COUNTS_SOME },
	{ .name = "511 entries 4K, shared regions",
	  .load = { PV(511U, LOAD_SHARED) },
	  .counts = COUNTS_SOME },
	{ .name = "2 entries 2M",
	  .load = { PV(2U, LOAD_CONTIGUOUS), .large = true },
	  .counts = COUNTS_SOME,
	  .max_vcpus = 64U },
	{ .name = "2 entries 2M, scattered",
	  .load = { PV(2U, LOAD_SCATTERED), .large = true },
	  .counts = COUNTS_SOME,
	  .max_vcpus = 64U },
	{ .name = "64 entries 2M",
	  .load = { PV(64U, LOAD_CONTIGUOUS), .large = true },
	  .counts = COUNTS_SOME,
	  .max_vcpus = 8U,
	  .min_ms = LONG_MS },
	{ .name = "64 entries 2M, scattered",
	  .load = { PV(64U, LOAD_SCATTERED), .large = true },
	  .counts = COUNTS_SOME,
	  .max_vcpus = 8U,
	  .min_ms = LONG_MS },
	{ .name = "511 entries 2M",
	  .load = { PV(511U, LOAD_CONTIGUOUS), .large = true },
	  .counts = COUNTS_ONE,
	  .min_ms = LONG_MS },
	{ .name = "CREATE_VCPU of all vCPUs", .load = { .call = LOAD_CREATE }, .quick = true },
	{ .name = "REMAP_CA", .load = { .call = LOAD_REMAP }, .quick = true },
	{ .name = "REMAP_CA, storm beside",
	  .load = { .call = LOAD_REMAP, .beside = LOAD_STORM },
	  .counts = COUNTS_SOME },
	{ .name = "REMAP_CA, a vCPU frozen in PVALIDATE",
	  .load = { .call = LOAD_REMAP, .beside = LOAD_FROZEN },
	  .counts = COUNTS_SOME },
	{ .name = "DEPOSIT_MEM and WITHDRAW_MEM", .load = { .call = LOAD_DEPOSIT } },
	{ .name = "recorded boots, back to back",
	  .load = { .call = LOAD_TRACES },
	  .counts = COUNTS_ONE,
	  .quick = true },
};

const unsigned int nr_bench_cases = sizeof(bench_cases) / sizeof(bench_cases[0]);

static const unsigned int all[] = { 1U, 2U, 4U, 8U, 16U, 32U, 64U, 128U, 256U };
static const unsigned int some[] = { 1U, 2U, 8U, 64U };
static const unsigned int few[] = { 1U, 2U, 64U };

#define NR(list) (unsigned int)(sizeof(list) / sizeof((list)[0]))

unsigned int case_counts(const struct bench_case *c, bool quick, bool costed,
			 unsigned int counts[CASES_MAX_COUNTS])
{
	const unsigned int *list = all;
	unsigned int nr = NR(all);
	unsigned int used = 0U;

	if (quick || costed) {
		list = few;
		nr = NR(few);
	} else if (c->counts == COUNTS_SOME) {
		list = some;
		nr = NR(some);
	}
	if (c->counts == COUNTS_ONE) {
		nr = 1U;
	}
	for (unsigned int i = 0; i < nr; i++) {
		if (c->max_vcpus == 0U || list[i] <= c->max_vcpus) {
			counts[used++] = list[i];
		}
	}
	return used;
}
