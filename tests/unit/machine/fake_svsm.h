/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAKE_SVSM_H
#define FAKE_SVSM_H

/* Stands in for the core: the tests of the machine decide what VMPL0 does. */

/* cmocka.h wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "machine.h"

#define MIB UINT64_C(0x100000)
#define FAKE_RAM (64U * MIB)
#define FAKE_VALID (32U * MIB)

extern struct svsm_boot_info fake_boot_info;
extern enum svsm_boot_status fake_boot_status;
/* What svsm_serve() does; NULL: return the guest's VMPL. */
extern unsigned int (*fake_serve)(unsigned int cpu_index);

/* 64 MiB of RAM of which the first 32 are valid, 4 vCPUs, guest at VMPL2. */
struct hm_config fake_config(void);
/* Fails the test if the machine does not start. */
struct hm_machine *fake_machine(const struct hm_config *config);
/* A VMSA like the startup VMSA in a valid page; the caller is bound. */
void fake_make_vmsa(struct hm_machine *m, uint64_t gpa, unsigned int vmpl);

#endif
