/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_GUEST_MESSAGE_H
#define SVSM_GUEST_MESSAGE_H

/*
 * The channel to the AMD security processor under VMPCK0: encrypted messages with a sequence number
 * that may never be used twice for different plaintext.
 *
 * Ownership: one word, FREE -> OWNED by CAS, owns the key, the sequence and the message buffers for
 * one call; others answer BUSY, nobody waits. A vCPU stopped while it owns the channel stops
 * attestation, nothing else: no other protocol needs the word.
 *
 * A message whose fate is unknown (the host failed, was busy, or delivered something that is not
 * the reply) stays "in flight". Only the identical ciphertext is sent again, by whichever call
 * comes next: a new plaintext under the same sequence number would give the host two messages under
 * one nonce. It is resolved by its authentic reply. If the processor itself refuses it, its
 * sequence has moved on without us and can never be agreed again: the key is wiped and the channel
 * is dead (58019 section 7: 0x8000_1000 from then on).
 *
 * Replies are private copies when they are parsed; nothing in them is used before the tag is
 * verified, but the header fields that say what to verify.
 */

#include "arch.h"
#include "svsm_types.h"

#define SVSM_REPORT_MAX 4000U

enum svsm_channel_take {
	SVSM_CHANNEL_TAKEN,
	SVSM_CHANNEL_BUSY,
	SVSM_CHANNEL_DEAD,
};

enum svsm_message {
	SVSM_MESSAGE_OK,
	SVSM_MESSAGE_BUSY,   /* the host was busy: the same call again resolves it */
	SVSM_MESSAGE_FAILED, /* host error, no authentic reply, or the processor refused the
				request's contents */
};

struct svsm_report {
	uint8_t bytes[SVSM_REPORT_MAX];
	size_t size;
	bool certs;	     /* the certificate pages belong to this report: arch_psp_certs() */
	uint64_t certs_need; /* bytes the host wants for certificates, 0 if they fitted; host data
			      */
};

/* Boot only. An all-zero key means that there is none: the channel starts dead. */
void svsm_channel_init(const uint8_t vmpck0[32]);

/* Is there a key, now? For "is the protocol offered" at boot. */
bool svsm_channel_alive(void);

/* Own the channel, until svsm_channel_release(). Any vCPU. */
enum svsm_channel_take svsm_channel_take(void);
void svsm_channel_release(void);

/*
 * Get a report at VMPL0 over @data. Owner of the channel only. At most three round trips to the
 * processor: one for another call's message in flight, one, and one without certificates when the
 * host wants more room for them.
 */
enum svsm_message svsm_channel_report(const uint8_t data[64], bool with_certs,
				      struct svsm_report *report);

#endif
