/* SPDX-License-Identifier: Apache-2.0 */

/* What the machine is, and the words of the command line. */

#include "host_priv.h"

static struct host_boot info;
static char cmdline[4096];

const struct host_boot *host_boot(void)
{
	return &info;
}

struct host_boot *host_boot_fill(void)
{
	return &info;
}

/* QEMU's copy lies in memory of the guest. */
void host_boot_cmdline(const char *text)
{
	size_t len = 0;

	while (text[len] != '\0' && len < sizeof(cmdline) - 1U) {
		cmdline[len] = text[len];
		len++;
	}
	cmdline[len] = '\0';
	info.cmdline = cmdline;
}

void host_boot_show(void)
{
	host_log("emulator: %u processors, TSC %lu kHz, own memory 0x%lx..0x%lx, package %lu "
		 "bytes\n",
		 info.nr_cpus, host_tsc_hz() / 1000U, info.own.start.raw,
		 info.own.start.raw + info.own.bytes, info.package_bytes);
	for (unsigned int i = 0; i < info.nr_ram; i++) {
		host_log("emulator: memory 0x%lx..0x%lx\n", info.ram[i].start.raw,
			 info.ram[i].start.raw + info.ram[i].bytes);
	}
}

const char *host_option(const char *name)
{
	const char *at = cmdline;

	while (*at != '\0') {
		const char *wanted = name;

		while (*wanted != '\0' && *at == *wanted) {
			at++;
			wanted++;
		}
		if (*wanted == '\0' && (*at == '=' || *at == ' ' || *at == '\0')) {
			return *at == '=' ? at + 1 : at;
		}
		while (*at != '\0' && *at != ' ') {
			at++;
		}
		while (*at == ' ') {
			at++;
		}
	}
	return NULL;
}

static unsigned int digit(char c)
{
	if (c >= '0' && c <= '9') {
		return (unsigned int)(c - '0');
	}
	if (c >= 'a' && c <= 'f') {
		return (unsigned int)(c - 'a') + 10U;
	}
	return 16U;
}

bool host_option_number(const char *name, uint64_t *value)
{
	const char *text = host_option(name);
	unsigned int base = 10;
	uint64_t number = 0;

	if (text == NULL) {
		return true;
	}
	if (text[0] == '0' && text[1] == 'x') {
		base = 16;
		text += 2;
	}
	if (digit(*text) >= base) {
		return false;
	}
	while (digit(*text) < base) {
		if (number > (UINT64_MAX - digit(*text)) / base) {
			return false;
		}
		number = number * base + digit(*text);
		text++;
	}
	*value = number;
	return *text == '\0' || *text == ' ';
}
