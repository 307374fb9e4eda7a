/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAKE_PSP_H
#define FAKE_PSP_H

/*
 * arch_psp_request() and arch_psp_certs() without a machine: a security processor that decrypts by
 * itself, and between it and the channel a host that does what the test says. All that the channel
 * sent is recorded. Wire values are written down here a second time.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch.h"

#define FAKE_LOG 4096U

/* Message header. */
#define MSG_TAG 0x00U
#define MSG_SEQUENCE 0x20U
#define MSG_ALGORITHM 0x30U
#define MSG_HEADER_VERSION 0x31U
#define MSG_HEADER_SIZE 0x32U
#define MSG_TYPE 0x34U
#define MSG_VERSION 0x35U
#define MSG_SIZE 0x36U
#define MSG_VMPCK 0x3cU
#define MSG_PAYLOAD 0x60U
/* Reply payload. */
#define RSP_STATUS 0x00U
#define RSP_SIZE 0x04U
#define RSP_REPORT 0x20U
#define REPORT_VMPL 0x30U
#define REPORT_DATA 0x50U
#define REPORT_BYTES 0x4a0U

/* What the host does with one request. */
enum fake_host {
	FAKE_HONEST,
	FAKE_BUSY,	  /* the processor sees nothing */
	FAKE_DROPPED,	  /* nor here: a host error */
	FAKE_KEPT,	  /* served; a host error, the reply is kept back */
	FAKE_NO_REPLY,	  /* served; success, but the response page is untouched; kept back */
	FAKE_NOISE,	  /* served and kept back; success with random bytes */
	FAKE_OLD_REPLY,	  /* served and kept back; success with the reply before */
	FAKE_OTHER_REPLY, /* served and kept back; @spoil applied before the tag is made */
	FAKE_BAD_WIRE,	  /* served and kept back; @spoil applied to the wire bytes */
	FAKE_CHANGED,	  /* served once, with @spoil applied before the tag is made */
	FAKE_INVALID_LEN, /* nothing served; @pages pages wanted */
	FAKE_FIRMWARE,	  /* the processor refuses */
	FAKE_HOSTS,
};

struct fake_psp {
	uint8_t key[32];
	uint64_t next;			      /* sequence number that the next request must have */
	uint8_t last[ARCH_PSP_MESSAGE_BYTES]; /* last reply */
	uint8_t before[ARCH_PSP_MESSAGE_BYTES]; /* the one before */
	uint8_t last_request[ARCH_PSP_MESSAGE_BYTES];
	bool served; /* @last_request was served by @last */

	enum fake_host host; /* for each request, until changed */
	enum fake_host once; /* for the next request only, if @use_once */
	bool use_once;
	enum fake_host (*choose)(void); /* instead, if not NULL */
	void (*spoil)(uint8_t *message);
	uint32_t pages;

	unsigned int sent;
	struct fake_sent {
		uint8_t page[ARCH_PSP_MESSAGE_BYTES];
		bool with_certs;
		uint64_t sequence;
		uint8_t data[64]; /* REPORT_DATA asked for */
	} log[FAKE_LOG];
};

extern struct fake_psp fake;

/* A new processor with another key, and svsm_channel_init() with it. */
void fake_reset(uint64_t seed);
/* The host plays @host for the next request. */
void fake_once(enum fake_host host);
/*
 * Is every recorded request of this processor authentic and well-formed, and was one ciphertext
 * only ever sent under each sequence number? Fails the test.
 */
void fake_check_log(void);
/* Seal @message (header filled in) in place under fake.key. */
void fake_seal(uint8_t message[ARCH_PSP_MESSAGE_BYTES]);
uint64_t fake_random(void);

#endif
