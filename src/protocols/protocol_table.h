/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_PROTOCOL_TABLE_H
#define SVSM_PROTOCOL_TABLE_H

/* The protocols of this SVSM, for dispatch and for QUERY_PROTOCOL. */

#include "protocols.h"

/*
 * Indexed by protocol number (58019 Table 3); NULL is not offered. Written by
 * svsm_protocols_init(), read-only afterwards.
 */
#define SVSM_NR_PROTOCOLS 2U
extern const struct svsm_protocol *svsm_protocols[SVSM_NR_PROTOCOLS];

/* The protocol with @number, NULL if it is not offered. */
static inline const struct svsm_protocol *svsm_protocol_find(uint64_t number)
{
	return number < SVSM_NR_PROTOCOLS ? svsm_protocols[number] : NULL;
}

#endif
