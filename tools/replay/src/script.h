/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPLAY_SCRIPT_H
#define REPLAY_SCRIPT_H

/* Statements of replay scripts; the grammar is in docs/replay.md. Parsing needs no machine. */

#include "entries.h"
#include "text.h"

#define SCRIPT_MAX_VCPUS 1024U
#define SCRIPT_MAX_ARGS 4U
#define SCRIPT_MAX_VALUES 32U
#define SCRIPT_MAX_DATA 1024U
#define SCRIPT_MAX_READ 4096U
#define SCRIPT_MAX_FILL (UINT64_C(64) << 20)
#define SCRIPT_MAX_SAVE (UINT64_C(1) << 20)
#define SCRIPT_MAX_NAME 64U

enum script_op {
	SCRIPT_NOTHING, /* blank line or comment */
	SCRIPT_MACHINE,
	SCRIPT_BOOT,
	SCRIPT_WRITE,
	SCRIPT_FILL,
	SCRIPT_READ,
	SCRIPT_LIST,
	SCRIPT_VMSA,
	SCRIPT_ATTEST,
	SCRIPT_CALL,
	SCRIPT_SAVE,
	SCRIPT_EXPECT,
	SCRIPT_PSC,
	SCRIPT_AP_CREATE,
	SCRIPT_AP_DESTROY,
	SCRIPT_SPURIOUS,
	SCRIPT_STEAL,
	SCRIPT_REMAP,
	SCRIPT_INJECT,
	SCRIPT_PSP_LIE,
	SCRIPT_IDLE,
	SCRIPT_FLUSH,
	SCRIPT_JUDGE,
	SCRIPT_PRINT,
	SCRIPT_RMP,
	SCRIPT_ECHO,
	SCRIPT_OPS,
};

enum script_key {
	KEY_RAM,
	KEY_ROM,
	KEY_VALID,
	KEY_SVSM,
	KEY_CA,
	KEY_VCPUS,
	KEY_APIC_IDS,
	KEY_VMPL,
	KEY_RMP,
	KEY_VTOM,
	KEY_FEATURES,
	KEY_PHYS_BITS,
	KEY_U3,
	KEY_U4,
	KEY_U6,
	KEY_U7,
	KEY_VMSA_STORE,
	KEY_INVLPGB,
	KEY_BUDGET_ENTRIES,
	KEY_BUDGET_PAGES,
	KEY_SPARE_PAGES,
	KEY_SEED,
	KEY_PSP,
	KEY_REPORT_VERSION,
	KEY_PSP_US,
	KEY_POLICY,
	KEY_SECRETS,
	KEY_SHARED,
	KEY_N,
	KEY_NEXT,
	KEY_RESERVED,
	KEY_RAX,
	KEY_RCX,
	KEY_RDX,
	KEY_R8,
	KEY_R9,
	KEY_RIP,
	KEY_RSP,
	KEY_CR0,
	KEY_CR3,
	KEY_CR4,
	KEY_EFER,
	KEY_RFLAGS,
	KEY_CS_BASE,
	KEY_GUEST_VTOM,
	KEY_PENDING,
	KEY_EXITCODE,
	KEY_LEAVE,
	KEY_SPARE,
	KEY_TO,
	KEY_NTH,
	KEY_VALUE,
	KEY_ZERO,
	KEY_ACCESS,
	KEY_STATUS,
	KEY_OK,
	KEY_FIRED,
	KEY_RUNNING,
	KEY_REPORT,
	KEY_NONCE,
	KEY_MANIFEST,
	KEY_CERTS,
	KEY_GUID,
	KEY_VERSION,
	KEY_ALWAYS,
	KEY_TOLD,
	KEY_REQUESTS,
	KEY_SERVED,
	KEY_REFUSED,
	SCRIPT_KEYS,
};

/* Values of KEY_VALID. a and b are otherwise a range. */
#define SCRIPT_VALID_ALL UINT64_MAX
#define SCRIPT_VALID_NONE (UINT64_MAX - 1U)

/* Positions of the words of KEY_ACCESS, KEY_STATUS, and of the injections, in the order of the
 * tables of script.c. */
enum script_access { ACCESS_OK, ACCESS_NPF, ACCESS_VC404, ACCESS_NOT_RUNNING, ACCESS_NO_MEMORY };
enum script_status {
	STATUS_DONE,
	STATUS_NOT_SERVED,
	STATUS_STOPPED,
	STATUS_FAULT,
	STATUS_RESUMED,
};
enum script_print { PRINT_STATE, PRINT_COUNTERS, PRINT_PSP };

/* @a: the value; of a range or a buffer "gpa,size" also @b. A GUID is its 16 bytes on the wire, the
 * first eight in @a. */
struct script_value {
	enum script_key key;
	uint64_t a;
	uint64_t b;
};

struct script_cmd {
	enum script_op op;
	unsigned int line;	       /* from 1 */
	struct slice source;	       /* the statement without comment */
	struct slice text;	       /* ECHO; file name of SAVE */
	uint64_t arg[SCRIPT_MAX_ARGS]; /* positional arguments */
	unsigned int nr_args;
	struct script_value value[SCRIPT_MAX_VALUES];
	unsigned int nr_values;
	uint64_t *data; /* owns: values of WRITE, APIC ids of MACHINE, entries of LIST */
	unsigned int nr_data;
};

/* Parse one line into a command that script_cmd_free() releases, also after a failure. */
bool script_parse_line(struct slice line, struct script_cmd *cmd, struct text_error *error);
void script_cmd_free(struct script_cmd *cmd);

/* The value of @key, the last one if repeated; NULL if absent. */
const struct script_value *script_find(const struct script_cmd *cmd, enum script_key key);
uint64_t script_get(const struct script_cmd *cmd, enum script_key key, uint64_t absent);

/* Words for printing. */
const char *script_access_word(enum script_access access);
const char *script_status_word(enum script_status status);
const char *script_key_word(enum script_key key);

struct script {
	struct script_cmd *cmd; /* owns */
	size_t nr;
	unsigned int nr_vcpus; /* of the machine statements, default 1 */
};

struct lines;
/*
 * Parse a whole script, so that nothing runs of one with an error. *@bad_line (from 1) tells where
 * it failed. The lines must outlive the script. Refused besides malformed lines: statements that
 * need the machine before boot, machine or boot after boot, vCPUs that the machine does not have.
 */
bool script_parse(const struct lines *lines, struct script *script, size_t *bad_line,
		  struct text_error *error);
void script_free(struct script *script);

#endif
