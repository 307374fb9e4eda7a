/* SPDX-License-Identifier: Apache-2.0 */
#include "host.h"
#include "observe_priv.h"

/*
 * Counters of each processor, written by it alone and summed when they are printed: plain loads and
 * stores that other processors may see late. Cycles are TSC ticks between VMRUN and #VMEXIT; ticks
 * of the emulator are those from there to the next VMRUN, sleep included (after HLT it is nothing
 * else). Under QEMU's -icount with shift 0 a tick is an instruction.
 */

static const struct {
	uint64_t code;
	const char *name;
} reasons[] = {
	/* the most frequent ones first: this is searched at each exit */
	{ 0x7b, "ioio" },	   { 0x7c, "msr" },	  { 0x400, "npf" },
	{ 0x60, "interrupt" },	   { 0x46, "#UD" },	  { 0x4d, "#GP" },
	{ 0x4e, "#PF" },	   { 0x51, "#AC" },	  { 0x61, "nmi" },
	{ 0x62, "smi" },	   { 0x63, "init" },	  { 0x64, "vintr" },
	{ 0x6e, "rdtsc" },	   { 0x6f, "rdpmc" },	  { 0x72, "cpuid" },
	{ 0x73, "rsm" },	   { 0x74, "iret" },	  { 0x75, "int n" },
	{ 0x76, "invd" },	   { 0x77, "pause" },	  { 0x78, "hlt" },
	{ 0x79, "invlpg" },	   { 0x7a, "invlpga" },	  { 0x7f, "shutdown" },
	{ 0x80, "vmrun" },	   { 0x81, "vmmcall" },	  { 0x87, "rdtscp" },
	{ 0x89, "wbinvd" },	   { 0x8a, "monitor" },	  { 0x8b, "mwait" },
	{ 0x8d, "xsetbv" },	   { 0x08, "read cr8" },  { 0x10, "write cr0" },
	{ 0x13, "write cr3" },	   { 0x14, "write cr4" }, { 0x18, "write cr8" },
	{ 0x27, "read dr7" },	   { 0x37, "write dr7" }, { 0x5d, "#VC" },
	{ 0x403, "vmgexit" },	   { 0x4a, "#TS" },	  { 0x48, "#DF" },
	{ UINT64_MAX, "invalid" },
};
#define NR_REASONS (sizeof(reasons) / sizeof(reasons[0]))

struct counters {
	_Alignas(64) _Atomic(uint64_t) exits[NR_REASONS + 1U][EMU_NR_VMPLS];
	_Atomic(uint64_t) cycles[EMU_NR_VMPLS];
	_Atomic(uint64_t) ticks[NR_REASONS + 1U]; /* of the emulator */
	unsigned int last_reason;
	uint64_t last_exit; /* 0: there was none */
	_Atomic(uint64_t) calls[SVSM_CALL_KINDS];
	_Atomic(uint64_t) call_cycles[SVSM_CALL_KINDS];
	_Atomic(uint64_t) call_most[SVSM_CALL_KINDS];
};

static struct counters counters[EMU_MAX_CPUS];

static uint64_t load(const _Atomic(uint64_t) *word)
{
	return atomic_load_explicit(word, memory_order_relaxed);
}

static void add(_Atomic(uint64_t) *word, uint64_t value)
{
	atomic_store_explicit(word, load(word) + value, memory_order_relaxed);
}

static unsigned int reason_of(uint64_t code)
{
	unsigned int i = 0;

	while (i < NR_REASONS && reasons[i].code != code) {
		i++;
	}
	return i;
}

const char *report_exit_name(uint64_t code)
{
	unsigned int i = reason_of(code);

	return i < NR_REASONS ? reasons[i].name : NULL;
}

static struct counters *own(void)
{
	return &counters[host_cpu() % EMU_MAX_CPUS];
}

void trace_count_entry(uint64_t now)
{
	struct counters *mine = own();

	if (mine->last_exit != 0U) {
		add(&mine->ticks[mine->last_reason], now - mine->last_exit);
	}
	mine->last_exit = now;
}

void trace_count_exit(struct vcpu *vcpu, uint64_t code, uint64_t cycles)
{
	struct counters *mine = own();
	unsigned int vmpl = vcpu->vmpl % EMU_NR_VMPLS;

	mine->last_reason = reason_of(code);
	mine->last_exit += cycles;
	add(&mine->exits[mine->last_reason][vmpl], 1);
	add(&mine->cycles[vmpl], cycles);
	if (vmpl == 0U) {
		svsm_call_cycles(vcpu, cycles);
	}
}

void report_call(uint64_t rax, uint64_t cycles)
{
	struct counters *mine = own();
	unsigned int kind = svsm_call_kind(rax);

	add(&mine->calls[kind], 1);
	add(&mine->call_cycles[kind], cycles);
	if (cycles > load(&mine->call_most[kind])) {
		atomic_store_explicit(&mine->call_most[kind], cycles, memory_order_relaxed);
	}
}

static void print_row(const char *name, const uint64_t row[EMU_NR_VMPLS], uint64_t ticks)
{
	uint64_t sum = row[0] + row[1] + row[2] + row[3];

	if (sum != 0U) {
		host_log("  %-12s %12lu %12lu %12lu %12lu %14lu %12lu\n", name, row[0], row[1],
			 row[2], row[3], ticks, ticks / sum);
	}
}

static uint64_t sum_ticks(unsigned int reason)
{
	uint64_t sum = 0;

	for (unsigned int cpu = 0; cpu < EMU_MAX_CPUS; cpu++) {
		sum += load(&counters[cpu].ticks[reason]);
	}
	return sum;
}

static void print_exits(void)
{
	uint64_t total[EMU_NR_VMPLS] = { 0 };
	uint64_t cycles[EMU_NR_VMPLS] = { 0 };
	uint64_t ticks = 0;

	host_log("report: exits         VMPL0        VMPL1        VMPL2        VMPL3"
		 "  ticks emulator         mean\n");
	for (unsigned int reason = 0; reason <= NR_REASONS; reason++) {
		uint64_t row[EMU_NR_VMPLS] = { 0 };

		for (unsigned int i = 0; i < EMU_MAX_CPUS * EMU_NR_VMPLS; i++) {
			unsigned int vmpl = i % EMU_NR_VMPLS;

			row[vmpl] += load(&counters[i / EMU_NR_VMPLS].exits[reason][vmpl]);
		}
		for (unsigned int vmpl = 0; vmpl < EMU_NR_VMPLS; vmpl++) {
			total[vmpl] += row[vmpl];
		}
		ticks += sum_ticks(reason);
		print_row(reason < NR_REASONS ? reasons[reason].name : "other", row,
			  sum_ticks(reason));
	}
	for (unsigned int i = 0; i < EMU_MAX_CPUS * EMU_NR_VMPLS; i++) {
		cycles[i % EMU_NR_VMPLS] +=
			load(&counters[i / EMU_NR_VMPLS].cycles[i % EMU_NR_VMPLS]);
	}
	print_row("all", total, ticks);
	print_row("cycles", cycles, 0);
}

static void print_call(unsigned int kind)
{
	char text[32];
	struct trace_text name = { .text = text, .size = sizeof(text) - 1U };
	uint64_t count = 0;
	uint64_t cycles = 0;
	uint64_t most = 0;

	for (unsigned int cpu = 0; cpu < EMU_MAX_CPUS; cpu++) {
		count += load(&counters[cpu].calls[kind]);
		cycles += load(&counters[cpu].call_cycles[kind]);
		if (load(&counters[cpu].call_most[kind]) > most) {
			most = load(&counters[cpu].call_most[kind]);
		}
	}
	if (count == 0U) {
		return;
	}
	svsm_call_kind_name(&name, kind);
	text[name.len] = '\0';
	host_log("  %-24s %10lu %14lu %12lu %12lu\n", text, count, cycles, cycles / count, most);
}

void trace_report(void)
{
	svsm_trace_flush();
	print_exits();
	report_requests();
	host_log("report: SVSM calls            count  cycles (VMPL0)         mean         most\n");
	for (unsigned int kind = 0; kind < SVSM_CALL_KINDS; kind++) {
		print_call(kind);
	}
}
