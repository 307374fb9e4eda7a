/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAKE_HOST_H
#define FAKE_HOST_H

/* The processors, IOAPIC, console and vCPUs that code of the emulator sees when it runs hosted. */

#include "vcpu.h"

#define FAKE_PINS 24U

struct fake_host {
	uint64_t tsc;
	uint64_t tsc_hz;
	unsigned int cpu;
	uint64_t ioapic[FAKE_PINS];
	unsigned int sipis[EMU_MAX_CPUS];
	char log[1U << 20];
	size_t log_len;
	uint8_t *arena; /* where host_pages() takes pages from, NULL: anywhere */
	size_t arena_bytes;
};
extern struct fake_host fake;

/* Forget everything; 1 GHz, so that a tick is a nanosecond. */
void fake_reset(void);
/* vCPUs 0..n-1, at VMPL 0 */
struct vcpu *fake_vcpus(unsigned int n);
/* Requests of a vCPU since the last call. */
uint64_t fake_requests(unsigned int cpu);

#endif
