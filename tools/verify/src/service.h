/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVICE_H
#define SERVICE_H

#include "verify.h"

/* "vTPM" and so on; "unknown" for a GUID that specification 58019 does not define. */
const char *service_name(const uint8_t guid[VERIFY_GUID_BYTES]);

/* Manifest data of a service in words, as far as its version is known; escaped, may be empty. */
void service_describe(const uint8_t guid[VERIFY_GUID_BYTES], uint32_t version,
		      struct verify_span data, char *out, size_t size);

/*
 * The data carries a version that is not @version, or is too short to carry the one it must.
 * Version 0 of the vTPM and services that are not known have no version in their data: NULL.
 */
const char *service_version_problem(const uint8_t guid[VERIFY_GUID_BYTES], uint32_t version,
				    struct verify_span data);

#endif
