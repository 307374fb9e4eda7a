/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_CREW_H
#define RUN_CREW_H

/*
 * One thread per vCPU for one step. All vCPUs prepare, all work, all verify; a vCPU enters a part
 * when every one has finished the part before. Afterwards all threads are joined and have left the
 * guest.
 */

#include "steps.h"

/*
 * @concurrent: how many vCPUs work at the same time, 0: all. The tallies of the vCPUs are cleared
 * first and hold the step's numbers afterwards. @tick is called about ten times a second on the
 * calling thread, with the calls made so far. False if a thread could not be started: the machine
 * must not be used any more.
 */
bool crew_run(struct guest_vm *vm, const struct step *step, unsigned int concurrent,
	      void (*tick)(uint64_t calls));

#endif
