/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <stdarg.h>
#include <string.h>

#define REGION (UINT64_C(2) << 20)

#define DEFAULT_VCPUS 8U
#define DEFAULT_MEMORY (UINT64_C(4) << 30)
#define QUICK_VCPUS 4U
#define QUICK_MEMORY (UINT64_C(256) << 20)

struct parse {
	struct run_options *options;
	bool vcpus_named, memory_named;
	char *error;
	size_t error_size;
};

void run_usage(FILE *out)
{
	(void)fputs(
		"usage: phalanx-run [OPTIONS]\n"
		"Replays recorded boots of real guests on the hosted SNP machine, has a guest "
		"attested and verifies the report\n"
		"twice, then loads a machine with all core calls from all vCPUs: once with every "
		"invariant checked, once\n"
		"measured.\n"
		"  --vcpus N      vCPUs of the loaded machine, 1 to 1024 (default 8)\n"
		"  --memory SIZE  its memory, 64M to 16T, suffix K, M, G or T (default 4G)\n"
		"  --vmpl N       VMPL of its guest, 1 to 3 (default 2)\n"
		"  --rmp 2m|4k    RMP entries the host starts with (default 2m)\n"
		"  --seed N       which pages the guest samples (default 1)\n"
		"  --traces DIR   recordings to replay (default: tests/traces of the repository)\n"
		"  --attest-dir DIR  keep report, certificates, manifest and nonce in DIR\n"
		"  --quick        fewer repetitions; 4 vCPUs and 256M unless named\n"
		"  --json FILE    write the results to FILE as JSON too\n"
		"  --help         this text\n"
		"exit code: 0 all as it must be, 1 a wrong result or a violation, 2 bad usage or "
		"input,\n"
		"3 not enough memory or threads\n",
		out);
}

bool run_parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	uint64_t number = 0U;

	if (*text == '\0') {
		return false;
	}
	for (; *text != '\0'; text++) {
		const unsigned int digit = (unsigned int)(unsigned char)*text - '0';

		if (digit > 9U || number > (UINT64_MAX - digit) / 10U) {
			return false;
		}
		number = number * 10U + digit;
	}
	*value = number;
	return number >= min && number <= max;
}

bool run_parse_size(const char *text, uint64_t *bytes)
{
	static const char suffixes[] = "KMGT";
	char digits[24];
	const size_t length = strlen(text);
	const char *suffix = NULL;
	unsigned int shift = 0U;

	if (length == 0U || length >= sizeof(digits)) {
		return false;
	}
	memcpy(digits, text, length + 1U);
	suffix = strchr(suffixes, digits[length - 1U] & ~0x20);
	if (suffix != NULL && *suffix != '\0') {
		shift = 10U * (unsigned int)(suffix - suffixes + 1);
		digits[length - 1U] = '\0';
	}
	if (!run_parse_number(digits, 0U, UINT64_MAX >> shift, bytes)) {
		return false;
	}
	*bytes <<= shift;
	return true;
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

static bool set_vcpus(struct parse *p, const char *value)
{
	uint64_t number = 0U;

	if (!run_parse_number(value, 1U, RUN_MAX_VCPUS, &number)) {
		return bad(p, "--vcpus needs a number from 1 to %u, not '%s'", RUN_MAX_VCPUS,
			   value);
	}
	p->options->vcpus = (unsigned int)number;
	p->vcpus_named = true;
	return true;
}

static bool set_memory(struct parse *p, const char *value)
{
	uint64_t bytes = 0U;

	if (!run_parse_size(value, &bytes) || bytes < RUN_MIN_MEMORY || bytes > RUN_MAX_MEMORY) {
		return bad(p, "--memory needs a size from 64M to 16T, not '%s'", value);
	}
	if (bytes % REGION != 0U) {
		return bad(p, "--memory must be a multiple of 2M, which '%s' is not", value);
	}
	p->options->memory = bytes;
	p->memory_named = true;
	return true;
}

static bool set_vmpl(struct parse *p, const char *value)
{
	uint64_t number = 0U;

	if (!run_parse_number(value, 1U, 3U, &number)) {
		return bad(p, "--vmpl needs 1, 2 or 3, not '%s'", value);
	}
	p->options->vmpl = (unsigned int)number;
	return true;
}

static bool set_seed(struct parse *p, const char *value)
{
	return run_parse_number(value, 0U, UINT64_MAX, &p->options->seed) ||
	       bad(p, "--seed needs a decimal number, not '%s'", value);
}

static bool set_rmp(struct parse *p, const char *value)
{
	p->options->rmp_4k = strcmp(value, "4k") == 0;
	return p->options->rmp_4k || strcmp(value, "2m") == 0 ||
	       bad(p, "--rmp needs 2m or 4k, not '%s'", value);
}

static bool set_traces(struct parse *p, const char *value)
{
	p->options->traces = value;
	return *value != '\0' || bad(p, "--traces needs a directory");
}

static bool set_json(struct parse *p, const char *value)
{
	p->options->json = value;
	return *value != '\0' || bad(p, "--json needs a file name");
}

static bool set_attest_dir(struct parse *p, const char *value)
{
	p->options->attest_dir = value;
	return *value != '\0' || bad(p, "--attest-dir needs a directory");
}

static const struct {
	const char *name;
	bool (*set)(struct parse *p, const char *value);
} with_value[] = {
	{ "--vcpus", set_vcpus }, { "--memory", set_memory },
	{ "--vmpl", set_vmpl },	  { "--seed", set_seed },
	{ "--rmp", set_rmp },	  { "--traces", set_traces },
	{ "--json", set_json },	  { "--attest-dir", set_attest_dir },
};

/* "--name value" or "--name=value" at argv[*at]; *at moves to the last word used. */
static bool parse_valued(struct parse *p, int argc, char **argv, int *at)
{
	const char *word = argv[*at];

	for (size_t i = 0; i < sizeof(with_value) / sizeof(with_value[0]); i++) {
		const size_t length = strlen(with_value[i].name);

		if (strncmp(word, with_value[i].name, length) != 0) {
			continue;
		}
		if (word[length] == '=') {
			return with_value[i].set(p, word + length + 1U);
		}
		if (word[length] == '\0') {
			(*at)++;
			return *at < argc ? with_value[i].set(p, argv[*at])
					  : bad(p, "%s needs a value", word);
		}
	}
	return bad(p, "unknown option '%s'", word);
}

enum run_parse run_options_parse(int argc, char **argv, struct run_options *options, char *error,
				 size_t error_size)
{
	struct parse p = { .options = options, .error = error, .error_size = error_size };

	*error = '\0';
	*options = (struct run_options){ .vmpl = 2U, .seed = 1U };
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			return RUN_PARSE_HELP;
		}
		if (strcmp(argv[i], "--quick") == 0) {
			options->quick = true;
		} else if (!parse_valued(&p, argc, argv, &i)) {
			return RUN_PARSE_BAD;
		}
	}
	if (!p.vcpus_named) {
		options->vcpus = options->quick ? QUICK_VCPUS : DEFAULT_VCPUS;
	}
	if (!p.memory_named) {
		options->memory = options->quick ? QUICK_MEMORY : DEFAULT_MEMORY;
	}
	return RUN_PARSE_OK;
}
