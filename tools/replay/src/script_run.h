/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPLAY_SCRIPT_RUN_H
#define REPLAY_SCRIPT_RUN_H

/* State of a running script, and the statements by kind. */

#include "guest.h"
#include "replay.h"
#include "run.h"
#include "script.h"

/* What the last statement of each kind gave, for expect. */
struct script_last {
	struct hm_regs regs;
	unsigned int vcpu; /* of the last call */
	uint64_t list;	   /* RCX of the last call */
	enum script_status status;
	enum hm_access access;
	uint8_t data[SCRIPT_MAX_READ];
	size_t nr_data;
	bool ok; /* host action */
	unsigned int inject_vcpu;
	enum hm_injected inject;
	enum hm_psp_lie lie;
};

struct script_run {
	const char *path;
	const struct replay_options *options;
	struct hm_config config;
	uint32_t apic_ids[HM_MAX_VCPUS];
	unsigned int nr_apic_ids;
	bool valid_default;
	bool booted;
	struct guest guest;
	struct script_last last;
	uint64_t mismatches;
	enum replay_status status;
};

/* Formatted text to options->out. */
__attribute__((format(printf, 2, 3))) void script_say(struct script_run *run, const char *format,
						      ...);
/* The statement and the result of a guest access, remembered for expect access=. */
void script_say_access(struct script_run *run, const struct script_cmd *cmd, enum hm_access access);
/* The statement, as it stands in the file, without newline. */
void script_say_source(struct script_run *run, const struct script_cmd *cmd);
/* The statement and the result of a host action, remembered for expect ok=. */
void script_say_ok(struct script_run *run, const struct script_cmd *cmd, bool ok);
/* Counts a mismatch and describes it, with file name and line, to options->err. */
__attribute__((format(printf, 3, 4))) void script_mismatch(struct script_run *run,
							   const struct script_cmd *cmd,
							   const char *format, ...);
/* Ends the run with @status: the statement itself is impossible. */
void script_refuse(struct script_run *run, const struct script_cmd *cmd, enum replay_status status,
		   const char *why);

/* One statement each. Bad arguments end the run by script_refuse(), never the process. */
void script_machine(struct script_run *run, const struct script_cmd *cmd);
void script_boot(struct script_run *run, const struct script_cmd *cmd);
void script_write(struct script_run *run, const struct script_cmd *cmd);
void script_fill(struct script_run *run, const struct script_cmd *cmd);
void script_read(struct script_run *run, const struct script_cmd *cmd);
void script_list(struct script_run *run, const struct script_cmd *cmd);
void script_vmsa(struct script_run *run, const struct script_cmd *cmd);
void script_attest(struct script_run *run, const struct script_cmd *cmd);
void script_call(struct script_run *run, const struct script_cmd *cmd);
void script_spurious(struct script_run *run, const struct script_cmd *cmd);
void script_save(struct script_run *run, const struct script_cmd *cmd);
void script_psc(struct script_run *run, const struct script_cmd *cmd);
void script_ap_create(struct script_run *run, const struct script_cmd *cmd);
void script_ap_destroy(struct script_run *run, const struct script_cmd *cmd);
void script_steal(struct script_run *run, const struct script_cmd *cmd);
void script_remap(struct script_run *run, const struct script_cmd *cmd);
void script_inject(struct script_run *run, const struct script_cmd *cmd);
void script_psp_lie(struct script_run *run, const struct script_cmd *cmd);
void script_idle(struct script_run *run, const struct script_cmd *cmd);
void script_flush(struct script_run *run, const struct script_cmd *cmd);
void script_judge(struct script_run *run, const struct script_cmd *cmd);
void script_print(struct script_run *run, const struct script_cmd *cmd);
void script_print_psp(struct script_run *run);
void script_rmp(struct script_run *run, const struct script_cmd *cmd);
void script_echo(struct script_run *run, const struct script_cmd *cmd);
void script_expect(struct script_run *run, const struct script_cmd *cmd);

#endif
