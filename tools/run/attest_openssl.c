/* SPDX-License-Identifier: Apache-2.0 */
#include "attest_openssl.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_PATH 4096U
#define FROM_PROGRAM "/../../../tools/verify/openssl-check.sh"

extern char **environ;

bool attest_program_exists(const char *name)
{
	const char *rest = getenv("PATH");
	char path[MAX_PATH];

	while (rest != NULL && *rest != '\0') {
		const size_t length = strcspn(rest, ":");

		if (snprintf(path, sizeof(path), "%.*s/%s", (int)length, rest, name) <
			    (int)sizeof(path) &&
		    access(path, X_OK) == 0) {
			return true;
		}
		rest += length;
		rest += *rest == ':' ? 1 : 0;
	}
	return false;
}

/* Where the script was when this was built, or where it is from this program. */
static const char *script_path(char *buffer, size_t size)
{
	ssize_t length = 0;
	char *slash = NULL;

	if (access(PHALANX_OPENSSL_CHECK, X_OK) == 0) {
		return PHALANX_OPENSSL_CHECK;
	}
	length = readlink("/proc/self/exe", buffer, size - sizeof(FROM_PROGRAM));
	if (length <= 0) {
		return NULL;
	}
	buffer[length] = '\0';
	slash = strrchr(buffer, '/');
	if (slash == NULL) {
		return NULL;
	}
	memcpy(slash, FROM_PROGRAM, sizeof(FROM_PROGRAM));
	return access(buffer, X_OK) == 0 ? buffer : NULL;
}

static bool spawn(char *const argv[], const int fds[2], pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	bool ok = false;

	if (posix_spawn_file_actions_init(&actions) != 0) {
		return false;
	}
	ok = posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO) == 0 &&
	     posix_spawn_file_actions_adddup2(&actions, fds[1], STDERR_FILENO) == 0 &&
	     posix_spawn(pid, argv[0], &actions, NULL, argv, environ) == 0;
	(void)posix_spawn_file_actions_destroy(&actions);
	return ok;
}

/* Reads to the end, so that the child never waits, and keeps what fits. */
static void drain(int fd, char *output, size_t size)
{
	char rest[512];
	size_t used = 0U;

	for (;;) {
		const bool room = used + 1U < size;
		const ssize_t got = room ? read(fd, output + used, size - used - 1U)
					 : read(fd, rest, sizeof(rest));

		if (got == 0 || (got < 0 && errno != EINTR)) {
			break;
		}
		used += room && got > 0 ? (size_t)got : 0U;
	}
	output[used] = '\0';
}

static int reap(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR) {
			return -1;
		}
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int run_and_read(char *const argv[], char *output, size_t size)
{
	int fds[2];
	pid_t pid = 0;
	bool started = false;

	if (pipe2(fds, O_CLOEXEC) != 0) {
		return -1;
	}
	started = spawn(argv, fds, &pid);
	(void)close(fds[1]);
	if (started) {
		drain(fds[0], output, size);
	}
	(void)close(fds[0]);
	return started ? reap(pid) : -1;
}

int attest_openssl(const char *directory, const char *report, char *output, size_t size)
{
	char buffer[MAX_PATH];
	char paths[3][MAX_PATH + 16U];
	char certs[MAX_PATH];
	char script[MAX_PATH];
	const char *found = script_path(buffer, sizeof(buffer));
	char *const argv[] = { script, paths[0], certs, paths[1], paths[2], NULL };

	*output = '\0';
	if (found == NULL) {
		(void)snprintf(output, size, "tools/verify/openssl-check.sh is not there\n");
		return -1;
	}
	(void)snprintf(script, sizeof(script), "%s", found);
	(void)snprintf(certs, sizeof(certs), "%s", directory);
	(void)snprintf(paths[0], sizeof(paths[0]), "%s/%s", certs, report);
	(void)snprintf(paths[1], sizeof(paths[1]), "%s/nonce.bin", certs);
	(void)snprintf(paths[2], sizeof(paths[2]), "%s/manifest.bin", certs);
	return run_and_read(argv, output, size);
}
