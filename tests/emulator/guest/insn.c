/* SPDX-License-Identifier: Apache-2.0 */
#include "guest.h"

/* A trap inside goes on behind the instruction, with the registers as they were. */
#define RECOVER_HERE "leaq 9f(%%rip), %%r11\n\tmovq %%r11, %[recover]\n\t"
#define RECOVERED "9:\n\t"

static void arm(struct context *context)
{
	context->trap = (struct trap){ .vector = NO_TRAP };
}

static struct trap disarm(struct context *context)
{
	context->recover = 0;
	return context->trap;
}

struct rmp_answer pvalidate(uint64_t va, uint64_t size, uint64_t validate)
{
	struct context *context = this_context();
	struct rmp_answer answer = { .rcx = size, .rdx = validate };
	uint64_t rax = va;

	arm(context);
	__asm__ volatile(RECOVER_HERE ".byte 0xf2, 0x0f, 0x01, 0xff\n" RECOVERED
				      "pushfq\n\tpopq %[flags]"
			 : "+a"(rax), [flags] "=r"(answer.flags), [recover] "=m"(context->recover)
			 : "c"(size), "d"(validate)
			 : "r11", "memory", "cc");
	answer.code = (uint32_t)rax;
	answer.trap = disarm(context);
	return answer;
}

struct rmp_answer rmpadjust(uint64_t va, uint64_t size, uint64_t rdx)
{
	struct context *context = this_context();
	struct rmp_answer answer = { .rcx = size, .rdx = rdx };
	uint64_t rax = va;

	arm(context);
	__asm__ volatile(RECOVER_HERE ".byte 0xf3, 0x0f, 0x01, 0xfe\n" RECOVERED
				      "pushfq\n\tpopq %[flags]"
			 : "+a"(rax), [flags] "=r"(answer.flags), [recover] "=m"(context->recover)
			 : "c"(size), "d"(rdx)
			 : "r11", "memory", "cc");
	answer.code = (uint32_t)rax;
	answer.trap = disarm(context);
	return answer;
}

struct rmp_answer rmpquery(uint64_t va, uint64_t rdx)
{
	struct context *context = this_context();
	struct rmp_answer answer = { .rcx = UINT64_MAX, .rdx = rdx };
	uint64_t rax = va;

	arm(context);
	__asm__ volatile(
		RECOVER_HERE ".byte 0xf3, 0x0f, 0x01, 0xfd\n" RECOVERED "pushfq\n\tpopq %[flags]"
		: "+a"(rax), "+c"(answer.rcx),
		  "+d"(answer.rdx), [flags] "=r"(answer.flags), [recover] "=m"(context->recover)
		:
		: "r11", "memory", "cc");
	answer.code = (uint32_t)rax;
	answer.trap = disarm(context);
	return answer;
}

struct trap probe_read(uint64_t va, uint64_t *value)
{
	struct context *context = this_context();
	uint64_t read = 0;

	arm(context);
	__asm__ volatile(RECOVER_HERE "movq (%[va]), %[read]\n" RECOVERED
			 : [read] "+r"(read), [recover] "=m"(context->recover)
			 : [va] "r"(va)
			 : "r11", "memory");
	if (value != NULL) {
		*value = read;
	}
	return disarm(context);
}

struct trap probe_write(uint64_t va, uint64_t value)
{
	struct context *context = this_context();

	arm(context);
	__asm__ volatile(RECOVER_HERE "movq %[value], (%[va])\n" RECOVERED
			 : [recover] "=m"(context->recover)
			 : [va] "r"(va), [value] "r"(value)
			 : "r11", "memory");
	return disarm(context);
}

/* The page at @va starts with a RET if it can be executed. */
struct trap probe_call(uint64_t va)
{
	struct context *context = this_context();
	uint64_t stack;

	arm(context);
	__asm__ volatile("movq %%rsp, %[stack]\n\t" RECOVER_HERE "callq *%[va]\n" RECOVERED
			 "movq %[stack], %%rsp"
			 : [recover] "=m"(context->recover), [stack] "=&b"(stack)
			 : [va] "r"(va)
			 : "r11", "memory", "cc");
	return disarm(context);
}

struct trap probe_cpuid(uint32_t leaf)
{
	struct context *context = this_context();
	uint32_t eax = leaf, ecx = 0;

	arm(context);
	__asm__ volatile(RECOVER_HERE "cpuid\n" RECOVERED
			 : "+a"(eax), "+c"(ecx), [recover] "=m"(context->recover)
			 :
			 : "rbx", "rdx", "r11", "memory");
	return disarm(context);
}

struct trap probe_rdmsr(uint32_t msr, uint64_t *value)
{
	struct context *context = this_context();
	uint32_t low = 0, high = 0;

	arm(context);
	__asm__ volatile(RECOVER_HERE "rdmsr\n" RECOVERED
			 : "+a"(low), "+d"(high), [recover] "=m"(context->recover)
			 : "c"(msr)
			 : "r11", "memory");
	if (value != NULL) {
		*value = (uint64_t)high << 32 | low;
	}
	return disarm(context);
}

struct trap probe_out(uint16_t port, uint8_t value)
{
	struct context *context = this_context();

	arm(context);
	__asm__ volatile(RECOVER_HERE "outb %%al, %%dx\n" RECOVERED
			 : [recover] "=m"(context->recover)
			 : "a"(value), "d"(port)
			 : "r11", "memory");
	return disarm(context);
}

struct trap probe_vmmcall(void)
{
	struct context *context = this_context();

	arm(context);
	__asm__ volatile(RECOVER_HERE "vmmcall\n" RECOVERED
			 : [recover] "=m"(context->recover)
			 :
			 : "rax", "r11", "memory");
	return disarm(context);
}

struct trap probe_dr7_read(void)
{
	struct context *context = this_context();

	arm(context);
	__asm__ volatile(RECOVER_HERE "movq %%dr7, %%rax\n" RECOVERED
			 : [recover] "=m"(context->recover)
			 :
			 : "rax", "r11", "memory");
	return disarm(context);
}

struct trap probe_dr7_write(uint64_t value)
{
	struct context *context = this_context();

	arm(context);
	__asm__ volatile(RECOVER_HERE "movq %[value], %%dr7\n" RECOVERED
			 : [recover] "=m"(context->recover)
			 : [value] "a"(value)
			 : "r11", "memory");
	return disarm(context);
}

struct trap probe_rdtscp(uint32_t *aux)
{
	struct context *context = this_context();
	uint32_t ecx = 0;

	arm(context);
	__asm__ volatile(RECOVER_HERE "rdtscp\n" RECOVERED
			 : "+c"(ecx), [recover] "=m"(context->recover)
			 :
			 : "rax", "rdx", "r11", "memory");
	*aux = ecx;
	return disarm(context);
}

struct trap flush_all(void)
{
	struct context *context = this_context();

	arm(context);
	/* RAX: all ASIDs' guest entries without address (AMD APM vol. 3); TLBSYNC waits. */
	__asm__ volatile(RECOVER_HERE ".byte 0x0f, 0x01, 0xfe\n\t.byte 0x0f, 0x01, 0xff\n" RECOVERED
			 : [recover] "=m"(context->recover)
			 : "a"(0ULL), "c"(0), "d"(0)
			 : "r11", "memory");
	return disarm(context);
}
