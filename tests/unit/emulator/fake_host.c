/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_host.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

#define MAX_ALLOCATIONS 256U

struct fake_host fake;

static struct vcpu vcpus[EMU_MAX_CPUS];
static unsigned int nr_vcpus;
static _Atomic(uint64_t) requests[EMU_MAX_CPUS];
static void *allocations[MAX_ALLOCATIONS];
static unsigned int nr_allocations;

void fake_reset(void)
{
	memset(&fake, 0, sizeof(fake));
	fake.tsc_hz = 1000000000U;
	for (unsigned int i = 0; i < nr_allocations; i++) {
		free(allocations[i]);
	}
	nr_allocations = 0;
	for (unsigned int i = 0; i < EMU_MAX_CPUS; i++) {
		(void)fake_requests(i);
	}
	nr_vcpus = 0;
}

struct vcpu *fake_vcpus(unsigned int n)
{
	nr_vcpus = n;
	for (unsigned int i = 0; i < n; i++) {
		memset(&vcpus[i], 0, sizeof(vcpus[i]));
		vcpus[i].cpu = i;
		vcpus[i].state = VCPU_RUN;
		vcpus[i].caller_vmpl = -1;
		for (unsigned int vmpl = 0; vmpl < EMU_NR_VMPLS; vmpl++) {
			vcpus[i].vmsa[vmpl] = GPA_NONE;
		}
	}
	return vcpus;
}

uint64_t fake_requests(unsigned int cpu)
{
	return atomic_exchange_explicit(&requests[cpu], 0, memory_order_relaxed);
}

unsigned int vcpu_count(void)
{
	return nr_vcpus;
}

struct vcpu *vcpu_at(unsigned int cpu)
{
	return cpu < nr_vcpus ? &vcpus[cpu] : NULL;
}

void vcpu_request(unsigned int cpu, uint64_t bits)
{
	atomic_fetch_or_explicit(&requests[cpu], bits, memory_order_relaxed);
}

void vcpu_sipi(unsigned int cpu)
{
	fake.sipis[cpu]++;
}

uint64_t vcpu_reg(const struct vcpu *vcpu, unsigned int reg)
{
	return vcpu->gpr[reg];
}

void *host_pages(size_t nr_pages)
{
	void *pages;

	if (fake.arena != NULL) {
		if (nr_pages * EMU_PAGE_SIZE > fake.arena_bytes) {
			return NULL;
		}
		pages = fake.arena;
		fake.arena += nr_pages * EMU_PAGE_SIZE;
		fake.arena_bytes -= nr_pages * EMU_PAGE_SIZE;
		return pages;
	}
	pages = aligned_alloc(EMU_PAGE_SIZE, nr_pages * EMU_PAGE_SIZE);
	if (pages == NULL || nr_allocations == MAX_ALLOCATIONS) {
		abort();
	}
	memset(pages, 0, nr_pages * EMU_PAGE_SIZE);
	allocations[nr_allocations++] = pages;
	return pages;
}

unsigned int host_cpu(void)
{
	return fake.cpu;
}

void host_kick(unsigned int cpu)
{
	(void)cpu;
}

uint64_t host_tsc(void)
{
	return fake.tsc;
}

uint64_t host_tsc_hz(void)
{
	return fake.tsc_hz;
}

void host_ioapic_write(unsigned int pin, uint64_t rte)
{
	fake.ioapic[pin] = rte;
}

void host_log_raw(const char *text, size_t len)
{
	if (len < sizeof(fake.log) - fake.log_len) {
		memcpy(fake.log + fake.log_len, text, len);
		fake.log_len += len;
		fake.log[fake.log_len] = '\0';
	}
}

void host_log(const char *format, ...)
{
	char text[512];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	host_log_raw(text, (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1U);
}
