/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_SPAWN_H
#define BENCH_SPAWN_H

#include <stdbool.h>

/*
 * Run the program @argv[0] (searched in PATH if it has no slash) and give each line that it prints,
 * without its newline, to @line. False, after a message on stderr, if it cannot be run or does not
 * exit with 0. @line may be NULL.
 */
bool spawn_lines(const char *const argv[], void (*line)(void *ctx, const char *line), void *ctx);

/*
 * Call @run with stdout shown as ever and also collected: in a process of its own, so that its
 * machine and memory are gone afterwards. *@text is for the caller to free. False if @run said so.
 */
bool spawn_tee(bool (*run)(void *ctx), void *ctx, char **text);

#endif
