/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "abi/cpuid_abi.h"
#include "abi/secrets_abi.h"
#include "machine_internal.h"
#include "psp_host.h"
#include "secrets_copy.h"

#define CPUID_SEV UINT32_C(0x8000001f)
#define CPUID_SEV_EAX 0x3aU /* SEV, SEV-ES, SEV-SNP, VMPL */
#define KVM_VMSA_GPA UINT64_C(0xfffffffff000)
#define SECRETS_VERSION 3U
#define CPUID_FMS UINT32_C(0x00a10f11)
#define SVSM_MAX_VERSION 2U

/*
 * What stands for the image of the SVSM, whose code is this process: the launch parameters that a
 * relying party would want to see measured.
 */
struct launch_header {
	char name[16];
	uint64_t svsm_start, svsm_end, startup_ca, sev_features;
	uint32_t guest_vmpl, nr_vcpus, max_version, phys_bits;
};

_Static_assert(sizeof(struct launch_header) <= SVSM_PAGE_SIZE, "the header is one page");
_Static_assert(SECRETS_VMPCK_BYTES == PSP_KEY_BYTES, "VMPCKs");

static unsigned char *page_at(const struct hm_machine *m, uint64_t gpa)
{
	return hm_page(m, gpa >> SVSM_PAGE_SHIFT);
}

static void write_header(struct hm_machine *m)
{
	struct launch_header header = { .name = "phalanx hosted",
					.svsm_start = m->config.svsm.start,
					.svsm_end = m->config.svsm.end,
					.startup_ca = m->config.startup_ca,
					.sev_features = m->config.sev_features,
					.guest_vmpl = m->config.guest_vmpl,
					.nr_vcpus = m->config.nr_vcpus,
					.max_version = SVSM_MAX_VERSION,
					.phys_bits = m->config.phys_bits };

	memcpy(page_at(m, m->layout.header), &header, sizeof(header));
}

static void write_cpuid(struct hm_machine *m)
{
	struct cpuid_page *page = (struct cpuid_page *)(void *)page_at(m, m->layout.cpuid);

	page->count = 1;
	page->entries[0].eax_in = CPUID_SEV;
	page->entries[0].eax = CPUID_SEV_EAX;
	page->entries[0].ebx = m->config.phys_bits;
}

/*
 * The hosted launch measures, in this order: the header page, the ROM ranges page by page as they
 * are at launch, the secrets page and the CPUID page by their gPA, and, last and at the gPA that
 * KVM gives every VMSA, the startup VMSA. Valid ranges are not measured: they may be terabytes, and
 * on hardware the SVSM validates them, not the launch.
 */
static void measure(struct hm_machine *m, struct psp_digest *digest)
{
	psp_digest_page(digest, PSP_PAGE_NORMAL, m->layout.header, page_at(m, m->layout.header),
			NULL);
	for (unsigned int i = 0; i < m->config.nr_rom; i++) {
		for (uint64_t gpa = m->config.rom[i].start; gpa < m->config.rom[i].end;
		     gpa += SVSM_PAGE_SIZE) {
			psp_digest_page(digest, PSP_PAGE_NORMAL, gpa, page_at(m, gpa), NULL);
		}
	}
	psp_digest_page(digest, PSP_PAGE_SECRETS, m->layout.secrets, NULL, NULL);
	psp_digest_page(digest, PSP_PAGE_CPUID, m->layout.cpuid, NULL, NULL);
	psp_digest_page(digest, PSP_PAGE_VMSA, KVM_VMSA_GPA, page_at(m, m->layout.startup_vmsa),
			NULL);
}

static bool start_psp(struct hm_machine *m)
{
	struct psp_config config = m->config.psp_config;
	struct psp *psp;

	if (config.seed == 0U) {
		config.seed = m->config.seed;
	}
	psp_digest_init(&config.measurement);
	measure(m, &config.measurement);
	psp = psp_create(&config);
	if (psp == NULL) {
		(void)fputs("hosted machine: no security processor: bad psp_config or no memory\n",
			    stderr);
		return false;
	}
	m->psp = hm_psp_host_create(psp, m->config.psp_ns);
	if (m->psp == NULL) {
		psp_destroy(psp);
	}
	return m->psp != NULL;
}

/* LAUNCH_UPDATE of the secrets page: the firmware's fields, the SVSM's are zero. */
static void write_secrets(struct hm_machine *m)
{
	const struct psp_config *config = psp_configuration(m->psp->psp);
	struct secrets_page *page = (struct secrets_page *)(void *)page_at(m, m->layout.secrets);

	page->version = SECRETS_VERSION;
	page->fms = CPUID_FMS;
	page->tsc_factor = config->tsc_factor;
	page->launch_mit_vector = config->mit_vector;
	for (unsigned int vmpl = 0; vmpl < SECRETS_NR_VMPCK; vmpl++) {
		memcpy(page->vmpck[vmpl], psp_vmpck(m->psp->psp, vmpl), SECRETS_VMPCK_BYTES);
	}
	memcpy(m->boot.vmpck0, page->vmpck[0], sizeof(m->boot.vmpck0));
}

static void write_guest_secrets(struct hm_machine *m)
{
	static const struct secrets_page none;
	const struct secrets_svsm svsm = { .base = m->config.svsm.start,
					   .size = m->config.svsm.end - m->config.svsm.start,
					   .caa = m->config.startup_ca,
					   .max_version = SVSM_MAX_VERSION,
					   .guest_vmpl = m->config.guest_vmpl };
	const struct secrets_page *own = &none;

	if (m->psp != NULL) {
		own = (const struct secrets_page *)(const void *)page_at(m, m->layout.secrets);
	}
	secrets_guest_copy((struct secrets_page *)(void *)page_at(m, m->config.secrets_gpa), own,
			   &svsm);
}

bool hm_launch_secrets(struct hm_machine *m)
{
	if (m->config.psp) {
		write_header(m);
		write_cpuid(m);
		if (!start_psp(m)) {
			return false;
		}
		write_secrets(m);
	}
	if (m->config.secrets_gpa != 0U) {
		write_guest_secrets(m);
	}
	return true;
}
