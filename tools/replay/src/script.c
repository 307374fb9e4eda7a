/* SPDX-License-Identifier: Apache-2.0 */
#include "script.h"

#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "lines.h"

#define LENGTH(table) (sizeof(table) / sizeof((table)[0]))

/* ---- words ---- */

struct words {
	const char *word[20];
};

static const struct words access_words = { { "ok", "npf", "vc404", "not-running", "no-memory" } };
static const struct words status_words = { { "done", "not-served", "stopped", "fault",
					     "resumed" } };
static const struct words yes_words = { { "no", "yes" } };
static const struct words on_words = { { "off", "on" } };
static const struct words size_words = { { "4k", "2m" } };
static const struct words state_words = { { "shared", "private" } };
static const struct words rmp_words = { { "2m", "4k" } };
static const struct words store_words = { { "stall", "lost" } };
static const struct words print_words = { { "state", "counters", "psp" } };
static const struct words inject_words = { { "pvalidate-fault", "pvalidate-code", "pvalidate-carry",
					     "rmpadjust-fault", "rmpadjust-code", "guest-read",
					     "guest-write", "zero", "vmsa-read", "vmsa-write",
					     "vmsa-lost", "alloc" } };
static const struct words lie_words = {
	{ "busy", "drop", "fail-after", "slow", "replay", "foreign", "sequence", "type", "size",
	  "corrupt", "truncate", "cert-pages", "cert-grow", "cert-none", "cert-bad", "cert-change" }
};

static bool find_word(const struct words *words, struct slice text, uint64_t *position)
{
	for (uint64_t i = 0; i < LENGTH(words->word) && words->word[i] != NULL; i++) {
		if (slice_is(text, words->word[i])) {
			*position = i;
			return true;
		}
	}
	return false;
}

const char *script_access_word(enum script_access access)
{
	return access_words.word[access];
}

const char *script_status_word(enum script_status status)
{
	return status_words.word[status];
}

/* ---- keys ---- */

enum value_kind {
	VALUE_NUMBER,
	VALUE_RESULT, /* a number or the name of a result code */
	VALUE_RANGE,  /* start-end, or a size: 0-size */
	VALUE_VALID,  /* a range, all or none */
	VALUE_IDS,    /* numbers separated by commas */
	VALUE_WORD,
	VALUE_BUFFER, /* gpa,size */
	VALUE_GUID,
};

struct key_row {
	const char *name;
	enum value_kind kind;
	const struct words *words;
	uint64_t min, max; /* of VALUE_NUMBER, and the size of VALUE_BUFFER; max 0: any */
};

static const struct key_row key_rows[SCRIPT_KEYS] = {
	[KEY_RAM] = { "ram", VALUE_RANGE, NULL, 0, 0 },
	[KEY_ROM] = { "rom", VALUE_RANGE, NULL, 0, 0 },
	[KEY_VALID] = { "valid", VALUE_VALID, NULL, 0, 0 },
	[KEY_SVSM] = { "svsm", VALUE_RANGE, NULL, 0, 0 },
	[KEY_CA] = { "ca", VALUE_NUMBER, NULL, 0, 0 },
	[KEY_VCPUS] = { "vcpus", VALUE_NUMBER, NULL, 1, SCRIPT_MAX_VCPUS },
	[KEY_APIC_IDS] = { "apic-ids", VALUE_IDS, NULL, 0, 0 },
	[KEY_VMPL] = { "vmpl", VALUE_NUMBER, NULL, 0, UINT8_MAX },
	[KEY_RMP] = { "rmp", VALUE_WORD, &rmp_words, 0, 0 },
	[KEY_VTOM] = { "vtom", VALUE_WORD, &on_words, 0, 0 },
	[KEY_FEATURES] = { "features", VALUE_NUMBER, NULL, 0, 0 },
	[KEY_PHYS_BITS] = { "phys-bits", VALUE_NUMBER, NULL, 32, 51 },
	[KEY_U3] = { "u3", VALUE_WORD, &on_words, 0, 0 },
	[KEY_U4] = { "u4", VALUE_WORD, &on_words, 0, 0 },
	[KEY_U6] = { "u6", VALUE_WORD, &on_words, 0, 0 },
	[KEY_U7] = { "u7", VALUE_WORD, &on_words, 0, 0 },
	[KEY_VMSA_STORE] = { "vmsa-store", VALUE_WORD, &store_words, 0, 0 },
	[KEY_INVLPGB] = { "invlpgb", VALUE_WORD, &on_words, 0, 0 },
	[KEY_BUDGET_ENTRIES] = { "budget-entries", VALUE_NUMBER, NULL, 0, UINT32_MAX },
	[KEY_BUDGET_PAGES] = { "budget-pages", VALUE_NUMBER, NULL, 0, UINT32_MAX },
	[KEY_SPARE_PAGES] = { "spare-pages", VALUE_NUMBER, NULL, 1, 1U << 20 },
	[KEY_SEED] = { "seed", VALUE_NUMBER, NULL, 0, 0 },
	[KEY_PSP] = { "psp", VALUE_WORD, &on_words, 0, 0 },
	[KEY_REPORT_VERSION] = { "report-version", VALUE_NUMBER, NULL, 2, 5 },
	[KEY_PSP_US] = { "psp-us", VALUE_NUMBER, NULL, 0, 10000000 },
	[KEY_POLICY] = { "policy", VALUE_NUMBER, NULL, 0, 0 },
	[KEY_SECRETS] = { "secrets", VALUE_NUMBER, NULL, 0, 0 },
	[KEY_SHARED] = { "shared", VALUE_WORD, &yes_words, 0, 0 },
	[KEY_N] = { "n", VALUE_NUMBER, NULL, 0, UINT16_MAX },
	[KEY_NEXT] = { "next", VALUE_NUMBER, NULL, 0, UINT16_MAX },
	[KEY_RESERVED] = { "reserved", VALUE_NUMBER, NULL, 0, UINT32_MAX },
	[KEY_RAX] = { "rax", VALUE_RESULT, NULL, 0, 0 },
	[KEY_RCX] = { "rcx", VALUE_NUMBER, NULL, 0, 0 },
	[KEY_RDX] = { "rdx", VALUE_NUMBER, NULL, 0, 0 },
	[KEY_R8] = { "r8", VALUE_NUMBER, NULL, 0, 0 },
	[KEY_R9] = { "r9", VALUE_NUMBER, NULL, 0, 0 },
	[KEY_RIP] = { "rip", VALUE_NUMBER, NULL, 0, 0 },
	[KEY_RSP] = { "rsp", VALUE_NUMBER, NULL, 0, 0 },
	[KEY_CR0] = { "cr0", VALUE_NUMBER, NULL, 0, 0 },
	[KEY_CR3] = { "cr3", VALUE_NUMBER, NULL, 0, 0 },
	[KEY_CR4] = { "cr4", VALUE_NUMBER, NULL, 0, 0 },
	[KEY_EFER] = { "efer", VALUE_NUMBER, NULL, 0, 0 },
	[KEY_RFLAGS] = { "rflags", VALUE_NUMBER, NULL, 0, 0 },
	[KEY_CS_BASE] = { "cs-base", VALUE_NUMBER, NULL, 0, 0 },
	[KEY_GUEST_VTOM] = { "virtual-tom", VALUE_NUMBER, NULL, 0, 0 },
	[KEY_PENDING] = { "pending", VALUE_NUMBER, NULL, 0, UINT8_MAX },
	[KEY_EXITCODE] = { "exitcode", VALUE_NUMBER, NULL, 0, 0 },
	[KEY_LEAVE] = { "leave", VALUE_WORD, &yes_words, 0, 0 },
	[KEY_SPARE] = { "spare", VALUE_NUMBER, NULL, 0, UINT32_MAX },
	[KEY_TO] = { "to", VALUE_NUMBER, NULL, 0, 0 },
	[KEY_NTH] = { "nth", VALUE_NUMBER, NULL, 0, UINT32_MAX },
	[KEY_VALUE] = { "value", VALUE_NUMBER, NULL, 0, 0 },
	[KEY_ZERO] = { "zero", VALUE_WORD, &yes_words, 0, 0 },
	[KEY_ACCESS] = { "access", VALUE_WORD, &access_words, 0, 0 },
	[KEY_STATUS] = { "status", VALUE_WORD, &status_words, 0, 0 },
	[KEY_OK] = { "ok", VALUE_WORD, &yes_words, 0, 0 },
	[KEY_FIRED] = { "fired", VALUE_WORD, &yes_words, 0, 0 },
	[KEY_RUNNING] = { "running", VALUE_NUMBER, NULL, 0, 0 },
	[KEY_REPORT] = { "report", VALUE_BUFFER, NULL, 0, UINT32_MAX },
	[KEY_NONCE] = { "nonce", VALUE_BUFFER, NULL, 0, UINT16_MAX },
	[KEY_MANIFEST] = { "manifest", VALUE_BUFFER, NULL, 0, UINT32_MAX },
	[KEY_CERTS] = { "certs", VALUE_BUFFER, NULL, 0, UINT32_MAX },
	[KEY_GUID] = { "guid", VALUE_GUID, NULL, 0, 0 },
	[KEY_VERSION] = { "version", VALUE_NUMBER, NULL, 0, UINT32_MAX },
	[KEY_ALWAYS] = { "always", VALUE_WORD, &yes_words, 0, 0 },
	[KEY_TOLD] = { "told", VALUE_NUMBER, NULL, 0, 0 },
	[KEY_REQUESTS] = { "requests", VALUE_NUMBER, NULL, 0, 0 },
	[KEY_SERVED] = { "served", VALUE_NUMBER, NULL, 0, 0 },
	[KEY_REFUSED] = { "refused", VALUE_NUMBER, NULL, 0, 0 },
};

const char *script_key_word(enum script_key key)
{
	return key_rows[key].name;
}

/* ---- statements ---- */

enum arg_kind {
	ARG_END,
	ARG_VCPU,
	ARG_NUMBER,
	ARG_PAGES, /* page or page*count: two arguments */
	ARG_WIDTH, /* u8, u16, u32, u64: bytes */
	ARG_CALL,  /* the RAX of the call */
	ARG_STATE,
	ARG_SIZE,
	ARG_INJECT,
	ARG_LIE,
	ARG_PRINT,
	ARG_DATA, /* one or more numbers to the end */
	ARG_FILE, /* a plain file name */
	ARG_TEXT, /* the rest of the line */
};

struct verb_row {
	const char *name;
	enum arg_kind args[SCRIPT_MAX_ARGS + 1U];
	bool takes_list;
	bool before_boot; /* needs no machine */
	enum script_key keys[32];
	unsigned int nr_keys;
};

static const struct verb_row verbs[SCRIPT_OPS] = {
	[SCRIPT_MACHINE] = { "machine",
			     { ARG_END },
			     false,
			     true,
			     { KEY_RAM,
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
			       KEY_SECRETS },
			     27 },
	[SCRIPT_BOOT] = { "boot", { ARG_END }, false, true, { 0 }, 0 },
	[SCRIPT_WRITE] = { "write",
			   { ARG_VCPU, ARG_NUMBER, ARG_WIDTH, ARG_DATA },
			   false,
			   false,
			   { KEY_SHARED },
			   1 },
	[SCRIPT_FILL] = { "fill",
			  { ARG_VCPU, ARG_NUMBER, ARG_NUMBER, ARG_NUMBER },
			  false,
			  false,
			  { KEY_SHARED },
			  1 },
	[SCRIPT_READ] = { "read",
			  { ARG_VCPU, ARG_NUMBER, ARG_NUMBER },
			  false,
			  false,
			  { KEY_SHARED },
			  1 },
	[SCRIPT_LIST] = { "list",
			  { ARG_VCPU, ARG_NUMBER },
			  true,
			  false,
			  { KEY_N, KEY_NEXT, KEY_RESERVED },
			  3 },
	[SCRIPT_VMSA] = { "vmsa",
			  { ARG_VCPU, ARG_NUMBER },
			  false,
			  false,
			  { KEY_VMPL, KEY_EFER, KEY_FEATURES, KEY_RIP, KEY_RSP, KEY_RAX, KEY_RCX,
			    KEY_RDX, KEY_R8, KEY_R9, KEY_CR0, KEY_CR3, KEY_CR4, KEY_RFLAGS,
			    KEY_CS_BASE, KEY_GUEST_VTOM, KEY_EXITCODE },
			  17 },
	[SCRIPT_CALL] = { "call",
			  { ARG_VCPU, ARG_CALL },
			  false,
			  false,
			  { KEY_RCX, KEY_RDX, KEY_R8, KEY_R9, KEY_RIP, KEY_RSP, KEY_CR3, KEY_CA,
			    KEY_PENDING },
			  9 },
	[SCRIPT_ATTEST] = { "attest",
			    { ARG_VCPU, ARG_NUMBER },
			    false,
			    false,
			    { KEY_REPORT, KEY_NONCE, KEY_MANIFEST, KEY_CERTS, KEY_GUID,
			      KEY_VERSION },
			    6 },
	[SCRIPT_SAVE] = { "save",
			  { ARG_VCPU, ARG_NUMBER, ARG_NUMBER, ARG_FILE },
			  false,
			  false,
			  { 0 },
			  0 },
	[SCRIPT_EXPECT] = { "expect",
			    { ARG_END },
			    false,
			    false,
			    { KEY_RAX,	  KEY_RCX,     KEY_RDX,	    KEY_R8,	KEY_R9,
			      KEY_RIP,	  KEY_RSP,     KEY_CR3,	    KEY_NEXT,	KEY_N,
			      KEY_VALUE,  KEY_ZERO,    KEY_ACCESS,  KEY_STATUS, KEY_OK,
			      KEY_FIRED,  KEY_RUNNING, KEY_PENDING, KEY_TOLD,	KEY_REQUESTS,
			      KEY_SERVED, KEY_REFUSED },
			    22 },
	[SCRIPT_PSC] = { "psc", { ARG_PAGES, ARG_STATE, ARG_SIZE }, false, false, { 0 }, 0 },
	[SCRIPT_AP_CREATE] = { "ap-create", { ARG_VCPU, ARG_NUMBER }, false, false, { KEY_CA }, 1 },
	[SCRIPT_AP_DESTROY] = { "ap-destroy", { ARG_VCPU }, false, false, { 0 }, 0 },
	[SCRIPT_SPURIOUS] = { "spurious", { ARG_VCPU }, false, false, { KEY_EXITCODE }, 1 },
	[SCRIPT_STEAL] = { "steal", { ARG_NUMBER }, false, false, { KEY_LEAVE }, 1 },
	[SCRIPT_REMAP] = { "remap", { ARG_NUMBER }, false, false, { KEY_SPARE, KEY_TO }, 2 },
	[SCRIPT_INJECT] = { "inject",
			    { ARG_VCPU, ARG_INJECT },
			    false,
			    false,
			    { KEY_NTH, KEY_VALUE },
			    2 },
	[SCRIPT_PSP_LIE] = { "psp-lie",
			     { ARG_LIE },
			     false,
			     false,
			     { KEY_NTH, KEY_VALUE, KEY_ALWAYS },
			     3 },
	[SCRIPT_IDLE] = { "idle", { ARG_VCPU }, false, false, { 0 }, 0 },
	[SCRIPT_FLUSH] = { "flush", { ARG_VCPU }, false, false, { 0 }, 0 },
	[SCRIPT_JUDGE] = { "judge", { ARG_END }, false, false, { 0 }, 0 },
	[SCRIPT_PRINT] = { "print", { ARG_PRINT }, false, false, { 0 }, 0 },
	[SCRIPT_RMP] = { "rmp", { ARG_NUMBER }, false, false, { 0 }, 0 },
	[SCRIPT_ECHO] = { "echo", { ARG_TEXT }, false, true, { 0 }, 0 },
};

/* ---- values ---- */

static bool parse_range(struct slice text, struct script_value *value)
{
	struct slice start;
	struct slice end;

	if (slice_cut(text, '-', &start, &end)) {
		return text_number(start, &value->a) && text_number(end, &value->b) &&
		       value->a < value->b;
	}
	value->a = 0;
	return text_number(text, &value->b) && value->b > 0U;
}

static bool parse_valid(struct slice text, struct script_value *value)
{
	if (slice_is(text, "all") || slice_is(text, "none")) {
		value->a = slice_is(text, "all") ? SCRIPT_VALID_ALL : SCRIPT_VALID_NONE;
		value->b = value->a;
		return true;
	}
	return parse_range(text, value);
}

static bool add_data(struct script_cmd *cmd, uint64_t number, struct text_error *error)
{
	if (cmd->data == NULL) {
		cmd->data = calloc(SCRIPT_MAX_DATA, sizeof(cmd->data[0]));
	}
	if (cmd->data == NULL || cmd->nr_data == SCRIPT_MAX_DATA) {
		return text_fail(error, "more than %u values, or no memory", SCRIPT_MAX_DATA);
	}
	cmd->data[cmd->nr_data++] = number;
	return true;
}

static bool parse_ids(struct slice text, struct script_cmd *cmd, struct text_error *error)
{
	struct slice first = text;
	struct slice rest = { .p = text.p, .len = 0 };
	uint64_t id = 0;
	bool more;

	do {
		more = slice_cut(text, ',', &first, &rest);
		if (!text_number(more ? first : text, &id) || id > UINT32_MAX) {
			return text_fail(error, "bad APIC ids '%.*s'", SLICE_ARG(text));
		}
		if (!add_data(cmd, id, error)) {
			return false;
		}
		text = rest;
	} while (more);
	return true;
}

static bool parse_number_value(const struct key_row *row, struct slice text,
			       struct script_value *value, struct text_error *error)
{
	if (!text_number(text, &value->a)) {
		return text_fail(error, "bad number '%.*s'", SLICE_ARG(text));
	}
	if (row->max != 0U && (value->a < row->min || value->a > row->max)) {
		return text_fail(error, "%s= out of range", row->name);
	}
	return true;
}

static bool parse_buffer(const struct key_row *row, struct slice text, struct script_value *value)
{
	struct slice gpa;
	struct slice size;

	return slice_cut(text, ',', &gpa, &size) && text_number(gpa, &value->a) &&
	       text_number(size, &value->b) && value->b <= row->max;
}

/* xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx, the first three fields little-endian on the wire. */
static bool parse_guid(struct slice text, struct script_value *value)
{
	static const unsigned int digits[] = { 8, 4, 4, 4, 12 };
	uint64_t field[LENGTH(digits)];
	uint8_t wire[16];
	size_t at = 0;

	for (size_t i = 0; i < LENGTH(digits); i++) {
		const struct slice part = { .p = text.p + at, .len = digits[i] };
		const bool last = i + 1U == LENGTH(digits);

		if (text.len < at + part.len + (last ? 0U : 1U) || !text_hex(part, &field[i]) ||
		    part.p[1] == 'x' || part.p[1] == 'X' || (!last && part.p[part.len] != '-')) {
			return false;
		}
		at += part.len + (last ? 0U : 1U);
	}
	for (unsigned int i = 0; i < sizeof(wire); i++) {
		wire[i] =
			(uint8_t)(i < 4U ? field[0] >> (8U * i)
				  : i < 6U
					  ? field[1] >> (8U * (i - 4U))
					  : i<8U ? field[2] >> (8U * (i - 6U))
						 : i<10U ? field[3] >> (8U * (9U - i)) : field[4]>>(
						    8U * (15U - i)));
	}
	memcpy(&value->a, wire, sizeof(value->a));
	memcpy(&value->b, wire + sizeof(value->a), sizeof(value->b));
	return at == text.len;
}

static bool parse_value(const struct key_row *row, struct slice text, struct script_cmd *cmd,
			struct script_value *value, struct text_error *error)
{
	bool ok = false;

	switch (row->kind) {
	case VALUE_NUMBER:
		return parse_number_value(row, text, value, error);
	case VALUE_IDS:
		return parse_ids(text, cmd, error);
	case VALUE_RESULT:
		ok = result_parse(text, &value->a) || text_number(text, &value->a);
		break;
	case VALUE_RANGE:
		ok = parse_range(text, value);
		break;
	case VALUE_VALID:
		ok = parse_valid(text, value);
		break;
	case VALUE_WORD:
		ok = find_word(row->words, text, &value->a);
		break;
	case VALUE_BUFFER:
		ok = parse_buffer(row, text, value);
		break;
	case VALUE_GUID:
		ok = parse_guid(text, value);
		break;
	}
	return ok ? true : text_fail(error, "bad value '%.*s' of %s=", SLICE_ARG(text), row->name);
}

static bool add_key(const struct verb_row *verb, struct script_cmd *cmd, struct slice name,
		    struct slice text, struct text_error *error)
{
	struct script_value *value = &cmd->value[cmd->nr_values];

	if (cmd->nr_values == SCRIPT_MAX_VALUES) {
		return text_fail(error, "more than %u key=value words", SCRIPT_MAX_VALUES);
	}
	for (unsigned int i = 0; i < verb->nr_keys; i++) {
		const struct key_row *row = &key_rows[verb->keys[i]];

		if (slice_is(name, row->name)) {
			value->key = verb->keys[i];
			cmd->nr_values++;
			return parse_value(row, text, cmd, value, error);
		}
	}
	return text_fail(error, "%s takes no key '%.*s'", verb->name, SLICE_ARG(name));
}

/* ---- positional arguments ---- */

static bool add_arg(struct script_cmd *cmd, uint64_t value)
{
	cmd->arg[cmd->nr_args++] = value;
	return true;
}

static bool add_pages(struct script_cmd *cmd, struct slice word, struct text_error *error)
{
	struct slice page = word;
	struct slice times;
	uint64_t first = 0;
	uint64_t count = 1;

	if ((slice_cut(word, '*', &page, &times) && !text_number(times, &count)) ||
	    !text_number(page, &first) || count == 0U || count > (UINT64_C(1) << 32)) {
		return text_fail(error, "bad page or count '%.*s'", SLICE_ARG(word));
	}
	return add_arg(cmd, first) && add_arg(cmd, count);
}

static bool word_value(enum arg_kind kind, struct slice word, uint64_t *value)
{
	static const struct words width_words = { { "u8", "u16", "u32", "u64" } };
	uint32_t protocol = 0;
	uint32_t call = 0;

	switch (kind) {
	case ARG_VCPU:
		return text_dec(word, value) && *value < SCRIPT_MAX_VCPUS;
	case ARG_CALL:
		if (!call_parse(word, &protocol, &call)) {
			return false;
		}
		*value = call_rax(protocol, call);
		return true;
	case ARG_WIDTH:
		if (!find_word(&width_words, word, value)) {
			return false;
		}
		*value = UINT64_C(1) << *value;
		return true;
	case ARG_STATE:
		return find_word(&state_words, word, value);
	case ARG_SIZE:
		return find_word(&size_words, word, value);
	case ARG_INJECT:
		return find_word(&inject_words, word, value);
	case ARG_LIE:
		return find_word(&lie_words, word, value);
	case ARG_PRINT:
		return find_word(&print_words, word, value);
	default:
		return text_number(word, value);
	}
}

/* No directory, no hidden file: whatever the script says stays in the directory of its user. */
static bool is_plain_name(struct slice name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";

	for (size_t i = 0; i < name.len; i++) {
		if (memchr(allowed, name.p[i], sizeof(allowed) - 1U) == NULL) {
			return false;
		}
	}
	return name.len > 0U && name.len <= SCRIPT_MAX_NAME && *name.p != '.' && *name.p != '-';
}

/* Consumes @word for argument *@kind, and advances *@kind unless it takes more. */
static bool take_arg(const enum arg_kind **kind, struct script_cmd *cmd, struct slice word,
		     struct text_error *error)
{
	uint64_t value = 0;

	if (**kind == ARG_END) {
		return text_fail(error, "unexpected '%.*s'", SLICE_ARG(word));
	}
	if (**kind == ARG_PAGES) {
		(*kind)++;
		return add_pages(cmd, word, error);
	}
	if (**kind == ARG_FILE) {
		(*kind)++;
		cmd->text = word;
		return is_plain_name(word)
			       ? true
			       : text_fail(error, "'%.*s' is no plain file name", SLICE_ARG(word));
	}
	if (!word_value(**kind, word, &value)) {
		return text_fail(error, "bad argument '%.*s'", SLICE_ARG(word));
	}
	if (**kind == ARG_DATA) {
		return add_data(cmd, value, error);
	}
	(*kind)++;
	return add_arg(cmd, value);
}

static bool take_list(const struct verb_row *verb, struct script_cmd *cmd, struct slice *rest,
		      struct text_error *error)
{
	struct entry_list list = { .nr = 0 };
	struct slice before;
	struct slice inside;
	struct slice after;

	if (!verb->takes_list || cmd->data != NULL) {
		return text_fail(error, "unexpected '['");
	}
	if (!slice_cut(*rest, '[', &before, &inside) || !slice_cut(inside, ']', &inside, &after)) {
		return text_fail(error, "'[' without ']'");
	}
	*rest = after;
	if (!entries_parse(inside, &list, error)) {
		return false;
	}
	for (unsigned int i = 0; i < list.nr; i++) {
		if (!add_data(cmd, list.entry[i], error)) {
			return false;
		}
	}
	return true;
}

/* ---- a line ---- */

/* '#' at the start of a word begins a comment. */
static struct slice strip_comment(struct slice line)
{
	for (size_t i = 0; i < line.len; i++) {
		bool starts = i == 0U || line.p[i - 1U] == ' ' || line.p[i - 1U] == '\t';

		if (line.p[i] == '#' && starts) {
			line.len = i;
		}
	}
	while (line.len > 0U && (line.p[line.len - 1U] == ' ' || line.p[line.len - 1U] == '\t' ||
				 line.p[line.len - 1U] == '\r')) {
		line.len--;
	}
	return line;
}

static const struct verb_row *find_verb(struct slice word, enum script_op *op)
{
	for (unsigned int i = SCRIPT_NOTHING + 1U; i < SCRIPT_OPS; i++) {
		if (slice_is(word, verbs[i].name)) {
			*op = (enum script_op)i;
			return &verbs[i];
		}
	}
	return NULL;
}

static bool check_limits(const struct script_cmd *cmd, struct text_error *error)
{
	if (cmd->op == SCRIPT_READ && cmd->arg[2] > SCRIPT_MAX_READ) {
		return text_fail(error, "read of more than %u bytes", SCRIPT_MAX_READ);
	}
	if (cmd->op == SCRIPT_FILL && (cmd->arg[2] > SCRIPT_MAX_FILL || cmd->arg[3] > UINT8_MAX)) {
		return text_fail(error, "fill of more than 64M, or with more than a byte");
	}
	if (cmd->op == SCRIPT_WRITE && cmd->arg[2] < 8U) {
		for (unsigned int i = 0; i < cmd->nr_data; i++) {
			if (cmd->data[i] >> (8U * cmd->arg[2]) != 0U) {
				return text_fail(error, "value %u does not fit the width", i + 1U);
			}
		}
	}
	if (cmd->op == SCRIPT_SAVE && cmd->arg[2] > SCRIPT_MAX_SAVE) {
		return text_fail(error, "save of more than 1M");
	}
	if (cmd->op == SCRIPT_REMAP &&
	    (script_find(cmd, KEY_SPARE) == NULL) == (script_find(cmd, KEY_TO) == NULL)) {
		return text_fail(error, "remap needs spare= or to=");
	}
	return true;
}

static bool parse_words(const struct verb_row *verb, struct slice rest, struct script_cmd *cmd,
			struct text_error *error)
{
	const enum arg_kind *kind = verb->args;
	struct slice name;
	struct slice value;

	for (;;) {
		struct slice ahead = rest;
		struct slice word = text_word(&ahead);

		if (word.len == 0U) {
			break;
		}
		if (*word.p == '[') {
			if (!take_list(verb, cmd, &rest, error)) {
				return false;
			}
			continue;
		}
		rest = ahead;
		if (slice_cut(word, '=', &name, &value) ? !add_key(verb, cmd, name, value, error)
							: !take_arg(&kind, cmd, word, error)) {
			return false;
		}
	}
	if (*kind != ARG_END && !(*kind == ARG_DATA && cmd->nr_data > 0U)) {
		return text_fail(error, "%s: argument missing", verb->name);
	}
	return check_limits(cmd, error);
}

bool script_parse_line(struct slice line, struct script_cmd *cmd, struct text_error *error)
{
	const struct verb_row *verb;
	struct slice rest;
	struct slice word;

	*cmd = (struct script_cmd){ .op = SCRIPT_NOTHING, .source = strip_comment(line) };
	rest = cmd->source;
	word = text_word(&rest);
	if (word.len == 0U) {
		return true;
	}
	verb = find_verb(word, &cmd->op);
	if (verb == NULL) {
		return text_fail(error, "unknown statement '%.*s'", SLICE_ARG(word));
	}
	if (verb->args[0] == ARG_TEXT) {
		(void)slice_strip(&rest, " ");
		cmd->text = rest;
		return true;
	}
	return parse_words(verb, rest, cmd, error);
}

void script_cmd_free(struct script_cmd *cmd)
{
	free(cmd->data);
	cmd->data = NULL;
	cmd->nr_data = 0;
}

const struct script_value *script_find(const struct script_cmd *cmd, enum script_key key)
{
	for (unsigned int i = cmd->nr_values; i > 0U; i--) {
		if (cmd->value[i - 1U].key == key) {
			return &cmd->value[i - 1U];
		}
	}
	return NULL;
}

uint64_t script_get(const struct script_cmd *cmd, enum script_key key, uint64_t absent)
{
	const struct script_value *value = script_find(cmd, key);

	return value == NULL ? absent : value->a;
}

/* ---- a script ---- */

static bool check_order(struct script *script, const struct script_cmd *cmd, bool *booted,
			struct text_error *error)
{
	const struct verb_row *verb = &verbs[cmd->op];

	if (!verb->before_boot && !*booted) {
		return text_fail(error, "%s needs a machine: boot comes first", verb->name);
	}
	if (*booted && (cmd->op == SCRIPT_MACHINE || cmd->op == SCRIPT_BOOT)) {
		return text_fail(error, "%s after boot", verb->name);
	}
	if (cmd->op == SCRIPT_MACHINE) {
		script->nr_vcpus = (unsigned int)script_get(cmd, KEY_VCPUS, script->nr_vcpus);
	}
	*booted = *booted || cmd->op == SCRIPT_BOOT;
	if (verb->args[0] == ARG_VCPU && cmd->arg[0] >= script->nr_vcpus) {
		return text_fail(error, "the machine has %u vCPUs", script->nr_vcpus);
	}
	return true;
}

bool script_parse(const struct lines *lines, struct script *script, size_t *bad_line,
		  struct text_error *error)
{
	bool booted = false;

	*script = (struct script){ .nr_vcpus = 1 };
	*bad_line = 1;
	script->cmd = calloc(lines->nr + 1U, sizeof(script->cmd[0]));
	if (script->cmd == NULL) {
		return text_fail(error, "no memory");
	}
	for (size_t i = 0; i < lines->nr; i++) {
		struct script_cmd *cmd = &script->cmd[script->nr];

		*bad_line = i + 1U;
		script->nr++;
		if (!script_parse_line(lines->line[i], cmd, error)) {
			return false;
		}
		cmd->line = (unsigned int)(i + 1U);
		if (cmd->op == SCRIPT_NOTHING) {
			script->nr--;
			script_cmd_free(cmd);
		} else if (!check_order(script, cmd, &booted, error)) {
			return false;
		}
	}
	return booted ? true : text_fail(error, "the script never boots the machine");
}

void script_free(struct script *script)
{
	for (size_t i = 0; i < script->nr; i++) {
		script_cmd_free(&script->cmd[i]);
	}
	free(script->cmd);
	*script = (struct script){ .nr = 0 };
}
