/* SPDX-License-Identifier: Apache-2.0 */
#include "ghcb_page.h"
#include "guest.h"

/* The page form: what makes a page or its scratch area unusable, page state lists, devices. */

#define MALFORMED 2U
#define REASON_UNREGISTERED 1U
#define REASON_USAGE 2U
#define REASON_SCRATCH 3U
#define EXIT_DR7_READ 0x27U
#define EXIT_DR7_WRITE 0x37U
#define EXIT_MMIO_READ 0x80000001U
#define EXIT_PSC 0x80000010U
#define EXIT_FEATURES 0x8000fffdU
#define DR7_RESET 0x400U
#define DR7_ENABLE 0x2U
#define HPET UINT64_C(0xfed00000)
#define HPET_VENDOR 0x8086U
#define REGION (ARENA + 10U * LARGE)
#define OP_PRIVATE 1U
#define OP_SHARED 2U
#define ENTRY_2M (UINT64_C(1) << 56)
#define ENTRY_DONE UINT64_C(0xfff)
#define PSC_HEADER_INVALID (UINT64_C(1) << 32 | 1U)
#define PSC_ENTRY_INVALID (UINT64_C(1) << 32 | 2U)
#define VC_NOT_VALIDATED UINT64_C(0x404)

/* Malformed, for that reason? Both in one number. */
static uint64_t reason(struct ghcb_answer answer)
{
	return answer.info1 == MALFORMED ? answer.info2 : UINT64_MAX;
}

static void test_refused(void)
{
	struct context *context = this_context();
	const uint64_t own = context->ghcb;
	struct ghcb_page *page = ghcb_begin();

	page->usage = 1;
	check("GHCB", "other usage", reason(ghcb_finish(page, EXIT_FEATURES, 0, 0)), REASON_USAGE);
	page = ghcb_begin();
	page->version = 3;
	check("GHCB", "later version", reason(ghcb_finish(page, EXIT_FEATURES, 0, 0)),
	      REASON_USAGE);
	context->ghcb = ghcb_page_of(context->cpu, 3);
	page = ghcb_begin();
	check("GHCB", "page not registered", reason(ghcb_finish(page, EXIT_FEATURES, 0, 0)),
	      REASON_UNREGISTERED);
	context->ghcb = own;
	check("GHCB", "the registered one again",
	      ghcb_finish(ghcb_begin(), EXIT_FEATURES, 0, 0).info1, 0);
}

/* The page's buffer after a request: what is printed uses the page too. */
static uint64_t buffer[4];

static struct ghcb_answer finish(struct ghcb_page *page, uint64_t code, uint64_t info1,
				 uint64_t info2)
{
	const struct ghcb_answer answer = ghcb_finish(page, code, info1, info2);

	for (unsigned int i = 0; i < 4U; i++) {
		buffer[i] = page->buffer[i];
	}
	return answer;
}

/* @bytes of a device into @scratch. */
static struct ghcb_answer device_read(uint64_t address, uint64_t bytes, uint64_t scratch)
{
	struct ghcb_page *page = ghcb_begin();

	GHCB_SET(page, scratch, scratch);
	return finish(page, EXIT_MMIO_READ, address, bytes);
}

static uint64_t own_buffer(void)
{
	return this_context()->ghcb + offsetof(struct ghcb_page, buffer);
}

static void test_scratch(void)
{
	const uint64_t fields = this_context()->ghcb + offsetof(struct ghcb_page, code);
	uint64_t value = 0;

	check("GHCB", "scratch in private memory",
	      reason(device_read(HPET, 4, (uint64_t)image_start)), REASON_SCRATCH);
	check("GHCB", "scratch over the page's fields", reason(device_read(HPET, 4, fields)),
	      REASON_SCRATCH);
	check("GHCB", "scratch out of the page's buffer",
	      reason(device_read(HPET, 8, own_buffer() + 2028U)), REASON_SCRATCH);
	check("GHCB", "scratch where no memory is", reason(device_read(HPET, 4, UINT64_C(1) << 38)),
	      REASON_SCRATCH);
	(void)page_state(REGION, false);
	check("GHCB", "scratch in shared memory", device_read(HPET, 4, REGION).info1, 0);
	(void)probe_read(SHARED_WINDOW + REGION, &value);
	check("GHCB", "  read", value >> 16 & 0xffffU, HPET_VENDOR);
	(void)page_state(REGION, true);
}

static void test_devices(void)
{
	struct trap trap = probe_read(SHARED_WINDOW + HPET, NULL);

	check("6.9", "device: #VC", trap.vector, VECTOR_VC);
	check("6.9", "  error code", trap.error, 0x400);
	check("6.9", "device write: #VC", probe_write(SHARED_WINDOW + HPET, 0).error, 0x400);
	check("GHCB", "device read", device_read(HPET, 4, own_buffer()).info1, 0);
	check("GHCB", "  value", buffer[0] >> 16, HPET_VENDOR);
	check("GHCB", "no device: read", device_read((uint64_t)image_start, 8, own_buffer()).info1,
	      0);
	check("GHCB", "  gives ones, not memory", buffer[0], UINT64_MAX);
}

static void test_dr7(void)
{
	check("9.2", "DR7 read: #VC", probe_dr7_read().error, EXIT_DR7_READ);
	check("9.2", "DR7 write: #VC", probe_dr7_write(DR7_RESET).error, EXIT_DR7_WRITE);
	check("GHCB", "DR7 at reset", ghcb_call(EXIT_DR7_READ, 0, 0, 0, false).rax, DR7_RESET);
	check("GHCB", "  written", ghcb_call(EXIT_DR7_WRITE, 0, 0, DR7_ENABLE, true).info1, 0);
	check("GHCB", "  read", ghcb_call(EXIT_DR7_READ, 0, 0, 0, false).rax,
	      DR7_RESET | DR7_ENABLE);
	(void)ghcb_call(EXIT_DR7_WRITE, 0, 0, DR7_RESET, true);
}

static uint64_t entry(uint64_t gpa, uint64_t op, uint64_t more)
{
	return gpa | op << 52 | more;
}

/* EXITINFO2 of a list of @nr entries, from @cur on; the buffer afterwards is the answer's. */
static uint64_t page_states(const uint64_t *entries, uint64_t cur, uint64_t nr)
{
	struct ghcb_page *page = ghcb_begin();

	page->buffer[0] = cur | (nr - 1U) << 16;
	for (uint64_t i = 0; entries != NULL && i < nr; i++) {
		page->buffer[1U + i] = entries[i];
	}
	GHCB_SET(page, scratch, own_buffer());
	return finish(page, EXIT_PSC, 0, 0).info2;
}

static void test_list(void)
{
	uint64_t list[3] = { entry(REGION, OP_SHARED, 0), entry(REGION + PAGE, 0, 0),
			     entry(REGION + 2U * PAGE, OP_SHARED, 0) };

	check("2.10", "list with a bad operation", page_states(list, 0, 3), PSC_ENTRY_INVALID);
	check("2.10", "  stops at it", buffer[0] & 0xffffU, 1);
	check("2.10", "  entry before it is done", buffer[1] & ENTRY_DONE, 1);
	check("2.10", "  entry behind it is not", buffer[3] & ENTRY_DONE, 0);
	list[1] = entry(REGION + PAGE, OP_SHARED, 0);
	check("2.10", "repaired: goes on from there", page_states(list, 1, 3), 0);
	check("2.10", "  to the end", buffer[0] & 0xffffU, 3);
	check("2.10", "  all are shared", probe_write(SHARED_WINDOW + REGION + 2U * PAGE, 1).vector,
	      NO_TRAP);
	check("2.10", "list that is too long", page_states(NULL, 0, 254), PSC_HEADER_INVALID);
}

static void test_large_entries(void)
{
	const uint64_t large = REGION + LARGE;
	uint64_t one = entry(large + PAGE, OP_SHARED, ENTRY_2M);

	check("2.10", "2M entry not aligned", page_states(&one, 0, 1), PSC_ENTRY_INVALID);
	one = entry(large, OP_SHARED, ENTRY_2M);
	check("2.10", "2M entry to shared", page_states(&one, 0, 1), 0);
	check("2.10", "  all of it is done", buffer[1] & ENTRY_DONE, 512);
	one = entry(large, OP_PRIVATE, ENTRY_2M);
	check("2.7", "2M entry to private", page_states(&one, 0, 1), 0);
	check("2.7", "  is one entry of the RMP", pvalidate(large, 1, 1).code, 0);
	one = entry(large, OP_SHARED, ENTRY_2M | 510U);
	check("2.10", "2M entry of which 510 pages are done", page_states(&one, 0, 1), 0);
	check("2.5", "  the first stay validated", probe_write(large + 509U * PAGE, 1).vector,
	      NO_TRAP);
	check("2.5", "  the last do not", probe_read(large + 511U * PAGE, NULL).error,
	      VC_NOT_VALIDATED);
}

void test_ghcb_page(void)
{
	test_refused();
	test_scratch();
	test_devices();
	test_dr7();
	test_list();
	test_large_entries();
}
