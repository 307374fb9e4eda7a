/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_ATTEST_H
#define FUZZ_ATTEST_H

/*
 * The attestation protocol (58019 section 7): what the guest writes, what the host lies, and what
 * an answer must be.
 */

#include "attest_abi.h"
#include "world.h"

/* The services that every machine with a security processor describes. False: no room. */
bool fz_attest_services(void);

/* FZ_ATTEST and FZ_LIE. */
void fz_attest_write(const struct fz_actor *a, const struct fz_packet *p);
void fz_attest_lie(const struct fz_actor *a, const struct fz_packet *p);

/* One attestation call, before and after. */
struct fz_attest {
	bool call;  /* one of the two calls of a machine that has them */
	bool known; /* structure and nonce are what the SVSM will read: nobody rewrites them */
	bool dead;  /* the channel was dead before */
	struct hm_psp_stats stats;
	struct svsm_attest_op op;
	uint8_t nonce[SVSM_PAGE_SIZE];
};

void fz_attest_before(const struct fz_actor *a, uint64_t ca, const struct hm_regs *regs,
		      struct fz_attest *attest);

/* The call was served and answered @out. Aborts with the packet log if it may not have. */
void fz_attest_after(const struct fz_actor *a, const struct fz_attest *attest,
		     const struct hm_regs *in, const struct hm_regs *out);

/* Nobody is inside VMPL0: nobody owns the channel. */
void fz_attest_check(struct fz_world *w);

#endif
