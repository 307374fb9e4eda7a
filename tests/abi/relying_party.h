/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RELYING_PARTY_H
#define RELYING_PARTY_H

/*
 * A relying party for tests, which shares no code with the model of the processor, the SVSM or the
 * verifier: it believes the certificate of the VCEK and what that signed.
 */

#include "psp.h"

#define RELYING_REPORT_BYTES 0x4a0U

/*
 * Is @report signed by the VCEK of @psp, of VMPL 0 and the launch of @psp, with
 * REPORT_DATA = SHA-512(nonce || manifest)? Any thread.
 */
bool relying_party_accepts(struct psp *psp, const uint8_t report[RELYING_REPORT_BYTES],
			   const uint8_t *nonce, size_t nonce_size, const uint8_t *manifest,
			   size_t manifest_size);

#endif
