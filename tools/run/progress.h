/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_PROGRESS_H
#define RUN_PROGRESS_H

/* What is being done, on stderr: one line that is rewritten on a terminal, plain lines otherwise.
 * Main thread only. */

#include <stdint.h>

/* Something new starts. @part of @parts; @text is kept until the next start. */
void progress_start(const char *phase, unsigned int part, unsigned int parts, const char *text);
/* It has come to @calls calls. Shown on a terminal only. */
void progress_calls(uint64_t calls);
/* Nothing is being done: the line goes away, so that something else can be printed. */
void progress_end(void);

#endif
