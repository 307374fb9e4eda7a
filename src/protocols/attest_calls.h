/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVSM_ATTEST_CALLS_H
#define SVSM_ATTEST_CALLS_H

/* Handlers of the attestation protocol, one file per call (58019 sections 7.1 and 7.2). */

#include "protocols.h"

svsm_handler svsm_attest_services;
svsm_handler svsm_attest_single_service;

extern const struct svsm_protocol svsm_attest_protocol;

/* Boot only. False: without a key (all zero) the protocol is not offered. */
bool svsm_attest_init(const uint8_t vmpck0[32]);

#endif
