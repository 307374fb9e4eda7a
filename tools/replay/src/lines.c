/* SPDX-License-Identifier: Apache-2.0 */
#include "lines.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define XZ_MAGIC_SIZE 6U
#define CHUNK_BYTES 65536U

extern char **environ;

static const char xz_magic[XZ_MAGIC_SIZE] = { '\xfd', '7', 'z', 'X', 'Z', '\0' };

static bool read_some(int fd, char *buffer, size_t size, size_t *got)
{
	ssize_t n;

	do {
		n = read(fd, buffer, size);
	} while (n < 0 && errno == EINTR);
	*got = n < 0 ? 0U : (size_t)n;
	return n >= 0;
}

/* Reads @fd to its end into *@text, which the caller frees also on failure. */
static bool read_all(int fd, char **text, size_t *len, struct text_error *error)
{
	size_t capacity = 0;
	size_t got = 0;

	*text = NULL;
	*len = 0;
	do {
		if (capacity - *len < CHUNK_BYTES) {
			capacity = capacity * 2U + CHUNK_BYTES;
			char *grown = capacity > 2U * LINES_MAX_BYTES ? NULL
								      : realloc(*text, capacity);

			if (grown == NULL) {
				return text_fail(error, "too large, or no memory");
			}
			*text = grown;
		}
		if (!read_some(fd, *text + *len, CHUNK_BYTES, &got)) {
			return text_fail(error, "read: %s", strerror(errno));
		}
		*len += got;
	} while (got > 0U && *len <= LINES_MAX_BYTES);
	return *len <= LINES_MAX_BYTES ? true : text_fail(error, "too large");
}

/* Starts "xz -dc" with @fd as its input; *@out is the end to read from. */
static bool spawn_xz(int fd, int *out, pid_t *child, struct text_error *error)
{
	static char name[] = "xz";
	static char option[] = "-dc";
	char *const argv[] = { name, option, NULL };
	posix_spawn_file_actions_t actions;
	int ends[2];
	int failed;

	if (pipe(ends) != 0) {
		return text_fail(error, "pipe: %s", strerror(errno));
	}
	(void)fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	(void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	failed = posix_spawn_file_actions_init(&actions);
	if (failed == 0) {
		failed = posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
		failed = failed != 0 ? failed
				     : posix_spawn_file_actions_adddup2(&actions, ends[1],
									STDOUT_FILENO);
		failed = failed != 0 ? failed
				     : posix_spawnp(child, argv[0], &actions, NULL, argv, environ);
		(void)posix_spawn_file_actions_destroy(&actions);
	}
	(void)close(ends[1]);
	if (failed != 0) {
		(void)close(ends[0]);
		return text_fail(error, "cannot start xz: %s", strerror(failed));
	}
	*out = ends[0];
	return true;
}

static bool read_xz(int fd, char **text, size_t *len, struct text_error *error)
{
	int out = -1;
	int status = 0;
	pid_t child = 0;
	pid_t reaped;
	bool ok;

	if (!spawn_xz(fd, &out, &child, error)) {
		return false;
	}
	ok = read_all(out, text, len, error);
	(void)close(out);
	do {
		reaped = waitpid(child, &status, 0);
	} while (reaped < 0 && errno == EINTR);
	if (ok && (reaped != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0)) {
		return text_fail(error, "xz could not decompress it");
	}
	return ok;
}

static bool read_file(int fd, char **text, size_t *len, struct text_error *error)
{
	char magic[XZ_MAGIC_SIZE];
	size_t got = 0;

	if (!read_some(fd, magic, sizeof(magic), &got)) {
		return text_fail(error, "read: %s", strerror(errno));
	}
	/* A pipe cannot seek: it is neither rewound nor needed as a script. */
	if (lseek(fd, 0, SEEK_SET) != 0) {
		return text_fail(error, "not a regular file");
	}
	if (got == sizeof(magic) && memcmp(magic, xz_magic, sizeof(magic)) == 0) {
		return read_xz(fd, text, len, error);
	}
	return read_all(fd, text, len, error);
}

static size_t count_lines(const char *text, size_t len)
{
	size_t nr = 0;

	for (size_t i = 0; i < len; i++) {
		nr += text[i] == '\n' ? 1U : 0U;
	}
	return nr + (len > 0U && text[len - 1U] != '\n' ? 1U : 0U);
}

/* Takes over @text. */
static bool split_lines(char *text, size_t len, struct lines *lines, struct text_error *error)
{
	size_t start = 0;

	lines->text = text;
	lines->nr = count_lines(text, len);
	lines->line = calloc(lines->nr + 1U, sizeof(lines->line[0]));
	if (lines->line == NULL) {
		lines_free(lines);
		return text_fail(error, "no memory");
	}
	for (size_t i = 0; i < lines->nr; i++) {
		const char *end = memchr(text + start, '\n', len - start);
		size_t stop = end == NULL ? len : (size_t)(end - text);

		lines->line[i] = (struct slice){ .p = text + start, .len = stop - start };
		start = stop + 1U;
	}
	return true;
}

bool lines_load(const char *path, struct lines *lines, struct text_error *error)
{
	char *text = NULL;
	size_t len = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool ok;

	*lines = (struct lines){ .nr = 0 };
	if (fd < 0) {
		return text_fail(error, "%s", strerror(errno));
	}
	ok = read_file(fd, &text, &len, error);
	(void)close(fd);
	if (!ok) {
		free(text);
		return false;
	}
	return split_lines(text, len, lines, error);
}

bool lines_from(const char *text, size_t len, struct lines *lines, struct text_error *error)
{
	char *copy = malloc(len + 1U);

	*lines = (struct lines){ .nr = 0 };
	if (copy == NULL) {
		return text_fail(error, "no memory");
	}
	memcpy(copy, text, len);
	return split_lines(copy, len, lines, error);
}

void lines_free(struct lines *lines)
{
	free(lines->line);
	free(lines->text);
	*lines = (struct lines){ .nr = 0 };
}
