/* SPDX-License-Identifier: Apache-2.0 */
#include "script_run.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

void script_say(struct script_run *run, const char *format, ...)
{
	va_list args;

	if (run->options->out != NULL) {
		va_start(args, format);
		(void)vfprintf(run->options->out, format, args);
		va_end(args);
	}
}

void script_mismatch(struct script_run *run, const struct script_cmd *cmd, const char *format, ...)
{
	va_list args;

	run->mismatches++;
	if (run->options->err != NULL) {
		(void)fprintf(run->options->err, "%s:%u: ", run->path, cmd->line);
		va_start(args, format);
		(void)vfprintf(run->options->err, format, args);
		va_end(args);
		(void)fputc('\n', run->options->err);
	}
}

void script_refuse(struct script_run *run, const struct script_cmd *cmd, enum replay_status status,
		   const char *why)
{
	struct text_error error;

	(void)text_fail(&error, "%s", why);
	run_error(run->options, run->path, cmd->line, &error);
	run->status = status;
}

void script_say_source(struct script_run *run, const struct script_cmd *cmd)
{
	script_say(run, "%.*s", (int)cmd->source.len, cmd->source.p);
}

void script_say_access(struct script_run *run, const struct script_cmd *cmd, enum hm_access access)
{
	run->last.access = access;
	script_say_source(run, cmd);
	script_say(run, " -> %s\n", run_access_word(access));
}

void script_say_ok(struct script_run *run, const struct script_cmd *cmd, bool ok)
{
	run->last.ok = ok;
	script_say_source(run, cmd);
	script_say(run, " -> %s\n", ok ? "ok" : "refused");
}

static void (*const handlers[SCRIPT_OPS])(struct script_run *run, const struct script_cmd *cmd) = {
	[SCRIPT_MACHINE] = script_machine,     [SCRIPT_BOOT] = script_boot,
	[SCRIPT_WRITE] = script_write,	       [SCRIPT_FILL] = script_fill,
	[SCRIPT_READ] = script_read,	       [SCRIPT_LIST] = script_list,
	[SCRIPT_VMSA] = script_vmsa,	       [SCRIPT_ATTEST] = script_attest,
	[SCRIPT_CALL] = script_call,	       [SCRIPT_SAVE] = script_save,
	[SCRIPT_EXPECT] = script_expect,       [SCRIPT_PSC] = script_psc,
	[SCRIPT_AP_CREATE] = script_ap_create, [SCRIPT_AP_DESTROY] = script_ap_destroy,
	[SCRIPT_SPURIOUS] = script_spurious,   [SCRIPT_STEAL] = script_steal,
	[SCRIPT_REMAP] = script_remap,	       [SCRIPT_INJECT] = script_inject,
	[SCRIPT_PSP_LIE] = script_psp_lie,     [SCRIPT_IDLE] = script_idle,
	[SCRIPT_FLUSH] = script_flush,	       [SCRIPT_JUDGE] = script_judge,
	[SCRIPT_PRINT] = script_print,	       [SCRIPT_RMP] = script_rmp,
	[SCRIPT_ECHO] = script_echo,
};

static void run_commands(struct script_run *run, const struct script *script)
{
	uint64_t violations = 0;

	for (size_t i = 0; i < script->nr && run->status == REPLAY_OK; i++) {
		handlers[script->cmd[i].op](run, &script->cmd[i]);
	}
	if (!run->booted) {
		return;
	}
	violations = guest_judge(&run->guest, run->options->err);
	guest_stop(&run->guest);
	if (run->status != REPLAY_OK) {
		return;
	}
	run->status = run->mismatches == 0U && violations == 0U ? REPLAY_OK : REPLAY_MISMATCH;
	script_say(run, "%s: mismatches=%" PRIu64 " violations=%" PRIu64 "\n",
		   run->status == REPLAY_OK ? "ok" : "FAILED", run->mismatches, violations);
}

enum replay_status run_script_lines(const char *path, const struct lines *lines,
				    const struct replay_options *options)
{
	struct script_run *run = calloc(1, sizeof(*run));
	struct script script;
	struct text_error error;
	size_t bad_line = 0;
	enum replay_status status = REPLAY_BAD_INPUT;

	if (run == NULL) {
		return REPLAY_NO_MACHINE;
	}
	run->path = path;
	run->options = options;
	run->valid_default = true;
	if (script_parse(lines, &script, &bad_line, &error)) {
		run_commands(run, &script);
		status = run->status;
	} else {
		run_error(options, path, bad_line, &error);
	}
	script_free(&script);
	free(run);
	return status;
}
