/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VCPU_H
#define VCPU_H

/*
 * A guest processor, served by the host processor of the same index. It has up to one current VMSA
 * per VMPL; the active one is loaded in the VMCB and in gpr[], its page is marked in use in the RMP
 * from vcpu_enter to vcpu_leave, as VMRUN and #VMEXIT do. The emulator keeps the VMSA loaded, and
 * in use, while it handles an exit and goes on with the same VMPL: to the guest that is one long
 * VMRUN. It is written back before another VMPL runs, before the vCPU sleeps, and when another
 * processor asks for it.
 *
 * All fields belong to the processor that runs the vCPU, but for @requests.
 */

#include <stdatomic.h>

#include "emu_types.h"

/* Register numbers as instructions encode them. RAX and RSP live in the VMCB: use vcpu_reg(). */
enum emu_reg { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI, REG_R8 };

struct vmcb;
struct vlapic;

enum vcpu_state {
	VCPU_NONE,    /* no VMSA yet: waits for AP creation or SIPI */
	VCPU_RUN,     /* runs its active VMPL */
	VCPU_HALTED,  /* HLT at the active VMPL */
	VCPU_AP_HOLD, /* AP reset hold at the active VMPL */
	VCPU_FROZEN,  /* a hostile host never schedules it again */
};

struct vcpu {
	unsigned int cpu; /* index and APIC id */
	enum vcpu_state state;
	unsigned int vmpl;	  /* active */
	bool loaded;		  /* the active VMSA is in VMCB and registers, its page is in use */
	struct vmcb *vmcb;	  /* one page */
	uint64_t gpr[16];	  /* [REG_RAX], [REG_RSP] unused */
	gpa_t vmsa[EMU_NR_VMPLS]; /* current VMSA of each VMPL, GPA_NONE */
	uint64_t ghcb_msr[EMU_NR_VMPLS]; /* MSR 0xC0010130 of each VMPL */
	gpa_t ghcb_registered[EMU_NR_VMPLS];
	/* VMPL that asked for the active one by run-VMPL and waits for its answer, or -1; by page
	 * or by MSR. */
	int caller_vmpl;
	struct vlapic *vlapic[EMU_NR_VMPLS];
	/* Pending event to deliver at the next entry: vector | type << 8 | has_error << 11 | V <<
	 * 31 | error << 32, as EVENTINJ. */
	uint64_t event;
	_Atomic(uint64_t) requests; /* VCPU_REQ_*: set by anyone, then host_kick() */
	void *priv;		    /* of run.c */
};

#define VCPU_REQ_AP (UINT64_C(1) << 0) /* AP creation or destruction waits in its mailbox */
#define VCPU_REQ_LEAVE                                                                             \
	(UINT64_C(1) << 1)		/* somebody wants to touch the VMSA in use: write it back */
#define VCPU_REQ_IRQ (UINT64_C(1) << 2) /* a vlapic has something new */
#define VCPU_REQ_SHOOT (UINT64_C(1) << 3) /* a shoot-down waits for an exit */
#define VCPU_REQ_HOSTILE (UINT64_C(1) << 4)

unsigned int vcpu_count(void);
struct vcpu *vcpu_at(unsigned int cpu);

/* Any processor: set bits of a vCPU and make it look. release, pairs with the acquire in the run
 * loop. */
void vcpu_request(unsigned int cpu, uint64_t bits);

/* A register of the loaded VMSA by number; 64-bit. */
uint64_t vcpu_reg(const struct vcpu *vcpu, unsigned int reg);

/*
 * Create vCPUs 0..n-1, without VMSA. Then main gives vCPU 0 its boot VMSA with vcpu_set_vmsa() and
 * all processors call vcpu_loop().
 */
void vcpu_init(unsigned int n);

/*
 * Make @vmsa the VMSA of @vmpl of this vCPU (GPA_NONE: none) and, if @run, the active VMPL. Own
 * processor only, or before it runs.
 */
void vcpu_set_vmsa(struct vcpu *vcpu, unsigned int vmpl, gpa_t vmsa, bool run);

_Noreturn void vcpu_loop(unsigned int cpu);

/*
 * AP creation events of the GHCB (0x80000013) to another vCPU or itself; any processor. CREATE: at
 * once, replacing the current VMSA of @vmpl. ON_INIT: at the next INIT/SIPI. DESTROY: the VMPL has
 * no VMSA any more; complete only when vcpu_ap_done() says so (the caller's vCPU sleeps meanwhile,
 * it does not spin). False: no such vCPU, or an event of it is still under way: try again.
 */
enum vcpu_ap_event { VCPU_AP_ON_INIT = 0, VCPU_AP_CREATE = 1, VCPU_AP_DESTROY = 2 };
bool vcpu_ap_event(unsigned int cpu, enum vcpu_ap_event event, unsigned int vmpl, gpa_t vmsa);
bool vcpu_ap_done(unsigned int cpu);
/* Own processor, while it waits for another one's event: serve what waits for this vCPU (its VMSAs,
 * state and VMPL may be others afterwards). The VMSA is not loaded. */
void vcpu_ap_serve(struct vcpu *vcpu);
/* INIT/SIPI reached the vCPU. */
void vcpu_sipi(unsigned int cpu);

/*
 * Switch the vCPU to @vmpl at the end of this exit: active VMSA written back, the other loaded. The
 * guest's RIP must already be behind the instruction. False: it has no VMSA, or VMRUN of it would
 * fail (EFER.SVME clear, VMSA attribute missing, in use): nothing changed.
 */
bool vcpu_switch(struct vcpu *vcpu, unsigned int vmpl);

/* Write the active VMSA back with exit code and infos and end its use; load it and begin to use it.
 * vcpu_enter: false as vcpu_switch. */
void vcpu_leave(struct vcpu *vcpu, uint64_t exitcode, uint64_t info1, uint64_t info2);
bool vcpu_enter(struct vcpu *vcpu);

#endif
