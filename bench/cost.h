/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_COST_H
#define BENCH_COST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the hosted machine charges for steps of real hardware, in TSC cycles (hm_config.cost_*). */
struct cost_model {
	uint64_t pvalidate, rmpadjust, switching, flush;
};

/*
 * Cycles of the VeriSMo measurements (EPYC 7543P, 2.8 GHz): a switch to VMPL0 and back takes 34000
 * cycles, locking 8 GiB by 4 KiB RMPADJUSTs 4.26e9, so 2031 each. Nobody has published PVALIDATE or
 * INVLPGB + TLBSYNC alone: PVALIDATE is taken to cost what RMPADJUST does, a flush nothing.
 */
#define COST_PUBLISHED "pvalidate=2031,rmpadjust=2031,switch=34000,flush=0"
#define COST_MAX UINT64_C(1000000000)
#define COST_TEXT 96U

/*
 * "none", "published", or a list of pvalidate=N, rmpadjust=N, switch=N, flush=N, each at most once,
 * N up to COST_MAX; what is not named costs nothing. False, and *@model unchanged, for anything
 * else.
 */
bool cost_parse(const char *text, struct cost_model *model);

/* "none", or all four in the form that cost_parse() takes. */
void cost_format(const struct cost_model *model, char *text, size_t size);

bool cost_is_none(const struct cost_model *model);

#endif
