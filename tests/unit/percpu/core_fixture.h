/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_FIXTURE_H
#define CORE_FIXTURE_H

/*
 * The booted core for single-threaded tests of its parts: 4 vCPUs (APIC ids 0, 2, 4, 6), 64 MiB of
 * RAM, of which the first 32 are valid and the guest's, 4 KiB RMP entries. The test's thread is
 * vCPU 0; functions of the core may be called with the state of any vCPU.
 */

/* cmocka.h wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "machine.h"

#define MIB UINT64_C(0x100000)
#define PAGE SVSM_PAGE_SIZE
#define CORE_CPUS 4U

extern struct hm_machine *core_machine;

int core_setup(void **state);
int core_teardown(void **state);
/* The same with another machine: before core_teardown(), after the default one was torn down. */
void core_start(const struct hm_config *config);
struct hm_config core_config(void);

#define core_test(function) cmocka_unit_test_setup_teardown(function, core_setup, core_teardown)

#endif
