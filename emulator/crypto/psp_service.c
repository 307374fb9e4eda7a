/* SPDX-License-Identifier: Apache-2.0 */
#include "psp_service.h"

#include <stdatomic.h>
#include <string.h>

#include "ghcb.h"
#include "host.h"
#include "psp.h"
#include "ram.h"

/* Certificate pages of one request at most: VCEK, ASK and ARK need two. */
#define CERT_PAGES 4U
#define EMPTY_TABLE_BYTES 24U

#define VMM_ERROR_INVALID_LEN 1U
#define VMM_ERROR_BUSY 2U
#define VMM_ERROR_GENERIC UINT32_MAX

static struct psp *psp;
static bool have_roots;
/* Taken by exchange, for as long as a request is served; everything below belongs to its holder. */
static _Atomic(bool) busy;
static uint8_t message[PSP_MESSAGE_BYTES];
static uint8_t certs[CERT_PAGES * EMU_PAGE_SIZE];

/* BoringSSL finds out about the processor in a constructor. */
extern void (*const __init_array_start[])(void);
extern void (*const __init_array_end[])(void);

bool psp_service_init(const void *roots, uint64_t roots_bytes)
{
	bool ok = true;

	host_fpu_begin();
	for (void (*const *init)(void) = __init_array_start; init < __init_array_end; init++) {
		(*init)();
	}
	if (roots != NULL) {
		have_roots = psp_roots_load(roots, roots_bytes);
		ok = have_roots;
	}
	host_fpu_end();
	return ok;
}

bool psp_service_launch(struct launch_result *result, uint64_t policy, uint64_t seed,
			const uint8_t host_data[32])
{
	struct psp_config config = { .policy = policy, .seed = seed };

	memcpy(config.measurement.bytes, result->digest, PSP_LD_BYTES);
	memcpy(config.host_data, host_data, sizeof(config.host_data));
	host_fpu_begin();
	psp = psp_create(&config);
	host_fpu_end();
	if (psp == NULL) {
		return false;
	}
	for (unsigned int vmpl = 0; vmpl < EMU_NR_VMPLS; vmpl++) {
		memcpy(result->vmpck[vmpl], psp_vmpck(psp, vmpl), PSP_KEY_BYTES);
	}
	return true;
}

/* Bytes of the certificate table in @certs; 0: it cannot be made. */
static size_t make_certs(void)
{
	if (!have_roots) {
		memset(certs, 0, EMPTY_TABLE_BYTES);
		return EMPTY_TABLE_BYTES;
	}
	return psp_cert_table(psp, certs, sizeof(certs));
}

/* Page by page: pages of guest memory need not be neighbours in the machine's. */
static bool copy_certs(gpa_t to, size_t len)
{
	for (size_t done = 0; done < len; done += EMU_PAGE_SIZE) {
		const size_t part = len - done < EMU_PAGE_SIZE ? len - done : EMU_PAGE_SIZE;
		void *page = ram_shared_pointer(gpa_make(to.raw + done), part);

		if (page == NULL) {
			return false;
		}
		memcpy(page, certs + done, part);
	}
	return true;
}

static void serve(gpa_t request, gpa_t response, gpa_t cert_gpa, uint64_t cert_pages, bool extended,
		  struct ghcb_psp_result *result)
{
	const void *in = ram_shared_pointer(request, EMU_PAGE_SIZE);
	void *out;
	size_t cert_bytes = extended ? make_certs() : 0U;

	if (in == NULL || (extended && (cert_bytes == 0U || cert_bytes > sizeof(certs)))) {
		result->vmm_error = VMM_ERROR_GENERIC;
		return;
	}
	if (extended && cert_pages < (cert_bytes + EMU_PAGE_MASK) / EMU_PAGE_SIZE) {
		result->vmm_error = VMM_ERROR_INVALID_LEN;
		result->pages_needed = (cert_bytes + EMU_PAGE_MASK) / EMU_PAGE_SIZE;
		return;
	}
	if (extended && !copy_certs(cert_gpa, cert_bytes)) {
		result->vmm_error = VMM_ERROR_GENERIC;
		return;
	}
	memcpy(message, in, sizeof(message));
	result->firmware_error = psp_guest_request(psp, message, message);
	out = ram_shared_pointer(response, EMU_PAGE_SIZE);
	if (out == NULL) {
		result->vmm_error = VMM_ERROR_GENERIC;
	} else if (result->firmware_error == PSP_OK) {
		memcpy(out, message, sizeof(message));
	}
}

bool ghcb_psp_request(struct vcpu *vcpu, gpa_t request, gpa_t response, gpa_t cert_gpa,
		      uint64_t cert_pages, bool extended, struct ghcb_psp_result *result)
{
	(void)vcpu;
	*result = (struct ghcb_psp_result){ 0 };
	/* Pairs with the release below: the holder before wrote message, certs and the model. */
	if (atomic_exchange_explicit(&busy, true, memory_order_acquire)) {
		result->vmm_error = VMM_ERROR_BUSY;
		return true;
	}
	host_fpu_begin();
	serve(request, response, cert_gpa, cert_pages, extended, result);
	host_fpu_end();
	atomic_store_explicit(&busy, false, memory_order_release); /* pairs with the exchange */
	return true;
}
