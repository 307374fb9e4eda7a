/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_H
#define REPORT_H

#include "verify.h"

/* Offsets into ATTESTATION_REPORT, firmware ABI 56860. */
enum report_offset {
	REPORT_VERSION = 0x00,
	REPORT_POLICY = 0x08,
	REPORT_VMPL = 0x30,
	REPORT_SIGNATURE_ALGO = 0x34,
	REPORT_KEY_INFO = 0x48,
	REPORT_DATA = 0x50,
	REPORT_MEASUREMENT = 0x90,
	REPORT_HOST_DATA = 0xc0,
	REPORT_REPORTED_TCB = 0x180,
	REPORT_CPUID_FAMILY = 0x188,
	REPORT_CHIP_ID = 0x1a0,
	REPORT_R = 0x2a0,
	REPORT_S = 0x2e8,
	REPORT_SIGNATURE_END = 0x330,
};

#define REPORT_SCALAR_BYTES 72U
#define REPORT_CHIP_ID_BYTES 64U

#define REPORT_MIN_VERSION 2U
#define REPORT_MAX_VERSION 5U

/* Guest policy, firmware ABI 56860 table "Guest Policy". */
#define POLICY_SMT (UINT64_C(1) << 16)
#define POLICY_MUST_BE_ONE (UINT64_C(1) << 17)
#define POLICY_MIGRATE_MA (UINT64_C(1) << 18)
#define POLICY_DEBUG (UINT64_C(1) << 19)
#define POLICY_SINGLE_SOCKET (UINT64_C(1) << 20)

enum signing_key { SIGNING_VCEK = 0, SIGNING_VLEK = 1, SIGNING_NONE = 7 };

enum field_kind {
	FIELD_NUMBER, /* 1 or 4 bytes */
	FIELD_WORD,   /* 8 bytes, shown in hexadecimal */
	FIELD_BYTES,
	FIELD_TCB,
	FIELD_POLICY,
	FIELD_PLATFORM,
	FIELD_KEY_INFO,
	FIELD_VERSION, /* build, minor, major */
	FIELD_RESERVED,
};

struct report_field {
	const char *name;
	uint16_t offset;
	uint16_t size;
	uint8_t since; /* first and last report version that has it */
	uint8_t until;
	enum field_kind kind;
};

extern const struct report_field report_fields[];
extern const size_t report_nr_fields;

bool report_has(const uint8_t *report, const struct report_field *field);
uint64_t report_number(const uint8_t *report, const struct report_field *field);

/* What is wrong with @raw as a report, or NULL: the first VERIFY_REPORT_BYTES are one. */
const char *report_problem(struct verify_span raw);

/* TCB_VERSION of this report has the layout of Turin. */
bool report_turin(const uint8_t *report);
struct verify_tcb tcb_parts(uint64_t tcb, bool turin);

/* Field in words; empty if the value says it all. */
void field_describe(const uint8_t *report, const struct report_field *field, char *out,
		    size_t size);

#endif
