/* SPDX-License-Identifier: Apache-2.0 */
#include "calls.h"

#include <stdio.h>
#include <string.h>

#define PROTOCOL_CALLS 8U

struct protocol_row {
	const char *name;
	const char *calls[PROTOCOL_CALLS];
};

static const struct protocol_row protocols[] = {
	{ "core",
	  { "remap_ca", "pvalidate", "create_vcpu", "delete_vcpu", "deposit_mem", "withdraw_mem",
	    "query_protocol", "configure_vtom" } },
	{ "attest", { "services", "single_service" } },
	{ "vtpm", { "query", "cmd" } },
	{ "apic",
	  { "query_features", "configure_emulation", "read_register", "write_register",
	    "configure_vector" } },
	{ "mm", { "request" } },
};
#define NR_PROTOCOLS (sizeof(protocols) / sizeof(protocols[0]))

static const char *const results[] = {
	"INCOMPLETE",	  "UNSUPPORTED_PROTOCOL", "UNSUPPORTED_CALL", "INVALID_ADDRESS",
	"INVALID_FORMAT", "INVALID_PARAMETER",	  "INVALID_REQUEST",  "BUSY",
};
#define NR_RESULTS (sizeof(results) / sizeof(results[0]))

static bool number_32(struct slice text, bool hex, uint32_t *value)
{
	uint64_t raw = 0;

	if (!(hex ? text_hex(text, &raw) : text_number(text, &raw)) || raw > UINT32_MAX) {
		return false;
	}
	*value = (uint32_t)raw;
	return true;
}

static bool parse_protocol(struct slice text, uint32_t *protocol)
{
	for (uint32_t i = 0; i < NR_PROTOCOLS; i++) {
		if (slice_is(text, protocols[i].name)) {
			*protocol = i;
			return true;
		}
	}
	return number_32(text, false, protocol);
}

bool call_parse(struct slice text, uint32_t *protocol, uint32_t *call)
{
	struct slice before;
	struct slice after;

	if (!slice_cut(text, '.', &before, &after)) {
		return false;
	}
	if (slice_strip(&before, "proto")) {
		return number_32(before, true, protocol) && number_32(after, true, call);
	}
	if (!parse_protocol(before, protocol)) {
		return false;
	}
	for (uint32_t i = 0; *protocol < NR_PROTOCOLS && i < PROTOCOL_CALLS; i++) {
		const char *name = protocols[*protocol].calls[i];

		if (name != NULL && slice_is(after, name)) {
			*call = i;
			return true;
		}
	}
	return number_32(after, false, call);
}

const char *call_name(uint32_t protocol, uint32_t call, char buffer[CALL_NAME_SIZE])
{
	if (protocol >= NR_PROTOCOLS) {
		(void)snprintf(buffer, CALL_NAME_SIZE, "proto%x.%x", protocol, call);
	} else if (call >= PROTOCOL_CALLS || protocols[protocol].calls[call] == NULL) {
		(void)snprintf(buffer, CALL_NAME_SIZE, "%s.%u", protocols[protocol].name, call);
	} else {
		(void)snprintf(buffer, CALL_NAME_SIZE, "%s.%s", protocols[protocol].name,
			       protocols[protocol].calls[call]);
	}
	return buffer;
}

bool result_parse(struct slice text, uint64_t *code)
{
	if (slice_is(text, "SUCCESS")) {
		*code = RESULT_SUCCESS;
		return true;
	}
	for (uint64_t i = 0; i < NR_RESULTS; i++) {
		if (slice_is(text, results[i])) {
			*code = RESULT_INCOMPLETE + i;
			return true;
		}
	}
	return false;
}

const char *result_name(uint64_t code)
{
	if (code == RESULT_SUCCESS) {
		return "SUCCESS";
	}
	if (code < RESULT_INCOMPLETE || code - RESULT_INCOMPLETE >= NR_RESULTS) {
		return NULL;
	}
	return results[code - RESULT_INCOMPLETE];
}
