/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The C library functions that BoringSSL and the PSP model call, besides the memory functions of
 * host/. Only the processor that holds the PSP (psp_service.c) is ever in here: no locks.
 */

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host.h"

#define SECONDS_PER_DAY 86400
#define EPOCH_YEAR 1970

/* Names that the compiler's headers map functions and variables to. */
int *crypto_errno_location(void) __asm__("__errno_location");
const unsigned short **crypto_ctype_table(void) __asm__("__ctype_b_loc");
int crypto_sscanf(const char *text, const char *format, ...) __asm__("__isoc99_sscanf");
_Noreturn void crypto_assert_fail(const char *what, const char *file, unsigned int line,
				  const char *function) __asm__("__assert_fail");

int *crypto_errno_location(void)
{
	static int value;

	return &value;
}

/* Character classes of the C locale: none. BoringSSL asks only for configuration files and host
 * names, of which there are none. */
const unsigned short **crypto_ctype_table(void)
{
	static const unsigned short table[384];
	static const unsigned short *origin = table + 128;

	return &origin;
}

/* Only ever asked for the environment, which is empty. */
int crypto_sscanf(const char *text, const char *format, ...)
{
	(void)text;
	(void)format;
	return 0;
}

char *getenv(const char *name)
{
	(void)name;
	return NULL;
}

_Noreturn void abort(void)
{
	emu_stop(EMU_EXIT_EMULATOR, "crypto: abort");
}

_Noreturn void crypto_assert_fail(const char *what, const char *file, unsigned int line,
				  const char *function)
{
	emu_stop(EMU_EXIT_EMULATOR, "crypto: %s at %s:%u in %s", what, file, line, function);
}

/* The certificates carry dates of their own: the clock stands still. */
time_t time(time_t *out)
{
	if (out != NULL) {
		*out = 0;
	}
	return 0;
}

static bool is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Fields that BoringSSL reads; day of week and year are left 0. */
struct tm *gmtime_r(const time_t *when, struct tm *out)
{
	static const int month_days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	long days = *when / SECONDS_PER_DAY;
	int rest = (int)(*when % SECONDS_PER_DAY), year = EPOCH_YEAR, month = 0;

	if (*when < 0) {
		return NULL;
	}
	while (days >= (is_leap(year) ? 366 : 365)) {
		days -= is_leap(year) ? 366 : 365;
		year++;
	}
	while (days >= month_days[month] + (month == 1 && is_leap(year) ? 1 : 0)) {
		days -= month_days[month] + (month == 1 && is_leap(year) ? 1 : 0);
		month++;
	}
	*out = (struct tm){ .tm_year = year - 1900,
			    .tm_mon = month,
			    .tm_mday = (int)days + 1,
			    .tm_hour = rest / 3600,
			    .tm_min = rest / 60 % 60,
			    .tm_sec = rest % 60 };
	return out;
}

/* Insertion sort: it sorts the handful of attributes of a name. */
void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *))
{
	uint8_t *items = base;

	for (size_t i = 1; i < count; i++) {
		for (size_t j = i; j > 0U; j--) {
			uint8_t *a = items + (j - 1U) * size, *b = items + j * size;

			if (compare(a, b) <= 0) {
				break;
			}
			for (size_t k = 0; k < size; k++) {
				const uint8_t byte = a[k];

				a[k] = b[k];
				b[k] = byte;
			}
		}
	}
}

/* One thread: a lock has nothing to do. */
int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes)
{
	(void)mutex;
	(void)attributes;
	return 0;
}

int pthread_mutex_destroy(pthread_mutex_t *mutex)
{
	(void)mutex;
	return 0;
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
	(void)mutex;
	return 0;
}

int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
	(void)mutex;
	return 0;
}

int pthread_once(pthread_once_t *control, void (*init)(void))
{
	if (*control == PTHREAD_ONCE_INIT) {
		*control = PTHREAD_ONCE_INIT + 1;
		init();
	}
	return 0;
}
