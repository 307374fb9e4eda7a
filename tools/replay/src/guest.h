/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPLAY_GUEST_H
#define REPLAY_GUEST_H

/*
 * The guest of a replay: one thread that is each vCPU in turn, and what a guest knows about its
 * calling areas. A vCPU that is left is idle, so that its VMSA is not in use while another one
 * runs.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "abi/vmsa_abi.h"
#include "entries.h"
#include "machine.h"

struct guest_context {
	uint64_t vmsa;
	uint64_t ca;
};

struct judge;

struct guest {
	struct hm_machine *machine;
	struct judge *judge; /* NULL: not watched */
	unsigned int judged; /* violations already shown */
	unsigned int nr_vcpus;
	unsigned int bound;	       /* nr_vcpus: none */
	uint64_t ca[HM_MAX_VCPUS];     /* calling area of what runs on each vCPU */
	struct guest_context *context; /* owns: VMSAs that CREATE_VCPU made */
	size_t nr_contexts;
};

/* Start a machine and let the judge watch it. False, with a message of the machine on stderr, if it
 * cannot start. */
bool guest_start(struct guest *g, const struct hm_config *config);
/* The same without a judge, for measurements. */
bool guest_start_unjudged(struct guest *g, const struct hm_config *config);
/*
 * Let the judge compare the whole RMP with what it saw and with the SVSM's own account. Returns the
 * violations found since the start; those not shown by an earlier call are described on @err (may
 * be NULL).
 */
uint64_t guest_judge(struct guest *g, FILE *err);
void guest_stop(struct guest *g);
/* Become no vCPU: others may drive them. */
void guest_leave(struct guest *g);

/* Become @vcpu (below nr_vcpus). */
void guest_select(struct guest *g, unsigned int vcpu);

/* Is there RAM or ROM at @gpa? Host actions on other addresses mean nothing to the machine. */
bool guest_has_page(const struct guest *g, uint64_t gpa);

/*
 * A whole call of @vcpu through the calling area @ca. The calling areas that REMAP_CA, CREATE_VCPU
 * and DELETE_VCPU change are tracked here. False only if memory for that is missing.
 */
bool guest_call(struct guest *g, unsigned int vcpu, uint64_t ca, struct hm_regs *regs,
		enum hm_call *done);

/* AP creation: @vcpu runs @vmsa from now on, through the calling area that CREATE_VCPU named for
 * it. */
void guest_ap_create(struct guest *g, unsigned int vcpu, uint64_t vmsa);

struct guest_list_header {
	uint16_t n;
	uint16_t next;
	uint32_t reserved;
};

/* List in the layout of 58019 table 8 at @gpa, written by @vcpu. */
enum hm_access guest_write_list(struct guest *g, unsigned int vcpu, uint64_t gpa,
				struct guest_list_header header, const uint64_t *entries,
				unsigned int nr);
enum hm_access guest_read_header(struct guest *g, unsigned int vcpu, uint64_t gpa,
				 struct guest_list_header *header);

/* AP start state as Linux builds it: real mode, SVME set, SNP feature only, at @vmpl. */
void guest_default_vmsa(struct vmsa_page *page, unsigned int vmpl);

#endif
