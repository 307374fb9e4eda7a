/* SPDX-License-Identifier: Apache-2.0 */
#include "attest_guest.h"

#include <inttypes.h>
#include <string.h>
#include <sys/random.h>

#include "guest_abi.h"
#include "guest_attest.h"

#define MEMORY (UINT64_C(64) << 20)
#define OP_GPA UINT64_C(0x100000)
#define NONCE_GPA UINT64_C(0x101000)
#define REPORT_GPA UINT64_C(0x110000)
#define MANIFEST_GPA UINT64_C(0x120000)
#define CERTS_GPA UINT64_C(0x140000)
#define INVALID_PARAMETER UINT64_C(0x80000005)

/* Each answer names one size that did not fit; one more call for each that grew meanwhile. */
#define MAX_CALLS 8U

static bool fails(struct attest_report *report, const char *what, uint64_t value)
{
	(void)snprintf(report->wrong, sizeof(report->wrong), "%s (0x%" PRIx64 ")", what, value);
	return false;
}

static bool start(const struct run_options *options, unsigned int version, struct guest *g)
{
	struct hm_config config = {
		.nr_ram = 1U,
		.nr_valid = 1U,
		.guest_vmpl = options->vmpl,
		.rmp_4k = options->rmp_4k,
		.psp = true,
		.psp_config.report_version = version,
		.seed = options->seed,
	};

	config.ram[0] = (struct hm_range){ 0U, MEMORY };
	config.valid[0] = config.ram[0];
	return guest_start(g, &config);
}

/* The sizes that an answer of a buffer that was too small names. False: it names none. */
static bool grow(struct guest_attest *attest, const struct hm_regs *regs)
{
	if (regs->rcx > attest->manifest.size && regs->rcx <= ATTEST_MANIFEST_ROOM) {
		attest->manifest.size = (uint32_t)regs->rcx;
		return true;
	}
	if (regs->rdx > attest->certs.size && regs->rdx <= ATTEST_CERTS_ROOM) {
		attest->certs.size = (uint32_t)regs->rdx;
		return true;
	}
	if (regs->r8 > attest->report.size && regs->r8 <= ATTEST_REPORT_ROOM) {
		attest->report.size = (uint32_t)regs->r8;
		return true;
	}
	return false;
}

/* The call until everything fits, as a guest makes it that knows no size. */
static bool negotiate(struct guest *g, struct attest_report *report, struct hm_regs *regs)
{
	struct guest_attest attest = {
		.report = { REPORT_GPA, 0U },
		.nonce = { NONCE_GPA, ATTEST_NONCE_BYTES },
		.manifest = { MANIFEST_GPA, 0U },
		.certs = { CERTS_GPA, 1U },
	};

	while (report->calls < MAX_CALLS) {
		enum hm_call done = HM_CALL_DONE;

		*regs = (struct hm_regs){ .rax = GUEST_ATTEST_SERVICES, .rcx = OP_GPA };
		if (guest_write_attest(g, 0U, OP_GPA, &attest) != HM_OK) {
			return fails(report, "the guest cannot write its own page", OP_GPA);
		}
		report->calls++;
		if (!guest_call(g, 0U, g->ca[0], regs, &done) || done != HM_CALL_DONE) {
			return fails(report, "the call was not served", (uint64_t)done);
		}
		if (regs->rax == GUEST_OK) {
			return true;
		}
		/* RCX still names the structure unless a size was answered. */
		if (regs->rax != INVALID_PARAMETER || regs->rcx == OP_GPA || !grow(&attest, regs)) {
			return fails(report, "SVSM_ATTEST_SERVICES is refused", regs->rax);
		}
	}
	return fails(report, "the sizes never fit", report->calls);
}

static bool fetch(struct guest *g, struct attest_report *report, const struct hm_regs *regs,
		  struct attest_evidence *evidence)
{
	if (regs->rcx > ATTEST_MANIFEST_ROOM || regs->rdx > ATTEST_CERTS_ROOM ||
	    regs->r8 > ATTEST_REPORT_ROOM) {
		return fails(report, "a size beyond the buffers", regs->rcx);
	}
	report->manifest_size = evidence->manifest_size = (uint32_t)regs->rcx;
	report->certs_size = evidence->certs_size = (uint32_t)regs->rdx;
	report->report_size = evidence->report_size = (uint32_t)regs->r8;
	if (hm_guest_read(g->machine, REPORT_GPA, evidence->report, evidence->report_size) !=
		    HM_OK ||
	    hm_guest_read(g->machine, MANIFEST_GPA, evidence->manifest, evidence->manifest_size) !=
		    HM_OK ||
	    hm_guest_read(g->machine, CERTS_GPA, evidence->certs, evidence->certs_size) != HM_OK) {
		return fails(report, "the guest cannot read its own buffers", REPORT_GPA);
	}
	return true;
}

/* What does not come through the host: the maker's root, and the measurement of the launch. */
static bool know(struct guest *g, struct attest_report *report, struct attest_evidence *evidence)
{
	const struct psp *psp = hm_psp(g->machine);
	const uint8_t *root = psp_cert_der(psp, PSP_CERT_ARK, &evidence->root_size);

	if (root == NULL || evidence->root_size > sizeof(evidence->root)) {
		return fails(report, "no root certificate", evidence->root_size);
	}
	memcpy(evidence->root, root, evidence->root_size);
	memcpy(evidence->measurement, psp_configuration(psp)->measurement.bytes,
	       sizeof(evidence->measurement));
	return true;
}

bool attest_guest(const struct run_options *options, struct attest_report *report,
		  struct attest_evidence *evidence)
{
	struct guest g;
	struct hm_regs regs;

	if (!start(options, report->version, &g)) {
		return false;
	}
	if (getrandom(evidence->nonce, sizeof(evidence->nonce), 0) !=
	    (ssize_t)sizeof(evidence->nonce)) {
		(void)fails(report, "no random bytes for a nonce", 0U);
	} else {
		guest_select(&g, 0U);
		if (hm_guest_write(g.machine, NONCE_GPA, evidence->nonce,
				   sizeof(evidence->nonce)) != HM_OK) {
			(void)fails(report, "the guest cannot write its own page", NONCE_GPA);
		} else if (negotiate(&g, report, &regs) && fetch(&g, report, &regs, evidence)) {
			(void)know(&g, report, evidence);
		}
	}
	report->violations = guest_judge(&g, stderr);
	guest_stop(&g);
	return true;
}
