/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GHCB_RIG_H
#define GHCB_RIG_H

/*
 * A vCPU at a VMPL with a registered GHCB, and what the GHCB code calls: memory of a few pages, the
 * RMP, the platform, other vCPUs. Every call is counted or recorded.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "abi/ghcb_abi.h"

#include "ghcb.h"
#include "host.h"
#include "launch.h"
#include "platform.h"
#include "trace.h"

#define RIG_PAGES 24U
#define RIG_BASE UINT64_C(0x800000)
#define RIG_GHCB RIG_BASE
#define RIG_PAGE(n) (RIG_BASE + (uint64_t)(n) * EMU_PAGE_SIZE)
#define RIG_CPUS 3U
#define RIG_PSC_LOG 1024U
#define RIG_IO_LOG 16384U
#define RIG_FEATURES UINT64_C(1)

enum rig_page { RIG_PRIVATE, RIG_SHARED, RIG_VMSA };

struct rig {
	struct vcpu vcpus[RIG_CPUS];
	uint8_t memory[RIG_PAGES][EMU_PAGE_SIZE] __attribute__((aligned(4096)));
	enum rig_page pages[RIG_PAGES];
	/* page state changes, in order; the one with this index is refused */
	struct rig_psc {
		uint64_t gpa;
		bool to_private, large;
	} psc[RIG_PSC_LOG];
	unsigned int nr_psc, psc_refuse, traced_psc, traced_by_msr;
	/* ports: every unit; reads count up from 0x10 */
	struct rig_io {
		bool in;
		uint16_t port;
		unsigned int bytes;
		uint32_t value;
	} io[RIG_IO_LOG];
	unsigned int nr_io;
	/* the page that turns private after so many ports were read, while the exit is served */
	unsigned int steal_after, steal_page;
	/* MMIO and MSR */
	uint64_t mmio_address, mmio_value;
	unsigned int mmio_bytes, mmio_writes;
	bool refuse;
	uint32_t msr;
	uint64_t msr_value;
	/* VMPL switches */
	bool switch_fails;
	unsigned int switches, svsm_begins, svsm_ends;
	/* other vCPUs */
	unsigned int ap_busy; /* so many events are refused first */
	unsigned int ap_events, ap_cpu, ap_event, ap_vmpl, ap_done_after, ap_served, idles, leaves;
	uint64_t ap_vmsa;
	/* hostile host */
	unsigned int times;
	/* security processor */
	bool psp;
	struct ghcb_psp_result psp_result;
	uint64_t psp_certs, psp_cert_pages;
	unsigned int psp_calls;
	/* emu_stop() */
	jmp_buf stop;
	enum emu_exit stop_code;
	char stop_text[256];
};
extern struct rig rig;

/* vCPU 0 at @vmpl, GHCB page shared, registered, version 2; the next VMGEXIT uses it. */
struct vcpu *rig_reset(unsigned int vmpl);
struct ghcb_page *rig_ghcb(void);

#define RIG_VALID(field)                                                                           \
	(rig_ghcb()->valid_bitmap[GHCB_VALID_BYTE(field)] |= GHCB_VALID_MASK(field))
#define RIG_SET(field, value) (rig_ghcb()->field = (value), (void)RIG_VALID(field))
#define RIG_IS_VALID(field)                                                                        \
	((rig_ghcb()->valid_bitmap[GHCB_VALID_BYTE(field)] & GHCB_VALID_MASK(field)) != 0U)

/* An empty bitmap, then exit code and infos. */
void rig_exit(uint64_t code, uint64_t info1, uint64_t info2);
/* Number of valid bits. */
unsigned int rig_valid_bits(void);
/* Serve it; the answer must have these infos. */
void rig_expect(uint64_t info1, uint64_t info2);
/* Request of the MSR form; returns the answer. */
uint64_t rig_msr(uint64_t request);

#endif
