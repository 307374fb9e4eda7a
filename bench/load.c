/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

#include <stdio.h>
#include <string.h>

#include "number.h"

static const char *const calls[LOAD_CALL_NR] = { "null",  "pvalidate", "create",
						 "remap", "deposit",   "traces" };
static const char *const layouts[LOAD_LAYOUT_NR] = { "contiguous", "scattered", "shared" };
static const char *const besides[LOAD_BESIDE_NR] = { "alone", "storm", "frozen", "frozen-create" };

struct option {
	const char *name;
	const char *const *words; /* NULL: a number */
	unsigned int min, max;
	size_t offset; /* of an unsigned int or enum of that size */
};

#define WORDS(list) list, 0U, sizeof(list) / sizeof((list)[0])

static const struct option options[] = {
	{ "--call", WORDS(calls), offsetof(struct load, call) },
	{ "--layout", WORDS(layouts), offsetof(struct load, layout) },
	{ "--beside", WORDS(besides), offsetof(struct load, beside) },
	{ "--vcpus", NULL, 1U, LOAD_MAX_VCPUS, offsetof(struct load, vcpus) },
	{ "--records", NULL, 1U, LOAD_MAX_VCPUS, offsetof(struct load, records) },
	{ "--entries", NULL, 1U, LOAD_MAX_ENTRIES, offsetof(struct load, entries) },
	{ "--ms", NULL, 1U, LOAD_MAX_MS, offsetof(struct load, ms) },
	{ "--cycles", NULL, 0U, 1000000U, offsetof(struct load, cycles) },
	{ "--peer-costs", NULL, 0U, 15U, offsetof(struct load, peer_costs) },
};

#define NR_OPTIONS (sizeof(options) / sizeof(options[0]))

_Static_assert(sizeof(enum load_call) == sizeof(unsigned int), "an option is an unsigned int");

static bool read_value(const struct option *option, const char *text, struct load *load)
{
	unsigned int value = 0U;
	uint64_t number = 0U;

	if (option->words == NULL) {
		if (!number_parse(text, strlen(text), option->min, option->max, &number)) {
			return false;
		}
		value = (unsigned int)number;
	} else {
		while (value < option->max && strcmp(option->words[value], text) != 0) {
			value++;
		}
		if (value == option->max) {
			return false;
		}
	}
	memcpy((char *)load + option->offset, &value, sizeof(value));
	return true;
}

static bool read_option(const char *name, const char *text, struct load *load)
{
	if (strcmp(name, "--traces") == 0) {
		load->traces = text;
		return true;
	}
	if (strcmp(name, "--cost") == 0) {
		return cost_parse(text, &load->cost);
	}
	for (size_t i = 0; i < NR_OPTIONS; i++) {
		if (strcmp(options[i].name, name) == 0) {
			return read_value(&options[i], text, load);
		}
	}
	return false;
}

bool load_parse(int argc, char **argv, struct load *load)
{
	*load = (struct load){
		.vcpus = 1U, .records = 1U, .entries = 1U, .ms = 100U, .peer_costs = 15U
	};
	for (int i = 1; i < argc; i++) {
		const char *name = argv[i];

		if (strcmp(name, "--large") == 0) {
			load->large = true;
			continue;
		}
		i++;
		if (i >= argc || !read_option(name, argv[i], load)) {
			(void)fprintf(stderr, "worker: bad argument %s %s\n", name,
				      i < argc ? argv[i] : "");
			return false;
		}
	}
	if (load->call == LOAD_TRACES && load->traces == NULL) {
		(void)fputs("worker: --call traces needs --traces DIRECTORY\n", stderr);
		return false;
	}
	return true;
}

static void add(struct load_args *args, int *nr, const char *text)
{
	(void)snprintf(args->text[*nr], LOAD_ARG_TEXT, "%s", text);
	args->argv[*nr] = args->text[*nr];
	(*nr)++;
	args->argv[*nr] = NULL;
}

void load_args(const struct load *load, const char *program, struct load_args *args)
{
	char text[LOAD_ARG_TEXT];
	int nr = 0;

	add(args, &nr, program);
	for (size_t i = 0; i < NR_OPTIONS; i++) {
		unsigned int value = 0U;

		memcpy(&value, (const char *)load + options[i].offset, sizeof(value));
		(void)snprintf(text, sizeof(text), "%u", value);
		add(args, &nr, options[i].name);
		add(args, &nr, options[i].words == NULL ? text : options[i].words[value]);
	}
	cost_format(&load->cost, text, sizeof(text));
	add(args, &nr, "--cost");
	add(args, &nr, text);
	if (load->large) {
		add(args, &nr, "--large");
	}
	if (load->traces != NULL) {
		add(args, &nr, "--traces");
		add(args, &nr, load->traces);
	}
}
