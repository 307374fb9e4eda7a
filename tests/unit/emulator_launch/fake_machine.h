/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FAKE_MACHINE_H
#define FAKE_MACHINE_H

/* The host's side of the emulator's interfaces: 8 MiB of memory, of which the last 2 MiB are the
 * emulator's own. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAKE_BYTES UINT64_C(0x800000)
#define FAKE_OWN UINT64_C(0x600000)

/* Fresh memory, filled with @byte, an empty RMP and log. */
void fake_machine_start(uint8_t byte);
void fake_machine_stop(void);
/* Let host_pages() fail, or work again. */
void fake_exhaust(bool yes);
/* Let the security processor refuse the launch from now on. */
void fake_refuse_policy(void);

/* What was logged since the start. */
const char *fake_log(void);
void fake_clear_log(void);
/* Bytes of certificates that the security processor was given; SIZE_MAX: not started. */
size_t fake_roots(void);

#endif
