/* SPDX-License-Identifier: Apache-2.0 */
#include "script_run.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest_attest.h"

#define MAX_PATH 4096U

static void set_buffer(const struct script_cmd *cmd, enum script_key key,
		       struct guest_attest_buffer *buffer)
{
	const struct script_value *value = script_find(cmd, key);

	if (value != NULL) {
		*buffer =
			(struct guest_attest_buffer){ .gpa = value->a, .size = (uint32_t)value->b };
	}
}

void script_attest(struct script_run *run, const struct script_cmd *cmd)
{
	const struct script_value *guid = script_find(cmd, KEY_GUID);
	struct guest_attest attest = {
		.single = guid != NULL || script_find(cmd, KEY_VERSION) != NULL,
		.manifest_version = (uint32_t)script_get(cmd, KEY_VERSION, 0U),
	};

	set_buffer(cmd, KEY_REPORT, &attest.report);
	set_buffer(cmd, KEY_NONCE, &attest.nonce);
	set_buffer(cmd, KEY_MANIFEST, &attest.manifest);
	set_buffer(cmd, KEY_CERTS, &attest.certs);
	if (guid != NULL) {
		memcpy(attest.guid, &guid->a, sizeof(guid->a));
		memcpy(attest.guid + sizeof(guid->a), &guid->b, sizeof(guid->b));
	}
	script_say_access(
		run, cmd,
		guest_write_attest(&run->guest, (unsigned int)cmd->arg[0], cmd->arg[1], &attest));
}

static bool write_all(int fd, const uint8_t *data, size_t len)
{
	while (len > 0U) {
		const ssize_t done = write(fd, data, len);

		if (done < 0 && errno != EINTR) {
			return false;
		}
		data += done > 0 ? done : 0;
		len -= done > 0 ? (size_t)done : 0U;
	}
	return true;
}

/* The parser has made sure that the name stays in the directory; a link could still lead out. */
static bool save_file(const char *directory, struct slice name, const uint8_t *data, size_t len)
{
	char path[MAX_PATH];
	const int length =
		snprintf(path, sizeof(path), "%s/%.*s", directory, (int)name.len, name.p);
	int fd = -1;
	bool ok = false;

	if (length < 0 || (size_t)length >= sizeof(path)) {
		return false;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (fd < 0) {
		return false;
	}
	ok = write_all(fd, data, len);
	return close(fd) == 0 && ok;
}

void script_save(struct script_run *run, const struct script_cmd *cmd)
{
	const size_t len = (size_t)cmd->arg[2];
	enum hm_access access = HM_OK;
	uint8_t *data = NULL;

	if (run->options->save_dir == NULL) {
		script_refuse(run, cmd, REPLAY_BAD_INPUT, "save needs a directory: --out DIR");
		return;
	}
	data = malloc(len == 0U ? 1U : len);
	if (data == NULL) {
		script_refuse(run, cmd, REPLAY_NO_MACHINE, "no memory");
		return;
	}
	guest_select(&run->guest, (unsigned int)cmd->arg[0]);
	access = hm_guest_read(run->guest.machine, cmd->arg[1], data, len);
	script_say_access(run, cmd, access);
	if (access == HM_OK && !save_file(run->options->save_dir, cmd->text, data, len)) {
		script_refuse(run, cmd, REPLAY_BAD_INPUT, "the file could not be written");
	}
	free(data);
}

void script_psp_lie(struct script_run *run, const struct script_cmd *cmd)
{
	static const enum hm_psp_lie kinds[] = {
		HM_PSP_BUSY,	  HM_PSP_DROP,	    HM_PSP_FAIL_AFTER, HM_PSP_SLOW,
		HM_PSP_REPLAY,	  HM_PSP_FOREIGN,   HM_PSP_SEQUENCE,   HM_PSP_TYPE,
		HM_PSP_SIZE,	  HM_PSP_CORRUPT,   HM_PSP_TRUNCATE,   HM_PSP_CERT_PAGES,
		HM_PSP_CERT_GROW, HM_PSP_CERT_NONE, HM_PSP_CERT_BAD,   HM_PSP_CERT_CHANGE,
	};
	_Static_assert(sizeof(kinds) / sizeof(kinds[0]) == HM_PSP_LIE_NR, "a lie has no word");
	unsigned int nth = (unsigned int)script_get(cmd, KEY_NTH, 1U);

	if (hm_psp(run->guest.machine) == NULL) {
		script_refuse(run, cmd, REPLAY_BAD_INPUT, "the machine has no psp");
		return;
	}
	if (nth != 0U && script_get(cmd, KEY_ALWAYS, 0U) != 0U) {
		nth |= HM_PSP_ALWAYS;
	}
	run->last.lie = kinds[cmd->arg[0]];
	hm_psp_lie(run->guest.machine, run->last.lie, nth, script_get(cmd, KEY_VALUE, 0U));
	script_say_ok(run, cmd, true);
}

void script_print_psp(struct script_run *run)
{
	struct hm_psp_stats stats;

	hm_psp_stats(run->guest.machine, &stats);
	script_say(run,
		   "psp: requests=%" PRIu64 " extended=%" PRIu64 " served=%" PRIu64
		   " refused=%" PRIu64 " lies=%" PRIu64 "\n",
		   stats.requests, stats.extended, stats.served, stats.refused, stats.lies);
}
