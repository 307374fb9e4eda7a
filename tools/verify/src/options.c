/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <stdarg.h>
#include <string.h>

#include "moment.h"
#include "report.h"

struct parse {
	struct options *options;
	int64_t now;
	bool manifest_version_named;
	char *error;
	size_t error_size;
};

void options_usage(FILE *out)
{
	(void)fputs(
		"usage: phalanx-verify --report FILE CERTIFICATES --nonce FILE --manifest FILE "
		"[OPTIONS]\n"
		"Verifies an attestation report that an SVSM delivered: chain, signature, "
		"REPORT_DATA, and what is expected.\n"
		"input:\n"
		"  --report FILE           attestation report, 1184 bytes; zeros may follow\n"
		"  --certs FILE            certificate table, as the host delivered it\n"
		"  --ark, --ask, --vcek FILE\n"
		"                          single certificates, DER or PEM, before those of the "
		"table; --vlek is --vcek\n"
		"  --nonce FILE            nonce of the call, may be empty\n"
		"  --manifest FILE         services manifest, or with --service-guid that of one "
		"service\n"
		"  --service-guid GUID     the manifest is from SVSM_ATTEST_SINGLE_SERVICE\n"
		"  --manifest-version N    version that was asked for (default 0)\n"
		"  --report-data HEX       expect this REPORT_DATA in place of nonce and "
		"manifest\n"
		"trust:\n"
		"  --root FILE             the root the chain must end in, DER or PEM\n"
		"  --allow-unknown-root    without --root, accept any root\n"
		"  --at TIME               certificates must be valid at TIME: now, YYYY-MM-DD,\n"
		"                          YYYY-MM-DDTHH:MM:SSZ, or seconds since 1970\n"
		"expectations:\n"
		"  --vmpl N                VMPL of the report (default 0)\n"
		"  --measurement HEX       launch measurement, 48 bytes\n"
		"  --host-data HEX         host data, 32 bytes\n"
		"  --policy-mask N --policy-value N\n"
		"                          guest policy in the bits of the mask\n"
		"  --no-debug --no-smt --no-migration --single-socket\n"
		"                          bits of the policy by name\n"
		"  --min-tcb PART=N,...    REPORTED_TCB at least: fmc, bl, tee, snp, ucode\n"
		"output:\n"
		"  --json FILE             write the result to FILE as JSON too\n"
		"  --extract DIR           write the certificates of the table to DIR as "
		"ark.der, ask.der, vcek.der\n"
		"  --quiet                 no text\n"
		"  --help                  this text\n"
		"exit code: 0 every check passed, 1 a check failed, 2 bad usage or unreadable "
		"input\n",
		out);
}

__attribute__((format(printf, 2, 3))) static bool bad(const struct parse *p, const char *format,
						      ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(p->error, p->error_size, format, args);
	va_end(args);
	return false;
}

static unsigned int digit_value(char c)
{
	if (c >= '0' && c <= '9') {
		return (unsigned int)(c - '0');
	}
	if (c >= 'a' && c <= 'f') {
		return (unsigned int)(c - 'a') + 10U;
	}
	return c >= 'A' && c <= 'F' ? (unsigned int)(c - 'A') + 10U : 16U;
}

/* Decimal, or hexadecimal after 0x. */
static bool parse_number(const char *text, uint64_t max, uint64_t *value)
{
	const bool hex = strncmp(text, "0x", 2U) == 0;
	const unsigned int base = hex ? 16U : 10U;
	uint64_t number = 0;

	text += hex ? 2 : 0;
	if (*text == '\0') {
		return false;
	}
	for (; *text != '\0'; text++) {
		const unsigned int digit = digit_value(*text);

		if (digit >= base || number > (UINT64_MAX - digit) / base) {
			return false;
		}
		number = number * base + digit;
	}
	*value = number;
	return number <= max;
}

static bool set_name(const struct parse *p, const char **where, const char *option,
		     const char *value)
{
	*where = value;
	return *value != '\0' || bad(p, "%s needs a name", option);
}

static const struct {
	const char *name;
	size_t offset; /* of a file name in struct options */
} names[] = {
	{ "--report", offsetof(struct options, report) },
	{ "--certs", offsetof(struct options, table) },
	{ "--ark", offsetof(struct options, certs[VERIFY_ARK]) },
	{ "--ask", offsetof(struct options, certs[VERIFY_ASK]) },
	{ "--vcek", offsetof(struct options, certs[VERIFY_LEAF]) },
	{ "--vlek", offsetof(struct options, certs[VERIFY_LEAF]) },
	{ "--nonce", offsetof(struct options, nonce) },
	{ "--manifest", offsetof(struct options, manifest) },
	{ "--root", offsetof(struct options, root) },
	{ "--json", offsetof(struct options, json) },
	{ "--extract", offsetof(struct options, extract) },
};

static bool set_vmpl(struct parse *p, const char *value)
{
	uint64_t number = 0;

	if (!parse_number(value, 3U, &number)) {
		return bad(p, "--vmpl needs 0, 1, 2 or 3, not '%s'", value);
	}
	p->options->expect.vmpl = (uint32_t)number;
	return true;
}

static bool set_measurement(struct parse *p, const char *value)
{
	struct verify_expect *expect = &p->options->expect;

	expect->check_measurement = true;
	return verify_hex_parse(value, expect->measurement, sizeof(expect->measurement)) ||
	       bad(p, "--measurement needs 96 hexadecimal digits");
}

static bool set_host_data(struct parse *p, const char *value)
{
	struct verify_expect *expect = &p->options->expect;

	expect->check_host_data = true;
	return verify_hex_parse(value, expect->host_data, sizeof(expect->host_data)) ||
	       bad(p, "--host-data needs 64 hexadecimal digits");
}

static bool set_report_data(struct parse *p, const char *value)
{
	struct verify_expect *expect = &p->options->expect;

	expect->check_report_data = true;
	return verify_hex_parse(value, expect->report_data, sizeof(expect->report_data)) ||
	       bad(p, "--report-data needs 128 hexadecimal digits");
}

static bool set_policy_mask(struct parse *p, const char *value)
{
	uint64_t mask = 0;

	if (!parse_number(value, UINT64_MAX, &mask)) {
		return bad(p, "--policy-mask needs a number, not '%s'", value);
	}
	p->options->expect.policy_mask |= mask;
	return true;
}

static bool set_policy_value(struct parse *p, const char *value)
{
	uint64_t bits = 0;

	if (!parse_number(value, UINT64_MAX, &bits)) {
		return bad(p, "--policy-value needs a number, not '%s'", value);
	}
	p->options->expect.policy_value |= bits;
	return true;
}

static bool set_guid(struct parse *p, const char *value)
{
	struct verify_expect *expect = &p->options->expect;

	expect->single_service = true;
	return verify_guid_parse(value, expect->service_guid) ||
	       bad(p, "--service-guid needs a GUID, not '%s'", value);
}

static bool set_manifest_version(struct parse *p, const char *value)
{
	uint64_t number = 0;

	if (!parse_number(value, UINT32_MAX, &number)) {
		return bad(p, "--manifest-version needs a number, not '%s'", value);
	}
	p->options->expect.manifest_version = (uint32_t)number;
	p->manifest_version_named = true;
	return true;
}

static bool set_at(struct parse *p, const char *value)
{
	struct verify_expect *expect = &p->options->expect;

	expect->enforce_validity = true;
	if (strcmp(value, "now") == 0) {
		expect->at = p->now;
		return true;
	}
	return moment_parse(value, &expect->at) ||
	       bad(p, "--at needs now, a date, a date and time, or seconds, not '%s'", value);
}

/* One "part=N" of @len characters. */
static bool set_tcb_part(struct parse *p, const char *part, size_t len)
{
	static const char *const parts[] = { "fmc=", "bl=", "tee=", "snp=", "ucode=" };
	struct verify_tcb *tcb = &p->options->expect.min_tcb;
	uint8_t *const where[] = { &tcb->fmc, &tcb->bootloader, &tcb->tee, &tcb->snp,
				   &tcb->microcode };
	char text[24];
	uint64_t number = 0;

	if (len >= sizeof(text)) {
		return false;
	}
	memcpy(text, part, len);
	text[len] = '\0';
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const size_t prefix = strlen(parts[i]);

		if (strncmp(text, parts[i], prefix) == 0) {
			if (!parse_number(text + prefix, UINT8_MAX, &number)) {
				return false;
			}
			*where[i] = (uint8_t)number;
			return true;
		}
	}
	return false;
}

static bool set_min_tcb(struct parse *p, const char *value)
{
	const char *part = value;

	p->options->expect.check_min_tcb = true;
	for (;;) {
		const size_t len = strcspn(part, ",");

		if (!set_tcb_part(p, part, len)) {
			return bad(p, "--min-tcb needs parts like bl=3,snp=8, not '%s'", value);
		}
		if (part[len] == '\0') {
			return true;
		}
		part += len + 1U;
	}
}

static const struct {
	const char *name;
	bool (*set)(struct parse *p, const char *value);
} with_value[] = {
	{ "--vmpl", set_vmpl },
	{ "--measurement", set_measurement },
	{ "--host-data", set_host_data },
	{ "--report-data", set_report_data },
	{ "--policy-mask", set_policy_mask },
	{ "--policy-value", set_policy_value },
	{ "--service-guid", set_guid },
	{ "--manifest-version", set_manifest_version },
	{ "--at", set_at },
	{ "--min-tcb", set_min_tcb },
};

static const struct {
	const char *name;
	uint64_t mask;
	uint64_t value;
} policy_words[] = {
	{ "--no-debug", POLICY_DEBUG, 0U },
	{ "--no-smt", POLICY_SMT, 0U },
	{ "--no-migration", POLICY_MIGRATE_MA, 0U },
	{ "--single-socket", POLICY_SINGLE_SOCKET, POLICY_SINGLE_SOCKET },
};

/* An option without a value; false if @word is none. */
static bool set_word(struct options *options, const char *word)
{
	for (size_t i = 0; i < sizeof(policy_words) / sizeof(policy_words[0]); i++) {
		if (strcmp(word, policy_words[i].name) == 0) {
			options->expect.policy_mask |= policy_words[i].mask;
			options->expect.policy_value |= policy_words[i].value;
			return true;
		}
	}
	if (strcmp(word, "--allow-unknown-root") == 0) {
		options->expect.allow_unknown_root = true;
		return true;
	}
	options->quiet = options->quiet || strcmp(word, "--quiet") == 0;
	return strcmp(word, "--quiet") == 0;
}

static bool set_valued(struct parse *p, const char *option, size_t length, const char *value)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strlen(names[i].name) == length &&
		    strncmp(option, names[i].name, length) == 0) {
			char *base = (char *)p->options;

			return set_name(p, (const char **)(void *)(base + names[i].offset),
					names[i].name, value);
		}
	}
	for (size_t i = 0; i < sizeof(with_value) / sizeof(with_value[0]); i++) {
		if (strlen(with_value[i].name) == length &&
		    strncmp(option, with_value[i].name, length) == 0) {
			return with_value[i].set(p, value);
		}
	}
	return bad(p, "unknown option '%.*s'", (int)length, option);
}

static bool is_valued(const char *option)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(option, names[i].name) == 0) {
			return true;
		}
	}
	for (size_t i = 0; i < sizeof(with_value) / sizeof(with_value[0]); i++) {
		if (strcmp(option, with_value[i].name) == 0) {
			return true;
		}
	}
	return false;
}

/* What the options together must be. */
static bool complete(struct parse *p)
{
	const struct options *o = p->options;
	const struct verify_expect *expect = &o->expect;

	if (o->report == NULL) {
		return bad(p, "--report is missing");
	}
	if (o->table == NULL && o->certs[VERIFY_LEAF] == NULL) {
		return bad(p, "--certs or --vcek is missing");
	}
	if (!expect->check_report_data && (o->nonce == NULL || o->manifest == NULL)) {
		return bad(p, "--nonce and --manifest are needed, or --report-data");
	}
	if (expect->check_report_data && (o->nonce != NULL || o->manifest != NULL)) {
		return bad(p, "--report-data is in place of --nonce and --manifest");
	}
	if (p->manifest_version_named && !expect->single_service) {
		return bad(p, "--manifest-version is for --service-guid");
	}
	if ((expect->policy_value & ~expect->policy_mask) != 0U) {
		return bad(p, "--policy-value has bits outside of --policy-mask");
	}
	if (o->root != NULL && expect->allow_unknown_root) {
		return bad(p, "--allow-unknown-root contradicts --root");
	}
	if (o->extract != NULL && o->table == NULL) {
		return bad(p, "--extract needs --certs");
	}
	return true;
}

enum options_parse options_parse(int argc, char **argv, int64_t now, struct options *options,
				 char *error, size_t error_size)
{
	struct parse p = {
		.options = options, .now = now, .error = error, .error_size = error_size
	};

	*error = '\0';
	*options = (struct options){ .expect.at = now };
	for (int i = 1; i < argc; i++) {
		const char *equals = strchr(argv[i], '=');

		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			return OPTIONS_HELP;
		}
		if (set_word(options, argv[i])) {
			continue;
		}
		if (is_valued(argv[i])) {
			i++;
			if (i == argc) {
				(void)bad(&p, "%s needs a value", argv[i - 1]);
				return OPTIONS_BAD;
			}
			if (!set_valued(&p, argv[i - 1], strlen(argv[i - 1]), argv[i])) {
				return OPTIONS_BAD;
			}
		} else if (!set_valued(&p, argv[i],
				       equals == NULL ? strlen(argv[i])
						      : (size_t)(equals - argv[i]),
				       equals == NULL ? "" : equals + 1)) {
			return OPTIONS_BAD;
		}
	}
	return complete(&p) ? OPTIONS_OK : OPTIONS_BAD;
}
