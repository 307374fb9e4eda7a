/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PSP_GUEST_H
#define PSP_GUEST_H

/*
 * The guest's side of a message, written against 56860 section 8.26 with another interface of the
 * cryptography than the model uses.
 */

/* cmocka.h wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "psp.h"

#define GUEST_HEADER 0x60U

enum {
	GUEST_KEY_REQ = 3,
	GUEST_REPORT_REQ = 5,
	GUEST_TSC_INFO_REQ = 17,
};

struct guest_message {
	uint64_t seqno;
	uint8_t type, version, vmpck;
	size_t size;
	const uint8_t *key;
};

uint64_t guest_get(const uint8_t *at, size_t bytes);
void guest_put(uint8_t *at, uint64_t value, size_t bytes);

/* Header of @message into @page; the payload at GUEST_HEADER stays. */
void guest_header(const struct guest_message *message, uint8_t *page);
void guest_seal(const struct guest_message *message, uint8_t *page);
/* Header and seal, with the next sequence number of @psp and its own key. */
void guest_prepare(struct psp *psp, struct guest_message *message, uint8_t *page);
/* Fails the test unless @page is the authentic reply to @message. Returns the payload's size. */
size_t guest_open_reply(const struct guest_message *message, uint8_t *page);

/* A whole exchange that must succeed. @payload: @size bytes. Returns the size of the reply, whose
 * payload is at @reply + GUEST_HEADER. */
size_t guest_exchange(struct psp *psp, struct guest_message *message, const uint8_t *payload,
		      uint8_t reply[PSP_MESSAGE_BYTES]);

struct psp *guest_psp(void); /* seed 7, otherwise defaults */

#endif
