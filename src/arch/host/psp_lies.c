/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "machine_internal.h"
#include "psp_host.h"

/* Offsets in a message and in the certificate table (rmp-semantics 12.1, 12.7). */
#define MSG_SEQNO 0x20U
#define MSG_TYPE 0x34U
#define MSG_SIZE 0x36U
#define MSG_ALGO 0x30U
#define MSG_HDR_SIZE 0x32U
#define MSG_REPORT_REQ 5U
#define MSG_REPORT_BYTES 0x60U
#define MSG_HEADER 0x60U
#define ENTRY_BYTES 24U
#define ENTRY_OFFSET 16U
#define ENTRY_LENGTH 20U
#define LAST_ENTRY 2U
#define FOREIGN_SEED UINT64_C(0x666f726569676e)

static void put(uint8_t *at, uint64_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		at[i] = (uint8_t)(value >> (8U * i));
	}
}

static uint64_t get(const uint8_t *at, size_t bytes)
{
	uint64_t value = 0;

	for (size_t i = 0; i < bytes; i++) {
		value |= (uint64_t)at[i] << (8U * i);
	}
	return value;
}

void hm_psp_lie(struct hm_machine *m, enum hm_psp_lie kind, unsigned int nth, uint64_t value)
{
	struct hm_psp *host = m->psp;

	if (host == NULL) {
		return;
	}
	(void)pthread_mutex_lock(&host->lock);
	host->lie[kind].countdown = nth & ~HM_PSP_ALWAYS;
	host->lie[kind].always = (nth & HM_PSP_ALWAYS) != 0U || kind == HM_PSP_BUSY;
	host->lie[kind].value = value;
	host->struck[kind] = 0;
	(void)pthread_mutex_unlock(&host->lock);
}

uint64_t hm_psp_lies_told(struct hm_machine *m, enum hm_psp_lie kind)
{
	uint64_t struck = 0;

	if (m->psp != NULL) {
		(void)pthread_mutex_lock(&m->psp->lock);
		struck = m->psp->struck[kind];
		(void)pthread_mutex_unlock(&m->psp->lock);
	}
	return struck;
}

bool hm_psp_strikes(struct hm_psp *host, enum hm_psp_lie kind, uint64_t *value)
{
	struct hm_psp_armed *lie = &host->lie[kind];

	if (lie->countdown != 1U) {
		lie->countdown -= lie->countdown == 0U ? 0U : 1U;
		return false;
	}
	*value = lie->value;
	host->struck[kind]++;
	host->stats.lies++;
	if (!lie->always || (kind == HM_PSP_BUSY && host->struck[kind] == lie->value)) {
		lie->countdown = 0;
	}
	return true;
}

/* EXITINFO2 as the host would write it; 0 stands for the failure without a reason. */
static void exit_info(uint64_t value, struct arch_psp_result *result)
{
	result->firmware_error = (uint32_t)value;
	result->vmm_error = value == 0U ? UINT32_MAX : (uint32_t)(value >> 32);
}

bool hm_psp_lie_before(struct hm_psp *host, struct arch_psp_result *result)
{
	uint64_t value;

	if (hm_psp_strikes(host, HM_PSP_BUSY, &value)) {
		result->vmm_error = ARCH_PSP_VMM_BUSY;
		return true;
	}
	if (hm_psp_strikes(host, HM_PSP_DROP, &value)) {
		exit_info(value, result);
		return true;
	}
	return false;
}

bool hm_psp_lie_after(struct hm_psp *host, struct arch_psp_result *result)
{
	uint64_t value;

	if (!hm_psp_strikes(host, HM_PSP_FAIL_AFTER, &value)) {
		return false;
	}
	exit_info(value, result);
	return true;
}

/* A genuine reply that another guest got to a report request of the same sequence number. */
static void foreign_reply(struct hm_psp *host, uint8_t *reply)
{
	uint64_t seqno = get(reply + MSG_SEQNO, 8) - 1U;
	uint8_t message[PSP_MESSAGE_BYTES] = { 0 };

	if (host->foreign == NULL) {
		struct psp_config config = *psp_configuration(host->psp);

		config.seed ^= FOREIGN_SEED;
		host->foreign = psp_create(&config);
	}
	memset(reply, 0, PSP_MESSAGE_BYTES);
	if (host->foreign == NULL) {
		return;
	}
	put(message + MSG_SEQNO, seqno, 8);
	message[MSG_ALGO] = message[MSG_ALGO + 1U] = 1;
	put(message + MSG_HDR_SIZE, MSG_HEADER, 2);
	message[MSG_TYPE] = MSG_REPORT_REQ;
	message[MSG_TYPE + 1U] = 1;
	put(message + MSG_SIZE, MSG_REPORT_BYTES, 2);
	psp_set_sequence(host->foreign, 0, seqno);
	if (psp_message_seal(psp_vmpck(host->foreign, 0), message)) {
		(void)psp_guest_request(host->foreign, message, reply);
	}
}

/* The reply that is @back before the newest, of those still kept. */
static void old_reply(const struct hm_psp *host, uint64_t back, uint8_t *reply)
{
	unsigned int kept = host->nr_replies < HM_PSP_HISTORY ? host->nr_replies : HM_PSP_HISTORY;

	if (back >= kept) {
		memset(reply, 0, PSP_MESSAGE_BYTES);
	} else {
		unsigned int index = host->nr_replies - 1U - (unsigned int)back;

		memcpy(reply, host->history[index % HM_PSP_HISTORY], PSP_MESSAGE_BYTES);
	}
}

static void lie_about_header(struct hm_psp *host, uint8_t *reply)
{
	uint64_t value;

	if (hm_psp_strikes(host, HM_PSP_SEQUENCE, &value)) {
		put(reply + MSG_SEQNO, get(reply + MSG_SEQNO, 8) + (value == 0U ? 2U : value), 8);
	}
	if (hm_psp_strikes(host, HM_PSP_TYPE, &value)) {
		reply[MSG_TYPE] = (uint8_t)value;
	}
	if (hm_psp_strikes(host, HM_PSP_SIZE, &value)) {
		put(reply + MSG_SIZE, value, 2);
	}
}

void hm_psp_lie_reply(struct hm_psp *host, uint8_t reply[PSP_MESSAGE_BYTES])
{
	uint64_t value;

	memcpy(host->history[host->nr_replies++ % HM_PSP_HISTORY], reply, PSP_MESSAGE_BYTES);
	if (hm_psp_strikes(host, HM_PSP_REPLAY, &value)) {
		old_reply(host, value == 0U ? 1U : value, reply);
	}
	if (hm_psp_strikes(host, HM_PSP_FOREIGN, &value)) {
		foreign_reply(host, reply);
	}
	lie_about_header(host, reply);
	if (hm_psp_strikes(host, HM_PSP_CORRUPT, &value)) {
		reply[value / 8U % PSP_MESSAGE_BYTES] ^= (uint8_t)(1U << value % 8U);
	}
	if (hm_psp_strikes(host, HM_PSP_TRUNCATE, &value) && value < PSP_MESSAGE_BYTES) {
		memset(reply + value, 0, PSP_MESSAGE_BYTES - value);
	}
}

static uint8_t *entry(struct hm_psp *host, unsigned int index)
{
	return host->certs + (size_t)ENTRY_BYTES * index;
}

static void fill_random(struct hm_psp *host)
{
	for (size_t i = 0; i < sizeof(host->certs); i += 8U) {
		host->random ^= host->random << 13;
		host->random ^= host->random >> 7;
		host->random ^= host->random << 17;
		memcpy(host->certs + i, &host->random, 8);
	}
}

static void spoil_table(struct hm_psp *host, uint64_t how)
{
	uint8_t *first = entry(host, 0);

	switch (how % HM_PSP_BAD_NR) {
	case HM_PSP_BAD_OFFSET:
		put(first + ENTRY_OFFSET, 0x7fffffff, 4);
		break;
	case HM_PSP_BAD_LENGTH:
		put(first + ENTRY_LENGTH, UINT32_MAX, 4);
		break;
	case HM_PSP_BAD_SUM:
		put(first + ENTRY_OFFSET, 0xfffff000U, 4);
		put(first + ENTRY_LENGTH, 0x2000, 4);
		break;
	case HM_PSP_BAD_INSIDE:
		put(first + ENTRY_OFFSET, 0, 4);
		break;
	case HM_PSP_BAD_OVERLAP:
		memcpy(entry(host, 1) + ENTRY_OFFSET, first + ENTRY_OFFSET, 8);
		break;
	case HM_PSP_BAD_EMPTY:
		put(first + ENTRY_LENGTH, 0, 4);
		break;
	case HM_PSP_BAD_ENDLESS:
		for (size_t at = ENTRY_BYTES; at < sizeof(host->certs); at += ENTRY_BYTES) {
			size_t left = sizeof(host->certs) - at;

			memcpy(host->certs + at, first, left < ENTRY_BYTES ? left : ENTRY_BYTES);
		}
		break;
	default:
		fill_random(host);
		break;
	}
}

/* The last certificate becomes longer with each request. */
static size_t grow_table(struct hm_psp *host, size_t len, uint64_t bytes)
{
	uint8_t *last = entry(host, LAST_ENTRY);

	host->grown += bytes < UINT32_MAX ? bytes : UINT32_MAX;
	if (host->grown > UINT32_MAX) {
		host->grown = UINT32_MAX;
	}
	put(last + ENTRY_LENGTH, get(last + ENTRY_LENGTH, 4) + host->grown, 4);
	return len + (size_t)host->grown;
}

size_t hm_psp_lie_table(struct hm_psp *host, size_t len)
{
	uint64_t value;

	if (hm_psp_strikes(host, HM_PSP_CERT_GROW, &value)) {
		len = grow_table(host, len, value);
	}
	if (hm_psp_strikes(host, HM_PSP_CERT_NONE, &value)) {
		memset(host->certs, 0, sizeof(host->certs));
		len = ENTRY_BYTES;
	}
	if (hm_psp_strikes(host, HM_PSP_CERT_BAD, &value)) {
		spoil_table(host, value);
	}
	return len;
}
