/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HOST_PRIV_H
#define HOST_PRIV_H

/* Between the files of emulator/host and emulator/boot. */

#include <stdarg.h>
#include <stdatomic.h>

#include "host.h"

/* What a processor has of its own. @kick, @kicked_at and @frozen are set by others, all else
 * belongs to it. */
struct host_percpu {
	_Atomic(uint32_t) kick;
	_Atomic(uint64_t) kicked_at; /* TSC of the last NMI that was sent here */
	_Atomic(bool) frozen;	     /* emu_stop: NMIs stop it for good */
	uint64_t deadline;	     /* TSC of host_timer(), UINT64_MAX: off */
	_Alignas(16) uint8_t fpu[512];
} __attribute__((aligned(64)));

struct host_percpu *host_percpu(unsigned int cpu);

/* Bits of host_percpu.kick. */
#define KICK_TAKE 1U   /* for host_take_kick() */
#define KICK_WAKE 2U   /* for host_idle() */
#define KICK_FLIGHT 4U /* an NMI is on its way: another would say the same */

/* boot_info.c: what boot_place() found. */
struct host_boot *host_boot_fill(void);
void host_boot_cmdline(const char *cmdline);
void host_boot_show(void);

/* heap.c: [start, end) of physical memory */
void host_heap_init(uint64_t start, uint64_t end);

/* apic.c: the real local APIC. */
void host_apic_init(void);
uint32_t host_apic_id(void);
void host_apic_set_id(uint32_t id); /* the destination it answers to from now on */
void host_apic_eoi(void);
bool host_apic_level(unsigned int vector);
void host_apic_ipi(unsigned int cpu, uint32_t command);
#define APIC_NMI 0x4400U
#define APIC_INIT 0x4500U
#define APIC_STARTUP 0x4600U
void host_apic_count(uint32_t count); /* one-shot in APIC clocks, 0: off */
uint32_t host_apic_counter(void);
void host_apic_timer_expired(void);
void host_apic_set_ratio(uint64_t counts, uint64_t tsc);

/* Below the vectors that guests give to devices, above exceptions that this processor knows. */
#define VECTOR_TIMER 31U
#define VECTOR_SPURIOUS 24U

/* calibrate.c */
void host_calibrate(void);

/* cpus.c, traps.c, ioapic.c, stop.c */
void host_cpus_bring_up(void);
void host_traps_load(void);
void host_ioapic_init(void);
bool host_stopping(void);
void host_running(void);

/* format.c: where formatted bytes go. */
struct host_sink {
	char *text;
	size_t size;
	size_t used;			      /* more than size: those were dropped */
	void (*full)(struct host_sink *sink); /* makes room; NULL: none can be made */
};
void host_format(struct host_sink *sink, const char *format, va_list args);

/* console.c */
bool host_console_lock(void); /* result for host_console_unlock() */
void host_console_unlock(bool locked);
void host_console_put(const char *text, size_t len);
void host_log_list(const char *format, va_list args);

#endif
