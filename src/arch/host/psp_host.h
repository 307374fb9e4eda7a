/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PSP_HOST_H
#define PSP_HOST_H

/*
 * The host's part of guest requests: the shared pages, the relay to the security processor, and the
 * lies. Everything is under the lock: the processor serves one command at a time, and the host
 * queues the rest. Nothing under the lock freezes or waits for another CPU.
 */

#include <pthread.h>

#include "machine.h"
#include "psp.h"

#define HM_PSP_CERT_BYTES ((size_t)ARCH_PSP_CERT_PAGES * SVSM_PAGE_SIZE)
#define HM_PSP_HISTORY 8U

struct hm_psp_armed {
	uint32_t countdown; /* 0: not armed, 1: strikes at the next occasion */
	bool always;
	uint64_t value;
};

struct hm_psp {
	pthread_mutex_t lock;
	struct psp *psp;
	struct psp *foreign; /* another guest's, made when a lie needs it */
	uint64_t service_ns;
	uint64_t random;
	struct hm_psp_stats stats;
	struct hm_psp_armed lie[HM_PSP_LIE_NR];
	uint64_t struck[HM_PSP_LIE_NR];
	uint64_t grown; /* bytes that HM_PSP_CERT_GROW has added */
	unsigned int nr_replies;
	uint8_t history[HM_PSP_HISTORY][PSP_MESSAGE_BYTES];
	/* shared with the guest */
	uint8_t request[PSP_MESSAGE_BYTES];
	uint8_t response[PSP_MESSAGE_BYTES];
	uint8_t certs[HM_PSP_CERT_BYTES];
};

/* psp.c; NULL: no memory. The psp becomes part of it. */
struct hm_psp *hm_psp_host_create(struct psp *psp, uint64_t service_ns);
void hm_psp_host_destroy(struct hm_psp *host);

/* psp_lies.c; all with the lock held. */

/* Does the lie strike at this occasion? Then its value is in @value. */
bool hm_psp_strikes(struct hm_psp *host, enum hm_psp_lie kind, uint64_t *value);
/* A result that the host invents without or in spite of the processor: true if there is one. */
bool hm_psp_lie_before(struct hm_psp *host, struct arch_psp_result *result);
bool hm_psp_lie_after(struct hm_psp *host, struct arch_psp_result *result);
/* @reply is what the processor answered. */
void hm_psp_lie_reply(struct hm_psp *host, uint8_t reply[PSP_MESSAGE_BYTES]);
/* The table of @len bytes lies in the shared pages; returns the length that the host claims. */
size_t hm_psp_lie_table(struct hm_psp *host, size_t len);

#endif
