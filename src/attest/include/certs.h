/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_CERTS_H
#define SVSM_CERTS_H

#include "svsm_types.h"

/*
 * Bytes that a certificate table (GHCB extended guest request) and its certificates take in @table,
 * a private copy of @size bytes of host data: entries up to a zero GUID, each certificate inside
 * @size. 0: there are none, or the table is malformed. Pure.
 */
size_t svsm_certs_size(const uint8_t *table, size_t size);

#endif
