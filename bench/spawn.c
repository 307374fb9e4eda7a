/* SPDX-License-Identifier: Apache-2.0 */
#include "spawn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct child {
	pid_t pid;
	FILE *out;
};

/* In the child *@child is { 0, NULL } and stdout is the pipe. False if there is no child. */
static bool start(struct child *child)
{
	int ends[2];

	(void)fflush(NULL);
	if (pipe(ends) != 0) {
		perror("bench: pipe");
		return false;
	}
	*child = (struct child){ .pid = fork() };
	if (child->pid == 0) {
		(void)dup2(ends[1], STDOUT_FILENO);
		(void)close(ends[0]);
		(void)close(ends[1]);
		return true;
	}
	(void)close(ends[1]);
	child->out = child->pid < 0 ? NULL : fdopen(ends[0], "r");
	if (child->out == NULL) {
		perror("bench: cannot start a process");
		(void)close(ends[0]);
		return false;
	}
	return true;
}

static bool finish(struct child *child, const char *name)
{
	int status = 0;

	(void)fclose(child->out);
	if (waitpid(child->pid, &status, 0) != child->pid) {
		perror("bench: waitpid");
		return false;
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		(void)fprintf(stderr, "bench: %s failed (%s %d)\n", name,
			      WIFEXITED(status) ? "exit code" : "signal",
			      WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
		return false;
	}
	return true;
}

bool spawn_lines(const char *const argv[], void (*line)(void *ctx, const char *line), void *ctx)
{
	char *text = NULL;
	size_t size = 0U;
	struct child child;

	if (!start(&child)) {
		return false;
	}
	if (child.pid == 0) {
		/* execvp() does not write to them. */
		(void)execvp(argv[0], (char *const *)argv);
		perror(argv[0]);
		_exit(127);
	}
	while (getline(&text, &size, child.out) >= 0) {
		text[strcspn(text, "\n")] = '\0';
		if (line != NULL) {
			line(ctx, text);
		}
	}
	free(text);
	return finish(&child, argv[0]);
}

/* What it prints appears at once, and is kept. */
static void tee(FILE *in, char **text)
{
	size_t len = 0U;
	char buffer[4096];

	*text = calloc(1U, 1U);
	while (*text != NULL && fgets(buffer, sizeof(buffer), in) != NULL) {
		const size_t more = strlen(buffer);
		char *grown = realloc(*text, len + more + 1U);

		(void)fputs(buffer, stdout);
		(void)fflush(stdout);
		if (grown == NULL) {
			return;
		}
		*text = grown;
		memcpy(*text + len, buffer, more + 1U);
		len += more;
	}
}

bool spawn_tee(bool (*run)(void *ctx), void *ctx, char **text)
{
	struct child child;
	bool ok = false;

	*text = NULL;
	if (!start(&child)) {
		return false;
	}
	if (child.pid == 0) {
		ok = run(ctx);
		(void)fflush(stdout);
		_exit(ok ? 0 : 1);
	}
	tee(child.out, text);
	return finish(&child, "a part");
}
