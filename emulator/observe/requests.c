/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>

#include "host.h"
#include "observe_priv.h"

/*
 * What guests asked of the hypervisor, by GHCB exit code or by MSR request. Counters as in
 * report.c.
 */

#define BY_MSR (UINT64_C(1) << 63)
#define MSR_CODE UINT64_C(0xfff)

static const struct {
	uint64_t code;
	const char *name;
} requests[] = {
	{ 0x27, "read dr7" },
	{ 0x37, "write dr7" },
	{ 0x6e, "rdtsc" },
	{ 0x6f, "rdpmc" },
	{ 0x72, "cpuid" },
	{ 0x7b, "ioio" },
	{ 0x7c, "msr" },
	{ 0x81, "vmmcall" },
	{ 0x87, "rdtscp" },
	{ 0x89, "wbinvd" },
	{ 0x8a, "monitor" },
	{ 0x8b, "mwait" },
	{ 0x80000001, "read mmio" },
	{ 0x80000002, "write mmio" },
	{ 0x80000003, "nmi complete" },
	{ 0x80000004, "ap hold" },
	{ 0x80000010, "page state" },
	{ 0x80000011, "guest request" },
	{ 0x80000012, "extended request" },
	{ 0x80000013, "ap creation" },
	{ 0x80000018, "run vmpl" },
	{ BY_MSR | 0x002, "msr: sev info" },
	{ BY_MSR | 0x004, "msr: cpuid" },
	{ BY_MSR | 0x006, "msr: ap hold" },
	{ BY_MSR | 0x010, "msr: preferred" },
	{ BY_MSR | 0x012, "msr: register" },
	{ BY_MSR | 0x014, "msr: page state" },
	{ BY_MSR | 0x016, "msr: run vmpl" },
	{ BY_MSR | 0x080, "msr: features" },
};
#define NR_REQUESTS (sizeof(requests) / sizeof(requests[0]))

static struct {
	_Alignas(64) _Atomic(uint64_t) counts[NR_REQUESTS + 1U];
} counters[EMU_MAX_CPUS];

void trace_count_request(uint64_t request, bool by_msr)
{
	uint64_t code = by_msr ? (request & MSR_CODE) | BY_MSR : request;
	_Atomic(uint64_t) *count;
	unsigned int i = 0;

	while (i < NR_REQUESTS && requests[i].code != code) {
		i++;
	}
	count = &counters[host_cpu() % EMU_MAX_CPUS].counts[i];
	atomic_store_explicit(count, atomic_load_explicit(count, memory_order_relaxed) + 1U,
			      memory_order_relaxed);
}

void report_requests(void)
{
	host_log("report: requests         count\n");
	for (unsigned int i = 0; i <= NR_REQUESTS; i++) {
		uint64_t sum = 0;

		for (unsigned int cpu = 0; cpu < EMU_MAX_CPUS; cpu++) {
			sum += atomic_load_explicit(&counters[cpu].counts[i], memory_order_relaxed);
		}
		if (sum != 0U) {
			host_log("  %-16s %12lu\n", i < NR_REQUESTS ? requests[i].name : "other",
				 sum);
		}
	}
}
