/* SPDX-License-Identifier: Apache-2.0 */
#include "guest_message.h"

#include <stdatomic.h>
#include <string.h>

#include "attest_abi.h"
#include "crypto.h"

enum channel_state { CHANNEL_FREE, CHANNEL_OWNED, CHANNEL_DEAD };

static struct {
	atomic_uint state; /* enum channel_state */

	/* The owner's alone. */
	uint8_t key[SVSM_AES_KEY_BYTES];
	uint64_t sequence; /* of the last reply; the next request has this + 1 */
	bool in_flight;	   /* request holds a message whose fate is unknown */
	bool dying;	   /* release makes the channel dead */
	struct psp_report_req plain;
	uint8_t request[ARCH_PSP_MESSAGE_BYTES];
	uint8_t response[ARCH_PSP_MESSAGE_BYTES];
	uint8_t reply[ARCH_PSP_MESSAGE_BYTES]; /* authenticated payload */
	size_t reply_size;
} channel;

_Static_assert(sizeof(struct psp_message_header) + sizeof(struct psp_report_req) <=
		       ARCH_PSP_MESSAGE_BYTES,
	       "a request fits its page");

void svsm_channel_init(const uint8_t vmpck0[32])
{
	uint8_t any = 0U;

	for (size_t i = 0U; i < SVSM_AES_KEY_BYTES; i++) {
		any |= vmpck0[i];
	}
	memset(&channel, 0, sizeof(channel));
	memcpy(channel.key, vmpck0, sizeof(channel.key));
	atomic_init(&channel.state, any != 0U ? CHANNEL_FREE : CHANNEL_DEAD);
}

bool svsm_channel_alive(void)
{
	return atomic_load_explicit(&channel.state, memory_order_relaxed) != CHANNEL_DEAD;
}

enum svsm_channel_take svsm_channel_take(void)
{
	unsigned int state = CHANNEL_FREE;

	/*
	 * acquire: pairs with the release below: sequence and buffers of the last owner are visible
	 */
	if (atomic_compare_exchange_strong_explicit(&channel.state, &state, CHANNEL_OWNED,
						    memory_order_acquire, memory_order_relaxed)) {
		return SVSM_CHANNEL_TAKEN;
	}
	return state == CHANNEL_DEAD ? SVSM_CHANNEL_DEAD : SVSM_CHANNEL_BUSY;
}

void svsm_channel_release(void)
{
	if (channel.dying) {
		svsm_wipe(channel.key, sizeof(channel.key));
		svsm_wipe(channel.request, sizeof(channel.request));
	}
	svsm_wipe(channel.reply, sizeof(channel.reply));
	/* release: pairs with svsm_channel_take() */
	atomic_store_explicit(&channel.state, channel.dying ? CHANNEL_DEAD : CHANNEL_FREE,
			      memory_order_release);
}

/* The nonce is the sequence number, little-endian, padded with zeros. */
static void set_nonce(uint8_t nonce[SVSM_GCM_NONCE_BYTES], uint64_t sequence)
{
	memset(nonce, 0, SVSM_GCM_NONCE_BYTES);
	memcpy(nonce, &sequence, sizeof(sequence));
}

/* Encrypt a new request into the request page: the only place that uses a new sequence number. */
static bool seal_request(const struct psp_report_req *plain)
{
	const struct psp_message_header header = {
		.sequence = channel.sequence + 1U,
		.algorithm = PSP_ALGORITHM_AES_256_GCM,
		.header_version = PSP_HEADER_VERSION,
		.header_size = sizeof(header),
		.type = PSP_MSG_REPORT_REQ,
		.version = PSP_MSG_VERSION,
		.size = sizeof(*plain),
	};
	uint8_t nonce[SVSM_GCM_NONCE_BYTES];
	const struct svsm_gcm gcm = { channel.key, nonce, &channel.request[PSP_AAD_OFFSET],
				      PSP_AAD_BYTES };

	/* A reply takes the number after the request's: both must exist. */
	if (channel.sequence > UINT64_MAX - 2U) {
		channel.dying = true;
		return false;
	}
	memset(channel.request, 0, sizeof(channel.request));
	memcpy(channel.request, &header, sizeof(header));
	set_nonce(nonce, header.sequence);
	channel.plain = *plain;
	if (!svsm_gcm_seal(&gcm, &channel.request[sizeof(header)], (const uint8_t *)plain,
			   sizeof(*plain), &channel.request[PSP_TAG_OFFSET])) {
		return false;
	}
	channel.in_flight = true;
	return true;
}

/*
 * Fields that say how to check the tag; an unauthenticated copy, but one the host cannot change any
 * more.
 */
static bool header_ok(const struct psp_message_header *header)
{
	return header->sequence == channel.sequence + 2U &&
	       header->algorithm == PSP_ALGORITHM_AES_256_GCM &&
	       header->header_version == PSP_HEADER_VERSION &&
	       header->header_size == sizeof(*header) && header->type == PSP_MSG_REPORT_RSP &&
	       header->version == PSP_MSG_VERSION && header->vmpck == 0U &&
	       header->size >= sizeof(struct psp_report_rsp) &&
	       header->size <= ARCH_PSP_MESSAGE_BYTES - sizeof(*header);
}

static bool open_reply(void)
{
	struct psp_message_header header;
	uint8_t nonce[SVSM_GCM_NONCE_BYTES];
	const struct svsm_gcm gcm = { channel.key, nonce, &channel.response[PSP_AAD_OFFSET],
				      PSP_AAD_BYTES };

	memcpy(&header, channel.response, sizeof(header));
	if (!header_ok(&header)) {
		return false;
	}
	set_nonce(nonce, header.sequence);
	channel.reply_size = header.size;
	return svsm_gcm_open(&gcm, channel.reply, &channel.response[sizeof(header)], header.size,
			     header.tag);
}

/*
 * Send what is in flight, once; OK when its authentic reply is in channel.reply. *with_certs
 * becomes false when the host wants more room for them.
 */
static enum svsm_message exchange(bool *with_certs, uint64_t *certs_need)
{
	struct arch_psp_result result =
		arch_psp_request(channel.request, channel.response, *with_certs);

	if (*with_certs && result.vmm_error == ARCH_PSP_VMM_INVALID_LEN) {
		/* The message went nowhere yet; without certificates it resolves. */
		*with_certs = false;
		*certs_need = (uint64_t)result.cert_pages * SVSM_PAGE_SIZE;
		result = arch_psp_request(channel.request, channel.response, false);
	}
	if (result.vmm_error == ARCH_PSP_VMM_BUSY) {
		return SVSM_MESSAGE_BUSY;
	}
	if (result.vmm_error != ARCH_PSP_VMM_OK) {
		return SVSM_MESSAGE_FAILED;
	}
	if (result.firmware_error != 0U) {
		channel.dying = true;
		return SVSM_MESSAGE_FAILED;
	}
	if (!open_reply()) {
		return SVSM_MESSAGE_FAILED;
	}
	channel.sequence += 2U;
	channel.in_flight = false;
	return SVSM_MESSAGE_OK;
}

/* The reply is authentic: the processor's word. */
static enum svsm_message take_report(struct svsm_report *report)
{
	struct psp_report_rsp head;

	memcpy(&head, channel.reply, sizeof(head));
	if (head.status != 0U || head.size == 0U || head.size > sizeof(report->bytes) ||
	    head.size > channel.reply_size - sizeof(head)) {
		return SVSM_MESSAGE_FAILED;
	}
	memcpy(report->bytes, &channel.reply[sizeof(head)], head.size);
	report->size = head.size;
	return SVSM_MESSAGE_OK;
}

enum svsm_message svsm_channel_report(const uint8_t data[64], bool with_certs,
				      struct svsm_report *report)
{
	struct psp_report_req plain = { .vmpl = 0U };
	enum svsm_message status = SVSM_MESSAGE_OK;
	bool no_certs = false;

	memcpy(plain.data, data, sizeof(plain.data));
	report->certs = with_certs;
	report->certs_need = 0U;
	if (channel.in_flight && memcmp(&plain, &channel.plain, sizeof(plain)) != 0) {
		/* Another call's message: resolve it, drop its reply. */
		status = exchange(&no_certs, &report->certs_need);
	}
	if (status == SVSM_MESSAGE_OK && !channel.in_flight && !seal_request(&plain)) {
		status = SVSM_MESSAGE_FAILED;
	}
	if (status == SVSM_MESSAGE_OK) {
		status = exchange(&report->certs, &report->certs_need);
	}
	return status == SVSM_MESSAGE_OK ? take_report(report) : status;
}
