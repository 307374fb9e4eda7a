/* SPDX-License-Identifier: Apache-2.0 */
#include "ghcb_page.h"
#include "guest.h"

#define MSR_GHCB 0xc0010130U
#define MSR_SEV_INFO_REQUEST 0x002U
#define MSR_REGISTER 0x012U
#define MSR_PAGE_STATE 0x014U
#define MSR_RUN_VMPL 0x016U
#define MSR_RUN_VMPL_ANSWER 0x017U
#define EXIT_IOIO 0x7bU
#define EXIT_MSR 0x7cU
#define IOIO_OUT_8 UINT64_C(0x10)
#define PORT_SERIAL UINT64_C(0x3f8)
#define PORT_TEST_EXIT UINT64_C(0xf4)

static uint8_t pages[NR_CPUS][NR_VMPLS][PAGE]
	__attribute__((aligned(4096), section(".bss.shared")));

static uint64_t read_msr(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32 | low;
}

static void write_msr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr"
			 :
			 : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
			 : "memory");
}

static void vmgexit(void)
{
	__asm__ volatile("rep; vmmcall" : : : "memory");
}

void ghcb_request(uint64_t request)
{
	write_msr(MSR_GHCB, request);
}

uint64_t msr_protocol(uint64_t request)
{
	const uint64_t before = read_msr(MSR_GHCB);
	uint64_t answer;

	write_msr(MSR_GHCB, request);
	vmgexit();
	answer = read_msr(MSR_GHCB);
	write_msr(MSR_GHCB, before);
	return answer;
}

unsigned int hypervisor_c_bit(void)
{
	return (unsigned int)(msr_protocol(MSR_SEV_INFO_REQUEST) >> 24 & 0xffU);
}

bool page_state(uint64_t gpa, bool private_)
{
	return msr_protocol(gpa | (private_ ? UINT64_C(1) : UINT64_C(2)) << 52 | MSR_PAGE_STATE) >>
		       32 ==
	       0U;
}

bool run_vmpl(unsigned int vmpl)
{
	const uint64_t answer = msr_protocol((uint64_t)vmpl << 32 | MSR_RUN_VMPL);

	return (answer & 0xfffU) == MSR_RUN_VMPL_ANSWER && answer >> 32 == 0U;
}

uint64_t ghcb_page_of(unsigned int cpu, unsigned int vmpl)
{
	return (uint64_t)pages[cpu][vmpl];
}

void ghcb_setup(void)
{
	struct context *context = this_context();

	/* Only VMPL0 can give pages up: it does so for the other VMPLs too. */
	for (unsigned int vmpl = 0; context->vmpl == 0U && vmpl < NR_VMPLS; vmpl++) {
		const uint64_t page = (uint64_t)pages[context->cpu][vmpl];

		(void)pvalidate(page, 0, 0);
		(void)page_state(page, false);
	}
	context->ghcb = (uint64_t)pages[context->cpu][context->vmpl];
	write_msr(MSR_GHCB, context->ghcb | MSR_REGISTER);
	vmgexit();
	write_msr(MSR_GHCB, context->ghcb);
}

void ghcb_set(struct ghcb_page *page, size_t offset, uint64_t value)
{
	*(uint64_t *)(void *)((uint8_t *)page + offset) = value;
	page->valid[offset / 64U] |= (uint8_t)(1U << (offset / 8U % 8U));
}

struct ghcb_page *ghcb_begin(void)
{
	struct ghcb_page *page = (struct ghcb_page *)(SHARED_WINDOW + this_context()->ghcb);

	memory_fill(page, 0, sizeof(*page));
	page->version = 2;
	return page;
}

void ghcb_exit(void)
{
	write_msr(MSR_GHCB, this_context()->ghcb);
	vmgexit();
}

struct ghcb_answer ghcb_finish(struct ghcb_page *page, uint64_t code, uint64_t info1,
			       uint64_t info2)
{
	GHCB_SET(page, code, code);
	GHCB_SET(page, info1, info1);
	GHCB_SET(page, info2, info2);
	ghcb_exit();
	return (struct ghcb_answer){ page->info1, page->info2, page->rax };
}

struct ghcb_answer ghcb_call(uint64_t code, uint64_t info1, uint64_t info2, uint64_t rax,
			     bool with_rax)
{
	struct ghcb_page *page = ghcb_begin();

	if (with_rax) {
		GHCB_SET(page, rax, rax);
	}
	return ghcb_finish(page, code, info1, info2);
}

uint64_t ghcb_wrmsr(uint32_t msr, uint64_t value)
{
	struct ghcb_page *page = ghcb_begin();

	GHCB_SET(page, rcx, msr);
	GHCB_SET(page, rax, value & UINT32_MAX);
	GHCB_SET(page, rdx, value >> 32);
	return ghcb_finish(page, EXIT_MSR, 1, 0).info1;
}

uint64_t ghcb_rdmsr(uint32_t msr)
{
	struct ghcb_page *page = ghcb_begin();

	GHCB_SET(page, rcx, msr);
	(void)ghcb_finish(page, EXIT_MSR, 0, 0);
	return page->rdx << 32 | page->rax;
}

static void out_8(uint64_t port, uint8_t value)
{
	(void)ghcb_call(EXIT_IOIO, port << 16 | IOIO_OUT_8, 0, value, true);
}

void print(const char *text)
{
	for (; *text != '\0'; text++) {
		out_8(PORT_SERIAL, (uint8_t)*text);
	}
}

void print_hex(uint64_t value)
{
	char text[17];
	unsigned int at = 16;

	text[at] = '\0';
	do {
		text[--at] = "0123456789abcdef"[value & 0xfU];
		value >>= 4;
	} while (value != 0U);
	print(text + at);
}

_Noreturn void guest_exit(bool passed)
{
	out_8(PORT_TEST_EXIT, (uint8_t)!passed);
	for (;;) {
		__asm__ volatile("hlt");
	}
}
