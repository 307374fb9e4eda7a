/* SPDX-License-Identifier: Apache-2.0 */
#include "attest.h"

#include <inttypes.h>
#include <string.h>

#include <openssl/sha.h>

#include "guest_message.h"
#include "relying_party.h"
#include "services.h"
#include "svsm_abi.h"

#define ATTEST_FAILED UINT32_C(0x80001000)
#define SERVICES_CALL (UINT64_C(1) << 32)
#define SINGLE_CALL (SERVICES_CALL | 1U)

#define SMALL_BYTES 13U
#define BIG_BYTES 5000U
#define NR_SERVICES 2U

/* The slowest processor that leaves the fuzzer fast. */
#define MAX_SLOW_NS 100000U
/* A message in flight, the call's own, and that again without certificates. */
#define MAX_REQUESTS 3U
#define REPORT_VMPL 0x30U
#define REPORT_DATA 0x50U
#define REPORT_MEASUREMENT 0x90U
#define CERTS_BYTES (ARCH_PSP_CERT_PAGES * SVSM_PAGE_SIZE)

/* ---- services ---- */

static uint8_t pattern(uint8_t first, size_t at)
{
	return (uint8_t)(first + at * 7U);
}

static size_t fill(uint8_t first, size_t len, uint8_t *manifest, size_t size)
{
	for (size_t i = 0U; i < len && len <= size; i++) {
		manifest[i] = pattern(first, i);
	}
	return len;
}

static size_t small_manifest(uint32_t version, uint8_t *manifest, size_t size)
{
	if (version > 1U) {
		return 0U;
	}
	return version == 0U ? fill(0x10U, SMALL_BYTES, manifest, size)
			     : fill(0x20U, BIG_BYTES, manifest, size);
}

static size_t big_manifest(uint32_t version, uint8_t *manifest, size_t size)
{
	return version == 0U ? fill(0x30U, BIG_BYTES, manifest, size) : 0U;
}

static const struct svsm_service services[NR_SERVICES] = {
	{ { 0x5d, 0xff, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 }, big_manifest },
	{ { 0x5e, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 }, small_manifest },
};

bool fz_attest_services(void)
{
	/* The wrong way round: the SVSM sorts them. */
	return svsm_service_register(&services[1]) && svsm_service_register(&services[0]);
}

/* ---- packets ---- */

static uint32_t small_size(unsigned int which, uint32_t normal, uint32_t other)
{
	const uint32_t sizes[4] = { normal, other, 0U, 1U };

	return sizes[which & 3U];
}

static struct svsm_attest_op good(const struct fz_packet *p, uint64_t base)
{
	static const uint32_t versions[4] = { 0U, 0U, 1U, 2U };
	const uint32_t certs = FZ_ATTEST_CERTS_PAGES * (uint32_t)SVSM_PAGE_SIZE;
	struct svsm_attest_op op = {
		.report_gpa = base,
		.report_size = small_size(p->b >> 6, (uint32_t)SVSM_PAGE_SIZE,
					  2U * (uint32_t)SVSM_PAGE_SIZE),
		.nonce_gpa = base + FZ_ATTEST_NONCE,
		.nonce_size = (uint16_t)(p->c == 0U   ? 32U
					 : p->c == 1U ? 0U
						      : p->c * 16U),
		.manifest_gpa = base + FZ_ATTEST_MANIFEST,
		.manifest_size = small_size(p->b >> 4, 4U * (uint32_t)SVSM_PAGE_SIZE,
					    (uint32_t)SVSM_PAGE_SIZE),
		.certs_gpa = base + FZ_ATTEST_CERTS,
		.manifest_version = versions[p->a >> 2 & 3U],
	};

	if ((p->a & 0x20U) != 0U) {
		op.certs_size = (p->a & 0x10U) != 0U ? (uint32_t)SVSM_PAGE_SIZE : certs;
	}
	/* The last of the four services is none that there is. */
	memcpy(op.guid, services[(p->a & 3U) == 2U ? 0U : 1U].guid, sizeof(op.guid));
	op.guid[15] = (uint8_t)(op.guid[15] + ((p->a & 3U) == 3U ? 1U : 0U));
	return op;
}

static void reserved(struct svsm_attest_op *op, unsigned int which, uint32_t value)
{
	switch (which % 5U) {
	case 0:
		op->reserved_00c = value;
		break;
	case 1:
		op->reserved_02c = value;
		break;
	case 2:
		op->reserved_03c = value;
		break;
	case 3:
		op->reserved_054 = value;
		break;
	default:
		memcpy(op->reserved_01a, &value, sizeof(value));
		break;
	}
}

static void place_flaw(const struct fz_actor *a, enum fz_attest_flaw flaw, uint32_t value,
		       struct svsm_attest_op *op)
{
	switch (flaw) {
	case FZ_ATTEST_REPORT_AT:
		op->report_gpa = fz_address(a, value, false);
		break;
	case FZ_ATTEST_MANIFEST_AT:
		op->manifest_gpa = fz_address(a, value, false);
		break;
	case FZ_ATTEST_CERTS_AT:
		op->certs_gpa = fz_address(a, value, false);
		break;
	case FZ_ATTEST_NONCE_AT:
		op->nonce_gpa = fz_address(a, value, true);
		break;
	default:
		break;
	}
}

static void flaw_of(const struct fz_actor *a, const struct fz_packet *p, struct svsm_attest_op *op)
{
	const enum fz_attest_flaw flaw = (enum fz_attest_flaw)(p->b % FZ_ATTEST_FLAW_NR);
	const uint32_t value = (uint32_t)(p->y >> 32);
	const uint64_t offset = value % SVSM_PAGE_SIZE;

	switch (flaw) {
	case FZ_ATTEST_GOOD:
		break;
	case FZ_ATTEST_RESERVED:
		reserved(op, p->c, value);
		break;
	case FZ_ATTEST_MISALIGNED:
		op->report_gpa += (p->c & 1U) != 0U ? offset : 0U;
		op->manifest_gpa += (p->c & 2U) != 0U ? offset : 0U;
		op->certs_gpa += (p->c & 4U) != 0U ? offset : 0U;
		break;
	case FZ_ATTEST_NONCE_CROSSES:
		op->nonce_gpa += offset;
		break;
	case FZ_ATTEST_OVERLAP_OUT:
		op->manifest_gpa = op->report_gpa;
		break;
	case FZ_ATTEST_OVERLAP_NONCE:
		op->nonce_gpa = op->report_gpa + offset;
		break;
	case FZ_ATTEST_REPORT_SIZE:
		op->report_size = value;
		break;
	case FZ_ATTEST_MANIFEST_SIZE:
		op->manifest_size = value;
		break;
	case FZ_ATTEST_CERTS_SIZE:
		op->certs_size = value;
		break;
	case FZ_ATTEST_NONCE_SIZE:
		op->nonce_size = (uint16_t)value;
		break;
	case FZ_ATTEST_GUID:
		memcpy(op->guid, &value, sizeof(value));
		break;
	case FZ_ATTEST_VERSION:
		op->manifest_version = value;
		break;
	default:
		place_flaw(a, flaw, value, op);
		break;
	}
}

void fz_attest_write(const struct fz_actor *a, const struct fz_packet *p)
{
	uint64_t at = fz_address(a, p->x, true);
	const uint64_t base = fz_address(a, (uint32_t)p->y, false);
	struct svsm_attest_op op = good(p, base);
	uint8_t nonce[SVSM_PAGE_SIZE];

	/* As Linux has it: behind the calling area's bytes. */
	at += (p->x & 0xfU) == FZ_AT_OWN_CA && (at & SVSM_PAGE_MASK) < 8U ? 8U : 0U;
	for (size_t i = 0U; i < sizeof(nonce); i++) {
		nonce[i] = pattern((uint8_t)(p->c + p->b), i);
	}
	(void)hm_guest_write(a->w->m, op.nonce_gpa, nonce, op.nonce_size);
	flaw_of(a, p, &op);
	if (hm_guest_write(a->w->m, at, &op, sizeof(op)) == HM_OK) {
		atomic_store_explicit(&a->w->list, at, memory_order_relaxed);
		atomic_store_explicit(&a->w->entry, base, memory_order_relaxed);
	}
}

void fz_attest_lie(const struct fz_actor *a, const struct fz_packet *p)
{
	const enum hm_psp_lie kind = (enum hm_psp_lie)(p->a % HM_PSP_LIE_NR);
	const uint64_t value = kind == HM_PSP_SLOW ? p->y % MAX_SLOW_NS : p->y;
	unsigned int nth = (p->b & FZ_LIE_NTH) + 1U;

	nth |= (p->b & FZ_LIE_ALWAYS) != 0U ? HM_PSP_ALWAYS : 0U;
	hm_psp_lie(a->w->m, kind, (p->b & FZ_LIE_DISARM) != 0U ? 0U : nth, value);
}

/* ---- calls ---- */

static bool read_op(const struct fz_actor *a, uint64_t ca, const struct hm_regs *regs,
		    struct fz_attest *attest)
{
	const size_t bytes = regs->rax == SERVICES_CALL ? SVSM_ATTEST_SERVICES_BYTES
							: SVSM_ATTEST_SINGLE_BYTES;
	struct svsm_attest_op *op = &attest->op;

	/* Pending set elsewhere would be a byte of the structure or of the nonce. */
	if ((regs->rcx & SVSM_PAGE_MASK) + bytes > SVSM_PAGE_SIZE || ca != fz_own_ca(a) ||
	    hm_guest_read(a->w->m, regs->rcx, op, bytes) != HM_OK) {
		return false;
	}
	return op->nonce_size <= sizeof(attest->nonce) &&
	       hm_guest_read(a->w->m, op->nonce_gpa, attest->nonce, op->nonce_size) == HM_OK;
}

void fz_attest_before(const struct fz_actor *a, uint64_t ca, const struct hm_regs *regs,
		      struct fz_attest *attest)
{
	attest->call = a->w->program->params.psp &&
		       (regs->rax == SERVICES_CALL || regs->rax == SINGLE_CALL);
	attest->known = false;
	if (!attest->call) {
		return;
	}
	memset(&attest->op, 0, sizeof(attest->op));
	/* In this order: nothing is sent any more once it is dead. */
	attest->dead = !svsm_channel_alive();
	hm_psp_stats(a->w->m, &attest->stats);
	attest->known = !a->disturbed && read_op(a, ca, regs, attest);
}

static size_t single_size(const struct svsm_attest_op *op, uint8_t *first)
{
	if (memcmp(op->guid, services[0].guid, sizeof(op->guid)) == 0) {
		*first = 0x30U;
		return op->manifest_version == 0U ? BIG_BYTES : 0U;
	}
	if (memcmp(op->guid, services[1].guid, sizeof(op->guid)) != 0) {
		return 0U;
	}
	*first = op->manifest_version == 0U ? 0x10U : 0x20U;
	return op->manifest_version == 0U   ? SMALL_BYTES
	       : op->manifest_version == 1U ? BIG_BYTES
					    : 0U;
}

static size_t manifest_size(const struct fz_attest *attest, uint64_t rax)
{
	uint8_t first = 0U;

	return rax == SERVICES_CALL ? sizeof(struct svsm_manifest_head) +
					      NR_SERVICES * sizeof(struct svsm_manifest_entry) +
					      BIG_BYTES + SMALL_BYTES
				    : single_size(&attest->op, &first);
}

/* Table 20: the entries in the order of their GUIDs, each manifest behind the one before. */
static bool services_manifest_ok(const uint8_t *manifest, size_t size)
{
	static const uint8_t guid[SVSM_GUID_BYTES] = SVSM_MANIFEST_GUID;
	static const size_t len[NR_SERVICES] = { BIG_BYTES, SMALL_BYTES };
	struct svsm_manifest_head head;
	size_t at = sizeof(head) + NR_SERVICES * sizeof(struct svsm_manifest_entry);

	memcpy(&head, manifest, sizeof(head));
	if (memcmp(head.guid, guid, sizeof(guid)) != 0 || head.length != size ||
	    head.services != NR_SERVICES) {
		return false;
	}
	for (size_t i = 0U; i < NR_SERVICES; i++) {
		struct svsm_manifest_entry entry;

		memcpy(&entry, &manifest[sizeof(head) + i * sizeof(entry)], sizeof(entry));
		if (memcmp(entry.guid, services[i].guid, sizeof(entry.guid)) != 0 ||
		    entry.offset != at || entry.length != len[i] ||
		    manifest[at + 1U] != pattern(i == 0U ? 0x30U : 0x10U, 1U)) {
			return false;
		}
		at += len[i];
	}
	return at == size;
}

static bool manifest_ok(const struct fz_attest *attest, uint64_t rax, const uint8_t *manifest,
			size_t size)
{
	uint8_t first = 0U;

	if (rax == SERVICES_CALL) {
		return services_manifest_ok(manifest, size);
	}
	if (single_size(&attest->op, &first) != size) {
		return false;
	}
	for (size_t i = 0U; i < size; i++) {
		if (manifest[i] != pattern(first, i)) {
			return false;
		}
	}
	return true;
}

/* An honest host's certificates arrive as they are. With them the signature can be checked too: the
 * keys of the chain are there. */
static bool certs_ok(const struct fz_actor *a, const struct fz_attest *attest, size_t size)
{
	uint8_t expected[CERTS_BYTES];
	uint8_t table[CERTS_BYTES];

	return psp_cert_table(hm_psp(a->w->m), expected, sizeof(expected)) == size &&
	       hm_guest_read(a->w->m, attest->op.certs_gpa, table, size) == HM_OK &&
	       memcmp(table, expected, size) == 0;
}

static bool report_ok(const struct fz_actor *a, const struct fz_attest *attest,
		      const uint8_t *report, const uint8_t *manifest, size_t size)
{
	static const uint8_t vmpl0[4];
	const struct psp *psp = hm_psp(a->w->m);
	uint8_t digest[SHA512_DIGEST_LENGTH];
	SHA512_CTX sha;

	(void)SHA512_Init(&sha);
	(void)SHA512_Update(&sha, attest->nonce, attest->op.nonce_size);
	(void)SHA512_Update(&sha, manifest, size);
	(void)SHA512_Final(digest, &sha);
	return memcmp(&report[REPORT_DATA], digest, sizeof(digest)) == 0 &&
	       memcmp(&report[REPORT_VMPL], vmpl0, sizeof(vmpl0)) == 0 &&
	       memcmp(&report[REPORT_MEASUREMENT], psp_configuration(psp)->measurement.bytes,
		      PSP_LD_BYTES) == 0;
}

static void check_success(const struct fz_actor *a, const struct fz_attest *attest, bool honest,
			  const struct hm_regs *in, const struct hm_regs *out)
{
	const struct svsm_attest_op *op = &attest->op;
	uint8_t manifest[SVSM_MANIFEST_MAX];
	uint8_t report[RELYING_REPORT_BYTES];

	if (out->rcx != manifest_size(attest, in->rax) || out->rcx > op->manifest_size ||
	    out->rdx > op->certs_size || out->r8 != sizeof(report) ||
	    sizeof(report) > op->report_size) {
		fz_fail(a->w,
			"attestation succeeds with sizes 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64,
			out->rcx, out->rdx, out->r8);
	}
	if (hm_guest_read(a->w->m, op->manifest_gpa, manifest, out->rcx) != HM_OK ||
	    hm_guest_read(a->w->m, op->report_gpa, report, sizeof(report)) != HM_OK) {
		fz_fail(a->w, "attestation succeeds, and its answer cannot be read");
	}
	if (!manifest_ok(attest, in->rax, manifest, out->rcx) ||
	    !report_ok(a, attest, report, manifest, out->rcx)) {
		fz_fail(a->w, "report and manifest do not belong together");
	}
	if (op->certs_size != 0U && honest && !certs_ok(a, attest, out->rdx)) {
		fz_fail(a->w, "not the certificates of the host");
	}
	if (op->certs_size != 0U && !relying_party_accepts(hm_psp(a->w->m), report, attest->nonce,
							   op->nonce_size, manifest, out->rcx)) {
		fz_fail(a->w, "nobody would believe this report");
	}
}

/* 58019 section 7.1: which sizes a refusal may tell. */
static bool refusal_ok(const struct fz_attest *attest, const struct hm_regs *in,
		       const struct hm_regs *out)
{
	const struct svsm_attest_op *op = &attest->op;
	const size_t size = manifest_size(attest, in->rax);
	const bool same_rdx = out->rdx == in->rdx;
	const bool same_r8 = out->r8 == in->r8;

	if (out->rcx == in->rcx && same_rdx && same_r8) {
		return true;
	}
	if (size == 0U || out->rcx != size) {
		return false;
	}
	if (size > op->manifest_size) {
		return same_rdx && same_r8;
	}
	if (op->certs_size != 0U && out->rdx > op->certs_size) {
		return same_r8;
	}
	return out->r8 == RELYING_REPORT_BYTES && out->r8 > op->report_size &&
	       (op->certs_size != 0U ? out->rdx <= op->certs_size : same_rdx);
}

static void check_known(const struct fz_actor *a, const struct fz_attest *attest,
			const struct hm_psp_stats *now, const struct hm_regs *in,
			const struct hm_regs *out)
{
	const uint64_t requests = now->requests - attest->stats.requests;
	const bool same = out->rcx == in->rcx && out->rdx == in->rdx && out->r8 == in->r8;

	if (requests > MAX_REQUESTS) {
		fz_fail(a->w, "one call makes %" PRIu64 " requests", requests);
	}
	switch (out->rax) {
	case SVSM_SUCCESS:
		if (now->served == attest->stats.served) {
			fz_fail(a->w, "attestation succeeds without the processor");
		}
		check_success(a, attest, now->lies == 0U, in, out);
		break;
	case SVSM_ERR_INVALID_PARAMETER:
		if (!refusal_ok(attest, in, out)) {
			fz_fail(a->w, "a refusal tells 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64,
				out->rcx, out->rdx, out->r8);
		}
		/* An address that is itself the size may have been told. */
		if (same && requests != 0U && out->rcx > SVSM_MANIFEST_MAX) {
			fz_fail(a->w, "a malformed call reaches the processor");
		}
		break;
	default:
		if (!same) {
			fz_fail(a->w, "result 0x%" PRIx64 " changes registers", out->rax);
		}
		break;
	}
}

void fz_attest_after(const struct fz_actor *a, const struct fz_attest *attest,
		     const struct hm_regs *in, const struct hm_regs *out)
{
	struct hm_psp_stats now;

	if (!attest->call) {
		return;
	}
	hm_psp_stats(a->w->m, &now);
	if (attest->dead && (svsm_channel_alive() || out->rax == SVSM_SUCCESS ||
			     now.requests != attest->stats.requests)) {
		fz_fail(a->w, "the dead channel lives: result 0x%" PRIx64, out->rax);
	}
	/* The host's alone to cause, also while others act. */
	if (out->rax == ATTEST_FAILED && now.lies == 0U) {
		fz_fail(a->w, "attestation fails on an honest host");
	}
	if (out->rax == SVSM_ERR_BUSY && now.lies == attest->stats.lies && !a->disturbed) {
		fz_fail(a->w, "BUSY, and nobody is");
	}
	if (attest->known) {
		check_known(a, attest, &now, in, out);
	}
}

void fz_attest_check(struct fz_world *w)
{
	struct hm_psp_stats stats;

	hm_psp_stats(w->m, &stats);
	switch (svsm_channel_take()) {
	case SVSM_CHANNEL_TAKEN:
		svsm_channel_release();
		/* The sequence that the processor refuses can never be agreed again. */
		if (stats.refused != 0U) {
			fz_fail(w, "the channel outlives a refusal by the processor");
		}
		break;
	case SVSM_CHANNEL_BUSY:
		fz_fail(w, "the channel is left owned");
	case SVSM_CHANNEL_DEAD:
		if (w->program->params.psp && stats.lies == 0U) {
			fz_fail(w, "the channel is dead on an honest host");
		}
		break;
	}
}
