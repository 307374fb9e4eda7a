/* SPDX-License-Identifier: Apache-2.0 */
#include "stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PAGE SVSM_PAGE_SIZE
#define REGION SVSM_REGION_SIZE

/* Memory. Pages of the pool become VMSAs and calling areas; the first is the startup area. */
#define STARTUP_CA POOL
#define LIST UINT64_C(0x101000)
#define POOL UINT64_C(0x110000)
#define POOL_PAGES STREAM_POOL_PAGES
#define SMALL UINT64_C(0x400000) /* regions for 4 KiB entries: two valid, two not */
#define LARGE UINT64_C(0x800000) /* regions for 2 MiB entries: four valid, four not */
#define VALID_END UINT64_C(0x1000000)
#define SMALL_INVALID VALID_END
#define LARGE_INVALID UINT64_C(0x1400000)
#define RAM_END UINT64_C(0x1c00000)
#define HOLE UINT64_C(0x2000000)
#define SVSM_START UINT64_C(0x4000000)
#define SVSM_END UINT64_C(0x6000000)

#define SMALL_REGIONS 4U
#define LARGE_REGIONS 8U
#define VMSAS_PER_CPU 8U

#define PV_2M UINT64_C(1)
#define PV_VALIDATE UINT64_C(4)
#define PV_IGNORE_CF UINT64_C(8)
#define INCOMPLETE UINT64_C(0x80000000)

#define FIELD(name) offsetof(struct vmsa_page, name)

enum { REMAP_CA, PVALIDATE, CREATE_VCPU, DELETE_VCPU, DEPOSIT_MEM, WITHDRAW_MEM, QUERY };

static uint64_t next_random(struct stream *s)
{
	s->random ^= s->random << 13;
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	return s->random;
}

static unsigned int below(struct stream *s, unsigned int limit)
{
	return (unsigned int)((next_random(s) >> 16) % limit);
}

static bool one_in(struct stream *s, unsigned int n)
{
	return below(s, n) == 0U;
}

/* A request is spoiled only where refusals are compared. */
static bool spoil(struct stream *s, unsigned int n)
{
	return !s->valid_only && one_in(s, n);
}

static uint64_t word_at(struct stream *s, uint64_t gpa, unsigned int *size)
{
	return snpm_word(hm_rmp(s->m), hm_spn(s->m, gpa), size);
}

static bool validated(struct stream *s, uint64_t gpa)
{
	return (word_at(s, gpa, NULL) & SNPM_VALIDATED) != 0U;
}

static uint64_t small_region(unsigned int index)
{
	return index < 2U ? SMALL + index * REGION : SMALL_INVALID + (index - 2U) * REGION;
}

static uint64_t large_region(unsigned int index)
{
	return index < 4U ? LARGE + index * REGION : LARGE_INVALID + (index - 4U) * REGION;
}

static uint64_t pool_page(struct stream *s)
{
	return POOL + below(s, POOL_PAGES) * PAGE;
}

/* Addresses that no implementation may touch, or of pages that are not the guest's. */
static uint64_t bad_page(struct stream *s)
{
	const uint64_t bad[] = { HOLE,
				 SVSM_START + PAGE,
				 SVSM_END - PAGE,
				 STARTUP_CA,
				 s->ca[s->cpu],
				 s->vmsa[s->cpu],
				 UINT64_C(1) << 46,
				 UINT64_C(0xfffffffffffff000),
				 UINT64_C(1) << 45,
				 RAM_END };

	return bad[below(s, sizeof(bad) / sizeof(bad[0]))];
}

/* ---- calls ---- */

static void play(struct stream *s, unsigned int cpu)
{
	hm_unbind(s->m);
	s->cpu = cpu;
	hm_bind(s->m, cpu);
}

static enum hm_call call(struct stream *s, struct hm_regs *regs)
{
	const struct hm_regs arguments = *regs;
	enum hm_call done = hm_call(s->m, s->ca[s->cpu], regs);

	while (done == HM_CALL_DONE && regs->rax == INCOMPLETE) {
		*regs = arguments;
		done = hm_call(s->m, s->ca[s->cpu], regs);
	}
	printf("%u cpu %u call 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64 ": %d", s->step, s->cpu,
	       arguments.rax, arguments.rcx, arguments.rdx, (int)done);
	if (done == HM_CALL_DONE) {
		printf(" rax 0x%" PRIx64 " rcx 0x%" PRIx64 "\n", regs->rax, regs->rcx);
	} else {
		printf("\n");
	}
	return done;
}

static bool succeeds(struct stream *s, struct hm_regs *regs)
{
	return call(s, regs) == HM_CALL_DONE && regs->rax == 0U;
}

static void query(struct stream *s)
{
	struct hm_regs regs = { .rax = QUERY, .rcx = below(s, 4U) };

	if (one_in(s, 4U)) {
		regs.rcx |= UINT64_C(5) << 32;
	}
	(void)call(s, &regs);
}

/* Calls that nobody knows, or that only ours serves. */
static void unknown(struct stream *s)
{
	struct hm_regs regs = { .rax = one_in(s, 2U) ? 9U : UINT64_C(7) << 32 };

	if (!s->valid_only) {
		(void)call(s, &regs);
	}
}

/* VMSA @vmsa has calling area @ca from now on, and no other VMSA has it. */
static void bind_ca(struct stream *s, uint64_t vmsa, uint64_t ca)
{
	const bool startup = vmsa == hm_boot_info(s->m)->startup_vmsa.raw;

	for (unsigned int i = 0; i <= POOL_PAGES; i++) {
		s->bound[i] = s->bound[i] == ca ? 0U : s->bound[i];
	}
	s->bound[startup ? POOL_PAGES : (vmsa - POOL) / PAGE] = ca;
}

static bool in_use(const struct stream *s, uint64_t page)
{
	for (unsigned int i = 0; i <= POOL_PAGES; i++) {
		if (s->bound[i] == page) {
			return true;
		}
	}
	for (unsigned int i = 0; i < STREAM_CPUS; i++) {
		if (s->vmsa[i] == page || s->ca[i] == page) {
			return true;
		}
	}
	return false;
}

/* A page of the pool that is in no record. */
static uint64_t free_page(struct stream *s)
{
	uint64_t page = pool_page(s);

	while (in_use(s, page) || (word_at(s, page, NULL) & SNPM_VMSA) != 0U) {
		page = pool_page(s);
	}
	return page;
}

static void remap_ca(struct stream *s)
{
	const uint64_t zero = 0;
	uint64_t ca = s->valid_only ? free_page(s) : pool_page(s);
	struct hm_regs regs = { .rax = REMAP_CA };

	if (spoil(s, 4U)) {
		ca = one_in(s, 2U) ? bad_page(s) : ca + 8U;
	} else if (spoil(s, 8U)) {
		ca = small_region(below(s, SMALL_REGIONS)) + below(s, 512U) * PAGE;
	}
	/* Ours also clears SVSM_MEM_AVAILABLE in a new area. */
	if (!in_use(s, ca)) {
		(void)hm_guest_write(s->m, ca, &zero, sizeof(zero));
	}
	regs.rcx = ca;
	if (succeeds(s, &regs)) {
		bind_ca(s, s->vmsa[s->cpu], ca);
		s->ca[s->cpu] = ca;
	}
}

static void write_vmsa(struct stream *s, uint64_t at)
{
	struct vmsa_page vmsa = { .vmpl = (uint8_t)hm_config(s->m)->guest_vmpl,
				  .efer = VMSA_EFER_SVME,
				  .sev_features = VMSA_SEV_SNP,
				  .rflags = 2 };

	if (spoil(s, 12U)) {
		vmsa.vmpl = one_in(s, 2U) ? 0 : 7;
	}
	if (spoil(s, 12U)) {
		vmsa.efer = 0;
	}
	if (spoil(s, 12U)) {
		vmsa.sev_features |= UINT64_C(1) << 5;
	}
	(void)hm_guest_write(s->m, at, &vmsa, sizeof(vmsa));
}

/* vCPU 0 goes on with the startup VMSA, so that there always is somebody who can call. */
static unsigned int any_target(struct stream *s)
{
	const unsigned int target = below(s, STREAM_CPUS);

	return target == 0U ? s->cpu : target;
}

/* So many VMSAs that one vCPU may have all that it can. */
static bool crowded(struct stream *s)
{
	unsigned int live = 0;

	for (unsigned int i = 0; i < POOL_PAGES; i++) {
		live += (word_at(s, POOL + i * PAGE, NULL) & SNPM_VMSA) != 0U ? 1U : 0U;
	}
	return live >= VMSAS_PER_CPU - 1U;
}

/* The new VMSA runs on its vCPU, unless that is the one which called. */
static void create_vcpu(struct stream *s)
{
	const unsigned int target = any_target(s);
	uint64_t ca = s->valid_only ? free_page(s) : pool_page(s);
	struct hm_regs regs = { .rax = CREATE_VCPU, .r8 = target };

	regs.rcx = s->valid_only ? free_page(s) : pool_page(s);
	if (s->valid_only && (regs.rcx == ca || crowded(s))) {
		return;
	}
	if (s->ca[target] != 0U && target != s->cpu && one_in(s, 4U)) {
		ca = s->ca[target];
	}
	regs.rdx = ca;
	if (spoil(s, 8U)) {
		regs.rcx = one_in(s, 2U) ? bad_page(s) : regs.rcx + 16U;
	}
	if (spoil(s, 8U)) {
		regs.rdx = one_in(s, 2U) ? bad_page(s) : small_region(2U);
	}
	if (spoil(s, 16U)) {
		regs.r8 = STREAM_CPUS + below(s, 2U);
	}
	write_vmsa(s, regs.rcx);
	if (!succeeds(s, &regs)) {
		return;
	}
	bind_ca(s, regs.rcx, regs.rdx);
	if (target != s->cpu) {
		s->vmsa[target] = regs.rcx;
		s->ca[target] = regs.rdx;
		hm_ap_create(s->m, target, regs.rcx);
	}
}

static void deleted(struct stream *s, uint64_t vmsa)
{
	bind_ca(s, vmsa, 0U);
	for (unsigned int i = 0; i < STREAM_CPUS; i++) {
		if (s->vmsa[i] == vmsa) {
			s->vmsa[i] = 0;
			s->ca[i] = 0;
			hm_ap_destroy(s->m, i);
		}
	}
}

static void delete_vcpu(struct stream *s)
{
	const uint64_t ca = s->ca[s->cpu];
	struct hm_regs regs = { .rax = DELETE_VCPU, .rcx = pool_page(s) };
	enum hm_call done;

	while (s->valid_only && (word_at(s, regs.rcx, NULL) & SNPM_VMSA) == 0U) {
		regs.rcx += PAGE;
		if (regs.rcx >= POOL + POOL_PAGES * PAGE) {
			return;
		}
	}
	if (s->valid_only && regs.rcx == s->vmsa[s->cpu]) {
		return;
	}
	if (spoil(s, 4U)) {
		regs.rcx = one_in(s, 2U) ? bad_page(s) : s->vmsa[below(s, STREAM_CPUS)] + 8U;
	}
	done = call(s, &regs);
	if (done == HM_CALL_STOPPED || (done == HM_CALL_DONE && regs.rax == 0U)) {
		deleted(s, done == HM_CALL_STOPPED ? s->vmsa[s->cpu] : regs.rcx);
	}
	if (s->vmsa[s->cpu] == 0U) {
		const uint8_t not_pending = 0;

		play(s, 0);
		/* 58019 section 5 does not say whether a call that has no return is still pending.
		 */
		(void)hm_guest_write(s->m, ca, &not_pending, sizeof(not_pending));
	}
}

/* ---- PVALIDATE ---- */

static void spoil_entry(struct stream *s, uint64_t *entry)
{
	static const uint64_t bits[] = { 2, 3, 0x20, 0x800 };

	switch (below(s, 3U)) {
	case 0:
		*entry |= bits[below(s, 4U)];
		break;
	case 1:
		*entry = bad_page(s) | (*entry & 0xcU);
		break;
	default:
		*entry = LIST | (*entry & 0xcU);
		break;
	}
}

static uint64_t how(struct stream *s, uint64_t gpa)
{
	if (s->valid_only) {
		return validated(s, gpa) ? 0U : PV_VALIDATE;
	}
	/* Mostly what changes something. */
	return (one_in(s, 8U) == validated(s, gpa) ? PV_VALIDATE : 0U) |
	       (one_in(s, 3U) ? PV_IGNORE_CF : 0U);
}

static void fill_4k(struct stream *s, struct stream_list *list)
{
	const uint64_t region = small_region(below(s, SMALL_REGIONS));
	const unsigned int stride = one_in(s, 2U) ? 1U : 1U + 2U * below(s, 8U);
	unsigned int page = below(s, SVSM_PAGES_PER_REGION);

	for (unsigned int i = 0; i < list->count; i++) {
		const uint64_t gpa = region + page * PAGE;

		list->entry[i] = gpa | how(s, gpa);
		page = (page + stride) % SVSM_PAGES_PER_REGION;
		/* With a twin, the second one finds what the first left. */
		if (spoil(s, 64U) && i > 0U) {
			list->entry[i] = list->entry[i - 1U];
		}
	}
}

static void fill_2m(struct stream *s, struct stream_list *list)
{
	unsigned int region = below(s, LARGE_REGIONS);

	list->count = (uint16_t)(1U + below(s, LARGE_REGIONS));
	for (unsigned int i = 0; i < list->count; i++) {
		const uint64_t gpa = large_region(region);

		list->entry[i] = gpa | how(s, gpa) | PV_2M;
		region = (region + 1U) % LARGE_REGIONS;
	}
}

/* A lone 2 MiB entry on a region of 4 KiB entries: see the header for what is left out. */
static void fill_mismatch(struct stream *s, struct stream_list *list)
{
	const uint64_t region = small_region(below(s, SMALL_REGIONS));
	const uint64_t entry = region | (one_in(s, 2U) ? PV_VALIDATE : 0U);
	bool settled = true;

	for (uint64_t i = 0; i < SVSM_PAGES_PER_REGION; i++) {
		settled = settled && validated(s, region + i * PAGE) == (entry != region);
	}
	list->count = 1;
	list->entry[0] = entry | PV_2M;
	if (settled) {
		list->entry[0] = region | (validated(s, region) ? 0U : PV_VALIDATE);
	}
}

static void fill(struct stream *s, struct stream_list *list)
{
	static const uint16_t counts[] = { 1, 1, 1, 1, 1, 2, 8, 64, 510 };

	list->count = counts[below(s, sizeof(counts) / sizeof(counts[0]))];
	if (one_in(s, 6U)) {
		fill_2m(s, list);
	} else if (spoil(s, 16U)) {
		fill_mismatch(s, list);
	} else {
		fill_4k(s, list);
	}
	if (spoil(s, 8U)) {
		spoil_entry(s, &list->entry[below(s, list->count)]);
	}
}

static void spoil_head(struct stream *s, struct stream_list *list)
{
	switch (below(s, 4U)) {
	case 0:
		list->count = 0;
		break;
	case 1:
		list->next = list->count;
		break;
	case 2:
		list->reserved = 1;
		break;
	default:
		list->count = 600;
		break;
	}
}

static uint64_t spoil_place(struct stream *s, uint64_t at)
{
	const uint64_t bad[] = { at + 4U,	   s->ca[s->cpu],   SVSM_START + PAGE, HOLE,
				 small_region(3U), s->vmsa[s->cpu], LIST + PAGE - 8U };

	return bad[below(s, sizeof(bad) / sizeof(bad[0]))];
}

static void pvalidate(struct stream *s)
{
	struct stream_list list = { 0 };
	const uint64_t at = one_in(s, 2U) ? LIST : s->ca[s->cpu] + 8U;
	struct hm_regs regs = { .rax = PVALIDATE, .rcx = at };

	fill(s, &list);
	if (list.count > 2U && spoil(s, 4U)) {
		list.next = (uint16_t)below(s, list.count);
	}
	if (spoil(s, 16U)) {
		spoil_head(s, &list);
	}
	(void)hm_guest_write(s->m, at, &list, 8U + (list.count % 511U) * sizeof(uint64_t));
	if (spoil(s, 16U)) {
		regs.rcx = spoil_place(s, at);
	}
	(void)call(s, &regs);
	if (hm_guest_read(s->m, at, &list, 8U) == HM_OK) {
		printf("%u next %u of %u\n", s->step, list.next, list.count);
	}
}

/* ---- guest and host besides calls ---- */

static void touch(struct stream *s)
{
	const uint64_t at = small_region(below(s, SMALL_REGIONS)) + below(s, 512U) * PAGE;
	const uint64_t value = next_random(s);

	if (validated(s, at)) {
		printf("%u touch %d\n", s->step,
		       (int)hm_guest_write(s->m, at + below(s, 512U) * 8U, &value, sizeof(value)));
	}
}

/* The host converts pages that the guest has rescinded to shared and back. */
static void convert(struct stream *s)
{
	const bool large = one_in(s, 2U);
	const uint64_t gpa = large ? large_region(below(s, LARGE_REGIONS))
				   : small_region(below(s, SMALL_REGIONS)) + below(s, 512U) * PAGE;
	const enum svsm_page_size size = large ? SVSM_PAGE_2M : SVSM_PAGE_4K;

	if (!validated(s, gpa)) {
		const bool shared = hm_psc(s->m, gpa, 1, size, false);

		printf("%u psc %d %d\n", s->step, shared, hm_psc(s->m, gpa, 1, size, true));
	}
}

static void change_cpu(struct stream *s)
{
	const unsigned int cpu = below(s, STREAM_CPUS);

	if (s->vmsa[cpu] != 0U && s->ca[cpu] != 0U) {
		play(s, cpu);
	}
}

void stream_step(struct stream *s)
{
	static void (*const steps[])(struct stream *) = {
		pvalidate, pvalidate,	pvalidate,   pvalidate,	 pvalidate, query, unknown,
		remap_ca,  create_vcpu, delete_vcpu, change_cpu, touch,	    touch, convert,
	};

	s->step++;
	steps[below(s, sizeof(steps) / sizeof(steps[0]))](s);
}

/* ---- begin and end ---- */

bool stream_start(struct stream *s, uint64_t seed, unsigned int vmpl, bool valid_only)
{
	struct hm_config config = { .nr_vcpus = STREAM_CPUS,
				    .ram = { { 0, RAM_END }, { SVSM_START, SVSM_END } },
				    .nr_ram = 2,
				    .valid = { { 0, VALID_END } },
				    .nr_valid = 1,
				    .svsm = { SVSM_START, SVSM_END },
				    .startup_ca = STARTUP_CA,
				    .guest_vmpl = vmpl,
				    .seed = 1 };

	*s = (struct stream){ .random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1U,
			      .valid_only = valid_only };
	s->m = hm_create(&config);
	if (s->m == NULL) {
		return false;
	}
	for (unsigned int i = 0; i < SMALL_REGIONS; i++) {
		(void)hm_psmash(s->m, small_region(i));
	}
	hm_bind(s->m, 0);
	s->vmsa[0] = hm_boot_info(s->m)->startup_vmsa.raw;
	s->ca[0] = STARTUP_CA;
	return true;
}

static void mix(uint64_t *hash, uint64_t value)
{
	*hash = (*hash ^ value) * UINT64_C(0x100000001b3);
	*hash ^= *hash >> 29;
}

/* Rights of VMPLs above the guest's are nobody's: ours grants them, the peer does not. */
static uint64_t rmp_value(struct stream *s, uint64_t gpa)
{
	uint64_t word = word_at(s, gpa, NULL) & ~SNPM_INUSE;

	for (unsigned int vmpl = 1; vmpl < hm_config(s->m)->guest_vmpl && !s->valid_only; vmpl++) {
		word &= ~(SNPM_PERM_BITS << SNPM_PERM_SHIFT(vmpl));
	}
	return word;
}

/* What the SVSM leaves in the gate and the exit code of a VMSA is its own business. */
static void mix_page(struct stream *s, uint64_t *hash, uint64_t gpa)
{
	const uint64_t *words = hm_system_page(s->m, hm_spn(s->m, gpa));
	const bool pool = gpa >= POOL && gpa < POOL + POOL_PAGES * PAGE;

	for (size_t i = 0; i < PAGE / sizeof(*words); i++) {
		const size_t offset = i * sizeof(*words);

		if (!pool || (offset != FIELD(efer) && offset != FIELD(guest_exitcode))) {
			mix(hash, words[i]);
		}
	}
}

void stream_end(struct stream *s)
{
	uint64_t memory = 1;
	uint64_t words = 1;

	hm_unbind(s->m);
	for (uint64_t gpa = 0; gpa < RAM_END; gpa += PAGE) {
		mix_page(s, &memory, gpa);
		mix(&words, rmp_value(s, gpa));
	}
	printf("memory 0x%" PRIx64 " rmp 0x%" PRIx64 "\n", memory, words);
	hm_destroy(s->m);
}
