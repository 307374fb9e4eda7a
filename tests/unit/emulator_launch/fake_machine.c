/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host.h"
#include "platform.h"
#include "psp_service.h"
#include "rmp.h"

#define PAGES (FAKE_BYTES / EMU_PAGE_SIZE)

uint8_t *fake_memory;

static struct snpm_rmp rmp;
static char log_text[4096];
static size_t log_used, roots;
static uint64_t own_next;
static bool refuse;
static unsigned int fpu_depth;

static const struct host_boot boot = {
	.cmdline = "",
	.ram = { { { 0 }, 0xa0000 }, { { 0x100000 }, FAKE_OWN - 0x100000 } },
	.nr_ram = 2,
	.own = { { FAKE_OWN }, FAKE_BYTES - FAKE_OWN },
	.nr_cpus = 2,
};

void fake_machine_start(uint8_t byte)
{
	fake_memory = aligned_alloc(EMU_LARGE_SIZE, FAKE_BYTES);
	assert_non_null(fake_memory);
	memset(fake_memory, byte, FAKE_BYTES);
	rmp.words_2m = calloc(PAGES / 512U, sizeof(*rmp.words_2m));
	rmp.words_4k = calloc(PAGES, sizeof(*rmp.words_4k));
	rmp.nr_pages = PAGES;
	fake_clear_log();
	roots = SIZE_MAX;
	own_next = FAKE_OWN;
	refuse = false;
}

void fake_machine_stop(void)
{
	free(fake_memory);
	free((void *)rmp.words_2m);
	free((void *)rmp.words_4k);
	assert_int_equal(fpu_depth, 0);
}

void fake_exhaust(bool yes)
{
	own_next = yes ? FAKE_BYTES : FAKE_OWN;
}

void fake_refuse_policy(void)
{
	refuse = true;
}

void fake_clear_log(void)
{
	log_text[0] = '\0';
	log_used = 0;
}

const char *fake_log(void)
{
	return log_text;
}

size_t fake_roots(void)
{
	return roots;
}

const struct host_boot *host_boot(void)
{
	return &boot;
}

void *host_pages(size_t nr_pages)
{
	const uint64_t at = own_next;

	if (nr_pages > (FAKE_BYTES - at) / EMU_PAGE_SIZE) {
		return NULL;
	}
	own_next += nr_pages * EMU_PAGE_SIZE;
	memset(fake_memory + at, 0, nr_pages * EMU_PAGE_SIZE);
	return (void *)(uintptr_t)at;
}

void host_log(const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(log_text + log_used, sizeof(log_text) - log_used, format, args);
	va_end(args);
	assert_in_range(len, 0, sizeof(log_text) - log_used - 1U);
	log_used += (size_t)len;
}

_Noreturn void emu_stop(enum emu_exit code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vfprintf(stderr, format, args);
	va_end(args);
	(void)fprintf(stderr, ": emu_stop %d\n", (int)code);
	abort();
}

void host_fpu_begin(void)
{
	assert_int_equal(fpu_depth++, 0);
}

void host_fpu_end(void)
{
	assert_int_equal(--fpu_depth, 0);
}

void platform_cpuid(unsigned int cpu, uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
	assert_int_equal(cpu, 0);
	out[0] = leaf + 0x100U;
	out[1] = subleaf;
	out[2] = ~leaf;
	out[3] = leaf ^ 0x55555555U;
	if (leaf == 0U) {
		out[0] = 7;
	} else if (leaf == 0x40000000U) {
		out[0] = 0;
	} else if (leaf == 0x80000000U) {
		out[0] = 0x8000001f;
	}
}

struct snpm_rmp *rmp_table(void)
{
	return &rmp;
}

bool rmp_is_shared(gpa_t gpa)
{
	return snpm_shared_check(&rmp, gpa.raw >> EMU_PAGE_SHIFT) == SNPM_NO_FAULT;
}

bool psp_service_init(const void *data, uint64_t bytes)
{
	roots = data != NULL ? bytes : 0U;
	return data == NULL || *(const uint8_t *)data == 'R';
}

bool psp_service_launch(struct launch_result *result, uint64_t policy, uint64_t seed,
			const uint8_t host_data[32])
{
	assert_int_equal(policy, 0x30000);
	assert_int_equal(host_data[31], 31);
	for (unsigned int vmpl = 0; vmpl < EMU_NR_VMPLS; vmpl++) {
		memset(result->vmpck[vmpl], (int)(seed + vmpl), sizeof(result->vmpck[vmpl]));
	}
	return !refuse;
}
