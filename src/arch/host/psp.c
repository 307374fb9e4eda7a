/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "machine_internal.h"
#include "psp_host.h"

/* What KVM reports for a failure of its own. */
#define VMM_ERROR_GENERIC UINT32_MAX

struct hm_psp *hm_psp_host_create(struct psp *psp, uint64_t service_ns)
{
	struct hm_psp *host = calloc(1, sizeof(*host));

	if (host == NULL) {
		return NULL;
	}
	if (pthread_mutex_init(&host->lock, NULL) != 0) {
		free(host);
		return NULL;
	}
	host->psp = psp;
	host->service_ns = service_ns;
	host->random = psp_configuration(psp)->seed * UINT64_C(0x9e3779b97f4a7c15) | 1U;
	return host;
}

void hm_psp_host_destroy(struct hm_psp *host)
{
	if (host != NULL) {
		psp_destroy(host->psp);
		psp_destroy(host->foreign);
		(void)pthread_mutex_destroy(&host->lock);
		free(host);
	}
}

static void spend(struct hm_psp *host)
{
	uint64_t ns = host->service_ns, slow;
	struct timespec time;

	if (hm_psp_strikes(host, HM_PSP_SLOW, &slow)) {
		ns += slow;
	}
	if (ns != 0U) {
		time.tv_sec = (time_t)(ns / UINT64_C(1000000000));
		time.tv_nsec = (long)(ns % UINT64_C(1000000000));
		(void)nanosleep(&time, NULL);
		host->stats.simulated_ns += ns;
	}
}

/* The processor's part: the reply in @reply unless it refuses. */
static uint32_t command(struct hm_psp *host, uint8_t reply[PSP_MESSAGE_BYTES])
{
	uint64_t start = hm_now_ns();
	uint32_t status;

	spend(host);
	status = psp_guest_request(host->psp, host->request, reply);
	host->stats.busy_ns += hm_now_ns() - start;
	if (status == PSP_OK) {
		host->stats.served++;
	} else {
		host->stats.refused++;
	}
	return status;
}

/*
 * Put the certificates into the shared pages. False if they do not fit: @result then says what the
 * host wants, and the processor hears nothing.
 */
static bool offer_certs(struct hm_psp *host, struct arch_psp_result *result)
{
	size_t len = psp_cert_table(host->psp, host->certs, sizeof(host->certs));
	uint64_t pages;

	host->stats.extended++;
	if (len == 0U || len > sizeof(host->certs)) {
		result->vmm_error = VMM_ERROR_GENERIC;
		return false;
	}
	memset(host->certs + len, 0, sizeof(host->certs) - len);
	if (hm_psp_strikes(host, HM_PSP_CERT_PAGES, &pages)) {
		result->vmm_error = ARCH_PSP_VMM_INVALID_LEN;
		result->cert_pages = (uint32_t)pages;
		return false;
	}
	len = hm_psp_lie_table(host, len);
	if (len > sizeof(host->certs)) {
		result->vmm_error = ARCH_PSP_VMM_INVALID_LEN;
		result->cert_pages = (uint32_t)((len + SVSM_PAGE_SIZE - 1U) / SVSM_PAGE_SIZE);
		return false;
	}
	return true;
}

/* A page that the processor or the host did not write keeps what it had: an old reply. */
static struct arch_psp_result relay(struct hm_psp *host, bool with_certs)
{
	struct arch_psp_result result = { 0 };
	uint8_t reply[PSP_MESSAGE_BYTES];

	host->stats.requests++;
	if (hm_psp_lie_before(host, &result) || (with_certs && !offer_certs(host, &result))) {
		return result;
	}
	result.firmware_error = command(host, reply);
	if (result.firmware_error != PSP_OK) {
		return result;
	}
	if (!hm_psp_lie_after(host, &result)) {
		hm_psp_lie_reply(host, reply);
		memcpy(host->response, reply, sizeof(host->response));
	}
	return result;
}

struct arch_psp_result arch_psp_request(const uint8_t request[ARCH_PSP_MESSAGE_BYTES],
					uint8_t response[ARCH_PSP_MESSAGE_BYTES], bool with_certs)
{
	struct hm_cpu *cpu = hm_self_checked(__func__);
	struct hm_psp *host = cpu->machine->psp;
	struct arch_psp_result result = { .vmm_error = VMM_ERROR_GENERIC };

	_Static_assert(ARCH_PSP_MESSAGE_BYTES == PSP_MESSAGE_BYTES, "a message is one page");
	arch_point(ARCH_POINT_ARCH_CALL);
	if (host == NULL) {
		memset(response, 0, ARCH_PSP_MESSAGE_BYTES);
		return result;
	}
	(void)pthread_mutex_lock(&host->lock);
	memcpy(host->request, request, sizeof(host->request));
	result = relay(host, with_certs);
	memcpy(response, host->response, sizeof(host->response));
	(void)pthread_mutex_unlock(&host->lock);
	return result;
}

void arch_psp_certs(void *dst, size_t len)
{
	struct hm_cpu *cpu = hm_self_checked(__func__);
	struct hm_psp *host = cpu->machine->psp;
	uint64_t at;

	arch_point(ARCH_POINT_ARCH_CALL);
	if (len > HM_PSP_CERT_BYTES) {
		hm_die("arch_psp_certs beyond the shared pages", len);
	}
	if (host == NULL) {
		memset(dst, 0, len);
		return;
	}
	(void)pthread_mutex_lock(&host->lock);
	if (hm_psp_strikes(host, HM_PSP_CERT_CHANGE, &at)) {
		host->certs[at % sizeof(host->certs)] ^= 0xffU;
	}
	memcpy(dst, host->certs, len);
	(void)pthread_mutex_unlock(&host->lock);
}

struct psp *hm_psp(struct hm_machine *m)
{
	return m->psp == NULL ? NULL : m->psp->psp;
}

void hm_psp_stats(struct hm_machine *m, struct hm_psp_stats *out)
{
	memset(out, 0, sizeof(*out));
	if (m->psp != NULL) {
		(void)pthread_mutex_lock(&m->psp->lock);
		*out = m->psp->stats;
		(void)pthread_mutex_unlock(&m->psp->lock);
	}
}
