/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <threads.h>

#include "relying_party.h"
#include "services.h"
#include "stress.h"

/*
 * 58019 section 7 with many vCPUs at once and a host between the SVSM and the processor that lies:
 * a report that a guest gets is the one it asked for, nobody waits, and a sequence number never
 * carries two messages.
 */

#define ATTEST_SERVICES (UINT64_C(1) << 32)
#define ATTEST_SINGLE (ATTEST_SERVICES | 1U)
#define ATTEST_FAILED UINT64_C(0x80001000)
#define CPUS 8U
#define HEAD_BYTES 24U
#define CERTS_PAGES 4U

/* Pages of each vCPU. */
#define HOME(cpu) (8U * MIB + (uint64_t)(cpu) * 16U * PAGE)
#define REPORT_AT 0U
#define MANIFEST_AT PAGE
#define CERTS_AT (2U * PAGE)
#define NONCE_AT (8U * PAGE)
#define OP_AT (9U * PAGE)

/* Tables 19 and 22. */
struct op {
	uint64_t report_gpa;
	uint64_t report_size;
	uint64_t nonce_gpa;
	uint64_t nonce_size;
	uint64_t manifest_gpa;
	uint64_t manifest_size;
	uint64_t certs_gpa;
	uint64_t certs_size;
	uint8_t guid[16];
	uint64_t version;
};
_Static_assert(sizeof(struct op) == 0x58U, "58019 Table 22");

/* ---- what goes over the wire ---- */

#define MESSAGE_SEQUENCE 0x20U

/* Of the owner of the channel; its compare-and-swap orders the owners. */
static struct {
	uint8_t last[ARCH_PSP_MESSAGE_BYTES];
	uint64_t sequence;
	uint64_t messages, repeats;
	unsigned int reused, jumped;
} wire;

struct arch_psp_result __real_arch_psp_request(const uint8_t *request, uint8_t *response,
					       bool with_certs);
struct arch_psp_result __wrap_arch_psp_request(const uint8_t *request, uint8_t *response,
					       bool with_certs);

/* The linker puts this between the channel and the machine (--wrap). */
struct arch_psp_result __wrap_arch_psp_request(const uint8_t *request, uint8_t *response,
					       bool with_certs)
{
	uint64_t sequence = 0;

	memcpy(&sequence, &request[MESSAGE_SEQUENCE], sizeof(sequence));
	if (sequence == wire.sequence) {
		wire.repeats++;
		wire.reused += memcmp(wire.last, request, sizeof(wire.last)) != 0 ? 1U : 0U;
	} else {
		wire.jumped += sequence != wire.sequence + (wire.sequence == 0U ? 1U : 2U) ? 1U
											   : 0U;
	}
	wire.messages++;
	wire.sequence = sequence;
	memcpy(wire.last, request, sizeof(wire.last));
	return __real_arch_psp_request(request, response, with_certs);
}

static void check_wire(void)
{
	if (wire.reused != 0U || wire.jumped != 0U) {
		fail_msg("a sequence number was used for two messages (%u), or left out (%u)",
			 wire.reused, wire.jumped);
	}
}

/* ---- a service ---- */

#define SERVICE_BYTES 100U

static size_t service_manifest(uint32_t version, uint8_t *manifest, size_t size)
{
	if (version == 0U && size >= SERVICE_BYTES) {
		memset(manifest, 0x42, SERVICE_BYTES);
	}
	return version == 0U ? SERVICE_BYTES : 0U;
}

static const struct svsm_service service = { { 0xa7, 0x7e, 0x57 }, service_manifest };

/* ---- guests ---- */

struct guest {
	uint64_t random;
	unsigned int good, busy, failed, small;
	unsigned int wrong; /* what must never happen */
	const char *what;
};

struct world {
	struct rig rig;
	unsigned int reports;  /* each guest wants */
	unsigned int failures; /* a guest gives up after so many in a row */
	atomic_bool over;
	struct guest guest[CPUS];
};

static void wrong(struct guest *g, const char *what)
{
	g->wrong++;
	g->what = what;
}

static struct op make_op(struct guest *g, unsigned int cpu)
{
	const uint64_t home = HOME(cpu);
	const bool certs = stress_below(&g->random, 2) == 0U;
	struct op op = {
		.report_gpa = home + REPORT_AT,
		.report_size = PAGE,
		.nonce_gpa = home + NONCE_AT + stress_below(&g->random, 100),
		.nonce_size = stress_below(&g->random, 65),
		.manifest_gpa = home + MANIFEST_AT,
		.manifest_size = PAGE,
		.certs_gpa = home + CERTS_AT,
		.certs_size = certs ? CERTS_PAGES * PAGE : 0U,
	};

	memcpy(op.guid, service.guid, sizeof(op.guid));
	return op;
}

static void check_report(struct rig *r, struct guest *g, const struct op *op, const uint8_t *nonce,
			 const struct hm_regs *regs)
{
	uint8_t report[RELYING_REPORT_BYTES];
	uint8_t manifest[PAGE];

	if (regs->r8 != sizeof(report) || regs->rcx < SERVICE_BYTES ||
	    regs->rcx > sizeof(manifest) || regs->rdx > op->certs_size) {
		wrong(g, "sizes");
		return;
	}
	if (hm_guest_read(r->m, op->report_gpa, report, sizeof(report)) != HM_OK ||
	    hm_guest_read(r->m, op->manifest_gpa, manifest, regs->rcx) != HM_OK) {
		wrong(g, "buffers");
		return;
	}
	if (!relying_party_accepts(hm_psp(r->m), report, nonce, op->nonce_size, manifest,
				   regs->rcx)) {
		wrong(g, "report");
	}
	g->good++;
}

/* One call with a fresh nonce, repeated while it is BUSY. False: it failed. */
static bool attest(struct world *w, unsigned int cpu)
{
	struct rig *r = &w->rig;
	struct guest *g = &w->guest[cpu];
	const struct op op = make_op(g, cpu);
	struct hm_regs regs;
	uint8_t nonce[64];

	for (size_t i = 0; i < sizeof(nonce); i++) {
		nonce[i] = (uint8_t)stress_next(&g->random);
	}
	if (hm_guest_write(r->m, op.nonce_gpa, nonce, sizeof(nonce)) != HM_OK ||
	    hm_guest_write(r->m, HOME(cpu) + OP_AT, &op, sizeof(op)) != HM_OK) {
		wrong(g, "guest memory");
		return false;
	}
	do {
		regs = (struct hm_regs){ .rax = stress_below(&g->random, 2) == 0U ? ATTEST_SERVICES
										  : ATTEST_SINGLE,
					 .rcx = HOME(cpu) + OP_AT,
					 .rdx = 7,
					 .r8 = 9 };
		if (hm_call(r->m, r->vcpu[cpu].ca, &regs) != HM_CALL_DONE) {
			wrong(g, "not served");
			return false;
		}
		g->busy += regs.rax == SVSM_ERR_BUSY ? 1U : 0U;
		if (regs.rax == SVSM_ERR_BUSY &&
		    (regs.rcx != HOME(cpu) + OP_AT || regs.rdx != 7U)) {
			wrong(g, "registers after BUSY");
		}
	} while (regs.rax == SVSM_ERR_BUSY && !atomic_load(&w->over));
	if (regs.rax == SVSM_SUCCESS) {
		check_report(r, g, &op, nonce, &regs);
	} else if (regs.rax == SVSM_ERR_INVALID_PARAMETER) {
		/* the host's certificates want more room */
		g->small++;
		if (regs.rdx <= op.certs_size || op.certs_size == 0U) {
			wrong(g, "size answer");
		}
	} else if (regs.rax == ATTEST_FAILED) {
		g->failed++;
		return false;
	} else if (regs.rax != SVSM_ERR_BUSY) {
		wrong(g, "result");
	}
	return true;
}

static void guest_job(struct rig *r, unsigned int cpu, void *ctx)
{
	struct world *w = ctx;
	struct guest *g = &w->guest[cpu];
	unsigned int failures = 0;

	(void)r;
	while (g->good < w->reports && failures < w->failures && g->wrong == 0U &&
	       !atomic_load(&w->over)) {
		failures = attest(w, cpu) ? 0U : failures + 1U;
	}
}

static void start(struct world *w, uint64_t seed)
{
	struct hm_config config = rig_config(CPUS);

	memset(w, 0, sizeof(*w));
	memset(&wire, 0, sizeof(wire));
	config.psp = true;
	config.seed = seed;
	rig_start(&w->rig, &config);
	assert_true(svsm_service_register(&service));
	rig_boot_all(&w->rig);
	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		w->guest[cpu].random = stress_start(seed, cpu);
	}
}

/* What all guests got, and the end of the machine. */
static struct guest finish(struct world *w)
{
	struct guest sum = { 0 };

	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		const struct guest *g = &w->guest[cpu];

		if (g->wrong != 0U) {
			fail_msg("vCPU %u: wrong %s", cpu, g->what);
		}
		sum.good += g->good;
		sum.busy += g->busy;
		sum.failed += g->failed;
		sum.small += g->small;
	}
	check_wire();
	rig_stop(&w->rig);
	return sum;
}

/* Everybody gets all reports; BUSY is the only other answer. */
static void test_concurrent_callers(void **state)
{
	static struct world w;
	const uint64_t seed = stress_seed();
	struct guest sum;

	(void)state;
	start(&w, seed);
	w.reports = stress_times(40);
	w.failures = 1;
	hm_jitter(w.rig.m, 20);
	stress_all(&w.rig, CPUS, guest_job, &w);
	sum = finish(&w);
	(void)print_message("%u reports, %u BUSY\n", sum.good, sum.busy);
	assert_int_equal(sum.good, CPUS * w.reports);
	assert_int_equal(sum.failed, 0);
	assert_int_equal(sum.small, 0);
	assert_int_equal(wire.repeats, 0);
	assert_int_equal(wire.messages, sum.good);
}

/* ---- a lying host ---- */

/* After these the processor has served what the SVSM never gets a reply to: the channel dies. */
static bool deadly(unsigned int lie)
{
	switch (lie) {
	case HM_PSP_FAIL_AFTER:
	case HM_PSP_REPLAY:
	case HM_PSP_FOREIGN:
	case HM_PSP_SEQUENCE:
	case HM_PSP_TYPE:
	case HM_PSP_SIZE:
	case HM_PSP_CORRUPT:
	case HM_PSP_TRUNCATE:
		return true;
	default:
		return false;
	}
}

static uint64_t lie_value(unsigned int lie, uint64_t *random)
{
	switch (lie) {
	case HM_PSP_BUSY:
		return 1U + stress_below(random, 20);
	case HM_PSP_SLOW:
		return stress_below(random, 200000);
	case HM_PSP_SEQUENCE:
	case HM_PSP_REPLAY:
		return 1U + stress_below(random, 4);
	case HM_PSP_TYPE:
		return 7U + stress_below(random, 200);
	case HM_PSP_SIZE:
		return stress_below(random, 0x4c0);
	case HM_PSP_CORRUPT: /* in what is authenticated: additional data, payload */
		return 8U * 0x30U + stress_below(random, 8U * 0x4f0U);
	case HM_PSP_TRUNCATE:
		return stress_below(random, 0x400);
	case HM_PSP_CERT_PAGES:
		return stress_below(random, 40);
	case HM_PSP_CERT_GROW:
		return stress_below(random, 3000);
	case HM_PSP_CERT_BAD:
		return stress_below(random, HM_PSP_BAD_NR);
	case HM_PSP_CERT_CHANGE:
		return stress_below(random, 0x2000);
	default: /* without a value, or a generic host error */
		return 0;
	}
}

struct lies {
	struct world *w;
	uint64_t random;
	bool may_kill;
	pthread_t thread;
};

static void *host(void *ctx)
{
	struct lies *l = ctx;
	const struct timespec pause = { .tv_nsec = 200000 };

	while (!atomic_load(&l->w->over)) {
		const unsigned int lie = stress_below(&l->random, HM_PSP_LIE_NR);

		if (!deadly(lie) || (l->may_kill && stress_below(&l->random, 8) == 0U)) {
			hm_psp_lie(l->w->rig.m, (enum hm_psp_lie)lie,
				   1U + stress_below(&l->random, 3), lie_value(lie, &l->random));
		}
		(void)thrd_sleep(&pause, NULL);
	}
	return NULL;
}

static struct guest run_lies(uint64_t seed, bool may_kill)
{
	static struct world w;
	struct lies lies = { .w = &w, .random = stress_start(seed, CPUS), .may_kill = may_kill };

	start(&w, seed);
	w.reports = 25;
	w.failures = may_kill ? 50U : UINT32_MAX;
	assert_int_equal(pthread_create(&lies.thread, NULL, host, &lies), 0);
	stress_all(&w.rig, CPUS, guest_job, &w);
	atomic_store(&w.over, true);
	assert_int_equal(pthread_join(lies.thread, NULL), 0);
	return finish(&w);
}

/* Lies that leave the message with the host: in the end everybody has all reports. */
static void test_host_that_delays(void **state)
{
	const uint64_t seed = stress_seed();
	uint64_t repeats = 0;

	(void)state;
	for (unsigned int round = 0; round < stress_times(4); round++) {
		const struct guest sum = run_lies(seed + round, false);

		assert_int_equal(sum.good, CPUS * 25U);
		repeats += wire.repeats;
	}
	(void)print_message("%llu messages sent again\n", (unsigned long long)repeats);
	assert_true(repeats > 0U);
}

/* And lies that kill the channel: what was accepted before was right. */
static void test_host_that_lies(void **state)
{
	const uint64_t seed = stress_seed();
	unsigned int good = 0, dead = 0;

	(void)state;
	for (unsigned int round = 0; round < stress_times(12); round++) {
		const struct guest sum = run_lies(seed + round, true);

		good += sum.good;
		dead += sum.good < CPUS * 25U ? 1U : 0U;
	}
	(void)print_message("%u reports, %u channels dead\n", good, dead);
	assert_true(good > 0U && dead > 0U);
}

/* ---- a frozen owner ---- */

#define OWNER 1U
#define WATCHER 2U

static struct hm_regs prepare(struct world *w, unsigned int cpu)
{
	const struct op op = {
		.report_gpa = HOME(cpu) + REPORT_AT,
		.report_size = PAGE,
		.nonce_gpa = HOME(cpu) + NONCE_AT,
		.nonce_size = 32,
		.manifest_gpa = HOME(cpu) + MANIFEST_AT,
		.manifest_size = PAGE,
		.certs_gpa = HOME(cpu) + CERTS_AT,
		.certs_size = CERTS_PAGES * PAGE,
	};

	assert_int_equal(rig_write(&w->rig, cpu, HOME(cpu) + OP_AT, &op, sizeof(op)), HM_OK);
	return (struct hm_regs){ .rax = ATTEST_SERVICES, .rcx = HOME(cpu) + OP_AT };
}

/* Every other protocol call of another vCPU, while the owner is stopped. */
static void others_go_on(struct rig *r)
{
	const uint64_t page = HOME(WATCHER) + 12U * PAGE, vmsa = page + PAGE, ca = page + 2U * PAGE;
	const uint64_t own_ca = r->vcpu[WATCHER].ca;
	const struct hm_regs query = { .rax = QUERY_PROTOCOL, .rcx = ATTEST_SERVICES | 1U };
	const struct hm_regs withdraw = { .rax = WITHDRAW_MEM,
					  .rcx = HOME(WATCHER) + OP_AT + PAGE };
	const struct hm_regs create = {
		.rax = CREATE_VCPU, .rcx = vmsa, .rdx = ca, .r8 = CPUS - 1U
	};
	const struct hm_regs destroy = { .rax = DELETE_VCPU, .rcx = vmsa };
	struct hm_regs remap = { .rax = REMAP_CA, .rcx = ca };

	assert_int_equal(rig_call(r, WATCHER, &query), SVSM_SUCCESS);
	assert_int_equal(rig_one(r, WATCHER, PVALIDATE, page), SVSM_SUCCESS);
	assert_int_equal(rig_one(r, WATCHER, PVALIDATE, page | SVSM_PV_VALIDATE), SVSM_SUCCESS);
	assert_int_equal(rig_one(r, WATCHER, DEPOSIT_MEM, page), SVSM_SUCCESS);
	assert_int_equal(rig_call(r, WATCHER, &withdraw), SVSM_SUCCESS);
	rig_write_vmsa(r, WATCHER, vmsa, 2);
	assert_int_equal(rig_call(r, WATCHER, &create), SVSM_SUCCESS);
	assert_int_equal(rig_call(r, WATCHER, &destroy), SVSM_SUCCESS);
	assert_int_equal(rig_call(r, WATCHER, &remap), SVSM_SUCCESS);
	r->vcpu[WATCHER].ca = ca;
	remap.rcx = own_ca;
	assert_int_equal(rig_call(r, WATCHER, &remap), SVSM_SUCCESS);
	r->vcpu[WATCHER].ca = own_ca;
}

/*
 * The owner of the channel is stopped wherever that can be: attestation answers BUSY (architecture
 * section 7), nothing else notices, and when the owner goes on it gets its report.
 */
static void test_frozen_owner(void **state)
{
	static struct world w;
	unsigned int stops = 0, owned = 0;

	(void)state;
	start(&w, 1);
	for (unsigned int point = 0; point < ARCH_POINT_NR; point++) {
		for (unsigned int nth = 1;; nth++) {
			const struct hm_regs mine = prepare(&w, OWNER);
			const struct hm_regs theirs = prepare(&w, 3);
			uint64_t rax;

			if (!rig_freeze(&w.rig, OWNER, (enum arch_point)point, nth, &mine)) {
				break;
			}
			stops++;
			rax = rig_call(&w.rig, 3, &theirs);
			for (unsigned int i = 0; rax == SVSM_ERR_BUSY && i < 5U; i++) {
				assert_int_equal(rig_call(&w.rig, 3, &theirs), SVSM_ERR_BUSY);
			}
			owned += rax == SVSM_ERR_BUSY ? 1U : 0U;
			assert_true(rax == SVSM_ERR_BUSY || rax == SVSM_SUCCESS);
			others_go_on(&w.rig);
			assert_int_equal(rig_thaw(&w.rig, OWNER), SVSM_SUCCESS);
			assert_int_equal(rig_call(&w.rig, 3, &theirs), SVSM_SUCCESS);
		}
		assert_int_equal(rig_end(&w.rig, OWNER), SVSM_SUCCESS);
	}
	(void)print_message("%u stops, %u of them with the channel owned\n", stops, owned);
	assert_true(owned >= 10U && stops > owned);
	(void)finish(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_concurrent_callers),
		cmocka_unit_test(test_host_that_delays),
		cmocka_unit_test(test_host_that_lies),
		cmocka_unit_test(test_frozen_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
