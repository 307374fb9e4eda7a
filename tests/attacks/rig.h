/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RIG_H
#define RIG_H

/*
 * A hosted machine with the judge attached and one thread for each vCPU. The test's thread is the
 * host: it hands jobs to vCPUs, stops them at points of the core and looks at what happened. Only
 * the test's thread may use cmocka's assertions.
 */

/* cmocka.h wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>

#include "judge.h"
#include "machine.h"
#include "svsm_abi.h"

#define MIB UINT64_C(0x100000)
#define PAGE SVSM_PAGE_SIZE
#define RIG_CPUS 64U

/* RAX of the core protocol's calls (58019 table 3). */
enum rig_call_id {
	REMAP_CA,
	PVALIDATE,
	CREATE_VCPU,
	DELETE_VCPU,
	DEPOSIT_MEM,
	WITHDRAW_MEM,
	QUERY_PROTOCOL,
	CONFIGURE_VTOM,
};

/* A system that this core never leaves unless the attack works: the word that the build looks for
 * in the output of the broken variant. */
#define attack_check(condition, ...)                                                               \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fail_msg("detected " __VA_ARGS__);                                         \
		}                                                                                  \
	} while (0)

struct rig;
typedef void rig_job(struct rig *r, unsigned int cpu, void *ctx);

struct rig_vcpu {
	struct rig *rig;
	pthread_t thread;
	pthread_cond_t changed;
	rig_job *job;
	void *ctx;
	bool busy;
	bool end;
	/* of the call being made */
	enum hm_call done;
	struct hm_regs regs;
	uint64_t ca; /* calling area in use */
	uint64_t vmsa;
};

struct rig {
	struct hm_machine *m;
	struct judge *judge;
	unsigned int nr;
	pthread_mutex_t lock;
	struct rig_vcpu vcpu[RIG_CPUS];
};

/* 64 MiB of RAM, of which the first 32 are valid, @nr vCPUs, guest at VMPL2, 4 KiB RMP entries. */
struct hm_config rig_config(unsigned int nr);

/* Starts the machine and vCPU 0; the others run nothing until rig_boot_cpu(). Fails the test. */
void rig_start(struct rig *r, const struct hm_config *config);
/* CREATE_VCPU through vCPU 0 with the pages rig_vmsa_page(), rig_ca_page(), then AP creation. */
void rig_boot_cpu(struct rig *r, unsigned int cpu);
void rig_boot_all(struct rig *r);
uint64_t rig_vmsa_page(unsigned int cpu);
uint64_t rig_ca_page(unsigned int cpu);
/* The judge's last look; fails the test for a violation. All vCPUs must be idle. */
void rig_check(struct rig *r);
/* rig_check(), end of the threads and the machine. */
void rig_stop(struct rig *r);

/* @job on the thread of @cpu, which must be idle. */
void rig_post(struct rig *r, unsigned int cpu, rig_job *job, void *ctx);
/* Until it is done; false after a minute. */
bool rig_wait(struct rig *r, unsigned int cpu);
void rig_run(struct rig *r, unsigned int cpu, rig_job *job, void *ctx);

/* A call with these registers; rig_end() returns RAX, and fails the test if it was not served. */
void rig_begin(struct rig *r, unsigned int cpu, const struct hm_regs *regs);
uint64_t rig_end(struct rig *r, unsigned int cpu);
uint64_t rig_call(struct rig *r, unsigned int cpu, const struct hm_regs *regs);

/* The same, stopped at the @nth @point. False: the call ended without getting there. */
bool rig_freeze(struct rig *r, unsigned int cpu, enum arch_point point, unsigned int nth,
		const struct hm_regs *regs);
uint64_t rig_thaw(struct rig *r, unsigned int cpu);

/* Guest accesses of a vCPU. */
enum hm_access rig_write(struct rig *r, unsigned int cpu, uint64_t gpa, const void *src,
			 size_t len);
enum hm_access rig_read(struct rig *r, unsigned int cpu, uint64_t gpa, void *dst, size_t len);
enum hm_access rig_touch(struct rig *r, unsigned int cpu, uint64_t gpa); /* writes 8 bytes */
/* A VMSA that CREATE_VCPU accepts, into a page of the guest. */
void rig_write_vmsa(struct rig *r, unsigned int cpu, uint64_t gpa, unsigned int vmpl);

/* A list of operations at @at, written by @cpu; fails the test if the page is not the guest's. */
void rig_list(struct rig *r, unsigned int cpu, uint64_t at, const uint64_t *entries,
	      unsigned int count);
/* `next` of the list at @at. */
unsigned int rig_next(struct rig *r, unsigned int cpu, uint64_t at);
/* PVALIDATE or DEPOSIT_MEM of one entry, with the list in the calling area of @cpu. */
uint64_t rig_one(struct rig *r, unsigned int cpu, enum rig_call_id call, uint64_t entry);
/* The registers of a call whose list with one entry is in the calling area of @cpu. */
struct hm_regs rig_one_regs(struct rig *r, unsigned int cpu, enum rig_call_id call, uint64_t entry);

/* RMP word of the system page that @gpa is mapped to now. */
uint64_t rig_rmp(struct rig *r, uint64_t gpa);

#endif
