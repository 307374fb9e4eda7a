/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SAMPLE_CERTS_H
#define SAMPLE_CERTS_H

#include "sample.h"

#define SAMPLE_CHECK(ok) sample_check((ok), #ok)
void sample_check(bool ok, const char *what);

/* Chip id and patch levels that the leaf certifies. */
extern const uint8_t sample_chip_id[64];
uint64_t sample_tcb(bool turin);

void sample_make_certs(const struct sample_config *config, struct sample *sample);

#endif
