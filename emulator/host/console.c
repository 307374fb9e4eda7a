/* SPDX-License-Identifier: Apache-2.0 */

/* QEMU's debug console. */

#include "cpu_insn.h"
#include "host_priv.h"

#define CONSOLE_PORT 0xe9U
#define NOBODY UINT32_MAX
/* A line takes microseconds. After this many seconds its writer was stopped for good: better a line
 * that is mixed with another than none. */
#define PATIENCE_SECONDS 2U

static _Atomic(uint32_t) owner = NOBODY;

/*
 * Not taken, and no waiting, where that could never end: an exception in the middle of a line, and
 * emu_stop(), which has stopped the other processors wherever they were.
 */
bool host_console_lock(void)
{
	uint32_t self = host_cpu();
	uint64_t until = host_tsc() + PATIENCE_SECONDS * host_tsc_hz();

	for (;;) {
		uint32_t holder = NOBODY;

		/* acquire: pairs with the release of host_console_unlock() */
		if (atomic_compare_exchange_weak_explicit(
			    &owner, &holder, self, memory_order_acquire, memory_order_relaxed)) {
			return true;
		}
		if (holder == self || host_stopping() ||
		    (host_tsc_hz() != 0 && host_tsc() > until)) {
			return false;
		}
		cpu_pause();
	}
}

void host_console_unlock(bool locked)
{
	if (locked) {
		/* release: pairs with the acquire of host_console_lock() */
		atomic_store_explicit(&owner, NOBODY, memory_order_release);
	}
}

void host_console_put(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		cpu_out8(CONSOLE_PORT, (uint8_t)text[i]);
	}
}

void host_log_raw(const char *text, size_t len)
{
	bool locked = host_console_lock();

	host_console_put(text, len);
	host_console_unlock(locked);
}

static void flush(struct host_sink *sink)
{
	host_console_put(sink->text, sink->used);
	sink->used = 0;
}

void host_log_list(const char *format, va_list args)
{
	char text[128];
	struct host_sink sink = { .text = text, .size = sizeof(text), .full = flush };
	bool locked = host_console_lock();

	host_format(&sink, format, args);
	flush(&sink);
	host_console_unlock(locked);
}

void host_log(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	host_log_list(format, args);
	va_end(args);
}
