/* SPDX-License-Identifier: Apache-2.0 */
#include "ghcb_rig.h"

#include <stdio.h>
#include <string.h>

#include "hostile.h"
#include "ram.h"
#include "rmp.h"

struct rig rig;

static struct launch_result launched = { .sev_features = RIG_FEATURES };

struct vcpu *rig_reset(unsigned int vmpl)
{
	struct vcpu *vcpu = &rig.vcpus[0];

	memset(&rig, 0, sizeof(rig));
	for (unsigned int cpu = 0; cpu < RIG_CPUS; cpu++) {
		rig.vcpus[cpu].cpu = cpu;
		rig.vcpus[cpu].caller_vmpl = -1;
	}
	rig.times = 1;
	rig.psc_refuse = UINT32_MAX;
	rig.steal_after = UINT32_MAX;
	rig.pages[0] = RIG_SHARED;
	vcpu->vmpl = vmpl;
	vcpu->state = VCPU_RUN;
	vcpu->loaded = true;
	for (unsigned int i = 0; i < EMU_NR_VMPLS; i++) {
		vcpu->ghcb_registered[i] = i == vmpl ? gpa_make(RIG_GHCB) : GPA_NONE;
	}
	vcpu->ghcb_msr[vmpl] = RIG_GHCB;
	rig_ghcb()->protocol_version = 2;
	return vcpu;
}

struct ghcb_page *rig_ghcb(void)
{
	return (struct ghcb_page *)(void *)rig.memory[0];
}

void rig_exit(uint64_t code, uint64_t info1, uint64_t info2)
{
	memset(rig_ghcb()->valid_bitmap, 0, sizeof(rig_ghcb()->valid_bitmap));
	RIG_SET(sw_exit_code, code);
	RIG_SET(sw_exit_info1, info1);
	RIG_SET(sw_exit_info2, info2);
}

unsigned int rig_valid_bits(void)
{
	unsigned int bits = 0;

	for (size_t i = 0; i < 16U * 8U; i++) {
		bits += (rig_ghcb()->valid_bitmap[i / 8U] >> (i % 8U)) & 1U;
	}
	return bits;
}

void rig_expect(uint64_t info1, uint64_t info2)
{
	ghcb_vmgexit(&rig.vcpus[0]);
	assert_int_equal(rig_ghcb()->sw_exit_info1, info1);
	assert_int_equal(rig_ghcb()->sw_exit_info2, info2);
	assert_true(RIG_IS_VALID(sw_exit_info1));
	assert_true(RIG_IS_VALID(sw_exit_info2));
}

uint64_t rig_msr(uint64_t request)
{
	struct vcpu *vcpu = &rig.vcpus[0];
	unsigned int vmpl = vcpu->vmpl;

	vcpu->ghcb_msr[vmpl] = request;
	ghcb_vmgexit(vcpu);
	return vcpu->ghcb_msr[vmpl];
}

/* ---- memory and RMP ---- */

bool ram_is_memory(gpa_t gpa)
{
	return gpa.raw - RIG_BASE < RIG_PAGES * EMU_PAGE_SIZE;
}

void *ram_shared_pointer(gpa_t gpa, size_t len)
{
	uint64_t offset = gpa.raw - RIG_BASE;

	if (!ram_is_memory(gpa) || rig.pages[offset / EMU_PAGE_SIZE] != RIG_SHARED) {
		return NULL;
	}
	assert_true((gpa.raw & EMU_PAGE_MASK) + len <= EMU_PAGE_SIZE);
	return &rig.memory[0][0] + offset;
}

static bool change(gpa_t gpa, bool large, bool to_private)
{
	if (rig.nr_psc == rig.psc_refuse) {
		return false;
	}
	assert_true(rig.nr_psc < RIG_PSC_LOG);
	rig.psc[rig.nr_psc++] = (struct rig_psc){ gpa.raw, to_private, large };
	return true;
}

bool rmp_make_private(gpa_t gpa, bool large)
{
	return change(gpa, large, true);
}

bool rmp_make_shared(gpa_t gpa, bool large)
{
	return change(gpa, large, false);
}

bool rmp_is_vmsa(gpa_t gpa)
{
	return ram_is_memory(gpa) && rig.pages[(gpa.raw - RIG_BASE) / EMU_PAGE_SIZE] == RIG_VMSA;
}

/* ---- platform ---- */

void platform_cpuid(unsigned int cpu, uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
	out[0] = leaf;
	out[1] = subleaf;
	out[2] = cpu;
	out[3] = 0xfeedU;
}

static uint32_t note_io(bool in, uint16_t port, unsigned int bytes, uint32_t value)
{
	assert_true(rig.nr_io < RIG_IO_LOG);
	rig.io[rig.nr_io++] = (struct rig_io){ in, port, bytes, value };
	if (rig.nr_io == rig.steal_after) {
		rig.pages[rig.steal_page] = RIG_PRIVATE;
	}
	return value;
}

uint32_t platform_in(struct vcpu *vcpu, uint16_t port, unsigned int bytes)
{
	(void)vcpu;
	return note_io(true, port, bytes, UINT32_C(0xa5000010) + rig.nr_io);
}

void platform_in_string(struct vcpu *vcpu, uint16_t port, unsigned int bytes, void *data,
			size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t value = platform_in(vcpu, port, bytes);

		memcpy((uint8_t *)data + i * bytes, &value, bytes);
	}
}

void platform_out(struct vcpu *vcpu, uint16_t port, unsigned int bytes, uint32_t value)
{
	(void)vcpu;
	(void)note_io(false, port, bytes, value);
}

bool platform_mmio_read(struct vcpu *vcpu, uint64_t address, unsigned int bytes, uint64_t *value)
{
	(void)vcpu;
	rig.mmio_address = address;
	rig.mmio_bytes = bytes;
	*value = rig.mmio_value;
	return !rig.refuse;
}

bool platform_mmio_write(struct vcpu *vcpu, uint64_t address, unsigned int bytes, uint64_t value)
{
	(void)vcpu;
	rig.mmio_address = address;
	rig.mmio_bytes = bytes;
	rig.mmio_value = value;
	rig.mmio_writes++;
	return !rig.refuse;
}

bool platform_rdmsr(struct vcpu *vcpu, uint32_t msr, uint64_t *value)
{
	(void)vcpu;
	rig.msr = msr;
	*value = rig.msr_value;
	return !rig.refuse;
}

bool platform_wrmsr(struct vcpu *vcpu, uint32_t msr, uint64_t value)
{
	(void)vcpu;
	rig.msr = msr;
	rig.msr_value = value;
	return !rig.refuse;
}

uint64_t host_tsc(void)
{
	return UINT64_C(0x1234567890abcdef);
}

/* ---- vCPUs ---- */

unsigned int vcpu_count(void)
{
	return RIG_CPUS;
}

bool vcpu_switch(struct vcpu *vcpu, unsigned int vmpl)
{
	if (rig.switch_fails) {
		return false;
	}
	rig.switches++;
	vcpu->vmpl = vmpl;
	return true;
}

void vcpu_leave(struct vcpu *vcpu, uint64_t exitcode, uint64_t info1, uint64_t info2)
{
	assert_true(vcpu->loaded);
	assert_int_equal(exitcode, 0x403);
	assert_int_equal(info1 | info2, 0);
	vcpu->loaded = false;
	rig.leaves++;
}

bool vcpu_ap_event(unsigned int cpu, enum vcpu_ap_event event, unsigned int vmpl, gpa_t vmsa)
{
	if (rig.ap_busy > 0U) {
		rig.ap_busy--;
		return false;
	}
	rig.ap_events++;
	rig.ap_cpu = cpu;
	rig.ap_event = (unsigned int)event;
	rig.ap_vmpl = vmpl;
	rig.ap_vmsa = vmsa.raw;
	return true;
}

bool vcpu_ap_done(unsigned int cpu)
{
	(void)cpu;
	return rig.ap_done_after == 0U;
}

void vcpu_ap_serve(struct vcpu *vcpu)
{
	assert_false(vcpu->loaded);
	rig.ap_served++;
	atomic_fetch_and_explicit(&vcpu->requests, ~VCPU_REQ_AP, memory_order_relaxed);
}

void host_idle(bool (*still_needed)(void *ctx), void *ctx)
{
	assert_true(still_needed(ctx));
	assert_false(rig.vcpus[0].loaded);
	rig.idles++;
	if (rig.ap_done_after > 0U) {
		rig.ap_done_after--;
	}
}

/* ---- launch, security processor, observation ---- */

const struct launch_result *launch_get(void)
{
	return &launched;
}

bool ghcb_psp_request(struct vcpu *vcpu, gpa_t request, gpa_t response, gpa_t certs,
		      uint64_t cert_pages, bool extended, struct ghcb_psp_result *result)
{
	(void)vcpu;
	assert_int_equal(request.raw, RIG_PAGE(1));
	assert_int_equal(response.raw, RIG_PAGE(2));
	assert_int_equal(extended, !gpa_is_none(certs));
	rig.psp_calls++;
	rig.psp_certs = certs.raw;
	rig.psp_cert_pages = cert_pages;
	*result = rig.psp_result;
	return rig.psp;
}

unsigned int hostile_requests(struct vcpu *vcpu)
{
	(void)vcpu;
	return rig.times;
}

void hostile_ghcb(struct vcpu *vcpu, void *page)
{
	(void)vcpu;
	assert_ptr_equal(page, rig_ghcb());
}

void trace_note(const struct vcpu *vcpu, enum trace_event event, uint64_t a, uint64_t b, uint64_t c,
		uint64_t d)
{
	(void)vcpu;
	(void)event;
	(void)a;
	(void)b;
	(void)c;
	(void)d;
}

void trace_count_request(uint64_t request, bool by_msr)
{
	(void)request;
	(void)by_msr;
}

void trace_psc(struct vcpu *vcpu, gpa_t page, bool to_private, bool large, bool by_msr)
{
	(void)vcpu;
	(void)page;
	(void)to_private;
	(void)large;
	rig.traced_psc++;
	rig.traced_by_msr += by_msr ? 1U : 0U;
}

void trace_ap(struct vcpu *vcpu, unsigned int event, unsigned int apic_id, unsigned int vmpl,
	      gpa_t vmsa, uint64_t features)
{
	(void)vcpu;
	(void)event;
	(void)apic_id;
	(void)vmpl;
	(void)vmsa;
	(void)features;
}

void trace_svsm_begin(struct vcpu *vcpu, bool by_msr)
{
	(void)by_msr;
	assert_int_not_equal(vcpu->vmpl, 0);
	rig.svsm_begins++;
}

void trace_svsm_end(struct vcpu *vcpu)
{
	assert_int_not_equal(vcpu->vmpl, 0);
	rig.svsm_ends++;
}

void host_log(const char *format, ...)
{
	(void)format;
}

void emu_stop(enum emu_exit code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(rig.stop_text, sizeof(rig.stop_text), format, args);
	va_end(args);
	rig.stop_code = code;
	longjmp(rig.stop, 1);
}
