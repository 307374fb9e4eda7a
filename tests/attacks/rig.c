/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "introspect.h"

#define FREEZE_MS 20000U
#define WAIT_SECONDS 60

/* The first 256 KiB of RAM are left to VMSAs and calling areas. */
uint64_t rig_vmsa_page(unsigned int cpu)
{
	return (uint64_t)(2U * cpu + 1U) * PAGE;
}

uint64_t rig_ca_page(unsigned int cpu)
{
	return (uint64_t)(2U * cpu + 2U) * PAGE;
}

struct hm_config rig_config(unsigned int nr)
{
	return (struct hm_config){
		.nr_vcpus = nr,
		.ram = { { 0, 64U * MIB } },
		.nr_ram = 1,
		.valid = { { 0, 32U * MIB } },
		.nr_valid = 1,
		.rmp_4k = true,
	};
}

static void *vcpu_main(void *arg)
{
	struct rig_vcpu *v = arg;
	struct rig *r = v->rig;
	const unsigned int cpu = (unsigned int)(v - r->vcpu);

	hm_bind(r->m, cpu);
	(void)pthread_mutex_lock(&r->lock);
	while (!v->end) {
		if (!v->busy) {
			(void)pthread_cond_wait(&v->changed, &r->lock);
			continue;
		}
		(void)pthread_mutex_unlock(&r->lock);
		v->job(r, cpu, v->ctx);
		(void)pthread_mutex_lock(&r->lock);
		v->busy = false;
		(void)pthread_cond_broadcast(&v->changed);
	}
	(void)pthread_mutex_unlock(&r->lock);
	hm_unbind(r->m);
	return NULL;
}

void rig_start(struct rig *r, const struct hm_config *config)
{
	memset(r, 0, sizeof(*r));
	r->m = hm_create(config);
	assert_non_null(r->m);
	r->judge = judge_create_for(r->m);
	assert_non_null(r->judge);
	judge_attach(r->judge, r->m);
	r->nr = hm_config(r->m)->nr_vcpus;
	assert_true(r->nr <= RIG_CPUS);
	assert_int_equal(pthread_mutex_init(&r->lock, NULL), 0);
	for (unsigned int i = 0; i < r->nr; i++) {
		r->vcpu[i] = (struct rig_vcpu){ .rig = r };
		assert_int_equal(pthread_cond_init(&r->vcpu[i].changed, NULL), 0);
		assert_int_equal(pthread_create(&r->vcpu[i].thread, NULL, vcpu_main, &r->vcpu[i]),
				 0);
	}
	r->vcpu[0].ca = hm_config(r->m)->startup_ca;
	r->vcpu[0].vmsa = hm_boot_info(r->m)->startup_vmsa.raw;
}

void rig_post(struct rig *r, unsigned int cpu, rig_job *job, void *ctx)
{
	struct rig_vcpu *v = &r->vcpu[cpu];

	(void)pthread_mutex_lock(&r->lock);
	v->job = job;
	v->ctx = ctx;
	v->busy = true;
	(void)pthread_cond_broadcast(&v->changed);
	(void)pthread_mutex_unlock(&r->lock);
}

bool rig_wait(struct rig *r, unsigned int cpu)
{
	struct rig_vcpu *v = &r->vcpu[cpu];
	struct timespec deadline;
	int error = 0;
	bool idle;

	(void)timespec_get(&deadline, TIME_UTC);
	deadline.tv_sec += WAIT_SECONDS;
	(void)pthread_mutex_lock(&r->lock);
	while (v->busy && error == 0) {
		error = pthread_cond_timedwait(&v->changed, &r->lock, &deadline);
	}
	idle = !v->busy;
	(void)pthread_mutex_unlock(&r->lock);
	return idle;
}

void rig_run(struct rig *r, unsigned int cpu, rig_job *job, void *ctx)
{
	rig_post(r, cpu, job, ctx);
	if (!rig_wait(r, cpu)) {
		fail_msg("vCPU %u is stuck", cpu);
	}
}

static void call_job(struct rig *r, unsigned int cpu, void *ctx)
{
	struct rig_vcpu *v = &r->vcpu[cpu];

	(void)ctx;
	v->done = hm_call(r->m, v->ca, &v->regs);
}

void rig_begin(struct rig *r, unsigned int cpu, const struct hm_regs *regs)
{
	r->vcpu[cpu].regs = *regs;
	rig_post(r, cpu, call_job, NULL);
}

uint64_t rig_end(struct rig *r, unsigned int cpu)
{
	if (!rig_wait(r, cpu)) {
		fail_msg("the call of vCPU %u does not end", cpu);
	}
	if (r->vcpu[cpu].done != HM_CALL_DONE) {
		fail_msg("the call of vCPU %u was not served: %d", cpu, (int)r->vcpu[cpu].done);
	}
	return r->vcpu[cpu].regs.rax;
}

uint64_t rig_call(struct rig *r, unsigned int cpu, const struct hm_regs *regs)
{
	rig_begin(r, cpu, regs);
	return rig_end(r, cpu);
}

bool rig_freeze(struct rig *r, unsigned int cpu, enum arch_point point, unsigned int nth,
		const struct hm_regs *regs)
{
	bool busy = true;

	hm_freeze_at(r->m, cpu, point, nth);
	rig_begin(r, cpu, regs);
	for (unsigned int waited = 0; busy && waited < FREEZE_MS; waited += 2U) {
		if (hm_wait_frozen(r->m, cpu, 2U)) {
			return true;
		}
		(void)pthread_mutex_lock(&r->lock);
		busy = r->vcpu[cpu].busy;
		(void)pthread_mutex_unlock(&r->lock);
	}
	hm_thaw(r->m, cpu);
	(void)rig_wait(r, cpu);
	return false;
}

uint64_t rig_thaw(struct rig *r, unsigned int cpu)
{
	hm_thaw(r->m, cpu);
	return rig_end(r, cpu);
}

struct access {
	uint64_t gpa;
	const void *src;
	void *dst;
	size_t len;
	enum hm_access result;
};

static void access_job(struct rig *r, unsigned int cpu, void *ctx)
{
	struct access *a = ctx;

	(void)cpu;
	a->result = a->src != NULL ? hm_guest_write(r->m, a->gpa, a->src, a->len)
				   : hm_guest_read(r->m, a->gpa, a->dst, a->len);
}

enum hm_access rig_write(struct rig *r, unsigned int cpu, uint64_t gpa, const void *src, size_t len)
{
	struct access a = { .gpa = gpa, .src = src, .len = len };

	rig_run(r, cpu, access_job, &a);
	return a.result;
}

enum hm_access rig_read(struct rig *r, unsigned int cpu, uint64_t gpa, void *dst, size_t len)
{
	struct access a = { .gpa = gpa, .dst = dst, .len = len };

	rig_run(r, cpu, access_job, &a);
	return a.result;
}

enum hm_access rig_touch(struct rig *r, unsigned int cpu, uint64_t gpa)
{
	const uint64_t value = UINT64_C(0x7007700770077007);

	return rig_write(r, cpu, gpa, &value, sizeof(value));
}

void rig_write_vmsa(struct rig *r, unsigned int cpu, uint64_t gpa, unsigned int vmpl)
{
	static const struct vmsa_segment data = { .attributes = 0x92, .limit = 0xffff };
	struct vmsa_page vmsa = { .ds = data,
				  .es = data,
				  .ss = data,
				  .cs = { .attributes = 0x9a, .limit = 0xffff },
				  .vmpl = (uint8_t)vmpl,
				  .efer = VMSA_EFER_SVME,
				  .cr0 = 0x60000010,
				  .rflags = 2,
				  .sev_features = VMSA_SEV_SNP,
				  .xcr0 = 1 };

	assert_int_equal(rig_write(r, cpu, gpa, &vmsa, sizeof(vmsa)), HM_OK);
}

void rig_boot_cpu(struct rig *r, unsigned int cpu)
{
	const uint64_t vmsa = rig_vmsa_page(cpu);
	const struct hm_regs regs = { .rax = CREATE_VCPU,
				      .rcx = vmsa,
				      .rdx = rig_ca_page(cpu),
				      .r8 = hm_config(r->m)->apic_ids[cpu] };

	rig_write_vmsa(r, 0, vmsa, hm_config(r->m)->guest_vmpl);
	assert_int_equal(rig_call(r, 0, &regs), SVSM_SUCCESS);
	r->vcpu[cpu].ca = rig_ca_page(cpu);
	r->vcpu[cpu].vmsa = vmsa;
	hm_ap_create(r->m, cpu, vmsa);
}

void rig_boot_all(struct rig *r)
{
	for (unsigned int cpu = 1; cpu < r->nr; cpu++) {
		rig_boot_cpu(r, cpu);
	}
}

void rig_list(struct rig *r, unsigned int cpu, uint64_t at, const uint64_t *entries,
	      unsigned int count)
{
	uint64_t list[1U + SVSM_LIST_MAX_ENTRIES];
	const struct svsm_list_head head = { .count = (uint16_t)count };

	assert_true(count <= SVSM_LIST_MAX_ENTRIES);
	memcpy(list, &head, sizeof(head));
	memcpy(&list[1], entries, count * sizeof(entries[0]));
	assert_int_equal(rig_write(r, cpu, at, list, (count + 1U) * sizeof(list[0])), HM_OK);
}

unsigned int rig_next(struct rig *r, unsigned int cpu, uint64_t at)
{
	struct svsm_list_head head = { 0 };

	assert_int_equal(rig_read(r, cpu, at, &head, sizeof(head)), HM_OK);
	return head.next;
}

struct hm_regs rig_one_regs(struct rig *r, unsigned int cpu, enum rig_call_id call, uint64_t entry)
{
	const uint64_t at = r->vcpu[cpu].ca + sizeof(struct svsm_calling_area);

	rig_list(r, cpu, at, &entry, 1U);
	return (struct hm_regs){ .rax = call, .rcx = at };
}

uint64_t rig_one(struct rig *r, unsigned int cpu, enum rig_call_id call, uint64_t entry)
{
	const struct hm_regs regs = rig_one_regs(r, cpu, call, entry);

	return rig_call(r, cpu, &regs);
}

uint64_t rig_rmp(struct rig *r, uint64_t gpa)
{
	return snpm_word(hm_rmp(r->m), hm_spn(r->m, gpa), NULL);
}

/* The SVSM's account for the judge. */
struct account {
	struct judge_account judge;
	uint64_t *pages[JUDGE_KIND_NR];
	uint8_t *vmpl;
	size_t room;
};

static void account_page(void *ctx, enum svsm_private_kind kind, gpa_t page, unsigned int vmpl)
{
	static const enum judge_kind kinds[] = { [SVSM_PRIVATE_VMSA] = JUDGE_KIND_VMSA,
						 [SVSM_PRIVATE_CALLING_AREA] = JUDGE_KIND_CA,
						 [SVSM_PRIVATE_DEPOSITED] = JUDGE_KIND_DEPOSITED };
	struct account *a = ctx;
	const enum judge_kind k = kinds[kind];
	const size_t at = a->judge.counts[k];

	if (at == a->room) {
		fail_msg("the SVSM accounts for more pages than there are");
	}
	if (k == JUDGE_KIND_VMSA) {
		a->vmpl[at] = (uint8_t)vmpl;
	}
	a->pages[k][at] = page.raw;
	a->judge.counts[k]++;
}

static bool quiescent(struct rig *r)
{
	struct account a = { .room = hm_spare_spn(r->m) };
	bool clean;

	a.vmpl = calloc(a.room, sizeof(*a.vmpl));
	for (unsigned int kind = 0; kind < JUDGE_KIND_NR; kind++) {
		a.pages[kind] = calloc(a.room, sizeof(*a.pages[kind]));
		a.judge.pages[kind] = a.pages[kind];
	}
	a.judge.vmsa_vmpl = a.vmpl;
	svsm_introspect_private(account_page, &a);
	clean = judge_check_quiescent(r->judge, &a.judge);
	for (unsigned int kind = 0; kind < JUDGE_KIND_NR; kind++) {
		free(a.pages[kind]);
	}
	free(a.vmpl);
	return clean;
}

void rig_check(struct rig *r)
{
	(void)quiescent(r);
	if (judge_violations(r->judge) != 0U) {
		for (unsigned int i = 0; judge_violation(r->judge, i) != NULL; i++) {
			(void)fprintf(stderr, "judge: %s\n", judge_violation(r->judge, i));
		}
		fail_msg("detected by the judge: %s", judge_first_violation(r->judge));
	}
}

void rig_stop(struct rig *r)
{
	rig_check(r);
	for (unsigned int cpu = 0; cpu < r->nr; cpu++) {
		(void)pthread_mutex_lock(&r->lock);
		r->vcpu[cpu].end = true;
		(void)pthread_cond_broadcast(&r->vcpu[cpu].changed);
		(void)pthread_mutex_unlock(&r->lock);
	}
	for (unsigned int cpu = 0; cpu < r->nr; cpu++) {
		assert_int_equal(pthread_join(r->vcpu[cpu].thread, NULL), 0);
		(void)pthread_cond_destroy(&r->vcpu[cpu].changed);
	}
	(void)pthread_mutex_destroy(&r->lock);
	judge_detach(r->m);
	judge_destroy(r->judge);
	hm_destroy(r->m);
}
