/* SPDX-License-Identifier: Apache-2.0 */
#include "guest.h"

/*
 * Contexts, their VMSAs, and the page tables and descriptors that all of them share: memory up to
 * 1 GiB once with the C-bit, once without behind SHARED_WINDOW; there the devices below 4 GiB too.
 * Code at CPL 3 may use all of it.
 */

#define SELECTOR_CODE 0x08U
#define SELECTOR_DATA 0x10U
#define ATTR_CODE_64 0x29bU /* present, code, long: as VMSAs have them */
#define ATTR_DATA 0xc93U
#define ATTR_TSS 0x08bU
#define ATTR_LDT 0x082U
#define GATE_INTERRUPT UINT64_C(0x8e00)
#define PTE_ALL UINT64_C(7) /* present, write, user */
#define PTE_LARGE UINT64_C(0x80)
#define PML4_SHIFT 39U
#define DEVICES_GIB 3U
#define NR_VECTORS 64U
#define MSR_GS_BASE 0xc0000101U
#define EFER_64 UINT64_C(0x1d00) /* SVME, NXE, LMA, LME */
#define CR0_64 UINT64_C(0x80010033)
#define CR4_64 UINT64_C(0x6a0) /* PAE, PGE, OSFXSR, OSXMMEXCPT, PSE is not needed */

typedef uint64_t table_t[512];

uint64_t c_bit;

static struct context contexts[NR_CPUS][NR_VMPLS];
static struct vmsa_page vmsas[NR_CPUS][NR_VMPLS] __attribute__((aligned(4096)));
static table_t pml4 __attribute__((aligned(4096)));
static table_t pdpt_private __attribute__((aligned(4096)));
static table_t pdpt_shared __attribute__((aligned(4096)));
static table_t pd_private __attribute__((aligned(4096)));
static table_t pd_shared __attribute__((aligned(4096)));
static table_t pd_devices __attribute__((aligned(4096)));
static uint64_t gdt[] = { 0, UINT64_C(0x00af9b000000ffff), UINT64_C(0x00cf93000000ffff),
			  /* CPL 3 */
			  UINT64_C(0x00affb000000ffff), UINT64_C(0x00cff3000000ffff) };
static struct {
	uint64_t low, high;
} idt[NR_VECTORS];
static struct __attribute__((packed)) {
	uint16_t limit;
	uint64_t base;
} gdt_pointer, idt_pointer;

extern char trap_stubs[], context_entry[];

struct context *context_of(unsigned int cpu, unsigned int vmpl)
{
	return &contexts[cpu][vmpl];
}

struct vmsa_page *vmsa_of(unsigned int cpu, unsigned int vmpl)
{
	return &vmsas[cpu][vmpl];
}

void memory_fill(void *at, uint8_t value, size_t len)
{
	__asm__ volatile("rep stosb" : "+D"(at), "+c"(len) : "a"(value) : "memory");
}

static void fill_tables(void)
{
	pml4[0] = (uint64_t)pdpt_private | PTE_ALL | c_bit;
	pml4[SHARED_WINDOW >> PML4_SHIFT] = (uint64_t)pdpt_shared | PTE_ALL | c_bit;
	pdpt_private[0] = (uint64_t)pd_private | PTE_ALL | c_bit;
	pdpt_shared[0] = (uint64_t)pd_shared | PTE_ALL | c_bit;
	pdpt_shared[DEVICES_GIB] = (uint64_t)pd_devices | PTE_ALL | c_bit;
	for (unsigned int i = 0; i < 512U; i++) {
		const uint64_t base = i * LARGE;

		pd_private[i] = base | PTE_ALL | PTE_LARGE | c_bit;
		pd_shared[i] = base | PTE_ALL | PTE_LARGE;
		pd_devices[i] = (base + ((uint64_t)DEVICES_GIB << 30)) | PTE_ALL | PTE_LARGE;
	}
}

void map_table(uint64_t gpa)
{
	pml4[TEST_WINDOW >> PML4_SHIFT] = gpa | PTE_ALL | c_bit;
}

static void fill_idt(void)
{
	for (unsigned int i = 0; i < NR_VECTORS; i++) {
		const uint64_t stub = (uint64_t)trap_stubs + UINT64_C(16) * i;

		idt[i].low = (stub & 0xffffU) | (uint64_t)SELECTOR_CODE << 16 |
			     GATE_INTERRUPT << 32 | (stub >> 16 & 0xffffU) << 48;
		idt[i].high = stub >> 32;
	}
	gdt_pointer.limit = sizeof(gdt) - 1U;
	gdt_pointer.base = (uint64_t)gdt;
	idt_pointer.limit = sizeof(idt) - 1U;
	idt_pointer.base = (uint64_t)idt;
}

static void set_gs(struct context *context)
{
	const uint64_t base = (uint64_t)context;

	__asm__ volatile("wrmsr"
			 :
			 : "c"(MSR_GS_BASE), "a"((uint32_t)base), "d"((uint32_t)(base >> 32)));
}

/* GS is loaded before its base: a selector load clears the base. */
void paging_init(void)
{
	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++) {
		for (unsigned int vmpl = 0; vmpl < NR_VMPLS; vmpl++) {
			contexts[cpu][vmpl].self = &contexts[cpu][vmpl];
			contexts[cpu][vmpl].cpu = cpu;
			contexts[cpu][vmpl].vmpl = vmpl;
		}
	}
	fill_idt();
	__asm__ volatile("lgdt %0\n\t"
			 "lidt %1\n\t"
			 "pushq %2\n\t"
			 "leaq 1f(%%rip), %%rax\n\t"
			 "pushq %%rax\n\t"
			 "lretq\n"
			 "1:\tmovw %3, %%ax\n\t"
			 "movw %%ax, %%ds\n\t"
			 "movw %%ax, %%es\n\t"
			 "movw %%ax, %%ss\n\t"
			 "movw %%ax, %%fs\n\t"
			 "movw %%ax, %%gs"
			 :
			 : "m"(gdt_pointer), "m"(idt_pointer), "i"(SELECTOR_CODE),
			   "i"(SELECTOR_DATA)
			 : "rax", "memory");
	set_gs(context_of(0, 0));
	c_bit = UINT64_C(1) << hypervisor_c_bit();
	fill_tables();
	__asm__ volatile("movq %0, %%cr4" : : "r"(CR4_64));
	__asm__ volatile("movq %0, %%cr3" : : "r"((uint64_t)pml4 | c_bit) : "memory");
}

static void set_segment(struct vmsa_segment *segment, uint16_t selector, uint16_t attributes)
{
	segment->selector = selector;
	segment->attributes = attributes;
	segment->limit = UINT32_MAX;
}

static void set_segments(struct vmsa_page *page, const struct context *context)
{
	set_segment(&page->cs, SELECTOR_CODE, ATTR_CODE_64);
	set_segment(&page->ds, SELECTOR_DATA, ATTR_DATA);
	set_segment(&page->es, SELECTOR_DATA, ATTR_DATA);
	set_segment(&page->ss, SELECTOR_DATA, ATTR_DATA);
	set_segment(&page->fs, SELECTOR_DATA, ATTR_DATA);
	set_segment(&page->gs, SELECTOR_DATA, ATTR_DATA);
	page->gs.base = (uint64_t)context;
	page->tr.attributes = ATTR_TSS;
	page->ldtr.attributes = ATTR_LDT;
	page->gdtr.base = (uint64_t)gdt;
	page->gdtr.limit = sizeof(gdt) - 1U;
	page->idtr.base = (uint64_t)idt;
	page->idtr.limit = sizeof(idt) - 1U;
}

void vmsa_make(struct vmsa_page *page, unsigned int cpu, unsigned int vmpl, void (*fn)(uint64_t),
	       uint64_t arg)
{
	struct context *context = context_of(cpu, vmpl);

	memory_fill(page, 0, sizeof(*page));
	set_segments(page, context);
	page->vmpl = (uint8_t)vmpl;
	page->efer = EFER_64;
	page->cr0 = CR0_64;
	page->cr3 = (uint64_t)pml4 | c_bit;
	page->cr4 = CR4_64;
	page->dr6 = 0xffff0ff0U;
	page->dr7 = 0x400;
	page->rflags = 2;
	page->rip = (uint64_t)context_entry;
	page->rsp = (uint64_t)(context->stack + sizeof(context->stack));
	page->rax = (uint64_t)fn;
	page->rdi = arg;
	page->g_pat = UINT64_C(0x0007040600070406);
	page->xcr0 = 1;
	page->mxcsr = 0x1f80;
	page->x87_fcw = 0x37f;
	page->sev_features = VMSA_SEV_SNP;
}

bool vmsa_start(unsigned int cpu, unsigned int vmpl)
{
	const uint64_t page = (uint64_t)vmsa_of(cpu, vmpl);
	const struct rmp_answer answer = rmpadjust(page, 0, rmp_rdx(1, 0) | RMP_VMSA);
	const struct ghcb_answer created =
		ghcb_call(0x80000013, (uint64_t)cpu << 32 | (uint64_t)vmpl << 16 | 1U, page,
			  VMSA_SEV_SNP, true);

	return answer.trap.vector == NO_TRAP && answer.code == 0U && (uint32_t)created.info1 == 0U;
}

struct vmsa_page *vmsa_remake(unsigned int cpu, unsigned int vmpl, void (*fn)(uint64_t),
			      uint64_t arg)
{
	struct vmsa_page *page = vmsa_of(cpu, vmpl);

	(void)rmpadjust((uint64_t)page, 0, rmp_rdx(1, 0));
	vmsa_make(page, cpu, vmpl, fn, arg);
	check("7.14", "VMSA accepted", vmsa_start(cpu, vmpl) ? 1 : 0, 1);
	return page;
}

void grant_image(unsigned int vmpl)
{
	for (uint64_t page = (uint64_t)image_start; page < (uint64_t)private_end; page += PAGE) {
		(void)rmpadjust(page, 0, rmp_rdx(vmpl, 0xf));
	}
}
